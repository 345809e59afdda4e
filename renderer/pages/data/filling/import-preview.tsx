/** How files would be read, shown before anything is written. */
import type { JSX } from 'react';
import type { ImportPreview, PreviewFile } from '#app/contracts/bulk.ts';
import { bytes, count, counted, marketDayTime, price, quantity } from '../../../ui/format.ts';
import { Tag } from '../../../ui/kit.tsx';

function facts(file: PreviewFile): string {
  const parts = [
    file.preset === null ? null : `form: ${file.preset}`, file.timeframe === null ? null : `bars of ${file.timeframe}`, file.timeZone === null ? null : `times: ${file.timeZone}`, file.dateFormat === null ? null : `dates: ${file.dateFormat}`,
    file.symbolsTotal === 0 ? null : file.symbolsTotal === 1 ? `symbol ${file.symbols[0] ?? ''}` : counted(file.symbolsTotal, 'symbol'), `${counted(file.rows, 'row')}${file.isSample ? ' looked at' : ''}`,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

function Columns({ file }: { file: PreviewFile }): JSX.Element | null {
  if (file.columns.length === 0) return null;
  return <ul className="preview-columns">{file.columns.map((column, n) => <li key={n} className={column.role === null ? 'muted' : ''}><code>{column.name}</code>{column.role === null ? 'not used' : column.role}</li>)}</ul>;
}

function FirstRows({ file }: { file: PreviewFile }): JSX.Element | null {
  if (file.first.length === 0) return null;
  return (
    <div className="table-scroll"><table className="data-table" aria-label="First rows as they are understood">
      <thead><tr><th>Symbol</th><th>Opens <small>New York</small></th>{(['Open', 'High', 'Low', 'Close'] as const).map((name) => <th key={name} className="number">{name} <small>USD</small></th>)}<th className="number">Volume <small>shares</small></th></tr></thead>
      <tbody>{file.first.slice(0, 5).map((row, n) => <tr key={n}><td><strong>{row.symbol}</strong></td><td className="num">{marketDayTime(row.time)}</td>{[row.open, row.high, row.low, row.close].map((value, at) => <td key={at} className="number num">{price(value)}</td>)}<td className="number num">{quantity(row.volume)}</td></tr>)}</tbody>
    </table></div>
  );
}

function File({ file }: { file: PreviewFile }): JSX.Element {
  return (
    <li className="preview-file">
      <header><strong className="path" title={file.path}>{file.path.split(/[\\/]/).at(-1)}</strong><Tag tone={file.problem !== null ? 'bad' : file.kind === 'other' ? 'idle' : 'good'}>{file.problem !== null ? 'not as it is' : file.kind === 'bars' ? 'bars' : file.kind === 'factors' ? 'splits and dividends' : file.kind === 'map' ? 'names' : 'left out'}</Tag><span className="muted num">{bytes(file.bytes)} · {facts(file)}</span></header>
      {file.problem !== null && <p className="loss-text">{file.problem}</p>}
      {file.notes.map((note) => <p key={note} className="muted">{note}</p>)}
      <Columns file={file} />
      <FirstRows file={file} />
      {file.bad.length > 0 && <details><summary className="warn-text">{counted(file.refused, 'row')} cannot be used; they would be kept aside</summary><ul className="bad-rows">{file.bad.slice(0, 20).map((row) => <li key={row.line}><span className="num">line {count(row.line)}</span><span>{row.reason}</span><code>{row.text}</code></li>)}</ul></details>}
    </li>
  );
}

/** All of the files. */
export function PreviewList({ preview }: { preview: ImportPreview }): JSX.Element {
  return (
    <>
      <p className="num">{counted(preview.filesTotal, 'file')}, {bytes(preview.bytes)}: {preview.usable === preview.filesTotal ? 'all can be read' : `${count(preview.usable)} can be read as they are`}</p>
      <ul className="preview-files">{preview.files.map((file) => <File key={file.path} file={file} />)}</ul>
    </>
  );
}
