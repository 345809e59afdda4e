/** The gates as pure rules: facts about one version go in, seven answers with remedies come out. */
import type { Mode } from '#app/contracts/config.ts';
import type { Gate, StrategyLimits } from '#app/contracts/deploy.ts';
import { Decimal } from '#app/domain/numeric.ts';
import type { RiskLimits } from '#app/domain/limits.ts';

/** A stored check of the files. `at`: epoch ms. */
export type CheckFact = { readonly isPassed: boolean; readonly at: number };
/** The look-ahead check. `signals`: what the strategy said while it was looked at; null where it was not kept. */
export type LookFact = CheckFact & { readonly signals: number | null };
/** A finished back-test of these files with the parameters that are to be deployed. `days`: exchange days of its curve; `trips`: closed round trips; `denied`: orders that risk refused, by code. */
export type BacktestFact = {
  readonly backtestId: string; readonly at: number; readonly trips: number; readonly fills: number; readonly denied: Readonly<Record<string, number>>; readonly days: number; readonly belief: 'believe' | 'doubtful' | 'do_not_believe' | null; readonly headline: string | null;
  /** What a walk-forward of its search said in words; null: there was none. */ readonly outOfSample: string | null;
};
/** What is known of the same files with other parameters: told, and counted for nothing. `backtested`, `walkedForward`: the parameters of the newest such run in words, null without one; `paperDays`: how many. */
export type ElsewhereFacts = { readonly backtested: string | null; readonly walkedForward: string | null; readonly paperDays: number };
/**
 * Everything that the gates look at, of the parameters that are to be deployed. `backtests`: with them, newest first. `paperDays`: exchange days on paper by these very files with them; `paperProblem`: why they could not be
 * read. `read`: what a person has read, newest first.
 */
export type GateFacts = {
  readonly mode: Mode; readonly source: CheckFact | null; readonly lookAhead: LookFact | null; readonly warmUp: CheckFact | null;
  readonly backtests: readonly BacktestFact[]; readonly read: readonly { readonly backtestId: string; readonly at: number }[]; readonly elsewhere: ElsewhereFacts;
  readonly hasParameters: boolean; readonly limits: StrategyLimits | null; readonly accountLimits: RiskLimits; readonly paperDays: readonly string[]; readonly paperProblem: string | null;
};

/** What a market asks of a back-test at least: fills, and exchange days from its first to its last. The more is at stake the longer the look. */
export const LEAST_BACKTEST: Readonly<Record<Mode, { readonly fills: number; readonly days: number }>> = { demo: { fills: 2, days: 2 }, paper: { fills: 20, days: 20 }, live: { fills: 30, days: 60 } };
/** Exchange days on paper that real money asks for. */
export const LEAST_PAPER_DAYS = 5;

/** Which gates a market asks for. */
const NEEDED: Readonly<Record<Gate['gate'], readonly Mode[]>> = {
  source: ['demo', 'paper', 'live'], look_ahead: ['demo', 'paper', 'live'], backtest: ['demo', 'paper', 'live'], out_of_sample: ['paper', 'live'], verdict_read: ['paper', 'live'], limits: ['demo', 'paper', 'live'], paper_days: ['live'],
};
/** From the worst to the best. */
const BELIEFS = ['do_not_believe', 'doubtful', 'believe'] as const;

type Judged = Pick<Gate, 'state' | 'observed' | 'needed'> & Partial<Pick<Gate, 'remedy' | 'action' | 'at' | 'backtestId'>>;
type Judge = { readonly gate: Gate['gate']; readonly title: string; readonly ask: (facts: GateFacts) => Judged };

/** The same files with other parameters are another thing to trade. */
const withThese = ({ hasParameters }: GateFacts): string => (hasParameters ? ' with these parameters' : '');

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

function source({ source: found }: GateFacts): Judged {
  const needed = 'The files compile, and nothing in them is an error.';
  if (found === null) return { state: 'open', observed: 'These files were not checked yet.', needed, remedy: 'Check the files in the editor.', action: 'fix_source' };
  if (found.isPassed) return { state: 'passed', observed: 'No error in the files.', needed, at: found.at };
  return { state: 'failed', observed: 'There are errors in the files.', needed, remedy: 'Correct the errors that the editor marks and save a new version.', action: 'fix_source', at: found.at };
}

function lookAhead({ mode, lookAhead: cut, warmUp }: GateFacts): Judged {
  const needed = 'No signal changes when later bars are taken away, or when the first bars are.';
  if (cut === null || warmUp === null) return { state: 'open', observed: 'Nobody checked whether this version looks into the future.', needed, remedy: 'Run the look-ahead check; it takes some seconds.', action: 'check_look_ahead' };
  const at = Math.max(cut.at, warmUp.at);
  if (cut.isPassed && warmUp.isPassed && cut.signals === 0) {
    // Nothing was compared. With play money that is told; whatever trades on more must have been looked at while it said something.
    const observed = 'It said nothing over the bars on which it was looked at, so the check proves little.';
    return mode === 'demo' ? { state: 'passed', observed, needed, at } : { state: 'open', observed, needed, remedy: 'Run a back-test in which it trades, then the look-ahead check: it takes the same symbols and bars.', action: 'check_look_ahead', at };
  }
  if (cut.isPassed && warmUp.isPassed) return { state: 'passed', observed: 'It uses closed bars alone, and warms up on as many as it says.', needed, at };
  const observed = cut.isPassed ? 'Its signals depend on how many bars it began with: it needs a longer warm-up than it says.' : 'It looks into the future: signals change when later bars are taken away.';
  return { state: 'failed', observed, needed, remedy: 'Correct what the editor marks, save a new version, and check that one.', action: 'fix_source', at };
}

const isEnough = (mode: Mode, { fills, days }: BacktestFact): boolean => fills >= LEAST_BACKTEST[mode].fills && days >= LEAST_BACKTEST[mode].days;

/** The back-test that counts: the newest that is long enough; without one the newest. */
function countedBacktest({ mode, backtests }: GateFacts): BacktestFact | null {
  return backtests.find((one) => isEnough(mode, one)) ?? backtests[0] ?? null;
}

/** Why risk refused, for the codes that a first back-test meets. */
function denialWords(code: string, account: RiskLimits): string {
  switch (code) {
    case 'ORDER_NOTIONAL_EXCEEDED': return `an order was larger than the account's limit of $${account.maxOrderNotional}`;
    case 'POSITION_NOTIONAL_EXCEEDED': return `a position would have been larger than the account's limit of $${account.maxPositionNotional}`;
    case 'GROSS_EXPOSURE_EXCEEDED': return `everything held would have been more than the account's limit of $${account.maxGrossExposure}`;
    case 'BUYING_POWER_EXCEEDED': return 'the money did not suffice';
    case 'SHORT_NOT_ALLOWED': return 'short positions are not allowed';
    case 'QUANTITY_ZERO': return 'its size came to no whole share';
    case 'STRATEGY_NOTIONAL_EXCEEDED': return 'the strategy would have held more than its own limit';
    default: return `of ${code.toLowerCase().replaceAll('_', ' ')}`;
  }
}

/** Refusals that cost nothing: there was nothing to do. */
const HARMLESS: ReadonlySet<string> = new Set(['TARGET_ALREADY_HELD', 'NOTHING_TO_EXIT', 'EXIT_PENDING']);

/** What was denied, and mostly why; empty where nothing was. */
function deniedWords({ denied }: BacktestFact, account: RiskLimits): string {
  const counted = Object.entries(denied).filter(([code]) => !HARMLESS.has(code)).sort(([, a], [, b]) => b - a);
  const all = counted.reduce((sum, [, n]) => sum + n, 0);
  const [most] = counted;
  if (most === undefined || all === 0) return '';
  const [code, n] = most;
  return `${count(all, 'order')} ${all === 1 ? 'was' : 'were'} denied${n === all ? '' : `, ${n} of them`} because ${denialWords(code, account)}. `;
}

function neverTested({ elsewhere: { backtested } }: GateFacts): string {
  return backtested === null ? 'This version was not back-tested.' : `This version was back-tested with other parameters only: ${backtested}.`;
}

function backtest(facts: GateFacts): Judged {
  const { fills, days } = LEAST_BACKTEST[facts.mode];
  const needed = `A finished back-test of this version${withThese(facts)}, with ${count(fills, 'fill')} over ${count(days, 'exchange day')} at least.`;
  const found = countedBacktest(facts);
  if (found === null) return { state: 'open', observed: neverTested(facts), needed, remedy: `Run a back-test of this version${withThese(facts)}.`, action: 'run_backtest' };
  const observed = `${count(found.fills, 'fill')} and ${count(found.trips, 'closed round trip')} over ${count(found.days, 'exchange day')}.${found.belief === 'do_not_believe' && found.headline !== null ? ` ${found.headline}` : ''}`;
  const known = { needed, at: found.at, backtestId: found.backtestId };
  if (isEnough(facts.mode, found)) return { state: 'passed', observed, ...known };
  // Whoever was denied everything needs no longer time: that stands first.
  const refused = found.fills < fills ? deniedWords(found, facts.accountLimits) : '';
  const remedy = refused === '' ? 'Run it over a longer time, or over more symbols.' : 'Run it with a smaller size, or without the risk rules; or set another limit on the settings page.';
  return { state: 'open', ...known, observed: `${refused}${observed}`, remedy, action: 'run_backtest' };
}

/** A disbelieved result may be tried with play money; with real money not. It is told wherever it stands. */
function outOfSample(facts: GateFacts): Judged {
  const needed = 'A walk-forward of this version that led to these parameters: chosen on one part of the time, tried on the part behind it. With real money its verdict must not be "Do not believe it".';
  const found = countedBacktest(facts);
  const tried = facts.backtests.find((one) => one.outOfSample !== null) ?? null;
  const headline = found?.headline ?? null;
  const words = headline === null ? '' : ` The verdict: ${headline}`;
  if (found?.belief === 'do_not_believe' && facts.mode === 'live') return { state: 'failed', observed: headline ?? 'The verdict is: do not believe it.', needed, remedy: 'A better rule, or a longer history: the reasons stand in the verdict.', action: 'optimise', at: found.at, backtestId: found.backtestId };
  if (tried !== null) return { state: 'passed', observed: `${tried.outOfSample ?? ''}${words}`, needed, at: tried.at, backtestId: tried.backtestId };
  if (!facts.hasParameters && found !== null) return { state: 'passed', observed: `It has no parameters, so nothing was fitted to the bars.${words}`, needed, at: found.at, backtestId: found.backtestId };
  const { walkedForward } = facts.elsewhere;
  const observed = walkedForward === null ? 'It was never tried on bars that the choice of its parameters had not seen.' : `Its walk-forward led to other parameters: ${walkedForward}.`;
  const remedy = walkedForward === null ? 'Optimise its parameters with a walk-forward.' : 'Deploy the parameters that it led to, or optimise once more with a walk-forward.';
  return { state: 'open', observed: `${observed}${words}`, needed, remedy, action: 'optimise', backtestId: found?.backtestId ?? null };
}

function verdictRead(facts: GateFacts): Judged {
  const needed = `A person opened the verdict of the newest back-test of this version${withThese(facts)} and read it.`;
  const found = countedBacktest(facts);
  const { read } = facts;
  if (found === null) return { state: 'open', observed: facts.elsewhere.backtested === null ? 'There is no verdict yet.' : 'There is no verdict yet of these parameters.', needed, remedy: `Run a back-test of this version${withThese(facts)}.`, action: 'run_backtest' };
  const open = { state: 'open', needed, remedy: 'Open the back-test and read its verdict.', action: 'read_verdict', backtestId: found.backtestId } as const;
  if (read.length === 0) return { ...open, observed: 'Nobody has read the verdict.' };
  const known = read.flatMap(({ backtestId, at }) => facts.backtests.filter((one) => one.backtestId === backtestId).map((seen) => ({ seen, at })));
  const [last] = known;
  if (last === undefined) return { ...open, observed: 'The verdict that was read belongs to a back-test that ran with other parameters, or is not stored any more.' };
  const { seen, at } = last;
  const rank = (one: BacktestFact): number => (one.belief === null ? -1 : BELIEFS.indexOf(one.belief));
  if (seen.backtestId !== found.backtestId && rank(found) < rank(seen)) return { ...open, observed: 'The newest back-test has a worse verdict than the one that was read.' };
  return { state: 'passed', observed: `Read: ${seen.headline ?? 'a verdict without words'}`, needed, at, backtestId: seen.backtestId };
}

/** The account's limits that a strategy's own would exceed, in words. */
export function beyondAccount(limits: StrategyLimits, account: RiskLimits): string[] {
  const isMore = (own: string, most: string): boolean => new Decimal(own).gt(most);
  return [
    ...(isMore(limits.maxNotional, account.maxGrossExposure) ? [`it may hold $${limits.maxNotional}, the account $${account.maxGrossExposure}`] : []),
    ...(isMore(limits.maxDailyLoss, account.maxDailyLoss) ? [`it may lose $${limits.maxDailyLoss} a day, the account $${account.maxDailyLoss}`] : []),
    ...(limits.maxOrdersPerDay > account.maxOrdersPerDay ? [`it may enter ${limits.maxOrdersPerDay} times a day, the account ${account.maxOrdersPerDay} times`] : []),
  ];
}

function limits({ limits: own, accountLimits }: GateFacts): Judged {
  const needed = 'Limits of its own, none wider than the account\'s: value held, entries a day, loss a day, errors in a row.';
  if (own === null) return { state: 'open', observed: 'It has no limits of its own yet.', needed, remedy: 'Set its limits.', action: 'set_limits' };
  const beyond = beyondAccount(own, accountLimits);
  if (beyond.length > 0) return { state: 'open', observed: `Wider than the account's: ${beyond.join('; ')}.`, needed, remedy: 'Set narrower limits, or widen those of the account first.', action: 'set_limits' };
  return { state: 'passed', observed: `At most $${own.maxNotional} held, ${count(own.maxOrdersPerDay, 'entry').replace('entrys', 'entries')} and $${own.maxDailyLoss} of loss a day, ${count(own.maxErrors, 'error')} in a row.`, needed };
}

function paperDays(facts: GateFacts): Judged {
  const { paperDays: days, paperProblem, elsewhere } = facts;
  const needed = `${LEAST_PAPER_DAYS} exchange days of these very files${withThese(facts)} on paper, without an error.`;
  if (paperProblem !== null) return { state: 'open', observed: paperProblem, needed, remedy: 'Let it run on paper again; what was noted before does not count.', action: 'deploy_to_paper' };
  const others = elsewhere.paperDays === 0 ? '' : ` ${count(elsewhere.paperDays, 'day')} with other parameters ${elsewhere.paperDays === 1 ? 'does' : 'do'} not count.`;
  const observed = `${days.length === 0 ? `These files did not run on paper${elsewhere.paperDays === 0 ? '' : ' with these parameters'}.` : `${count(days.length, 'exchange day')} on paper: ${days.slice(-LEAST_PAPER_DAYS).join(', ')}.`}${others}`;
  return days.length >= LEAST_PAPER_DAYS ? { state: 'passed', observed, needed } : { state: 'open', observed, needed, remedy: 'Deploy this version to paper, on bars of a minute or of a day, and let it run from before the open until the close: bars that are read afterwards do not count. A changed file or parameter begins anew.', action: 'deploy_to_paper' };
}

const JUDGES: readonly Judge[] = [
  { gate: 'source', title: 'The source is clean', ask: source },
  { gate: 'look_ahead', title: 'It does not look ahead', ask: lookAhead },
  { gate: 'backtest', title: 'It was back-tested', ask: backtest },
  { gate: 'out_of_sample', title: 'It was tried out of sample', ask: outOfSample },
  { gate: 'verdict_read', title: 'The verdict was read', ask: verdictRead },
  { gate: 'limits', title: 'Its limits are set', ask: limits },
  { gate: 'paper_days', title: 'It has run on paper', ask: paperDays },
];

/** All gates in the order in which they are shown. One that the market does not ask for still says what it sees. */
export function gatesOf(facts: GateFacts): Gate[] {
  return JUDGES.map(({ gate, title, ask }) => {
    const { remedy = null, action = 'none', at = null, backtestId = null, ...judged } = ask(facts);
    if (NEEDED[gate].includes(facts.mode)) return { gate, title, ...judged, remedy, action, at, backtestId };
    return { gate, title, ...judged, state: 'not_needed', remedy: null, action: 'none', at, backtestId };
  });
}
