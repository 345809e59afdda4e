/** The report of a back-test: one HTML page that needs nothing but itself. No script, no font, no picture from elsewhere; every word from outside is escaped. */
import { gain, money, number, percent } from '#chassis/page-figures.ts';
import { html, raw, type Fragment, type Html } from '#chassis/page-html.ts';
import type { Interval } from '#app/analytics/bootstrap.ts';
import type { Belief } from '#app/analytics/verdict.ts';
import { distributionChart, equityChart, excursionChart, rollingChart, slotBars, underwaterChart, yearBars } from './report-charts.ts';
import type { ReportInput } from './report-input.ts';
import { BACKTEST_STYLE } from './report-style.ts';
import { card, chanceTable, costTable, dayText, drawdownTable, figureGroups, foldTable, formulaTable, LOGO, momentText, monthTable, namedTable, reasonList, signed, surfaceTable, tripTable } from './report-tables.ts';

/** The page may look and do nothing: no script, no network, no form. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const MAX_SYMBOLS_TOLD = 4;
const BELIEFS: Readonly<Record<Belief, string>> = { believe: 'Believe it', doubtful: 'Doubtful', do_not_believe: 'Do not believe it' };
const FRAMES = { '1Min': 'minute', '5Min': '5-minute', '15Min': '15-minute', '1Hour': 'hourly', '1Day': 'daily' } as const;

function symbolsText({ data }: ReportInput): string {
  const names = data.filter(({ isBenchmark }) => !isBenchmark).map(({ symbol }) => symbol);
  return names.length <= MAX_SYMBOLS_TOLD ? names.join(', ') : `${names.slice(0, MAX_SYMBOLS_TOLD - 1).join(', ')} and ${names.length - MAX_SYMBOLS_TOLD + 1} others`;
}

/** The run in words: what a person would say first. */
function lead(input: ReportInput): Html {
  const { sheet, timeframe } = input;
  const { startEquity, endEquity, figures } = sheet;
  const traded = input.data.filter(({ isBenchmark }) => !isBenchmark);
  const bars = traded.reduce((sum, one) => sum + one.bars, 0);
  const trips = figures.round_trips ?? 0;
  const open = input.trips.filter(({ isOpen }) => isOpen).length;
  return html`From ${dayText(sheet.from)} to ${dayText(sheet.to)}, on ${number(bars)} ${FRAMES[timeframe]} bar${bars === 1 ? '' : 's'}${traded.length > 1 ? ` of ${traded.length} symbols` : ''}, <b>${money(startEquity)}</b> became <b>${money(endEquity)}</b>. ${trips === 0 ? 'No position was closed' : `${number(trips)} position${trips === 1 ? ' was' : 's were'} closed`}${open === 0 ? '' : `, ${open === 1 ? 'one is' : `${number(open)} are`} still open and valued at the last close`}. ${input.strategy.description}`;
}

function verdictCard({ verdict, warnings }: ReportInput): Html {
  const against = verdict.reasons.filter(({ grade }) => grade !== 'good');
  const good = verdict.reasons.filter(({ grade }) => grade === 'good');
  const words = verdict.headline.replace(/^[^:,]*(: |, )/, '');
  return html`<section class="verdict ${verdict.belief}"><div class="head"><span class="belief">${BELIEFS[verdict.belief]}</span><p class="headline">${words.slice(0, 1).toUpperCase()}${words.slice(1)}</p></div>
    ${against.length === 0 ? null : reasonList(against)}
    ${good.length === 0 ? null : html`<details><summary>${good.length} question${good.length === 1 ? '' : 's'} with a good answer</summary>${reasonList(good)}</details>`}
    ${warnings.length === 0 ? null : html`<p class="noticed"><a href="#noticed">${warnings.length === 1 ? 'One thing was' : `${number(warnings.length)} things were`} noticed</a> about the data and the run: ${warnings[0] ?? ''}${warnings.length > 1 ? ' …' : ''}</p>`}</section>`;
}

function intervalText(interval: Interval | null | undefined, confidence: number, text: (value: number) => string): string | null {
  return interval ? `${number(confidence * 100)} %: ${text(interval.low)} to ${text(interval.high)}`.replaceAll(' %', '\u00a0%') : null;
}

function keyFigures({ sheet, evidence, benchmark }: ReportInput): Html {
  const { figures } = sheet;
  const confidence = evidence.intervals?.confidence ?? 0;
  const one = (label: string, text: Fragment, note: string | null): Html => html`<div><dt>${label}</dt><dd>${text}<small>${note ?? ''}</small></dd></div>`;
  const theirs = figures.benchmark_return;
  return html`<dl class="figures">
    ${one('Total return', signed(figures.total_return === null ? null : figures.total_return * 100, percent(figures.total_return)), theirs === null ? gain(sheet.endEquity - sheet.startEquity) : `${benchmark ?? 'benchmark'} ${percent(theirs)}`)}
    ${one('Growth per year', percent(figures.cagr), intervalText(evidence.intervals?.cagr, confidence, (value) => percent(value, { digits: 1 })))}
    ${one('Deepest fall', html`<span class="${(figures.max_drawdown ?? 0) < 0 ? 'down' : ''}">${percent(figures.max_drawdown)}</span>`, figures.max_drawdown_days === null ? null : `${number(figures.max_drawdown_days)} days long`)}
    ${one('Sharpe ratio', number(figures.sharpe, 2), intervalText(evidence.intervals?.sharpe, confidence, (value) => number(value, 2)))}
    ${one('Win rate', percent(figures.win_rate, { isSigned: false, digits: 1 }), figures.round_trips === null ? null : `of ${number(figures.round_trips)} round trips`)}
    ${one('Profit factor', number(figures.profit_factor, 2), figures.expectancy === null ? null : `${gain(figures.expectancy)} a round trip`)}
  </dl>`;
}

function equityCard({ sheet, benchmark }: ReportInput): Html {
  const hasLog = sheet.curve.equity.every((value) => value > 0);
  const legend = html`<div class="legend"><span class="${sheet.endEquity >= sheet.startEquity ? '' : 'down'}">strategy</span>${sheet.curve.benchmark === null ? null : html`<span class="benchmark">${benchmark ?? 'benchmark'}, same start</span>`}</div>`;
  return html`<section>
    ${hasLog ? html`<input class="scale" type="radio" name="scale" id="scale-linear" checked><input class="scale" type="radio" name="scale" id="scale-log">` : null}
    <div class="titled"><h2>Equity</h2>${hasLog ? html`<div class="switch"><label class="for-linear" for="scale-linear">Linear</label><label class="for-log" for="scale-log">Log</label></div>` : null}${legend}</div>
    <p class="more">Cash and positions at the closes, after all costs; below, the fall from the highest equity before.</p>
    <div class="linear">${equityChart(sheet, false)}</div>${hasLog ? html`<div class="log">${equityChart(sheet, true)}</div>` : null}
    ${underwaterChart(sheet)}</section>`;
}

function rollingCard({ sheet }: ReportInput): Html | null {
  const { rolling } = sheet;
  if (rolling === null) return null;
  return card('Over time', `Each figure over the ${rolling.days} trading days before: whether the result is steady or comes from one stretch.`, html`<div class="three">${rollingChart(rolling, 'sharpe')}${rollingChart(rolling, 'volatility')}${rollingChart(rolling, 'beta')}</div>`);
}

function tripCards({ sheet, trips, timeframe }: ReportInput): Html {
  const { dots, weekdays, hours } = sheet;
  const hasHours = timeframe !== '1Day' && hours.length > 0;
  return html`${dots.length < 2 ? null : html`<div class="pair">
    ${card('Against it on the way (MAE)', 'How far each closed round trip was under water before it ended. Winners far to the right were saved by patience; a stop left of them would have cost them.', excursionChart(dots, 'mae'))}
    ${card('For it on the way (MFE)', 'How far each was ahead at its best. Losers far to the right gave back a profit; a target left of them would have kept it.', excursionChart(dots, 'mfe'))}</div>`}
  ${weekdays.length < 2 ? null : html`<div class="pair">${card('By weekday', 'Profit of the round trips that ended on each day of the week, dollars.', slotBars(weekdays, 'weekday'))}${hasHours ? card('By hour', 'Profit of the round trips that ended in each hour of New York, dollars.', slotBars(hours, 'hour')) : card('By year', 'Returns of calendar years; the first and the last may be parts.', yearBars(sheet))}</div>`}
  ${card('Round trips', 'From flat to flat, after costs. MAE and MFE: furthest fall and rise of the open profit, over highs and lows.', tripTable(trips, timeframe), 'long')}`;
}

function searchCards({ search }: ReportInput): Html | null {
  if (search === null) return null;
  const { objective, trials, map, chosen, plateau, folds, efficiency } = search;
  const steady = plateau?.score ?? null;
  return html`${map === null ? null : card('Parameters', `${objective} of ${number(trials)} trials, ${map.rule === 'median' ? 'the median of what shares a cell' : `the ${map.rule} of what shares a cell`}; the frame marks the values of this run. A plateau can be trusted more than a needle.${steady === null ? '' : ` Around the frame ${percent(steady, { isSigned: false, digits: 0 })} of the score is left within two steps.`}`, surfaceTable(map, chosen))}
  ${folds.length === 0 ? null : card('Walk-forward', `Parameters are chosen on one stretch and tried on the next, which the choice has not seen. ${objective}${efficiency === null ? '' : `; ${percent(efficiency, { isSigned: false, digits: 0 })} of it is left outside`}.`, foldTable(folds), 'long')}`;
}

function background(input: ReportInput): Html {
  const { data, timeframe, rules, identity, warnings } = input;
  const lines = data.slice(0, 200).map(({ symbol, isBenchmark, file, bars, first, last, sha256 }) => html`<tr><td class="left">${symbol}${isBenchmark ? html` <span class="muted">benchmark</span>` : null}</td><td class="left break">${file}</td><td>${number(bars)}</td><td>${first}</td><td>${last}</td><td class="left mono">${sha256 === null ? '' : sha256.slice(0, 16)}</td></tr>`);
  return html`${warnings.length === 0 ? null : card('What a reader should know', 'Noticed while the data was read and the run was made.', html`<ul class="notes">${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>`, 'warned')}
  <div class="pair">${card('Costs', 'Dollars over the whole run.', costTable(input))}${card('Rules of the run', 'What the outcome depends on beside the bars and the strategy.', namedTable(rules))}</div>
  ${card('Data', `${FRAMES[timeframe].replace(/^./, (letter) => letter.toUpperCase())} bars of regular trading; the hash is the beginning of the file’s SHA-256.`, html`<div class="scroll"><table><thead><tr><th class="left">Symbol</th><th class="left">File</th><th>Bars</th><th>First</th><th>Last</th><th class="left">Hash</th></tr></thead><tbody>${lines}</tbody></table></div>`, 'long')}
  ${card('Identity', 'The same code, data, parameters and rules give the same hashes, on every machine.', namedTable(identity, 'mono'))}`;
}

/** The page. */
export function backtestReport(input: ReportInput): string {
  const { strategy, sheet, evidence, timeframe } = input;
  const title = `${strategy.title} on ${symbolsText(input)}`;
  const hasSlots = sheet.weekdays.length >= 2 && !(timeframe !== '1Day' && sheet.hours.length > 0);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${title} – back-test – Mainspring</title>
<style>${raw(BACKTEST_STYLE)}</style>
</head>
<body>
<main>
<header class="top">${LOGO}<strong>Mainspring</strong><span>Back-test</span><span class="when">written ${momentText(input.writtenAt, '1Min')} New York</span></header>
<h1>${strategy.title} <span>on ${symbolsText(input)}</span></h1>
<p class="lead">${lead(input)}</p>
<ul class="chips">${strategy.parameters.map(([name, text]) => html`<li>${name}<b>${text}</b></li>`)}</ul>
${verdictCard(input)}
${keyFigures(input)}
${equityCard(input)}
${card('Every figure', 'Unit and formula on hover; all of them as a table at the end.', figureGroups(sheet))}
${sheet.years.length === 0 ? null : card('Months', 'Return of each month; the first and the last may be parts.', monthTable(sheet))}
<div class="pair">${sheet.distribution === null ? null : card('Daily returns', `Days by their return; the line is a normal distribution of the same mean and deviation. ${percent(sheet.figures.win_rate, { isSigned: false, digits: 0 })} of the round trips won.`, distributionChart(sheet.distribution))}${hasSlots ? card('Deepest falls', 'From a peak of the equity to its recovery.', drawdownTable(sheet)) : card('By year', 'Returns of calendar years; the first and the last may be parts.', yearBars(sheet))}</div>
${rollingCard(input)}
<div class="pair">${hasSlots ? null : card('Deepest falls', 'From a peak of the equity to its recovery.', drawdownTable(sheet))}${card('What chance could have made of it', 'Other histories drawn from blocks of its days, and its round trips in other orders.', chanceTable(evidence.tripOrders, evidence.dayBlocks))}${hasSlots ? card('Where the profit comes from', 'The less of it hangs on few trips and days, the more it can be trusted.', namedTable([
    ['Best round trip', evidence.concentration.bestTrip === null ? '–' : `${percent(evidence.concentration.bestTrip, { isSigned: false, digits: 1 })} of the profit`], ['Best twentieth of the trips', evidence.concentration.bestTwentieth === null ? '–' : `${percent(evidence.concentration.bestTwentieth, { isSigned: false, digits: 1 })} of the profit`],
    ['Five best days', evidence.concentration.bestDays === null ? '–' : `${percent(evidence.concentration.bestDays, { isSigned: false, digits: 1 })} of the growth`], ['Time in the market', percent(sheet.figures.exposure, { isSigned: false, digits: 1 })],
  ])) : null}</div>
${searchCards(input)}
${tripCards(input)}
${background(input)}
<section class="long"><details><summary>How every figure is made</summary>${formulaTable(sheet)}</details></section>
<footer>Mainspring ${input.version}. Times are New York’s. What a bar does not tell is taken for the worse unless the rules say otherwise. Past results say nothing certain about the future; this is no investment advice.</footer>
</main>
</body>
</html>
`;
  return page.html;
}
