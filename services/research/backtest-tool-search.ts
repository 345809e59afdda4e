/** A search whose winner is run: what it knows of the run, out of the file that `npm run optimise -- --report` writes. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { trialsOf, type TrialsFacts } from '#app/analytics/deflated-sharpe.ts';
import type { FoundElsewhere } from '#app/analytics/evidence.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { SearchPart } from './report-input.ts';

const value = z.union([z.number(), z.string(), z.boolean()]);
const values = z.record(z.string(), value);
const figures = z.record(z.string(), z.number().nullable());
const plateau = z.object({ oneStep: z.number().nullable(), twoSteps: z.number().nullable(), score: z.number().nullable(), judged: z.number(), neighbours: z.number() });
const trial = z.object({ parameters: values, score: z.number().nullable(), figures, plateau: plateau.nullable() });
const map = z.object({
  x: z.string(), y: z.string(), xValues: z.array(value), yValues: z.array(value), cells: z.array(z.array(z.number().nullable())), counts: z.array(z.array(z.number())), rule: z.enum(['best', 'median', 'worst']),
});
const fold = z.object({ inFrom: z.number(), outFrom: z.number(), outTo: z.number(), parameters: values.nullable(), inSample: figures.nullable(), outOfSample: figures.nullable() });
const searchSchema = z.object({
  strategy: z.string(), symbols: z.array(z.string()), objective: z.object({ figure: z.string() }), trials: z.number(), top: z.array(trial), best: trial.nullable(), sturdy: trial.nullable(), maps: z.array(map), sharpes: z.array(z.number().nullable()),
  overfitting: z.object({ probability: z.number(), chanceOfLoss: z.number(), slope: z.number().nullable(), medianRank: z.number(), splits: z.number(), blocks: z.number(), trials: z.number() }).nullable(),
  walkForward: z.object({ folds: z.array(fold), efficiency: z.object({ growth: z.number().nullable(), objective: z.number().nullable() }) }).nullable(),
});
type Search = z.infer<typeof searchSchema>;

/** What a search adds: to the statistics, to the verdict, to the report. */
export type SearchFacts = { readonly trials: TrialsFacts | null; readonly found: FoundElsewhere; readonly part: SearchPart };

/** The run that the search must be of. */
export type SearchedRun = { readonly kind: string; readonly symbols: readonly string[]; readonly parameters: Readonly<Record<string, unknown>> };

function read(file: string): Search {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new AppError('INPUT_INVALID', `${file}: ${error instanceof Error && Reflect.get(error, 'code') === 'ENOENT' ? 'there is no such file' : `it cannot be read (${describeError(error)})`}`, { cause: error });
  }
  const search = searchSchema.safeParse(raw);
  if (!search.success) throw new AppError('INPUT_INVALID', `${file}: this is no report of a search (${search.error.issues[0]?.path.join('.') ?? ''} ${search.error.issues[0]?.message ?? ''})`);
  return search.data;
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** Sharpe ratios of the windows and of the time behind them, each window counted by its days. */
function outOfSample({ walkForward }: Search): FoundElsewhere['outOfSample'] {
  const folds = (walkForward?.folds ?? []).flatMap(({ inSample, outOfSample: out }) => (typeof inSample?.['sharpe'] === 'number' && typeof out?.['sharpe'] === 'number' && typeof out['days'] === 'number' ? [{ inside: inSample['sharpe'], outside: out['sharpe'], days: out['days'] }] : []));
  const days = folds.reduce((sum, one) => sum + one.days, 0);
  return days === 0 ? null : { inside: mean(folds.map(({ inside }) => inside)), outside: folds.reduce((sum, one) => sum + one.outside * one.days, 0) / days, days };
}

function partOf(search: Search, parameters: SearchedRun['parameters'], own: Search['top'][number] | undefined): SearchPart {
  const shown = search.maps[0] ?? null;
  const at = shown === null ? null : ([shown.xValues.indexOf(parameters[shown.x] as number), shown.yValues.indexOf(parameters[shown.y] as number)] as const);
  const day = (ms: number): string => exchangeDay(ms as EpochMs);
  const { figure } = search.objective;
  return {
    objective: figure.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase()), trials: search.trials, map: shown, chosen: at === null || at[0] < 0 || at[1] < 0 ? null : at, plateau: own?.plateau ?? null, efficiency: search.walkForward?.efficiency.objective ?? null,
    folds: (search.walkForward?.folds ?? []).map((one) => ({
      inFrom: day(one.inFrom), outFrom: day(one.outFrom), outTo: day(one.outTo), chosen: one.parameters === null ? 'nothing could be chosen' : Object.entries(one.parameters).map(([name, given]) => `${name} ${String(given)}`).join(', '),
      inside: one.inSample?.[figure] ?? null, outside: one.outOfSample?.[figure] ?? null,
    })),
  };
}

/** Reads the file. @throws AppError INPUT_INVALID when it is none, or of another strategy or other symbols */
export function searchFacts(file: string, { kind, symbols, parameters }: SearchedRun): SearchFacts {
  const search = read(file);
  if (search.strategy !== kind || search.symbols.toSorted().join() !== symbols.toSorted().join()) throw new AppError('INPUT_INVALID', `${file}: it is a search of ${search.strategy} on ${search.symbols.join(', ')}, not of ${kind} on ${symbols.join(', ')}`);
  const isOwn = (one: { parameters: Readonly<Record<string, unknown>> } | null): boolean => one !== null && Object.entries(one.parameters).every(([name, given]) => parameters[name] === given);
  const own = [search.best, search.sturdy, ...search.top].find(isOwn) ?? undefined;
  return {
    trials: trialsOf(search.sharpes.filter((ratio) => ratio !== null)), part: partOf(search, parameters, own),
    found: { overfitting: search.overfitting, outOfSample: outOfSample(search) ?? null, plateau: own?.plateau?.score ?? null },
  };
}
