/** The form of a deployment: what is typed, what is wrong with it, and what it becomes. Pure. */
import type { ParameterView, ProjectFacts } from '#app/contracts/author.ts';
import { MAX_DEPLOYED_SYMBOLS, strategyIdSchema } from '#app/contracts/deploy.ts';
import type { DeploymentLive, StrategyLimits } from '#app/contracts/deploy.ts';
import type { RouteInput } from '#app/contracts/http.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { positiveDecimalText } from '#app/domain/numeric.ts';
import { timeframeSchema } from '#app/domain/time.ts';
import type { Timeframe } from '#app/domain/time.ts';

/** Limits of one strategy as they are typed; dollars and counts. */
export type LimitsDraft = { readonly maxNotional: string; readonly maxOrdersPerDay: string; readonly maxDailyLoss: string; readonly maxErrors: string };
/** Sizing as it is typed: the fields of all methods, of which the chosen one uses its own. */
export type SizingDraft = { readonly method: 'fixed_notional' | 'percent_of_equity' | 'atr_risk'; readonly notional: string; readonly percent: string; readonly riskPercent: string; readonly atrMultiple: string; readonly maxPercent: string };
/** The form. `target`: the deployment that takes the version, null = a new one. */
export type DeployDraft = {
  readonly target: string | null; readonly name: string; readonly universe: 'symbols' | 'screen' | 'watched'; readonly symbols: readonly string[]; readonly screenId: string | null; readonly timeframe: Timeframe;
  readonly parameters: Readonly<Record<string, string>>; readonly sizing: SizingDraft; readonly limits: LimitsDraft; readonly isStarted: boolean;
};
/** What is wrong, by the field it is wrong in: `name`, `symbols`, `limits.maxNotional`, `parameters.fast`. */
export type Problems = Readonly<Record<string, string>>;

/** The account's own frame, in dollars; null = not known yet. */
export type AccountFrame = { readonly equity: number; readonly maxDailyLoss: number; readonly maxPositionNotional: number; readonly maxGrossExposure: number; readonly maxOrdersPerDay: number };

const DEFAULT_SIZING: SizingDraft = { method: 'percent_of_equity', notional: '1000', percent: '2', riskPercent: '0.5', atrMultiple: '2', maxPercent: '5' };
const PLAIN_LIMITS: LimitsDraft = { maxNotional: '10000', maxOrdersPerDay: '20', maxDailyLoss: '200', maxErrors: '3' };
/** A strategy that is new may hold this part of the equity and lose that part of it in a day. */
const NEW_SHARE = 0.1;
const NEW_LOSS_SHARE = 0.005;

/** Down to two leading digits: 10123 = 10000, 487 = 480. */
function roundDown(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.max(1, Math.floor(value / step) * step);
}

/** Limits to begin with: a tenth of the equity and half a percent of loss, never more than half of what the account itself may. */
export function suggestLimits(account: AccountFrame | null): LimitsDraft {
  if (account === null || account.equity <= 0) return PLAIN_LIMITS;
  const notional = Math.min(account.equity * NEW_SHARE, account.maxGrossExposure / 2);
  const loss = Math.min(account.equity * NEW_LOSS_SHARE, account.maxDailyLoss / 2);
  return { maxNotional: String(roundDown(notional)), maxOrdersPerDay: String(Math.min(20, account.maxOrdersPerDay)), maxDailyLoss: String(roundDown(loss)), maxErrors: '3' };
}

/** The parameters at what the source says. */
export function defaultParameters(facts: ProjectFacts | null): Record<string, string> {
  return Object.fromEntries((facts?.parameters ?? []).map((parameter) => [parameter.name, String(parameter.default)]));
}

/** An empty form for a new deployment. */
export function newDraft(of: { name: string; facts: ProjectFacts | null; account: AccountFrame | null; suggested: { symbols: readonly string[]; timeframe: string } | null }): DeployDraft {
  const timeframe = timeframeSchema.safeParse(of.suggested?.timeframe);
  return {
    target: null, name: of.name, universe: 'symbols', symbols: of.suggested?.symbols ?? [], screenId: null, timeframe: timeframe.success ? timeframe.data : '1Day',
    parameters: defaultParameters(of.facts), sizing: DEFAULT_SIZING, limits: suggestLimits(of.account), isStarted: true,
  };
}

/** Limits that stand, as a form holds them. */
export function limitsDraft(limits: StrategyLimits | null, account: AccountFrame | null): LimitsDraft {
  return limits === null ? suggestLimits(account) : { maxNotional: limits.maxNotional, maxOrdersPerDay: String(limits.maxOrdersPerDay), maxDailyLoss: limits.maxDailyLoss, maxErrors: String(limits.maxErrors) };
}

/** What a field shows of a stored value; null where it is none that a field could show. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** A form that begins with what a deployment has; parameters that the source knows no more are dropped, new ones stand at their default. */
export function draftOf(live: DeploymentLive, facts: ProjectFacts | null, account: AccountFrame | null): DeployDraft {
  const { card } = live;
  const timeframe = timeframeSchema.safeParse(card.timeframe);
  const known = defaultParameters(facts);
  const method = live.sizing['method'];
  return {
    target: card.strategyId, name: card.name, universe: card.symbols.includes('*') ? 'watched' : 'symbols', symbols: card.symbols.filter((symbol) => symbol !== '*'), screenId: null, timeframe: timeframe.success ? timeframe.data : '1Day',
    parameters: Object.fromEntries(Object.entries(known).map(([name, value]) => [name, textOf(live.parameters[name]) ?? value])),
    sizing: {
      ...DEFAULT_SIZING, ...Object.fromEntries(Object.keys(DEFAULT_SIZING).flatMap((key) => { const text = textOf(live.sizing[key]); return text === null ? [] : [[key, text]]; })),
      method: method === 'fixed_notional' || method === 'atr_risk' ? method : 'percent_of_equity',
    },
    limits: limitsDraft(card.limits, account), isStarted: card.state !== 'paused' && card.state !== 'stopped',
  };
}

function amountProblem(text: string, what: string): string | null {
  if (text.trim() === '') return `Write ${what}`;
  return positiveDecimalText.safeParse(text).success ? null : 'A number greater than zero, such as 1500 or 1500.50';
}

function wholeProblem(text: string, least: number, most: number): string | null {
  const value = Number(text);
  return text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most ? null : `A whole number from ${least} to ${most}`;
}

/** What is wrong with limits; `account` adds what the account would not allow anyway. */
export function limitsProblems(limits: LimitsDraft, account: AccountFrame | null): Problems {
  const found: Record<string, string | null> = {
    'limits.maxNotional': amountProblem(limits.maxNotional, 'the most it may hold, in dollars'), 'limits.maxDailyLoss': amountProblem(limits.maxDailyLoss, 'the most it may lose in a day, in dollars'),
    'limits.maxOrdersPerDay': wholeProblem(limits.maxOrdersPerDay, 1, 10_000), 'limits.maxErrors': wholeProblem(limits.maxErrors, 1, 100),
  };
  if (account !== null) {
    if (found['limits.maxDailyLoss'] === null && Number(limits.maxDailyLoss) > account.maxDailyLoss) found['limits.maxDailyLoss'] = `The whole account stops at ${account.maxDailyLoss} USD; choose less`;
    if (found['limits.maxNotional'] === null && Number(limits.maxNotional) > account.maxGrossExposure) found['limits.maxNotional'] = `The whole account may hold ${account.maxGrossExposure} USD; choose less`;
  }
  return withoutNulls(found);
}

function withoutNulls(found: Readonly<Record<string, string | null>>): Problems {
  return Object.fromEntries(Object.entries(found).flatMap(([field, words]) => (words === null ? [] : [[field, words]])));
}

function percentProblem(text: string): string | null {
  return positiveDecimalText.safeParse(text).success && Number(text) <= 100 ? null : 'A percentage above 0, at most 100';
}

function sizingProblems({ method, notional, percent, riskPercent, atrMultiple, maxPercent }: SizingDraft): Record<string, string | null> {
  switch (method) {
    case 'fixed_notional': return { 'sizing.notional': amountProblem(notional, 'the dollars of an entry') };
    case 'percent_of_equity': return { 'sizing.percent': percentProblem(percent) };
    case 'atr_risk': return { 'sizing.riskPercent': percentProblem(riskPercent), 'sizing.atrMultiple': amountProblem(atrMultiple, 'how many average true ranges'), 'sizing.maxPercent': percentProblem(maxPercent) };
  }
}

/** What is wrong with the text of a parameter; null = nothing. */
export function parameterProblem(parameter: ParameterView, text: string): string | null {
  if (parameter.kind === 'choice') return parameter.choices.includes(text) ? null : `One of ${parameter.choices.join(', ')}`;
  if (parameter.kind === 'flag') return text === 'true' || text === 'false' ? null : 'Yes or no';
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) return 'A number';
  if (parameter.kind === 'integer' && !Number.isInteger(value)) return 'A whole number';
  if (parameter.min !== null && value < parameter.min) return `At least ${parameter.min}`;
  return parameter.max !== null && value > parameter.max ? `At most ${parameter.max}` : null;
}

/** Symbols out of what was typed or pasted, in any writing, none twice. symbolsIn(['aapl, msft', 'AAPL']) = ['AAPL', 'MSFT'] */
export function symbolsIn(typed: readonly string[]): string[] {
  return [...new Set(typed.flatMap((text) => text.toUpperCase().split(/[\s,;]+/)).filter((symbol) => symbol !== ''))];
}

function universeProblem(draft: DeployDraft, facts: ProjectFacts | null): string | null {
  if (draft.universe === 'screen') return draft.screenId === null ? 'Choose a screen' : null;
  if (draft.universe === 'watched') return null;
  const wrong = draft.symbols.find((symbol) => !symbolSchema.safeParse(symbol).success);
  if (wrong !== undefined) return `${wrong} is not a symbol`;
  const [least, most] = facts?.symbols ?? [1, null];
  const needed = facts?.scope === 'portfolio' ? least : 1;
  if (draft.symbols.length < needed) return needed === 1 ? 'Name at least one symbol' : `This strategy needs at least ${needed} symbols`;
  if (facts?.scope === 'portfolio' && most !== null && draft.symbols.length > most) return `This strategy takes at most ${most} symbols`;
  return draft.symbols.length > MAX_DEPLOYED_SYMBOLS ? `At most ${MAX_DEPLOYED_SYMBOLS} symbols` : null;
}

/** Everything that is wrong with the form. */
export function problemsOf(draft: DeployDraft, facts: ProjectFacts | null, account: AccountFrame | null): Problems {
  return {
    ...withoutNulls({
      name: draft.name.trim() === '' ? 'Give it a name' : draft.name.trim().length > 80 ? 'At most 80 characters' : null, symbols: universeProblem(draft, facts),
      target: draft.target === null || strategyIdSchema.safeParse(draft.target).success ? null : 'This deployment cannot take a version', ...sizingProblems(draft.sizing),
      ...Object.fromEntries((facts?.parameters ?? []).map((parameter) => [`parameters.${parameter.name}`, parameterProblem(parameter, draft.parameters[parameter.name] ?? '')])),
    }),
    ...limitsProblems(draft.limits, account),
  };
}

/** The typed limits, as they are sent. The draft has no problems. */
export function limitsOf(limits: LimitsDraft): StrategyLimits {
  return { maxNotional: limits.maxNotional, maxOrdersPerDay: Number(limits.maxOrdersPerDay), maxDailyLoss: limits.maxDailyLoss, maxErrors: Number(limits.maxErrors) };
}

/** The chosen method with its own fields. */
export function sizingOf({ method, notional, percent, riskPercent, atrMultiple, maxPercent }: SizingDraft): Record<string, string> {
  switch (method) {
    case 'fixed_notional': return { method, notional };
    case 'percent_of_equity': return { method, percent };
    case 'atr_risk': return { method, riskPercent, atrMultiple, maxPercent };
  }
}

/** The typed parameters with their kinds. */
export function parametersOf(draft: DeployDraft, facts: ProjectFacts | null): Record<string, number | string | boolean> {
  return Object.fromEntries((facts?.parameters ?? []).map(({ name, kind }) => {
    const text = draft.parameters[name] ?? '';
    return [name, kind === 'choice' ? text : kind === 'flag' ? text === 'true' : Number(text)];
  }));
}

/** The request. The draft has no problems. */
export function requestOf(draft: DeployDraft, of: { projectId: string; version: number; facts: ProjectFacts | null }): RouteInput<'deployStrategy'> {
  const universe = draft.universe === 'screen' && draft.screenId !== null ? { screenId: draft.screenId } : { symbols: draft.universe === 'watched' ? (['*'] as '*'[]) : draft.symbols.map((symbol) => symbolSchema.parse(symbol)) };
  return {
    projectId: of.projectId, version: of.version, ...(draft.target === null ? {} : { strategyId: draft.target }), name: draft.name.trim(), parameters: parametersOf(draft, of.facts), ...universe, timeframe: draft.timeframe,
    sizing: sizingOf(draft.sizing), limits: limitsOf(draft.limits), isStarted: draft.isStarted,
  };
}
