/** Corporate actions as marks on a chart, in words. */
import type { BarsView } from '#app/contracts/market-data.ts';
import { DAY_MS, civilFromDays, daysFromCivil, formatDate, parseDate, type EpochMs } from '#app/domain/time.ts';
import type { Factor } from '#app/market/adjustment.ts';
import { newYorkDayNumber } from '#app/market/nyse-zone.ts';
import type { Queryable } from '#chassis/db.ts';

type Mark = BarsView['actions'][number];
type Terms = Readonly<Record<string, unknown>>;

/** A mark for each day is enough for any chart. */
const MAX_MARKS = 2_000;

function numberText(terms: Terms, name: string): string | null {
  const value = terms[name];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : typeof value === 'number' ? value : NaN;
  return Number.isFinite(number) ? String(number) : null;
}

function money(text: string): string {
  const [whole = '0', cents = ''] = text.split('.');
  return `$${whole}.${cents.padEnd(2, '0')}`;
}

const ratio = (terms: Terms): string => [numberText(terms, 'new_rate'), numberText(terms, 'old_rate')].map((rate) => rate ?? '?').join(':');

/** An action in words: "Split 4:1", "Dividend $0.24". Kinds that are not known are told by their name. */
export function actionText(kind: string, terms: Terms): string {
  const rate = numberText(terms, 'rate');
  switch (kind) {
    case 'forward_split': return `Split ${ratio(terms)}`;
    case 'reverse_split': return `Reverse split ${ratio(terms)}`;
    case 'stock_dividend': return rate === null ? 'Stock dividend' : `Stock dividend of ${rate} shares a share`;
    case 'cash_dividend': return rate === null ? 'Dividend' : `Dividend ${money(rate)}${terms['special'] === true ? ', special' : ''}`;
    case 'spin_off': return typeof terms['new_symbol'] === 'string' ? `Spin-off of ${terms['new_symbol']}` : 'Spin-off';
    case 'name_change': return typeof terms['new_symbol'] === 'string' ? `Renamed to ${terms['new_symbol']}` : 'Renamed';
    default: {
      const words = kind.replaceAll('_', ' ');
      return words.charAt(0).toUpperCase() + words.slice(1);
    }
  }
}

/** By what one day's actions alone multiply earlier prices: the factors are of all later actions together. */
function ownFactor(factors: readonly Factor[], exDay: number): { split: number; price: number } {
  const at = factors.findIndex(({ day }) => day === exDay - 1);
  const [own, later] = [factors[at], factors[at + 1]];
  return at === -1 || own === undefined ? { split: 1, price: 1 } : { split: own.split / (later?.split ?? 1), price: own.price / (later?.price ?? 1) };
}

const ofShares = (kind: string): boolean => /split$|^stock_dividend$/.test(kind);

/** The marks of actions whose ex-day lies in [from, to), epoch ms, oldest first. Several of one kind on a day share their factor. */
export async function actionMarks(book: Queryable, symbol: string, { from, to, factors }: { readonly from: number; readonly to: number; readonly factors: readonly Factor[] }): Promise<Mark[]> {
  const day = (at: number): string => formatDate(civilFromDays(at < 0 ? Math.floor(at / DAY_MS) : newYorkDayNumber(at as EpochMs)));
  const rows = await book.query<{ ex_date: string; kind: string; terms: Terms }>(
    'SELECT ex_date, kind, terms FROM data_ingestion.corporate_actions WHERE symbol = $1 AND ex_date >= $2::date AND ex_date < $3::date ORDER BY ex_date DESC, kind LIMIT $4', [symbol, day(from), day(to), MAX_MARKS],
  );
  return rows.reverse().map(({ ex_date: exDate, kind, terms }) => {
    const own = ownFactor(factors, daysFromCivil(parseDate(exDate)));
    return { exDate, kind, text: actionText(kind, terms), factor: ofShares(kind) ? own.split : own.price };
  });
}
