/** Imports that ran or run: how far, what came in, what was kept aside, what the quality rules say of it. */
import { useState } from 'react';
import type { JSX } from 'react';
import type { ImportView } from '#app/contracts/bulk.ts';
import { useAction } from '../../../data/queries.ts';
import { bytes, count, counted } from '../../../ui/format.ts';
import { Age, Answer, Card, Empty, Failure, SkeletonRows, Tag } from '../../../ui/kit.tsx';
import { useImport, useImports } from '../data-queries.ts';
import { Acts, Progress, STATE_TONES } from './backfill-tab.tsx';

function Quality({ quality }: { quality: NonNullable<ImportView['quality']> }): JSX.Element {
  if (quality.findings === 0) return <p className="num">Quality rules: {count(quality.bars)} bars of {counted(quality.series, 'series')} looked at, nothing found</p>;
  const kinds = Object.entries(quality.byKind).toSorted(([, a], [, b]) => b - a);
  return <p className="num">Quality rules: <span className="warn-text">{counted(quality.findings, 'finding')}</span> in {counted(quality.series, 'series')}: {kinds.slice(0, 6).map(([kind, n]) => `${kind.replaceAll('_', ' ')} ${count(n)}`).join(', ')}; most in {quality.worst.slice(0, 5).map((one) => one.symbol).join(', ')}. See the tab “Quality”.</p>;
}

function Files({ importId }: { importId: string }): JSX.Element {
  const query = useImport(importId);
  return (
    <Answer query={query} skeleton={<SkeletonRows count={3} />}>{({ files }) => (
      <ul className="import-files">{files.map((file) => (
        <li key={file.path}>
          <span className="path" title={file.path}>{file.path.split(/[\\/]/).at(-1)}</span><Tag tone={file.state === 'failed' ? 'bad' : file.state === 'done' ? 'good' : 'idle'}>{file.state}</Tag>
          <span className="num">{counted(file.rows, 'row')}</span><span className="num muted">{count(file.stored)} new, {count(file.known)} known{file.replaced > 0 && `, ${count(file.replaced)} replaced`}{file.actions > 0 && `, ${count(file.actions)} splits and dividends`}</span><span className={file.refused > 0 ? 'num warn-text' : 'num muted'}>{count(file.refused)} refused</span>
          {file.problem !== null && <p className="warn-text">{file.problem}</p>}
          {file.bad.length > 0 && <ul className="bad-rows">{file.bad.slice(0, 10).map((row) => <li key={row.line}><span className="num">line {count(row.line)}</span><span>{row.reason}</span><code>{row.text}</code></li>)}</ul>}
        </li>
      ))}</ul>
    )}</Answer>
  );
}

function Import({ one }: { one: ImportView }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const steer = useAction('steerImport', [['imports']]);
  return (
    <li className="long-job">
      <header><Tag tone={STATE_TONES[one.state]}>{one.state}</Tag><strong className="path" title={one.wish.paths.join('\n')}>{one.wish.paths.map((path) => path.split(/[\\/]/).at(-1)).join(', ')}</strong><span className="muted num">{count(one.filesDone)} of {counted(one.filesTotal, 'file')} · {bytes(one.bytesDone)} of {bytes(one.bytesTotal)} · <Age at={one.updatedAt} source="When it moved last" /></span><Acts state={one.state} isPending={steer.isPending} act={(act) => steer.mutate({ importId: one.importId, act })} /></header>
      <Progress fraction={one.bytesTotal === 0 ? Number(one.state === 'done') : one.bytesDone / one.bytesTotal} state={one.state} />
      <p className="num muted">{counted(one.rows, 'row')} read: {count(one.stored)} bars new, {count(one.known)} known{one.differing > 0 && <>, <span className="warn-text">{count(one.differing)} told otherwise than stored</span></>}{one.replaced > 0 && `, ${count(one.replaced)} replaced`}{one.actions > 0 && `, ${count(one.actions)} splits and dividends`}{one.refused > 0 && <>, <span className="warn-text">{count(one.refused)} refused</span></>}</p>
      {one.refusedFile !== null && one.refused > 0 && <p className="muted">Refused rows are kept in <code>{one.refusedFile}</code></p>}
      {one.problem !== null && <p className="warn-text">{one.problem}</p>}
      {one.quality !== null && <Quality quality={one.quality} />}
      <button type="button" className="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>{isOpen ? 'Hide the files' : 'Show the files'}</button>
      {isOpen && <Files importId={one.importId} />}
      {steer.error !== null && <Failure error={steer.error} />}
    </li>
  );
}

/** The list. */
export function ImportList(): JSX.Element {
  const query = useImports();
  return (
    <Card title="Imports" isFlush>
      <Answer query={query}>{({ imports }) => (imports.length === 0 ? <Empty title="None yet">Daily or minute bars of Yahoo, Stooq, Alpaca, LEAN or your own CSV. Nothing is written before you have seen how a file is read; rows that cannot be used are kept aside, with the line and the reason.</Empty> : <ul className="long-jobs">{imports.map((one) => <Import key={one.importId} one={one} />)}</ul>)}</Answer>
    </Card>
  );
}
