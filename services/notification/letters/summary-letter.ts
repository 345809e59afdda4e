/** The letter of the evening: account, what the day did, positions, and what went wrong. */
import type { Mode } from '#app/contracts/config.ts';
import type { FailedFlows } from '../summary/failed-runs.ts';
import type { Day, SymbolDay } from '../summary/read-day.ts';
import { counted, dayText, dollars, gain, percent, priceText, second, shares, subjectOf } from './figures.ts';
import type { Letter, Section } from './letter.ts';

const POSITIONS_MAX = 25;

/** What the letter is made of. `writtenAt` is EpochMs; `asOf` of figures is market time. */
export type SummaryParts = { readonly day: Day; readonly failed: FailedFlows; readonly mode: Mode; readonly writtenAt: number };

function accountSection({ account, trades }: Day, asOf: number): Section {
  const figures = account === null ? [{ label: 'Equity', value: 'not recorded on this day', tone: null, note: '' }] : [
    { label: 'Day’s profit or loss', value: gain(account.pnl).text, tone: gain(account.pnl).tone, note: `${percent(account.pnlFraction)} of ${dollars(account.opening)} the day before` },
    { label: 'Equity', value: dollars(account.equity), tone: null, note: '' }, { label: 'Cash', value: dollars(account.cash), tone: null, note: '' },
  ];
  const traded = [
    { label: 'Fills', value: String(trades.fills), tone: null, note: '' }, { label: 'Bought', value: dollars(trades.bought), tone: null, note: '' },
    { label: 'Sold', value: dollars(trades.sold), tone: null, note: '' }, { label: 'Fees', value: dollars(trades.fees), tone: null, note: '' },
  ];
  return { kind: 'figures', title: 'Account', source: 'Our own ledger, valued at the last closes', asOf, figures: [...figures, ...traded] };
}

/** The best and the worst symbol of the day, when they gained or lost at all. */
export function extremes(symbols: readonly SymbolDay[]): { readonly best: SymbolDay | null; readonly worst: SymbolDay | null } {
  let best: SymbolDay | null = null;
  let worst: SymbolDay | null = null;
  for (const symbol of symbols) {
    const pnl = Number(symbol.dayPnl ?? 0);
    if (pnl > Number(best?.dayPnl ?? 0)) best = symbol;
    if (pnl < Number(worst?.dayPnl ?? 0)) worst = symbol;
  }
  return { best, worst };
}

function extremeSection(symbols: readonly SymbolDay[], asOf: number): Section[] {
  const { best, worst } = extremes(symbols);
  const figures = [['Best', best], ['Worst', worst]] as const;
  const known = figures.flatMap(([label, symbol]) => (symbol === null ? [] : [{ label: `${label}: ${symbol.symbol}`, value: gain(symbol.dayPnl).text, tone: gain(symbol.dayPnl).tone, note: symbol.fills > 0 ? `with ${counted(symbol.fills, 'fill')} on the day` : 'held all day' }]));
  return known.length === 0 ? [] : [{ kind: 'figures', title: 'Best and worst of the day', source: 'Fills and closes of the day, after fees', asOf, figures: known }];
}

function positionSection(symbols: readonly SymbolDay[], asOf: number): Section[] {
  const held = symbols.filter((symbol) => symbol.qty !== '0');
  if (held.length === 0) return [{ kind: 'lines', title: 'Positions', source: 'Our own ledger', asOf, lines: ['Nothing was held at the end of the day.'], isCode: false }];
  const columns = [{ label: 'Symbol', isNumber: false }, { label: 'Close', isNumber: true }, { label: 'Value', isNumber: true }, { label: 'Day', isNumber: true }];
  const rows = held.slice(0, POSITIONS_MAX).map((symbol) => [
    { text: symbol.symbol, tone: null, note: `${shares(symbol.qty)} at ${priceText(symbol.avgPrice)}` }, { text: priceText(symbol.lastPrice), tone: null, note: '' }, { text: dollars(symbol.value), tone: null, note: '' }, { ...gain(symbol.dayPnl), note: '' },
  ]);
  return [{ kind: 'table', title: counted(held.length, 'position'), source: 'Our own ledger, valued at the last closes', asOf, columns, rows, more: Math.max(0, held.length - POSITIONS_MAX) }];
}

function troubleSections({ day, failed, writtenAt }: SummaryParts): Section[] {
  const warned = day.incidents.map((incident) => [
    { text: incident.what, tone: incident.severity === 'critical' ? 'loss' as const : 'warn' as const, note: `${incident.severity}, ${second(incident.at)}` }, { text: incident.detail.slice(0, 240), tone: null, note: '' },
  ]);
  const failedRows = failed.flows.map(({ flow, times, lastAt, lastError }) => [{ text: flow, tone: 'warn' as const, note: `${counted(times, 'time')}, last ${second(lastAt)}` }, { text: lastError, tone: null, note: '' }]);
  const label = (texts: readonly string[]): { label: string; isNumber: boolean }[] => texts.map((text) => ({ label: text, isNumber: false }));
  return [
    warned.length === 0
      ? { kind: 'lines', title: 'Risk and health', source: 'Notices of the last 24 hours', asOf: writtenAt, lines: ['Nothing to report: no warning and no alert.'], isCode: false }
      : { kind: 'table', title: 'Risk and health', source: 'Notices of the last 24 hours', asOf: writtenAt, columns: label(['What', 'Why']), rows: warned, more: Math.max(0, day.incidentsTotal - warned.length) },
    ...(failedRows.length === 0 && failed.problem === null ? [] : [failed.problem === null
      ? { kind: 'table' as const, title: 'Flows that failed', source: 'Runs of the last 24 hours', asOf: writtenAt, columns: label(['Flow', 'Last error']), rows: failedRows, more: 0 }
      : { kind: 'lines' as const, title: 'Flows that failed', source: 'Runs of the last 24 hours', asOf: writtenAt, lines: [`Not known: ${failed.problem}.`], isCode: false }]),
  ];
}

/** The letter. */
export function summaryLetter(parts: SummaryParts): Letter {
  const { day, failed, mode, writtenAt } = parts;
  const asOf = day.account?.asOf ?? writtenAt;
  const result = day.account === null ? 'no equity recorded' : gain(day.account.pnl).text;
  const critical = day.incidents.some((incident) => incident.severity === 'critical');
  const troubles = day.incidentsTotal + failed.flows.length;
  return {
    subject: subjectOf(mode, `${result} on ${dayText(day.day)}`), title: dayText(day.day), severity: critical ? 'warning' : 'info', mode, at: writtenAt,
    intro: [`${day.account === null ? 'The day has no point on the equity curve' : `The account ${Number(day.account.pnl) < 0 ? 'lost' : 'gained'} ${dollars(day.account.pnl.replace('-', ''))} (${percent(day.account.pnlFraction)})`} with ${counted(day.trades.fills, 'fill')}. ${troubles === 0 ? 'Nothing went wrong.' : `${counted(troubles, 'thing')} to look at below.`}`],
    sections: [accountSection(day, asOf), ...extremeSection(day.symbols, asOf), ...positionSection(day.symbols, asOf), ...troubleSections(parts)],
    footer: 'Sent after each trading day at 19:00 New York. The reports of the application show the day in full.',
  };
}
