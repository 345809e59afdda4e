/** Imports as a terminal shows them. */
import type { ImportFileView, ImportPreview, ImportView, PreviewFile } from '#app/contracts/bulk.ts';
import { table } from './format.ts';

const count = (value: number): string => value.toLocaleString('en-US');
const instant = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
const MAX_FILES_TOLD = 30;

function fileText(file: PreviewFile): string {
  const head = [`${file.path}`];
  if (file.problem !== null) head.push(`  CANNOT BE IMPORTED: ${file.problem}`);
  if (file.kind === 'bars' && file.timeframe !== null) {
    head.push(`  ${file.timeframe} bars, preset ${file.preset ?? ''}${file.timeZone === null ? '' : `, clock: ${file.timeZone}`}, times: ${file.dateFormat ?? ''}, fields parted by "${file.separator === '\t' ? 'tab' : (file.separator ?? '')}"`);
    head.push(`  ${count(file.symbolsTotal)} symbol${file.symbolsTotal === 1 ? '' : 's'}: ${file.symbols.slice(0, 8).join(', ')}${file.symbolsTotal > 8 ? ' …' : ''}; ${count(file.rows)} rows${file.isSample ? ' looked at (the beginning of the file)' : ''}, ${count(file.refused)} cannot be used`);
    head.push(...table([['symbol', 'opens (UTC)', 'open', 'high', 'low', 'close', 'volume'], ...file.first.map((row) => [row.symbol, instant(row.time), ...[row.open, row.high, row.low, row.close, row.volume].map(String)])]).split('\n').map((line) => `    ${line}`));
    head.push(...file.bad.slice(0, 5).map(({ line, reason, text }) => `    line ${line} ${reason}: ${text.slice(0, 80)}`));
  }
  return [...head, ...file.notes.map((note) => `  ${note}`)].join('\n');
}

/** A preview for people: what needs a person first. */
export function previewText(preview: ImportPreview): string {
  const shown = preview.files.slice(0, MAX_FILES_TOLD);
  return [...shown.map(fileText), '', `${count(preview.filesTotal)} file${preview.filesTotal === 1 ? '' : 's'}, ${count(preview.usable)} of those looked at can be imported. Nothing was written.`].join('\n');
}

/** One line of progress. */
export function progressText(view: ImportView): string {
  const percent = view.bytesTotal === 0 ? 100 : Math.floor((view.bytesDone / view.bytesTotal) * 100);
  const what = view.state === 'running' && view.current === null && view.filesDone === view.filesTotal ? 'the quality rules look at what came in' : `${count(view.filesDone)} of ${count(view.filesTotal)} files`;
  return `${percent} %, ${what}, ${count(view.rows)} rows read, ${count(view.stored)} bars new`;
}

/** The end of an import for people. */
export function importText(view: ImportView, files: readonly ImportFileView[], dataDir: string | null): string {
  const { quality } = view;
  const tookMs = (view.endedAt ?? view.updatedAt) - (view.startedAt ?? view.createdAt);
  const rows = [
    ['files', `${count(view.filesDone)} of ${count(view.filesTotal)}`],
    ['rows read', `${count(view.rows)} in ${(tookMs / 1_000).toFixed(1)} s`],
    ['series', count(view.series)],
    ['bars stored', count(view.stored)],
    ['known already', `${count(view.known)}${view.differing === 0 ? '' : `, ${count(view.differing)} of them are told with other numbers here and were kept (--policy replace takes these)`}`],
    ['replaced', count(view.replaced)],
    ['refused', `${count(view.refused)}${view.refusedFile === null ? '' : `, kept aside in ${dataDir === null ? '' : `${dataDir}/`}${view.refusedFile}`}`],
    ['corporate actions', `${count(view.actions)} new`],
  ];
  const findings = quality === null ? [] : [
    '', quality.findings === 0 ? `Quality: ${count(quality.bars)} bars of ${count(quality.series)} series looked at, nothing found.` : `Quality: ${count(quality.findings)} findings in ${count(quality.bars)} bars of ${count(quality.series)} series.`,
    ...(quality.findings === 0 ? [] : [table([['finding', 'count'], ...Object.entries(quality.byKind).sort((a, b) => b[1] - a[1]).map(([kind, n]) => [kind, count(n)])]), table([['symbol', 'findings'], ...quality.worst.map((one) => [one.symbol, count(one.findings)])])]),
  ];
  const troubled = files.filter((file) => file.problem !== null).slice(0, MAX_FILES_TOLD).map((file) => `${file.state === 'failed' ? 'FAILED' : 'note'}  ${file.problem?.includes(file.path) ? '' : `${file.path}: `}${file.problem ?? ''}`);
  return [table(rows), ...findings, ...(troubled.length === 0 ? [] : ['', ...troubled]), '', view.state === 'done' ? (view.problem ?? 'Done.') : `${view.state}${view.problem === null ? '' : `: ${view.problem}`}`].join('\n');
}
