/** The lines of a strategy as the host keeps them: so many, in the order of their bars; what comes beyond is counted. */
import * as z from 'zod';
import { MAX_LOG_CHARACTERS, MAX_LOG_LINES } from '#app/contracts/studio.ts';
import { AppError } from '#app/domain/errors.ts';
import { plainText } from '#chassis/plain-text.ts';

/** The text of a line as it comes out of the sandbox: plain from here on, for it is written into the book, and cut where a letter may have been in two. */
export const lineText = z.string().max(MAX_LOG_CHARACTERS).transform(plainText);

/** A line that the strategy wrote. `barTime`: close of the bar, epoch ms, null outside of `onBar`; `symbol`: null for a portfolio. */
export type SandboxLogLine = { readonly barTime: number | null; readonly symbol: string | null; readonly level: 'info' | 'warn' | 'error'; readonly line: string };
/** Lines in the order of their bars; how many more there were. */
export type SandboxLog = { readonly lines: readonly SandboxLogLine[]; readonly dropped: number };

const linesSchema = z.object({
  dropped: z.number().int().min(0), lines: z.array(z.tuple([z.number().nullable(), z.enum(['info', 'warn', 'error']), lineText])).max(MAX_LOG_LINES),
});
/** Lines as they come out of the sandbox. */
export type GuestLines = z.infer<typeof linesSchema>;

/** Reads lines. @throws AppError STRATEGY_FAILED for what is none */
export function readLines(raw: unknown): GuestLines {
  const read = linesSchema.safeParse(raw);
  if (read.success) return read.data;
  throw new AppError('STRATEGY_FAILED', `What the strategy wrote to its log cannot be read: ${read.error.issues[0]?.message ?? ''}`);
}

/** The log of a run. */
export class RunLog {
  readonly #most: number;
  #lines: SandboxLogLine[] = [];
  #dropped = 0;

  readonly #isWanted: (barTime: number | null) => boolean;

  /** `most`: lines that are kept; `isWanted`: of which bars, all when left out. */
  constructor(most: number = MAX_LOG_LINES, isWanted: (barTime: number | null) => boolean = () => true) {
    [this.#most, this.#isWanted] = [most, isWanted];
  }

  /** Lines that are still wanted. */
  get room(): number {
    return this.#most - this.#lines.length;
  }

  /** Takes lines of a symbol. `until`: those of later bars never came to pass. */
  add({ lines, dropped }: GuestLines, { symbol, until }: { readonly symbol: string | null; readonly until: number }): void {
    this.#dropped += dropped;
    for (const [barTime, level, line] of lines) {
      if ((barTime !== null && barTime > until) || !this.#isWanted(barTime)) continue;
      if (this.#lines.length < this.#most) this.#lines.push({ barTime, symbol, level, line });
      else this.#dropped += 1;
    }
  }

  /** What was written, taken out: in the order of the bars, those of one bar in the order in which they were written. */
  take(): SandboxLog {
    const lines = this.#lines.sort((a, b) => (a.barTime ?? -Infinity) - (b.barTime ?? -Infinity));
    const log = { lines, dropped: this.#dropped };
    [this.#lines, this.#dropped] = [[], 0];
    return log;
  }
}
