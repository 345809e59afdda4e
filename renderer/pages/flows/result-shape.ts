/** What a run gave, as it is best looked at: key figures, tables of like rows, lists of words, links; the rest as JSON. Pure. */

/** How a figure is written. */
export type FigureKind = 'duration' | 'bytes' | 'fraction' | 'percent' | 'money' | 'time' | 'count' | 'number' | 'decimal' | 'yes_no' | 'text';
/** A figure with what it is called. */
export type Figure = { readonly label: string; readonly value: unknown; readonly kind: FigureKind; readonly unit: string | null };
/** A part of a result. */
export type ResultPart =
  | { readonly kind: 'figures'; readonly title: string | null; readonly figures: readonly Figure[] }
  | { readonly kind: 'table'; readonly title: string; readonly columns: readonly { readonly key: string; readonly label: string; readonly isNumber: boolean }[]; readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly kind: 'words'; readonly title: string; readonly words: readonly string[] }
  | { readonly kind: 'json'; readonly title: string | null; readonly value: unknown };

const COLUMNS_MAX = 8;
const UNITS: readonly { readonly end: RegExp; readonly kind: FigureKind; readonly unit: string | null }[] = [
  { end: /(?:_ms|Ms|Millis)$/, kind: 'duration', unit: null }, { end: /(?:_bytes|Bytes|^bytes)$/, kind: 'bytes', unit: null },
  { end: /(?:_fraction|Fraction)$/, kind: 'fraction', unit: null }, { end: /(?:_percent|Percent|Pct|_pct)$/, kind: 'percent', unit: null },
  { end: /(?:_usd|Usd|USD|Dollars)$/, kind: 'money', unit: 'USD' },
];
const MOMENT = /(?:At|_at|Until|From|To)$/;
const EPOCH_MIN = 631_152_000_000;
const EPOCH_MAX = 4_102_444_800_000;

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value);

/** A name of code as words. wordsOf('barsStored') = 'Bars stored', wordsOf('from_day') = 'From day' */
export function wordsOf(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll(/[_-]+/g, ' ').trim().toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A value under a name as a figure: the name's end tells the unit. */
export function figureOf(name: string, value: unknown): Figure {
  const unit = typeof value === 'number' || (typeof value === 'string' && value !== '' && Number.isFinite(Number(value))) ? UNITS.find(({ end }) => end.test(name)) : undefined;
  if (unit) return { label: wordsOf(name.replace(unit.end, '')) || wordsOf(name), value, kind: unit.kind, unit: unit.unit };
  const label = wordsOf(name);
  if (typeof value === 'boolean') return { label: label.replace(/^(Is|Has) (.)/, (_all, _verb: string, letter: string) => letter.toUpperCase()), value, kind: 'yes_no', unit: null };
  if (typeof value === 'number') {
    if (MOMENT.test(name) && value > EPOCH_MIN && value < EPOCH_MAX) return { label, value, kind: 'time', unit: null };
    return { label, value, kind: Number.isInteger(value) ? 'count' : 'number', unit: null };
  }
  if (typeof value === 'string' && /^-?\d+\.\d+$/.test(value)) return { label, value, kind: 'decimal', unit: null };
  return { label, value, kind: 'text', unit: null };
}

function tableOf(title: string, rows: readonly Plain[]): ResultPart {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (keys.length > COLUMNS_MAX || rows.some((row) => Object.values(row).some((value) => !isScalar(value)))) return { kind: 'json', title, value: rows };
  return { kind: 'table', title, rows, columns: keys.map((key) => ({ key, label: wordsOf(key), isNumber: rows.every((row) => row[key] === null || row[key] === undefined || typeof row[key] === 'number' || /^-?\d+(\.\d+)?$/.test(String(row[key] as string))) })) };
}

/** The result of one stage or strategy: its figures as one group, with its lists counted (the stage's own run shows them), and what lies deeper. */
function stageOf(title: string, value: unknown): ResultPart[] {
  const entries = isPlain(value) ? Object.entries(value) : [['Result', value] as const];
  const figures = entries.flatMap(([key, inner]) => (isScalar(inner) ? [figureOf(key, inner)] : Array.isArray(inner) ? [{ label: wordsOf(key), value: inner.length, kind: 'count' as const, unit: null }] : []));
  const deeper = entries.flatMap(([key, inner]): ResultPart[] => (isPlain(inner) && Object.keys(inner).length > 0 ? [{ kind: 'json', title: `${title}, ${key}`, value: inner }] : []));
  return [...(figures.length === 0 ? [] : [{ kind: 'figures' as const, title, figures }]), ...deeper];
}

function partOf(name: string, value: unknown): ResultPart[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    if (value.every(isPlain)) return [tableOf(wordsOf(name), value)];
    if (value.every(isScalar)) return [{ kind: 'words', title: wordsOf(name), words: value.map(String) }];
    return [{ kind: 'json', title: wordsOf(name), value }];
  }
  if (isPlain(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) return [];
    if (entries.every(([, inner]) => isScalar(inner))) return [{ kind: 'figures', title: wordsOf(name), figures: entries.map(([key, inner]) => figureOf(key, inner)) }];
    if (entries.every(([, inner]) => isScalar(inner) || isPlain(inner))) return entries.flatMap(([key, inner]) => stageOf(`${wordsOf(name)}: ${key}`, inner));
    return [{ kind: 'json', title: wordsOf(name), value }];
  }
  return [];
}

/** The parts of a result in the order in which they are read: its own figures first, then what lies below. Nothing = no parts. */
export function shapeResult(output: unknown): ResultPart[] {
  if (output === null || output === undefined) return [];
  if (Array.isArray(output)) return partOf('Result', output);
  if (!isPlain(output)) return [{ kind: 'figures', title: null, figures: [figureOf('Result', output)] }];
  const entries = Object.entries(output);
  const scalars = entries.filter(([, value]) => isScalar(value));
  const empty = entries.filter(([, value]) => Array.isArray(value) && value.length === 0);
  const figures = [...scalars.map(([name, value]) => figureOf(name, value)), ...empty.map(([name]) => ({ label: wordsOf(name), value: 'none', kind: 'text' as const, unit: null }))];
  return [...(figures.length === 0 ? [] : [{ kind: 'figures' as const, title: null, figures }]), ...entries.flatMap(([name, value]) => partOf(name, value))];
}
