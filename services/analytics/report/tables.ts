/** The report's tables: each a pure function of facts, with a sentence where there is nothing. */
import { FIGURES, type FigureEntry, type FigureGroup, type FigureKind } from '#app/analytics/catalogue.ts';
import { toFloat } from '#app/domain/numeric.ts';
import { ACCOUNT_FIGURES } from '../performance.ts';
import type { ReportFacts } from '../report-facts.ts';
import type { TripGroup } from '../trade-analysis.ts';
import { gain, money, monthName, NOTHING, number, percent, shares, span, toneOf } from '#chassis/page-figures.ts';
import { clock, dayAndMinute } from './format.ts';
import { html, type Fragment, type Html } from '#chassis/page-html.ts';

/** A card; nothing in it is left to the reader's guess: `about` says what is shown. */
export function card(title: string, about: string, body: Fragment, name = ''): Html {
  return html`<section class="${name}"><h2>${title}</h2><p>${about}</p>${body}</section>`;
}

/** A gain or loss with arrow and colour: the sign says it too. */
export function pnl(value: number | null, text: string): Html {
  const tone = toneOf(value);
  return html`<span class="${tone}">${tone === 'flat' ? null : html`<span class="arrow">${tone === 'up' ? '▲' : '▼'}</span>`}${text}</span>`;
}

/** Words in place of a table. */
export function empty(words: string): Html {
  return html`<p class="empty">${words}</p>`;
}

/** What people call an owner of fills. */
export function nameOf(facts: ReportFacts, strategyId: string): string {
  return strategyId === '' ? 'By hand' : (facts.names.get(strategyId) ?? strategyId);
}

function more(shown: number, total: number, what: string): Html | null {
  return total > shown ? html`<p class="more">The last ${shown} of ${number(total)} ${what} of the day.</p>` : null;
}

function groupRow(name: string, group: TripGroup): Html {
  return html`<tr><td class="left">${name}</td><td>${number(group.roundTrips)}</td><td>${pnl(group.roundTrips === 0 ? null : group.profit, group.roundTrips === 0 ? NOTHING : gain(group.profit))}</td><td>${percent(group.winRate, { isSigned: false, digits: 0 })}</td><td>${number(group.profitFactor, 2)}</td><td>${gain(group.expectancy)}</td><td>${gain(group.best)}</td><td>${gain(group.worst)}</td><td>${span(group.meanHoldingMs)}</td><td>${number(group.fills)}</td><td>${money(group.fees)}</td><td>${number(group.slippageBps, 1)}</td></tr>`;
}

/** Groups of round trips; `head` names the first column. */
export function groupTable(head: string, rows: readonly { readonly name: string; readonly group: TripGroup }[]): Html {
  if (rows.length === 0) return empty('No fill yet. Round trips are counted when a position is flat again.');
  return html`<div class="scroll"><table><thead><tr><th class="left">${head}</th><th>Trips</th><th>Profit</th><th>Won</th><th>Factor</th><th>Expectancy</th><th>Best</th><th>Worst</th><th>Held</th><th>Fills</th><th>Fees</th><th>Slippage bp</th></tr></thead><tbody>${rows.map(({ name, group }) => groupRow(name, group))}</tbody></table></div>`;
}

/** The day's closed round trips. */
export function tripTable(facts: ReportFacts): Html {
  if (facts.trips.length === 0) return empty('No position was closed on this day.');
  return html`<div class="scroll"><table><thead><tr><th class="left">Closed</th><th class="left">Symbol</th><th class="left">Strategy</th><th>Held</th><th>Fills</th><th>Profit</th></tr></thead><tbody>${facts.trips.map((trip) => html`<tr><td class="left">${clock(trip.closedAt)}</td><td class="left">${trip.symbol}</td><td class="left">${nameOf(facts, trip.strategyId)}</td><td>${span(trip.closedAt - trip.openedAt)}</td><td>${trip.fills}</td><td>${pnl(toFloat(trip.profit), gain(toFloat(trip.profit)))}</td></tr>`)}</tbody></table></div>${more(facts.trips.length, facts.totals.trips, 'round trips')}`;
}

/** The day's fills against the price on which each order was decided. */
export function fillTable(facts: ReportFacts): Html {
  if (facts.fills.length === 0) return empty('Nothing was bought or sold on this day.');
  return html`<div class="scroll"><table><thead><tr><th class="left">Time</th><th class="left">Symbol</th><th class="left">Strategy</th><th class="left">Side</th><th>Shares</th><th>Price</th><th>Decided at</th><th>Fee</th></tr></thead><tbody>${facts.fills.map((fill) => html`<tr><td class="left">${clock(fill.tsEvent)}</td><td class="left">${fill.symbol}</td><td class="left">${nameOf(facts, fill.strategyId)}</td><td class="left">${fill.side}</td><td>${shares(toFloat(fill.qty))}</td><td>${money(toFloat(fill.price))}</td><td>${money(fill.reference)}</td><td>${money(toFloat(fill.fee))}</td></tr>`)}</tbody></table></div>${more(facts.fills.length, facts.totals.fills, 'fills')}`;
}

/** What is held at the end. */
export function positionTable(facts: ReportFacts): Html {
  if (!facts.isNewest) return empty('Positions are shown in the report of the newest day only.');
  if (facts.positions.length === 0) return empty('Nothing is held.');
  return html`<div class="scroll"><table><thead><tr><th class="left">Symbol</th><th>Shares</th><th>Average cost</th><th>Last close</th><th>Value</th><th>Open profit</th></tr></thead><tbody>${facts.positions.map(({ symbol, qty, average, last }) => {
    const open = last === null || average === null ? null : (last - average) * qty;
    return html`<tr><td class="left">${symbol}</td><td>${shares(qty)}</td><td>${money(average)}</td><td>${money(last)}</td><td>${money(last === null ? null : last * qty)}</td><td>${pnl(open, gain(open))}</td></tr>`;
  })}</tbody></table></div>`;
}

/** Decisions of risk on the day, and what it warned of. */
export function riskLists(facts: ReportFacts): Html {
  const approved = facts.decisions.filter((one) => one.outcome === 'approved').reduce((sum, one) => sum + one.count, 0);
  const denied = facts.decisions.filter((one) => one.outcome === 'denied');
  const words = denied.map((one) => html`<tr><td class="left">${(one.code ?? 'denied').replaceAll('_', ' ').toLowerCase()}</td><td>${number(one.count)}</td></tr>`);
  const notes = facts.riskNotes.map((note) => html`<li><span class="${note.severity === 'critical' ? 'down' : 'muted'}">${note.severity}</span> ${note.message} <span class="muted">${dayAndMinute(note.at)}</span></li>`);
  return html`<table><tbody><tr><td class="left">approved</td><td>${number(approved)}</td></tr>${words}</tbody></table>${notes.length === 0 ? html`<p class="more">No warning in the 24 hours before this report.</p>` : html`<ul class="notes">${notes}</ul>`}`;
}

const SHOWN: Readonly<Record<FigureKind, (value: number | null) => string>> = {
  dollars: (value) => gain(value), percent: (value) => percent(value), share: (value) => percent(value, { isSigned: false }), ratio: (value) => number(value, 2), count: (value) => number(value), duration: (value) => span(value),
};

/** A figure as it is written; the words for a missing one belong to its place. */
export function figureText(name: string, value: number | null): string {
  const entry = FIGURES.find((known) => known.name === name);
  return entry ? SHOWN[entry.kind](value) : number(value, 2);
}

const GROUPS: Readonly<Record<FigureGroup, string>> = { return: 'Return', risk: 'Risk', ratio: 'Ratios', benchmark: 'Against the benchmark', trades: 'Trades' };

/** Every figure with its unit, formula and source, under the headings of the catalogue. */
export function statisticsTable(facts: ReportFacts): Html {
  const known = new Map(facts.metrics.map((metric) => [metric.name, metric.value]));
  const row = (entry: FigureEntry): Html => html`<tr><td class="left">${entry.label}</td><td class="value">${figureText(entry.name, known.get(entry.name) ?? null)}</td><td class="left muted">${entry.unit}</td><td class="left formula">${entry.formula}</td><td class="left formula">${entry.source}</td></tr>`;
  const groups = [...new Set(ACCOUNT_FIGURES.map(({ group }) => group))];
  return html`<div class="scroll"><table class="statistics"><thead><tr><th class="left">Figure</th><th>Value</th><th class="left">Unit</th><th class="left">How it is made</th><th class="left">Source</th></tr></thead>${groups.map((group) => html`<tbody><tr><th class="left group" colspan="5" scope="rowgroup">${GROUPS[group]}</th></tr>${ACCOUNT_FIGURES.filter((entry) => entry.group === group).map(row)}</tbody>`)}</table></div>`;
}

/** Return of each month, compounded from the days; the year at the right. Null while there is but one month: the figure stands elsewhere already. */
export function monthTable(facts: ReportFacts): Html | null {
  const months = new Map<string, { open: number; close: number }>();
  for (const { day, open, close } of facts.curve?.days ?? []) months.set(day.slice(0, 7), { open: months.get(day.slice(0, 7))?.open ?? open, close });
  if (months.size < 2) return null;
  const years = [...new Set([...months.keys()].map((month) => month.slice(0, 4)))].sort().reverse();
  const cell = (year: string, month: number): Html => {
    const span = months.get(`${year}-${String(month).padStart(2, '0')}`);
    if (!span || !(span.open > 0)) return html`<td></td>`;
    const value = span.close / span.open - 1;
    const depth = Math.abs(value) < 0.01 ? 1 : Math.abs(value) < 0.04 ? 2 : 3;
    return html`<td class="${toneOf(value * 100) === 'flat' ? '' : `${value > 0 ? 'u' : 'd'}${depth}`}">${percent(value, { digits: 1 })}</td>`;
  };
  const whole = (year: string): number | null => {
    const spans = [...months].filter(([month]) => month.startsWith(year)).map(([, span]) => span);
    const [first, last] = [spans[0], spans.at(-1)];
    return first && last && first.open > 0 ? last.close / first.open - 1 : null;
  };
  const all = Array.from({ length: 12 }, (_none, n) => n + 1);
  return html`<div class="scroll"><table class="heat"><thead><tr><th></th>${all.map((month) => html`<th>${monthName(month)}</th>`)}<th>Year</th></tr></thead><tbody>${years.map((year) => html`<tr><td class="left year">${year}</td>${all.map((month) => cell(year, month))}<td class="year">${percent(whole(year), { digits: 1 })}</td></tr>`)}</tbody></table></div>`;
}
