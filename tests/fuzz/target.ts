/** What is fuzzed: parsers by family, each with inputs of its own and a judgement of what came of one. */
import * as z from 'zod';
import { AppError } from '#app/domain/errors.ts';
import type { Random } from './inputs.ts';

/** The families, as the paper lists them. */
export const FAMILIES = ['http', 'bus', 'wire', 'config', 'ipc', 'simulator', 'streams', 'flows', 'replay', 'formulas', 'imports'] as const;
/** A family of parsers. */
export type Family = (typeof FAMILIES)[number];

/** One parser. `share`: how many of the family's cases it gets, compared with its neighbours. `run` gives what is wrong, or null. */
export type Target = { readonly name: string; readonly share?: number; input(random: Random): unknown; run(input: unknown): string | null | Promise<string | null> };

/** A family at work. `close` says what had gone wrong unseen. */
export type OpenFamily = { readonly targets: readonly Target[]; close(): Promise<string | null> };

/** Runs a parser: a value or a typed error is right, everything else is wrong. */
export function parses(parse: (raw: unknown) => unknown): Target['run'] {
  return (raw) => {
    try {
      parse(raw);
      return null;
    } catch (error) {
      return error instanceof z.ZodError || error instanceof AppError ? null : `threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
    }
  };
}

/** A family without servers. */
export function pure(targets: readonly Target[]): OpenFamily {
  return { targets, close: () => Promise.resolve(null) };
}
