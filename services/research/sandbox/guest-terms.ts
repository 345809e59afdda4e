/** What a strategy in the machine says of itself: who it is, which parameters it takes, which indicators it looks at. */
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import { TIMEFRAMES } from '#app/domain/time.ts';
import { PRICE_SOURCES, use, type AnyIndicator, type IndicatorUse } from '#app/indicators/indicator.ts';
import { readParameters, type ParameterSet, type ParameterValues } from '#app/strategy/parameters.ts';
import { indicatorFunction } from '#app/strategy/typings.ts';
import { MAX_MEMORY, type GuestTerms } from './guest-strategy.ts';
import type { Machine } from './machine.ts';

const MAX_PARAMETERS = 50;
const MAX_INDICATORS = 50;
const MAX_HISTORY = 5_000;
const MAX_FORGETTING = 100_000;
const MAX_PORTFOLIO = 1_000;

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,59}$/, 'must be a name of letters, digits and _');
const words = z.string().max(2_000);
const parameterSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['integer', 'number']), default: z.number(), min: z.number(), max: z.number(), step: z.number().positive(), unit: words, describe: words }),
  z.object({ kind: z.literal('choice'), default: words, choices: z.array(words).min(1).max(50), describe: words }),
  z.object({ kind: z.literal('flag'), default: z.boolean(), describe: words }),
]);
const portfolioSize = z.number().int().min(1).max(MAX_PORTFOLIO);
const describedSchema = z.object({
  kind: z.string().regex(/^[a-z][a-z0-9_]{0,59}$/, 'must be a name such as my_strategy: small letters, digits and _'),
  title: words.default(''), description: words.default(''), scope: z.enum(['symbol', 'portfolio']).default('symbol'), symbols: z.tuple([portfolioSize, portfolioSize]).nullish(),
  usesShorts: z.boolean().nullish(), usesOrders: z.boolean().nullish(),
  parameters: z.record(name, parameterSchema).default({}).refine((set) => Object.keys(set).length <= MAX_PARAMETERS, `at most ${MAX_PARAMETERS} parameters`),
});
/** Who a strategy is. */
export type GuestDescription = z.infer<typeof describedSchema>;

const givenSchema = z.object({
  factory: z.string(),
  given: z.array(z.union([z.number(), z.null(), z.object({ source: z.enum(PRICE_SOURCES).exactOptional(), timeframe: z.enum(TIMEFRAMES).exactOptional() })])).max(20),
});
const boundSchema = z.object({
  defect: z.string().max(2_000).nullable(), indicators: z.record(name, givenSchema).refine((uses) => Object.keys(uses).length <= MAX_INDICATORS, `at most ${MAX_INDICATORS} indicators`),
  history: z.number().int().min(0).max(MAX_HISTORY), forgetting: z.number().int().min(0).max(MAX_FORGETTING), memory: z.string().max(MAX_MEMORY, 'remembers too much at the beginning'),
});

/** The indicators that strategies may ask for, by the names of their functions. */
export type IndicatorFunctions = ReadonlyMap<string, AnyIndicator>;

/** `PLUS_DI` is asked for as `plusDi(14)`: each indicator under its own name, in the way functions are written. */
export function indicatorFunctions(indicators: readonly AnyIndicator[]): IndicatorFunctions {
  return new Map(indicators.map((indicator) => [indicatorFunction(indicator.id), indicator]));
}

function invalid(issue: z.core.$ZodIssue | undefined): AppError {
  return new AppError('STRATEGY_CODE_INVALID', `strategy({ ... }): ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'cannot be read'}`);
}

/** Asks a strategy who it is. @throws AppError STRATEGY_CODE_INVALID, naming what is missing */
export function describeGuest(machine: Machine): GuestDescription {
  const said = describedSchema.safeParse(machine.ask('describe'));
  if (!said.success) throw invalid(said.error.issues[0]);
  return said.data;
}

function useOf({ factory, given }: z.infer<typeof givenSchema>, functions: IndicatorFunctions): IndicatorUse {
  const indicator = functions.get(factory);
  if (indicator === undefined) throw new AppError('STRATEGY_CODE_INVALID', `There is no indicator "${factory.slice(0, 40)}"`);
  const last = given.at(-1);
  const options = typeof last === 'object' && last !== null ? last : null;
  const numbers = options === null ? given : given.slice(0, -1);
  // What is left out has its default, also in the middle.
  const values = numbers.map((part, at) => (part === null ? indicator.parameters[at]?.default : part)).map((part) => {
    if (typeof part === 'number') return part;
    throw new AppError('STRATEGY_CODE_INVALID', `${factory}(...) takes numbers, and at the end { source, timeframe }`);
  });
  return use(indicator, values, options ?? {});
}

/** Fills in the parameters and asks what follows from them. @throws AppError STRATEGY_PARAMETERS_INVALID, STRATEGY_CODE_INVALID, INPUT_INVALID */
export function bindGuest(machine: Machine, raw: unknown, functions: IndicatorFunctions): GuestTerms {
  const described = describeGuest(machine);
  const { kind, scope } = described;
  const set: ParameterSet = described.parameters;
  const parameters: ParameterValues = readParameters(kind, set, raw);
  const said = boundSchema.safeParse(machine.ask('bind', JSON.stringify(parameters)));
  if (!said.success) throw invalid(said.error.issues[0]);
  const { defect, indicators, history, forgetting, memory } = said.data;
  if (defect !== null) throw new AppError('STRATEGY_PARAMETERS_INVALID', `The strategy ${kind} cannot use its parameters: ${defect}`);
  return {
    kind, scope, symbols: described.symbols ?? [1, scope === 'symbol' ? 1 : MAX_PORTFOLIO], usesShorts: described.usesShorts ?? false, usesOrders: described.usesOrders ?? false, parameters, history, forgetting, memory,
    indicators: Object.fromEntries(Object.entries(indicators).map(([own, asked]) => [own, useOf(asked, functions)])),
  };
}
