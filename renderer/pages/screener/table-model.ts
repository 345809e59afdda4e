/** The result as a table: which columns, how wide, in which order, and as rows of a file. Pure. */
import type { ScreenDefinition, ScreenRow } from '#app/contracts/screener.ts';
import type { Unit } from '#app/screener/functions.ts';
import { NOTHING, percent, price } from '../../ui/format.ts';
import type { CsvCell } from './csv.ts';
import { formatterOf, scaleOf, shortened, unitWords } from './numbers.ts';
import type { FixedColumn } from './page-state.ts';

/** What a cell is: drawn by its kind, sorted and exported by its value. */
export type TableColumn = {
  readonly id: string; readonly title: string; /** Under the title and in the file's header. */ readonly unit: string | null; readonly kind: 'symbol' | 'text' | 'spark' | 'number' | 'change' | 'marks' | 'time'; readonly width: number; /** Left out where space is short, the largest first. */ readonly minor?: number;
  /** What it sorts by. */ value(row: ScreenRow): CsvCell; /** Numbers times this are in the unit of the header. */ readonly scale?: number; text(row: ScreenRow): string; /** On hover. */ readonly about: string;
};
/** By which column, which way; null = as the screen ranks. */
export type Sorting = { readonly columnId: string; readonly direction: 'asc' | 'desc' } | null;

const ROWS_CHECKED = 500;
const text = (value: string | null): string => value ?? NOTHING;
/** A symbol that the broker does not list is called by its ticker: then no name is known. */
const nameOf = (row: ScreenRow): string | null => (row.name === '' || row.name === row.symbol ? null : row.name);

function fixedColumns(day: string): Readonly<Record<Exclude<FixedColumn, 'rank'>, TableColumn>> {
  return {
    name: { id: 'name', title: 'Name', unit: null, kind: 'text', width: 170, minor: 3, about: 'Name of the company or fund, where one is known', value: nameOf, text: (row) => text(nameOf(row)) },
    sector: { id: 'sector', title: 'Sector', unit: null, kind: 'text', width: 110, minor: 2, about: 'Sector, where one is known', value: (row) => row.sector, text: (row) => text(row.sector) },
    exchange: { id: 'exchange', title: 'Exchange', unit: null, kind: 'text', width: 84, minor: 5, about: 'Where it is listed', value: (row) => row.exchange, text: (row) => row.exchange },
    spark: { id: 'spark', title: 'Trend', unit: null, kind: 'spark', width: 92, minor: 1, about: 'The last 60 closes', value: (row) => (row.spark.length > 1 ? (row.spark.at(-1) ?? 0) / (row.spark[0] ?? 1) - 1 : null), text: () => '' },
    price: { id: 'price', title: 'Price', unit: 'USD', kind: 'number', width: 78, about: `Close of the newest complete bar${day}, freed of splits`, value: (row) => row.close, text: (row) => price(row.close) },
    change: { id: 'change', title: 'Change', unit: '%', kind: 'change', width: 80, about: 'Close against the close before', scale: 100, value: (row) => row.change, text: (row) => percent(row.change) },
    volume: { id: 'volume', title: 'Volume', unit: 'shares', kind: 'number', width: 92, about: 'Shares traded in the bar', value: (row) => row.volume, text: (row) => shortened(row.volume) },
    marks: { id: 'marks', title: 'Marks', unit: null, kind: 'marks', width: 62, about: 'Held, a strategy’s newest signal, older bars than the others, open findings of quality', value: (row) => row.badges.map((badge) => badge.kind).join(' '), text: () => '' },
    barTime: { id: 'barTime', title: 'Bar', unit: 'New York', kind: 'time', width: 104, minor: 4, about: 'Open of the bar that was looked at', value: (row) => new Date(row.barTime).toISOString(), text: () => '' },
  };
}

/** Columns of an answer, in their order: those of every table that are not hidden, then one's own. `unitOf`: in what a formula counts. */
export function columnsOf(ran: { readonly definition: ScreenDefinition; readonly result: { readonly rows: readonly ScreenRow[] } }, hidden: readonly FixedColumn[], unitOf: (formula: string) => Unit): TableColumn[] {
  const { definition, result } = ran;
  const fixed = fixedColumns(definition.asOf === null ? '' : ` up to ${definition.asOf}`);
  const sample = result.rows.slice(0, ROWS_CHECKED);
  const own = definition.columns.map((column, n): TableColumn => {
    const unit = unitOf(column.formula);
    const format = formatterOf(sample.map((row) => row.values[n] ?? null), unit, column.formula);
    return { id: `own-${n}`, title: column.title ?? column.formula, unit: unitWords(unit), kind: 'number', width: 88, scale: scaleOf(unit), about: column.title === null ? column.formula : `${column.title}: ${column.formula}`, value: (row) => row.values[n] ?? null, text: (row) => format(row.values[n] ?? null) };
  });
  const { rank } = definition;
  // A rank that stands in a column of one's own is not shown twice.
  const ranked = rank === null || definition.columns.some((column) => column.formula === rank.formula) ? [] : [rank.formula].map((formula): TableColumn => {
    const unit = unitOf(formula);
    const format = formatterOf(sample.map((row) => row.rank), unit, formula);
    return { id: 'rank', title: 'Rank', unit: unitWords(unit), kind: 'number', width: 88, scale: scaleOf(unit), about: `Ranked by ${formula}, ${rank.direction === 'desc' ? 'largest' : 'smallest'} first`, value: (row) => row.rank, text: (row) => format(row.rank) };
  });
  const shown = (id: FixedColumn): boolean => !hidden.includes(id);
  const symbol: TableColumn = { id: 'symbol', title: 'Symbol', unit: null, kind: 'symbol', width: 80, about: 'Ticker', value: (row) => row.symbol, text: (row) => row.symbol };
  return [
    symbol, ...(['name', 'sector', 'exchange', 'spark', 'price', 'change', 'volume'] as const).filter(shown).map((id) => fixed[id]),
    ...(shown('rank') ? ranked : []), ...own, ...(['marks', 'barTime'] as const).filter(shown).map((id) => fixed[id]),
  ];
}

/** Below this room columns stand closer. */
const NARROW = 700;
const CLOSER = 0.9;

/** The columns for which there is room: minor ones go first. What the person asked for stays, and then the table scrolls sideways in itself. */
export function fitting(columns: readonly TableColumn[], room: number): TableColumn[] {
  const kept = room < NARROW ? columns.map((column) => ({ ...column, width: Math.round(column.width * CLOSER) })) : [...columns];
  const width = (): number => kept.reduce((sum, column) => sum + column.width, 0);
  while (width() > room) {
    const least = kept.reduce<TableColumn | null>((found, column) => (column.minor !== undefined && column.minor > (found?.minor ?? 0) ? column : found), null);
    if (least === null) break;
    kept.splice(kept.indexOf(least), 1);
  }
  return kept;
}

function compare(a: CsvCell, b: CsvCell): number {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, 'en');
  return Number(a) - Number(b);
}

/** Rows in the order of a column, those without a value last whichever way; equal ones keep the screen's order. */
export function sorted(rows: readonly ScreenRow[], columns: readonly TableColumn[], sorting: Sorting): readonly ScreenRow[] {
  const column = columns.find((one) => one.id === sorting?.columnId);
  if (sorting === null || column === undefined) return rows;
  const turn = sorting.direction === 'asc' ? 1 : -1;
  const keyed = rows.map((row) => ({ row, value: column.value(row) }));
  keyed.sort((a, b) => {
    const [lacksA, lacksB] = [a.value === null || a.value === '', b.value === null || b.value === ''];
    if (lacksA || lacksB) return Number(lacksA) - Number(lacksB);
    return turn * compare(a.value, b.value);
  });
  return keyed.map(({ row }) => row);
}

/** What a click on a header asks for: the useful way first, then the other, then the screen's own order. */
export function nextSorting(now: Sorting, column: TableColumn): Sorting {
  const first = column.kind === 'symbol' || column.kind === 'text' ? 'asc' : 'desc';
  if (now?.columnId !== column.id) return { columnId: column.id, direction: first };
  return now.direction === first ? { columnId: column.id, direction: first === 'asc' ? 'desc' : 'asc' } : null;
}

/** Header and rows of a file: units in the header, whole numbers instead of shortened ones, changes in percent, and of which bar each row is, shown or not. */
export function tableFile(rows: readonly ScreenRow[], columns: readonly TableColumn[]): { header: string[]; cells: CsvCell[][] } {
  const drawn = columns.filter((column) => column.kind !== 'spark');
  const shown = drawn.some((column) => column.kind === 'time') ? drawn : [...drawn, fixedColumns('').barTime];
  return {
    header: shown.map((column) => (column.unit === null ? column.title : column.kind === 'time' ? `${column.title} (UTC)` : `${column.title} (${column.unit})`)),
    cells: rows.map((row) => shown.map((column) => {
      const value = column.value(row);
      if (typeof value !== 'number') return value;
      // Without the dust of binary fractions: a fraction times a hundred has more of it.
      return column.scale === undefined || column.scale === 1 ? Number(value.toPrecision(15)) : Number((value * column.scale).toPrecision(12));
    })),
  };
}
