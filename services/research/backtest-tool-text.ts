/** What a finished back-test says in a terminal, in its JSON file, and to its report. */
import { FIGURES, type FigureGroup } from '#app/analytics/catalogue.ts';
import { verdictLines } from '#app/analytics/verdict.ts';
import { timeframeMs, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { Parameter } from '#app/strategy/parameters.ts';
import { STRATEGY_TYPES } from '#app/strategy/registry.ts';
import { money } from '#chassis/page-figures.ts';
import type { FinishedRun } from './backtest-tool-run.ts';
import type { NamedText, ReportInput, TripLine } from './report-input.ts';
import { dayText, figureText } from './report-tables.ts';

const LABEL_WIDTH = 34;
const VALUE_WIDTH = 16;
const GROUPS: readonly (readonly [FigureGroup, string])[] = [['return', 'Returns'], ['risk', 'Risk'], ['ratio', 'Return for the risk'], ['benchmark', 'Against the benchmark'], ['trades', 'Round trips']];

/** The figures with their units, the verdict, the hashes. */
export function runText({ type, config, loaded, sheet, verdict, benchmark, manifest, ordersHash, warnings, result }: FinishedRun): string {
  const { parameters } = config.strategy;
  const lines = [
    `${type.title} (${type.kind}) ${Object.entries(parameters).map(([name, value]) => `${name}=${String(value)}`).join(' ')}`,
    `${loaded.map(({ symbol }) => symbol).join(', ')}: ${loaded.reduce((sum, { bars }) => sum + bars.time.length, 0).toLocaleString('en-US')} bars of ${config.timeframe}, ${dayText(sheet.from)} to ${dayText(sheet.to)}${benchmark === null ? '' : `; benchmark: ${benchmark}`}`,
    `${money(sheet.startEquity)} became ${money(sheet.endEquity)}`,
  ];
  for (const [group, title] of GROUPS) {
    const entries = FIGURES.filter((entry) => entry.group === group && sheet.figures[entry.name] !== null);
    if (entries.length === 0) continue;
    lines.push('', title);
    for (const entry of entries) lines.push(`  ${entry.label.padEnd(LABEL_WIDTH)} ${figureText(entry, sheet.figures[entry.name]).padStart(VALUE_WIDTH)}  ${entry.kind === 'percent' || entry.kind === 'share' ? entry.unit.replace(/^fraction ?/, '') : entry.kind === 'duration' ? '' : entry.unit}`.trimEnd());
  }
  const refused = Object.entries(result.denied);
  if (refused.length > 0) lines.push('', `Refused orders: ${refused.map(([code, count]) => `${count} ${code}`).join(', ')}`);
  lines.push('', 'Verdict', ...verdictLines(verdict).map((line) => `  ${line}`));
  if (warnings.length > 0) lines.push('', 'Warnings', ...warnings.map((warning) => `  ${warning}`));
  return `${[...lines, '', `Manifest ${manifest.hash}`, `Orders   ${ordersHash}`].join('\n')}\n`;
}

function parameterText(parameter: Parameter | undefined, value: unknown): string {
  return `${String(value)}${parameter !== undefined && 'unit' in parameter && parameter.unit !== '' ? ` ${parameter.unit}` : ''}`;
}

/** The kinds with their parameters. */
export function strategiesText(): string {
  return STRATEGY_TYPES.map(({ kind, title, description, parameterSet }) => [
    `${kind.replaceAll('_', '-')}  ${title}`, `  ${description}`,
    ...Object.entries(parameterSet).map(([name, parameter]) => `    ${name.padEnd(18)} ${parameterText(parameter, parameter.default).padEnd(14)} ${parameter.describe}${'min' in parameter ? ` (${parameter.min} to ${parameter.max})` : ''}`),
  ].join('\n')).join('\n\n').concat('\n');
}

function tripLines({ result, config }: FinishedRun): TripLine[] {
  const { trips, time } = result;
  const width = config.timeframe === '1Day' ? 0 : timeframeMs(config.timeframe);
  return Array.from({ length: trips.length }, (_none, n): TripLine => {
    const [opened, closed] = [trips.openStep[n] ?? 0, trips.closeStep[n] ?? 0];
    return {
      symbol: config.markets[trips.market[n] ?? 0]?.symbol ?? '', side: trips.side[n] === 1 ? 'long' : 'short', isOpen: trips.isOpen[n] === 1, openedAt: (time[opened] ?? 0) - width, closedAt: (time[closed] ?? 0) - width, bars: closed - opened,
      qty: trips.qty[n] ?? NaN, entryPrice: trips.entryPrice[n] ?? NaN, exitPrice: trips.exitPrice[n] ?? NaN, profit: trips.profit[n] ?? NaN, cost: trips.cost[n] ?? NaN, mae: trips.mae[n] ?? NaN, mfe: trips.mfe[n] ?? NaN,
    };
  });
}

/** The rules in words. */
function ruleLines({ config, job }: FinishedRun): NamedText[] {
  const { account, fills, slippage, commission, sizing } = config;
  const taken = [commission.percent > 0 ? `${commission.percent} % of the value` : '', commission.perOrder > 0 ? `${money(commission.perOrder)} an order` : '', commission.perShare > 0 ? `$${commission.perShare} a share` : '', commission.minimum > 0 ? `at least ${money(commission.minimum)}` : ''].filter((part) => part !== '');
  const sized = sizing.method === 'percent_of_equity' ? `${sizing.percent} % of equity` : sizing.method === 'fixed_notional' ? `${money(Number(sizing.notional))} an entry` : `${sizing.riskPercent} % of equity at risk over ${sizing.atrMultiple} average true ranges, at most ${sizing.maxPercent} %`;
  return [
    ['Account', `${money(account.cash)}, ${account.multiplier === 1 ? 'cash account' : `margin account, buying power ${account.multiplier}×`}${account.canShort ? `, short sales, ${account.borrowPercent} % a year to borrow` : ''}${account.marginInterestPercent > 0 ? `, ${account.marginInterestPercent} % a year on what is owed` : ''}`],
    ['Size of an entry', sized],
    ['Market orders', fills.marketAt === 'next_open' ? 'at the open of the next bar' : 'at the close of the same bar: no market grants this'],
    ['Limit orders', fills.limit === 'through' ? 'when the market trades through their price' : 'when the market touches their price'],
    ['Within a bar', fills.intrabar === 'pessimistic' ? 'of stop and target the stop' : fills.intrabar.replaceAll('_', ' ')],
    ['Volume', fills.volumeCap === null ? 'no cap' : `at most ${fills.volumeCap * 100} % of a bar’s volume`],
    ['Slippage', slippage.kind === 'none' ? 'none' : Object.entries(slippage).map(([name, value]) => (name === 'kind' ? String(value).replaceAll('_', ' ') : `${name} ${value}`)).join(', ')],
    ['Commission', taken.length === 0 ? 'none' : taken.join(', ')],
    ['Fees of sales', job.fees === 'us' ? 'SEC and FINRA, by their dates' : 'none'],
    ['Desk', config.desk.kind === 'plain' ? 'sizing alone' : 'the live risk rules'],
  ];
}

/** What the report is made of. */
export function reportInput(run: FinishedRun, writtenAt: number, version: string): ReportInput {
  const { type, config, loaded, sheet, evidence, verdict, benchmark, result, manifest, ordersHash, warnings } = run;
  const day = (at: number | undefined): string => exchangeDay((at ?? 0) as EpochMs);
  return {
    strategy: { kind: type.kind, title: type.title, description: type.description, parameters: Object.entries(config.strategy.parameters).map(([name, value]) => [name, parameterText(type.parameterSet[name], value)]) },
    timeframe: config.timeframe, benchmark, sheet, evidence, verdict, trips: tripLines(run), rules: ruleLines(run), denied: result.denied, warnings, search: run.search, writtenAt, version,
    data: [...loaded, ...(run.compared === null ? [] : [run.compared])].map((one) => ({ symbol: one.symbol, isBenchmark: one === run.compared, file: one.file, bars: one.bars.time.length, first: day(one.bars.time[0]), last: day(one.bars.time.at(-1)), sha256: one.sha256 })),
    costs: [['Profit before costs', sheet.endEquity - sheet.startEquity + result.costs - result.dividends - result.carry], ['Commissions and fees', -result.costs], ['Dividends', result.dividends], ['Interest and borrowing', result.carry], ['Profit', sheet.endEquity - sheet.startEquity]],
    identity: [['manifest', manifest.hash], ['orders', ordersHash], ['engine', manifest.engine], ['code', manifest.code], ['parameters', manifest.parameters], ['rules', manifest.rules], ['data', Object.values(manifest.data).length === 1 ? (Object.values(manifest.data)[0] ?? '') : `${Object.values(manifest.data).length} series`], ['seed', String(manifest.seed)]],
  };
}

/** Figures, verdict, trades and hashes as JSON. Times in RFC 3339, numbers in the units of the catalogue. */
export function runJson(run: FinishedRun): string {
  const { type, job, loaded, sheet, verdict, benchmark, manifest, ordersHash, warnings, result } = run;
  const iso = (at: number): string => toRfc3339(at as EpochMs);
  return `${JSON.stringify({
    strategy: type.kind, parameters: run.config.strategy.parameters, benchmark, from: iso(sheet.from), to: iso(sheet.to), startEquity: sheet.startEquity, endEquity: sheet.endEquity,
    figures: sheet.figures, verdict, trips: tripLines(run).map((trip) => ({ ...trip, openedAt: iso(trip.openedAt), closedAt: iso(trip.closedAt) })), drawdowns: sheet.drawdowns, years: sheet.years,
    costs: result.costs, dividends: result.dividends, carry: result.carry, orders: result.orders, signals: result.signals, denied: result.denied,
    data: loaded.map(({ symbol, file, bars, sha256, counts }) => ({ symbol, file, bars: bars.time.length, sha256, droppedRows: counts })),
    benchmarkData: run.compared === null ? null : { symbol: run.compared.symbol, file: run.compared.file, bars: run.compared.bars.time.length, sha256: run.compared.sha256 }, job, manifest, ordersHash, warnings,
  }, null, 2)}\n`;
}
