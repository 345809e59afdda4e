/** What the run bar holds while one types: text as it stands in the fields, what is wrong with it in words, and the request it makes. Pure. */
import { MAX_BACKTEST_SYMBOLS } from '#app/contracts/backtest.ts';
import type { ParameterView, ProjectFacts } from '#app/contracts/author.ts';
import type { RouteInput } from '#app/contracts/http.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { TIMEFRAMES } from '#app/domain/time.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { checkDays, daysOfSpan } from './span.ts';
import type { Span, Stored } from './span.ts';

/** Models of slippage as the bar offers them; `none` = market orders fill at the reference price. */
export const SLIPPAGE_KINDS = ['none', 'bps', 'spread', 'volume_share', 'atr', 'square_root'] as const;
/** One of them. */
export type SlippageKind = (typeof SLIPPAGE_KINDS)[number];

/** Numbers as they were typed. */
export type CostsDraft = { readonly slippage: SlippageKind; readonly amount: string; readonly perOrder: string; readonly perShare: string; readonly percent: string; readonly minimum: string; readonly hasFees: boolean };
/** The fields of the bar. `parameters`: only those that were changed, as text or flag. `positionPercent`: size of an entry where the strategy names none. */
export type RunDraft = {
  readonly symbols: readonly string[]; readonly screenId: string | null; readonly timeframe: Timeframe; readonly span: Span; readonly from: string; readonly to: string; readonly capital: string; readonly positionPercent: string;
  readonly costs: CostsDraft; readonly benchmark: string; readonly desk: 'house' | 'plain'; readonly hasChecks: boolean; readonly parameters: Readonly<Record<string, string | boolean>>;
};

/** How a new project begins. */
export const FRESH_DRAFT: RunDraft = {
  symbols: [], screenId: null, timeframe: '1Day', span: '5Y', from: '', to: '', capital: '100000', positionPercent: '5', benchmark: 'SPY', desk: 'house', hasChecks: true, parameters: {},
  costs: { slippage: 'bps', amount: '2', perOrder: '0', perShare: '0', percent: '0', minimum: '0', hasFees: true },
};

/** What is wrong, by the name of the field; parameters as `parameters.<name>`. */
export type Problems = Readonly<Record<string, string>>;
/** The request of a run. */
export type RunRequest = RouteInput<'startBacktest'>['request'];

const LARGEST_CAPITAL = 1e12;

/** A typed number; null when it is none. Thousands may be separated. */
export function typedNumber(text: string): number | null {
  const plain = text.replaceAll(/[,\s_]/g, '');
  if (plain === '' || !/^-?\d*\.?\d*(e-?\d+)?$/i.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

const within = (text: string, least: number, most: number): string | null => {
  const value = typedNumber(text);
  if (value === null) return 'Type a number';
  return value < least || value > most ? `From ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}` : null;
};

/** What is wrong with a value of a parameter; null when nothing is. */
export function parameterProblem(view: ParameterView, value: string | boolean): string | null {
  if (view.kind === 'flag') return null;
  if (view.kind === 'choice') return view.choices.includes(String(value)) ? null : `One of ${view.choices.join(', ')}`;
  const number = typedNumber(String(value));
  if (number === null) return 'Type a number';
  if (view.kind === 'integer' && !Number.isInteger(number)) return 'A whole number';
  if (view.min !== null && number < view.min) return `At least ${view.min}`;
  return view.max !== null && number > view.max ? `At most ${view.max}` : null;
}

/** The value of a parameter as the strategy takes it. */
function parameterValue(view: ParameterView, value: string | boolean): number | string | boolean {
  if (view.kind === 'flag') return value === true || value === 'true';
  return view.kind === 'choice' ? String(value) : (typedNumber(String(value)) ?? view.default);
}

function symbolProblem(draft: RunDraft, facts: ProjectFacts | null): string | null {
  if (draft.screenId !== null) return null;
  const count = draft.symbols.length;
  if (count === 0) return 'Choose at least one symbol';
  if (count > MAX_BACKTEST_SYMBOLS) return `At most ${MAX_BACKTEST_SYMBOLS} symbols at once`;
  const wrong = draft.symbols.find((symbol) => !symbolSchema.safeParse(symbol).success);
  if (wrong !== undefined) return `${wrong} is not a symbol`;
  if (facts?.scope !== 'portfolio') return null;
  const [least, most] = facts.symbols;
  if (count < least) return `This strategy trades at least ${least} symbols together`;
  return most !== null && count > most ? `This strategy trades at most ${most} symbols together` : null;
}

const SLIPPAGE_MOST: Readonly<Record<SlippageKind, number>> = { none: 0, bps: 1_000, spread: 1_000, volume_share: 100, atr: 100, square_root: 100 };

/** What is wrong with the fields, in words. `today`: YYYY-MM-DD. */
export function problemsOf(draft: RunDraft, facts: ProjectFacts | null, today: string): Problems {
  const { costs } = draft;
  const found: [string, string | null][] = [
    ['symbols', symbolProblem(draft, facts)], ['timeframe', TIMEFRAMES.includes(draft.timeframe) ? null : 'Choose a width'], ['span', draft.span === 'days' ? checkDays(draft.from, draft.to, today) : null],
    ['capital', within(draft.capital, 1, LARGEST_CAPITAL)], ['positionPercent', within(draft.positionPercent, 0.01, 100)], ['amount', costs.slippage === 'none' ? null : within(costs.amount, 0, SLIPPAGE_MOST[costs.slippage])],
    ['perOrder', within(costs.perOrder, 0, 1_000)], ['perShare', within(costs.perShare, 0, 100)], ['percent', within(costs.percent, 0, 10)], ['minimum', within(costs.minimum, 0, 1_000)],
    ['benchmark', draft.benchmark === '' || symbolSchema.safeParse(draft.benchmark).success ? null : `${draft.benchmark} is not a symbol`],
    ...(facts?.parameters ?? []).map((view): [string, string | null] => {
      const value = draft.parameters[view.name];
      return [`parameters.${view.name}`, value === undefined ? null : parameterProblem(view, value)];
    }),
  ];
  return Object.fromEntries(found.flatMap(([name, words]) => (words === null ? [] : [[name, words]])));
}

function slippageOf({ slippage, amount }: CostsDraft): RunRequest['slippage'] {
  const value = typedNumber(amount) ?? 0;
  switch (slippage) {
    case 'none': return undefined;
    case 'bps': return { kind: 'bps', bps: value };
    case 'spread': return { kind: 'spread', bps: value };
    case 'volume_share': return { kind: 'volume_share', impact: value };
    case 'atr': return { kind: 'atr', multiple: value, period: 14 };
    default: return { kind: 'square_root', coefficient: value };
  }
}

/** Changed parameters with their values. */
export function parametersOf(draft: RunDraft, facts: ProjectFacts | null): Record<string, number | string | boolean> {
  return Object.fromEntries((facts?.parameters ?? []).flatMap((view) => {
    const value = draft.parameters[view.name];
    return value === undefined ? [] : [[view.name, parameterValue(view, value)]];
  }));
}

/** The request. The fields must be without problems. `stored`: what bars there are, for spans that count back from the newest. */
export function requestOf(draft: RunDraft, of: { readonly facts: ProjectFacts | null; readonly project: { readonly projectId: string; readonly version: number }; readonly stored: Stored | null; readonly today: string }): RunRequest {
  const { costs } = draft;
  const slippage = slippageOf(costs);
  const parameters = parametersOf(draft, of.facts);
  const { from, to } = daysOfSpan(draft, of.stored, of.today);
  return {
    project: of.project, ...(draft.screenId === null ? { symbols: [...draft.symbols] } : { screenId: draft.screenId }), timeframe: draft.timeframe, from, ...(to === null ? {} : { to }), startingCash: String(typedNumber(draft.capital) ?? 0),
    sizing: { method: 'percent_of_equity', percent: String(typedNumber(draft.positionPercent) ?? 5) }, ...(slippage === undefined ? {} : { slippage }),
    commission: { perOrder: typedNumber(costs.perOrder) ?? 0, perShare: typedNumber(costs.perShare) ?? 0, percent: typedNumber(costs.percent) ?? 0, minimum: typedNumber(costs.minimum) ?? 0 }, hasFees: costs.hasFees,
    desk: draft.desk, hasChecks: draft.hasChecks, ...(draft.benchmark === '' ? {} : { benchmark: draft.benchmark }), ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
}

/** Parameters as the fields of the bar hold them. */
export function asTyped(parameters: Readonly<Record<string, number | string | boolean>>): Record<string, string | boolean> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, typeof value === 'boolean' ? value : String(value)]));
}

const SLIPPAGE_SHORT: Readonly<Record<SlippageKind, string>> = { none: 'no slippage', bps: 'bp', spread: 'bp spread', volume_share: '× share of volume', atr: '× ATR', square_root: '× √share' };

/** Costs in a few words: costsWords of the defaults = '2 bp + fees'. */
export function costsWords({ slippage, amount, perOrder, perShare, percent, hasFees }: CostsDraft): string {
  const parts = [slippage === 'none' ? 'no slippage' : `${amount} ${SLIPPAGE_SHORT[slippage]}`];
  if ([perOrder, perShare, percent].some((text) => (typedNumber(text) ?? 0) > 0)) parts.push('commission');
  if (hasFees) parts.push('fees');
  return parts.join(' + ');
}
