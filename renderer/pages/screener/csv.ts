/** What the table shows, as a file that spreadsheets read: units in the header, full numbers, nothing that a spreadsheet would run. Pure. */

/** A cell of the file. */
export type CsvCell = string | number | boolean | null;

/** Text that a spreadsheet takes for a formula; OWASP, "CSV Injection". */
const RUNS = /^[=+\-@\t\r\n]|^[＝＋－＠]/u;

/** One cell. csvCell('=1+1') = "'=1+1", csvCell('a "b"') = '"a ""b"""', csvCell(-1.5) = '-1.5' */
export function csvCell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const safe = RUNS.test(value) ? `'${value}` : value;
  return /[",\r\n;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The file: RFC 4180, with the mark by which Excel knows UTF-8. */
export function csvOf(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return `\uFEFF${[header, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

/** A file's name of a screen's name. csvName('Oversold & cheap', '2025-03-12') = 'screen-oversold-cheap-2025-03-12.csv' */
export function csvName(name: string, day: string): string {
  const words = name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '-').replaceAll(/^-+|-+$/g, '').slice(0, 60);
  return `screen-${words === '' ? 'new' : words}-${day}.csv`;
}
