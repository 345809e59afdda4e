/** The family of files that people import: bars in many forms, LEAN's factors and maps, and what only looks like them. */
import { IMPORT_PRESETS, importWishSchema, type ImportWish } from '#app/contracts/bulk.ts';
import { TIMEFRAMES } from '#app/domain/time.ts';
import { actionsOfFactors, actionsOfMap } from '../../services/data_ingestion/import-actions.ts';
import { findDialect } from '../../services/data_ingestion/import-dialect.ts';
import { rowReader } from '../../services/data_ingestion/import-read.ts';
import { padded } from '../../services/research/csv.ts';
import { nastyText, oneOf, type Random } from './inputs.ts';
import { parses, pure, type OpenFamily } from './target.ts';

const HEADERS = [
  'time,open,high,low,close,volume', 'Date,Open,High,Low,Close,Adj Close,Volume', 'symbol;date;open;high;low;close;vol', 't,o,h,l,c,v,n,vw', '<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>', '',
  'date\topen\thigh\tlow\tclose', 'time,bidOpen,askOpen',
];
const ROWS = [
  '2024-01-31 09:30:00,10,11,9,10.5,100', '2024-01-31,10,11,9,10.5,10.4,100', 'AAPL;31.01.2024;10,5;11;9;10;5', '2024-01-31T14:30:00Z,10,11,9,10,5,1,1', 'AAPL.US,5,20240131,153000,10,11,9,10,5,0', '20140605 00:00,6437900,6493700,6425700,6473500,10',
  '34200000,1,1,1,1,1', '45322.39,1,1,1,1,1', '1/2/2024 9:30 AM,1,1,1,1,1', '20140606,0.9,0.1,645.5', '19980102,goocv,Q', ',,,,,', '"', '\u0000', '2024-03-10 02:30:00,1,1,1,1,1',
];

/** A file that is nearly one: true lines, some of them cut, doubled or replaced. */
function fileText(random: Random): string {
  const header = oneOf(random, HEADERS);
  const own = oneOf(random, ROWS);
  const lines = Array.from({ length: 1 + Math.floor(random() * 12) }, () => {
    const line = random() < 0.7 ? own : oneOf(random, ROWS);
    if (random() < 0.1) return nastyText(random);
    return random() < 0.15 ? line.slice(0, Math.floor(random() * line.length)) : line;
  });
  return [...(header === '' ? [] : [header]), ...lines].join(oneOf(random, ['\n', '\n', '\r\n', '\r'])) + (random() < 0.5 ? '\n' : '');
}

/** What a person may ask for beside the file. */
function wishOf(random: Random): ImportWish {
  return importWishSchema.parse({
    paths: ['/x'], ...(random() < 0.3 ? { preset: oneOf(random, IMPORT_PRESETS) } : {}), ...(random() < 0.3 ? { timeframe: oneOf(random, TIMEFRAMES) } : {}), ...(random() < 0.3 ? { timeZone: oneOf(random, ['utc', 'exchange', 'Europe/Warsaw', 'Asia/Kolkata', 'nowhere']) } : {}),
    ...(random() < 0.3 ? { mapping: { columns: { close: oneOf(random, [1, 5, 64, 'close', 'x']) }, separator: oneOf(random, [',', ';', '|'] as const), hasHeader: random() < 0.5 } } : {}),
  });
}

type Case = { readonly text: string; readonly name: string; readonly wish: ImportWish };

/** Finds out how a file is written, and reads it in two windows as an import does. */
function readFile({ text, name, wish }: Case): void {
  const bytes = Buffer.from(text, 'latin1');
  const { dialect, problem } = findDialect(bytes, name, wish);
  if (dialect === null || problem !== null) return;
  const read = rowReader(dialect, 0, { firstLine: 1, onDefect: () => undefined });
  const half = bytes.indexOf(0x0a, Math.max(dialect.dataAt, Math.floor(bytes.length / 2))) + 1;
  if (half === 0) read(padded(bytes));
  else for (const window of [bytes.subarray(0, half), bytes.subarray(half)]) read(padded(window));
}

/** Files as the import meets them. */
export function importFamily(): OpenFamily {
  return pure([
    { name: 'file of bars', share: 3, input: (random): Case => ({ text: random() < 0.1 ? nastyText(random) : fileText(random), name: oneOf(random, ['aapl.csv', 'x y.csv', '20140605_aapl_minute_trade.csv', 'brk-b.txt', nastyText(random)]), wish: wishOf(random) }), run: parses((raw) => readFile(raw as Case)) },
    { name: 'factor file', input: (random) => (random() < 0.5 ? fileText(random) : '20140606,0.9,0.1,645.5\n20200828,1,0.25,499\n20501231,1,1,0'.slice(Math.floor(random() * 20))), run: parses((raw) => actionsOfFactors(raw as string, 'AAPL')) },
    { name: 'map file', input: (random) => (random() < 0.5 ? fileText(random) : '19980102,goocv,Q\n20501231,goog,Q'.slice(Math.floor(random() * 12))), run: parses((raw) => actionsOfMap(raw as string)) },
  ]);
}
