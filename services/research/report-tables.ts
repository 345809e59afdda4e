/** The tables of a back-test's report, and how its figures are written. */
import { FIGURES, type FigureEntry, type FigureGroup, type FigureKind } from '#app/analytics/catalogue.ts';
import type { MonteCarlo, Spread } from '#app/analytics/monte-carlo.ts';
import type { TearSheet } from '#app/analytics/tear-sheet-types.ts';
import type { Reason } from '#app/analytics/verdict-checks.ts';
import type { HeatMap } from '#app/backtest/search/heat-map.ts';
import type { EpochMs, Timeframe } from '#app/domain/time.ts';
import { toNewYork } from '#app/market/nyse-zone.ts';
import { gain, money, monthName, number, percent, shares, shortDay, span, toneOf } from '#chassis/page-figures.ts';
import { html, raw, type Fragment, type Html } from '#chassis/page-html.ts';
import type { FoldLine, NamedText, ReportInput, SearchPart, TripLine } from './report-input.ts';

/** How each kind of figure is written. */
const SHOWN: Readonly<Record<FigureKind, (value: number | null) => string>> = {
  dollars: (value) => gain(value), percent: (value) => percent(value), share: (value) => percent(value, { isSigned: false }), ratio: (value) => number(value, 2), count: (value) => number(value), duration: (value) => span(value),
};
/** The part of the cell's colour at a return so large: a month of 12 %, or the extreme score of a map. */
const FULL_MONTH = 0.12;
const LEAST_COLOUR = 6;
const MOST_COLOUR = 62;
const MAX_TRIPS = 1_000;

/** A figure of the catalogue as it is written. */
export function figureText(entry: FigureEntry, value: number | null): string {
  return SHOWN[entry.kind](value);
}

/** Day in New York, `5 Jan 2026`. */
export function dayText(at: number): string {
  const { date } = toNewYork(at as EpochMs);
  return `${shortDay(date)} ${date.slice(0, 4)}`;
}

/** A moment: the day alone where bars are days. */
export function momentText(at: number, timeframe: Timeframe): string {
  if (timeframe === '1Day') return dayText(at);
  const { hour, minute } = toNewYork(at as EpochMs);
  return `${dayText(at)} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

/** Text with the colour and the arrow of its sign. */
export function signed(value: number | null, text: string): Html {
  const tone = toneOf(value);
  return tone === 'flat' ? html`${text}` : html`<span class="${tone}"><i class="arrow">${tone === 'up' ? '▲' : '▼'}</i>${text}</span>`;
}

/** A card: `about` says what is shown; `name`: its class. The card of warnings is where the verdict's link leads. */
export function card(title: string, about: Fragment, body: Fragment, name = ''): Html {
  return html`<section class="${name}"${name === 'warned' ? html` id="noticed"` : null}><h2>${title}</h2><p>${about}</p>${body}</section>`;
}

const GROUPS: readonly (readonly [FigureGroup, string])[] = [['return', 'Returns'], ['risk', 'Risk'], ['ratio', 'Return for the risk'], ['trades', 'Round trips'], ['benchmark', 'Against the benchmark']];

/** The part of a unit that neither the number as it is written nor the name tells. */
function unitNote({ unit, label }: FigureEntry): Html | null {
  const rest = unit.replace(/^(fraction|dollars|ratio|count|milliseconds|probability) ?/, '').replace('of a day', 'in a day');
  return rest === '' || label.includes(rest.split(' ').at(-1) ?? rest) ? null : html` <small>${rest}</small>`;
}

/** All figures by shelf; the unit and the formula are told on hover. Shelves without a number are left out. */
export function figureGroups({ figures }: TearSheet): Html {
  const groups = GROUPS.map(([group, title]) => ({ title, entries: FIGURES.filter((entry) => entry.group === group) })).filter(({ entries }) => entries.some(({ name }) => figures[name] !== null));
  return html`<div class="groups">${groups.map(({ title, entries }) => html`<div class="group"><h3>${title}</h3><dl>${entries.map((entry) => {
    const value = figures[entry.name];
    return html`<div title="${entry.label}, ${entry.unit}: ${entry.formula} (${entry.source})"><dt>${entry.label}${unitNote(entry)}</dt><dd class="${value === null ? 'none' : ''}">${figureText(entry, value)}</dd></div>`;
  })}</dl></div>`)}</div>`;
}

/** Every figure with unit, formula and source. */
export function formulaTable({ figures }: TearSheet): Html {
  return html`<div class="scroll"><table class="statistics"><thead><tr><th class="left">Figure</th><th>Value</th><th class="left">Unit</th><th class="left">How it is made</th><th class="left">Source</th></tr></thead><tbody>${FIGURES.map((entry) => html`<tr><td class="left">${entry.label}</td><td>${figureText(entry, figures[entry.name])}</td><td class="left muted">${entry.unit}</td><td class="left formula">${entry.formula}</td><td class="left formula">${entry.source}</td></tr>`)}</tbody></table></div>`;
}

/** The colour of a cell: how strong, of 1 for the strongest. */
function coloured(part: number): string {
  return `--part:${(LEAST_COLOUR + Math.min(1, Math.abs(part)) * (MOST_COLOUR - LEAST_COLOUR)).toFixed(0)}%`;
}

function heatCell(value: number | null, name = ''): Html {
  if (value === null) return html`<td class="${name}"></td>`;
  const tone = toneOf(value * 100, 1);
  return html`<td class="${name} ${tone === 'flat' ? '' : tone === 'up' ? 'gain' : 'fell'}" style="${coloured(value / FULL_MONTH)}">${percent(value, { digits: 1 })}</td>`;
}

/** Return of each month, newest year first, the year and the benchmark's at the right. */
export function monthTable({ years }: TearSheet): Html {
  const hasBenchmark = years.some(({ benchmark }) => benchmark !== null);
  return html`<div class="scroll"><table class="heat"><thead><tr><th></th>${Array.from({ length: 12 }, (_none, n) => html`<th>${monthName(n + 1)}</th>`)}<th>Year</th>${hasBenchmark ? html`<th>Benchmark</th>` : null}</tr></thead><tbody>${years.toReversed().map(({ year, months, total, benchmark }) =>
    html`<tr><td class="left year">${year}</td>${months.map((month) => heatCell(month))}<td class="year rim">${percent(total, { digits: 1 })}</td>${hasBenchmark ? html`<td class="muted">${percent(benchmark, { digits: 1 })}</td>` : null}</tr>`)}</tbody></table></div>`;
}

/** The deepest falls. */
export function drawdownTable({ drawdowns }: TearSheet): Html {
  if (drawdowns.length === 0) return html`<p class="empty">Equity never fell below an earlier high.</p>`;
  return html`<div class="scroll"><table><thead><tr><th class="left">Fall</th><th class="left">Peak</th><th class="left">Valley</th><th class="left">Recovered</th><th>Days</th></tr></thead><tbody>${drawdowns.map(({ fall, peakAt, valleyAt, recoveredAt, days }) =>
    html`<tr><td class="left down">${percent(fall)}</td><td class="left">${dayText(peakAt)}</td><td class="left">${dayText(valleyAt)}</td><td class="left">${recoveredAt === null ? html`<span class="muted">not yet</span>` : dayText(recoveredAt)}</td><td>${number(days)}</td></tr>`)}</tbody></table></div>`;
}

const QUANTILES: readonly (readonly [keyof Spread, string])[] = [['p05', 'worst 5 %'], ['p25', 'worst quarter'], ['p50', 'half'], ['p75', 'best quarter'], ['p95', 'best 5 %']];

/** What other orders and other histories of the same days would have come to. */
export function chanceTable(orders: MonteCarlo | null, blocks: MonteCarlo | null): Html {
  const columns = [...(blocks === null ? [] : [['Return', blocks.totalReturn] as const, ['Fall', blocks.maxDrawdown] as const]), ...(orders === null ? [] : [['Fall, orders', orders.maxDrawdown] as const])];
  if (columns.length === 0) return html`<p class="empty">Too few days and round trips to draw other histories from.</p>`;
  return html`<div class="scroll"><table><thead><tr><th class="left">Of all histories</th>${columns.map(([name]) => html`<th>${name}</th>`)}</tr></thead><tbody>${QUANTILES.map(([key, words]) => html`<tr><td class="left">${words}</td>${columns.map(([, spread]) => html`<td>${percent(spread[key], { digits: 1 })}</td>`)}</tr>`)}</tbody></table></div>
  ${blocks === null ? null : html`<p class="more">${percent(blocks.chanceOfLoss, { isSigned: false, digits: 0 })} of ${number(blocks.paths)} histories drawn from blocks of its days lost; ${percent(blocks.chanceOfDeeper, { isSigned: false, digits: 0 })} fell deeper than ${percent(blocks.observed.maxDrawdown, { digits: 1 })}.</p>`}
  ${orders === null ? null : html`<p class="more">With its round trips in other orders the fall was deeper in ${percent(orders.chanceOfDeeper, { isSigned: false, digits: 0 })} of ${number(orders.paths)} cases.</p>`}`;
}

/** The round trips, newest last; the first thousand. */
export function tripTable(trips: readonly TripLine[], timeframe: Timeframe): Html {
  if (trips.length === 0) return html`<p class="empty">Nothing was traded.</p>`;
  const hasSymbols = trips.some(({ symbol }) => symbol !== trips[0]?.symbol);
  const rows = trips.slice(0, MAX_TRIPS).map((trip, n) => {
    const value = trip.qty * trip.entryPrice;
    return html`<tr><td class="left muted">${n + 1}</td>${hasSymbols ? html`<td class="left">${trip.symbol}</td>` : null}<td class="left">${trip.side}</td><td class="left">${momentText(trip.openedAt, timeframe)}</td><td class="left">${trip.isOpen ? html`<span class="muted">still open</span>` : momentText(trip.closedAt, timeframe)}</td><td>${number(trip.bars)}</td><td>${shares(trip.qty)}</td><td>${money(trip.entryPrice)}</td><td>${money(trip.exitPrice)}</td><td>${signed(trip.profit, gain(trip.profit))}</td><td>${percent(value > 0 ? trip.profit / value : null)}</td><td>${gain(trip.mae, 0)}</td><td>${gain(trip.mfe, 0)}</td><td>${money(trip.cost)}</td></tr>`;
  });
  return html`<div class="scroll tall"><table><thead><tr><th class="left">#</th>${hasSymbols ? html`<th class="left">Symbol</th>` : null}<th class="left">Side</th><th class="left">Entry</th><th class="left">Exit</th><th>Bars</th><th>Shares</th><th>Entry price</th><th>Exit price</th><th>Profit</th><th>Of entry</th><th title="Furthest fall of the open profit">MAE</th><th title="Furthest rise of the open profit">MFE</th><th>Costs</th></tr></thead><tbody>${rows}</tbody></table></div>${trips.length > MAX_TRIPS ? html`<p class="more">The first ${number(MAX_TRIPS)} of ${number(trips.length)}; the file of the run has all of them.</p>` : null}`;
}

/** Names and what they stand for. */
export function namedTable(rows: readonly NamedText[], name = ''): Html {
  return html`<div class="scroll"><table class="names ${name}"><tbody>${rows.map(([label, text]) => html`<tr><td>${label}</td><td class="break">${text}</td></tr>`)}</tbody></table></div>`;
}

/** Dollars of costs with what remained. */
export function costTable({ costs, denied }: Pick<ReportInput, 'costs' | 'denied'>): Html {
  const refusals = Object.entries(denied).sort(([, a], [, b]) => b - a);
  return html`<table><tbody>${costs.map(([name, dollars]) => html`<tr><td class="left">${name}</td><td>${signed(dollars, gain(dollars))}</td></tr>`)}</tbody></table>${refusals.length === 0 ? html`<p class="more">No order was refused.</p>` : html`<p class="more">Refused orders: ${refusals.map(([code, count]) => `${number(count)} ${code.replaceAll('_', ' ').toLowerCase()}`).join(', ')}.</p>`}`;
}

const SIGNS: Readonly<Record<Reason['grade'], string>> = { bad: '✗', weak: '~', unknown: '?', good: '✓' };

/** Reasons of a verdict, with what would help. */
export function reasonList(reasons: readonly Reason[]): Html {
  return html`<ul class="reasons">${reasons.map(({ grade, finding, remedy, source }) => html`<li class="${grade}" title="${source}"><i>${SIGNS[grade]}</i><div>${finding}${grade === 'good' ? null : html`<small>${remedy}</small>`}</div></li>`)}</ul>`;
}

/** The scores of two parameters, best cells strongest; the chosen one framed. */
export function surfaceTable(map: HeatMap, chosen: SearchPart['chosen']): Html {
  const scores = map.cells.flat().filter((score) => score !== null);
  const [gains, losses] = [scores.filter((score) => score >= 0), scores.filter((score) => score < 0).map(Math.abs)];
  // The worst gain is pale: otherwise a surface of good scores would show no form.
  const [low, high, deep] = [Math.min(...gains), Math.max(...gains), Math.max(...losses)];
  const part = (score: number): number => (score < 0 ? -score / deep : high > low ? (score - low) / (high - low) : 1);
  const rows = map.yValues.map((y, row) => ({ y, row })).toReversed();
  return html`<div class="scroll"><table class="heat surface"><thead><tr><th class="left">${map.y} \\ ${map.x}</th>${map.xValues.map((x) => html`<th>${String(x)}</th>`)}</tr></thead><tbody>${rows.map(({ y, row }) => html`<tr><td class="left muted">${String(y)}</td>${map.xValues.map((_x, column) => {
    const score = map.cells[row]?.[column] ?? null;
    const isChosen = chosen?.[0] === column && chosen[1] === row;
    return score === null ? html`<td></td>` : html`<td class="${score >= 0 ? 'gain' : 'fell'} ${isChosen ? 'chosen' : ''}" style="${coloured(part(score))}">${number(score, 2)}</td>`;
  })}</tr>`)}</tbody></table></div>`;
}

/** Windows of a walk-forward. */
export function foldTable(folds: readonly FoldLine[]): Html {
  return html`<div class="scroll"><table><thead><tr><th class="left">Chosen on</th><th class="left">Tried on</th><th class="left">Parameters</th><th>Inside</th><th>Outside</th></tr></thead><tbody>${folds.map(({ inFrom, outFrom, outTo, chosen, inside, outside }) =>
    html`<tr><td class="left">${inFrom} to ${outFrom}</td><td class="left">${outFrom} to ${outTo}</td><td class="left wrap">${chosen}</td><td>${number(inside, 2)}</td><td>${signed(outside, number(outside, 2))}</td></tr>`)}</tbody></table></div>`;
}

/** The house's mark. */
export const LOGO = raw('<svg viewBox="0 0 24 24" fill="none" aria-hidden="true"><path d="M12 12.2a1.2 1.2 0 1 0-1.1-1.6c-.7 1.8.7 3.7 2.6 3.6 2.7-.1 4.2-3 3.2-5.5C15.4 5.6 11.5 4.5 8.6 6.3 5.1 8.5 4.4 13.2 6.7 16.5c2.4 3.4 7.2 4.2 10.8 2.1 1.3-.8 2.3-1.8 3-3" stroke="currentColor" stroke-width="1.9" stroke-linecap="round"/><circle cx="20.5" cy="15.6" r="1.5" fill="currentColor"/></svg>');
