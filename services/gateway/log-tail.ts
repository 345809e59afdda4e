/** The captured output of the units, as a page and as a live tail. */
import { Readable } from 'node:stream';
import { UnitIdSchema } from '#app/contracts/health.ts';
import type { LogLine } from '#app/contracts/health.ts';
import { AppError } from '#app/domain/errors.ts';
import { sleep } from '#chassis/clock.ts';

const TAIL_PAUSE_MS = 500;
/** A tail ends by itself after this long; the page opens it again. */
const TAIL_LIFE_MS = 30 * 60_000;

/** Reads captured lines of a unit. @throws AppError UNIT_NOT_FOUND */
export type LogSource = { read(unit: string, lines: number, afterSeq?: number): Promise<LogLine[]> };

/** A source over the supervisor's `unitLogs`. */
export function createLogSource(ask: (unitId: ReturnType<typeof UnitIdSchema.parse>, lines: number, afterSeq?: number) => Promise<{ lines: LogLine[] }>): LogSource {
  return {
    async read(unit, lines, afterSeq) {
      const id = UnitIdSchema.safeParse(unit);
      if (!id.success) throw new AppError('UNIT_NOT_FOUND', `There is no unit ${unit.slice(0, 40)}`);
      return (await ask(id.data, lines, afterSeq)).lines;
    },
  };
}

type From = { unit: string; lines: number; afterSeq?: number | undefined };

async function* tail(source: LogSource, from: From, gone: AbortSignal): AsyncGenerator<string> {
  const endsAt = performance.now() + TAIL_LIFE_MS;
  let lines = await source.read(from.unit, from.lines, from.afterSeq);
  let seq = from.afterSeq ?? 0;
  while (performance.now() < endsAt && !gone.aborted) {
    for (const line of lines) {
      seq = Math.max(seq, line.seq);
      yield `${JSON.stringify(line)}\n`;
    }
    await sleep(TAIL_PAUSE_MS, gone);
    if (gone.aborted) return;
    lines = await source.read(from.unit, 500, seq);
  }
}

/** Lines as newline-delimited JSON: the last ones first, then each new one, until the reader is `gone`: a part that says nothing would never tell. */
export function streamLogs(source: LogSource, from: From, gone: AbortSignal): Readable {
  return Readable.from(tail(source, from, gone));
}
