/** The daily report as one HTML page that needs nothing but itself: no script, no font, no picture from elsewhere. */
import { MIN_DAYS_FOR_YEARLY } from '#app/analytics/catalogue.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { REPORT_POLICY } from '#app/contracts/reports.ts';
import { epochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { fromNewYork, toNewYork } from '#app/market/nyse-zone.ts';
import type { ReportFacts } from '../report-facts.ts';
import { axisLabel, equityChart, lyingBars, standingBars, type Bar } from './charts.ts';
import { gain, longDay, money, number, percent, shortDay, span, toneOf } from '#chassis/page-figures.ts';
import { clock, dayAndMinute } from './format.ts';
import { html, raw, type Fragment, type Html } from '#chassis/page-html.ts';
import { REPORT_STYLE } from './style.ts';
import { card, empty, fillTable, figureText, groupTable, monthTable, nameOf, pnl, positionTable, riskLists, statisticsTable, tripTable } from './tables.ts';

const BARS = 60;
const MAX_GROUPS = 40;

const MODES: Readonly<Record<RuntimeConfig['mode'], { readonly word: string; readonly meaning: string }>> = {
  demo: { word: 'DEMO', meaning: 'simulated market, no real money' },
  paper: { word: 'PAPER', meaning: 'practice account, no real money' },
  live: { word: 'LIVE', meaning: 'real money' },
};

const LOGO = raw('<svg viewBox="0 0 24 24" fill="none" aria-hidden="true"><path d="M12 12.2a1.2 1.2 0 1 0-1.1-1.6c-.7 1.8.7 3.7 2.6 3.6 2.7-.1 4.2-3 3.2-5.5C15.4 5.6 11.5 4.5 8.6 6.3 5.1 8.5 4.4 13.2 6.7 16.5c2.4 3.4 7.2 4.2 10.8 2.1 1.3-.8 2.3-1.8 3-3" stroke="currentColor" stroke-width="1.9" stroke-linecap="round"/><circle cx="20.5" cy="15.6" r="1.5" fill="currentColor"/></svg>');

type DayResult = { readonly pnl: number; readonly fraction: number | null; readonly close: number };

/** The result of the report's day; null when the curve has no point on it. */
function dayResult({ curve, day }: ReportFacts): DayResult | null {
  const own = curve?.days.at(-1);
  return own?.day === day ? { pnl: own.close - own.open, fraction: own.open > 0 ? own.close / own.open - 1 : null, close: own.close } : null;
}

/** The day in words: what a person would say first. */
function lead(facts: ReportFacts): Html {
  const today = dayResult(facts);
  if (facts.curve === null) return html`Nothing has been traded yet: there is no point of the equity curve. This report fills itself from the first session on.`;
  if (today === null) return html`No bar arrived on this day, so its equity was not measured. The figures below are those up to the day before.`;
  const words = { up: 'gained', down: 'lost', flat: 'ended where it began' }[toneOf(today.pnl)];
  const amount = toneOf(today.pnl) === 'flat' ? null : html` <b>${money(Math.abs(today.pnl))}</b> (${percent(today.fraction)})`;
  const { trips, fills } = facts.totals;
  const won = facts.trips.filter((trip) => trip.profit.gt(0)).length;
  const count = (n: number, one: string): string => `${number(n)} ${one}${n === 1 ? '' : 's'}`;
  const closed = trips === 0 ? 'no position was closed' : trips === 1 ? `one position was closed, ${won === 1 ? 'with a profit' : 'without a profit'}` : `${number(trips)} positions were closed${trips === facts.trips.length ? `, ${won === 0 ? 'none' : number(won)} of them with a profit` : ''}`;
  const traded = fills === 0 ? 'Nothing was bought or sold.' : `There ${fills === 1 ? 'was' : 'were'} ${count(fills, 'fill')}; ${closed}.`;
  return html`The account ${words}${amount} and stands at <b>${money(today.close)}</b>. ${traded}`;
}

function keyFigures(facts: ReportFacts): Html {
  const value = (name: string): number | null => facts.metrics.find((metric) => metric.name === name)?.value ?? null;
  const today = dayResult(facts);
  const last = facts.curve?.days.at(-1);
  const days = value('trading_days') ?? 0;
  const figure = (label: string, text: Fragment, note: string): Html => html`<div><dt>${label}</dt><dd>${text}<small>${note}</small></dd></div>`;
  const since = facts.curve ? exchangeDay(epochMs(facts.curve.from - 1)) : null;
  return html`<dl class="figures">
    ${figure('Equity', money(last?.close ?? null), last ? `at the end of ${shortDay(last.day)}` : 'not measured yet')}
    ${figure('Day', today ? pnl(today.pnl, gain(today.pnl)) : '–', today ? percent(today.fraction) : 'no point on this day')}
    ${figure('Total return', pnl((value('total_return') ?? 0) * 100, percent(value('total_return'))), since === null ? 'not measured yet' : `since ${shortDay(since)} ${since.slice(0, 4)}`)}
    ${figure('Deepest fall', percent(value('max_drawdown')), 'from the highest equity before')}
    ${figure('Sharpe ratio', figureText('sharpe', value('sharpe')), days < MIN_DAYS_FOR_YEARLY ? `from ${MIN_DAYS_FOR_YEARLY} trading days on, now ${number(days)}` : 'per year, daily returns')}
    ${figure('Win rate', percent(value('win_rate'), { isSigned: false, digits: 0 }), value('round_trips') === null ? 'no round trip yet' : `of ${number(value('round_trips'))} round trip${value('round_trips') === 1 ? '' : 's'}`)}
  </dl>`;
}

function equityCard(facts: ReportFacts): Html {
  const { curve } = facts;
  if (curve === null || curve.line.length < 2) return card('Equity', 'Cash and positions at the last closes, minute by minute.', empty('The curve begins with the first bars that arrive after the start.'));
  const isOneDay = curve.days.length === 1;
  const label = axisLabel(isOneDay, (point) => clock(point.ts), (point) => exchangeDay(epochMs(point.ts - 1)));
  return card('Equity', 'Cash and positions at the last closes; below, the fall from the highest equity before. The dashed line is where the account began.', equityChart(curve.line, curve.start, label), 'wide');
}

function dayCard(facts: ReportFacts): Html {
  const days = (facts.curve?.days ?? []).slice(-BARS);
  const bars = days.map(({ day, open, close }): Bar => ({ label: shortDay(day), value: close - open, title: `${shortDay(day)}: ${gain(close - open)}${open > 0 ? ` (${percent(close / open - 1)})` : ''}` }));
  return card('Profit and loss by day', days.length === BARS ? `The last ${BARS} exchange days, dollars.` : 'Exchange days, dollars.', bars.length === 0 ? empty('A bar for each day that has a point of the equity curve.') : standingBars(bars, 'Profit and loss by day'));
}

function strategyCard(facts: ReportFacts): Html {
  const bars = facts.strategies.map((one): Bar => ({ label: nameOf(facts, one.strategyId), value: one.realized + one.open, title: `${nameOf(facts, one.strategyId)}: realized ${gain(one.realized)}, open ${gain(one.open)}, this day ${gain(one.day)}, ${one.fills} fills` }));
  bars.sort((a, b) => b.value - a.value);
  return card('Profit and loss by strategy', 'Since the beginning, realized and open together, before fees, dollars.', bars.length === 0 ? empty('A bar for each strategy that has traded.') : lyingBars(bars.slice(0, 8)));
}

function hourCard(facts: ReportFacts): Html {
  const bars = facts.groups.filter((group) => group.scope === 'hour' && group.roundTrips > 0).map(({ subject, profit, roundTrips, winRate }): Bar => ({ label: `${subject}:00`, value: profit, title: `${subject}:00 to ${subject}:59: ${gain(profit)}, ${roundTrips} round trips, ${percent(winRate, { isSigned: false, digits: 0 })} won` }));
  return card('Round trips by hour', 'Profit of the trips that were closed in each hour of New York, dollars.', bars.length === 0 ? empty('A bar for each hour in which a position was closed.') : standingBars(bars, 'Profit of round trips by hour'));
}

function groups(facts: ReportFacts): Html {
  const of = (scope: string): ReportFacts['groups'] => facts.groups.filter((group) => group.scope === scope).sort((a, b) => b.profit - a.profit).slice(0, MAX_GROUPS);
  const strategies = of('strategy').map((group) => ({ name: nameOf(facts, group.subject), group }));
  const account = of('account').map((group) => ({ name: 'All', group }));
  return html`${card('Round trips by strategy', 'From flat to flat, after fees. Factor: dollars won per dollar lost. Slippage: fills against the price on which the order was decided, basis points; a minus is a better price.', groupTable('Strategy', [...strategies, ...(strategies.length > 1 ? account : [])]))}
    ${card('Round trips by symbol', `Best first${facts.groups.filter((group) => group.scope === 'symbol').length > MAX_GROUPS ? `, the first ${MAX_GROUPS}` : ''}.`, groupTable('Symbol', of('symbol').map((group) => ({ name: group.subject, group }))), 'long')}`;
}

/** What there is to show once something was measured or traded; before, a page of empty cards would say nothing. */
function body(facts: ReportFacts): Html | null {
  if (facts.curve === null && facts.totals.fills === 0) return null;
  const months = monthTable(facts);
  return html`${equityCard(facts)}
<div class="pair">${dayCard(facts)}${strategyCard(facts)}</div>
${months === null ? null : card('Months', 'Return of each month.', months)}
${groups(facts)}
<div class="pair">${hourCard(facts)}${card('Risk', 'Decisions on the day, and what was warned of.', riskLists(facts))}</div>
${card('Positions', 'What is held at the end.', positionTable(facts))}
${card('Closed on this day', 'Positions that became flat.', tripTable(facts), 'long')}
${card('Fills', 'What was bought and sold on this day.', fillTable(facts), 'long')}`;
}

/** Who signs the report. */
function signed({ signature }: ReportFacts): Html | null {
  if (signature === null) return null;
  return html`<p class="signed">Signed by <b>${signature.name}</b>${signature.contact === '' ? null : html`, ${signature.contact}`}</p>`;
}

/** The page. Every word that comes from outside is escaped; the policy inside it holds when the file is opened from a folder, too. */
export function reportPage(facts: ReportFacts): string {
  const mode = MODES[facts.mode];
  const day = longDay(facts.day, toNewYork(fromNewYork(facts.day, 0)).weekday);
  const covered = facts.curve ? `The curve has ${number(facts.curve.days.length)} day${facts.curve.days.length === 1 ? '' : 's'} and covers ${span(facts.curve.to - facts.curve.from)}.` : '';
  // `sandbox` and `frame-ancestors` hold in a header only; the gateway sends them.
  const policy = REPORT_POLICY.split('; ').filter((rule) => !/^(sandbox|frame-ancestors)/.test(rule)).join('; ');
  const page = html`<!doctype html>
<html lang="en" class="${facts.mode}">
<head>
<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
${facts.signature === null ? null : html`<meta name="author" content="${facts.signature.name}">
`}<title>${day} – ${mode.word} – Mainspring</title>
<style>${raw(REPORT_STYLE)}</style>
</head>
<body>
<div class="mode-line"></div>
<main>
<header class="top">${LOGO}<strong>Mainspring</strong><span>Daily performance report</span><span class="mode">${mode.word}<small>${mode.meaning}</small></span></header>
<h1>${day}</h1>
<p class="lead">${lead(facts)}</p>
${keyFigures(facts)}
${body(facts)}
${card('Every figure, and how it is made', `Up to the end of the day. Figures per year stay empty below ${MIN_DAYS_FOR_YEARLY} trading days: out of a few days they would be noise.`, statisticsTable(facts))}
${signed(facts)}
<footer>Written ${dayAndMinute(facts.generatedAt)} New York by Mainspring ${facts.version} from the ledger of this computer. ${covered} ${facts.reconciled === null ? 'The books were not compared with the broker yet.' : `The books were last compared with the broker on ${dayAndMinute(facts.reconciled.at)}: ${facts.reconciled.isClean ? 'they agreed' : 'they differed; see the health panel'}.`} Times are New York’s. Past results say nothing certain about the future; this is no investment advice.</footer>
</main>
</body>
</html>
`;
  return page.html;
}
