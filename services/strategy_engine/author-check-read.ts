/** Reads what a person writes, in a process that does nothing else: parsers are ended there, and strategies at work wait for none of them. */
import * as z from 'zod';
import { projectFindingSchema, type ProjectFile, type ProjectFinding } from '#app/contracts/author.ts';
import { AppError, type ErrorCode } from '#app/domain/errors.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { startSandboxChild, type SandboxChild } from '../research/sandbox/child-spawner.ts';
import { READ_MS } from '../research/sandbox/deadline.ts';
import { SandboxClient } from '../research/sandbox/sandbox.ts';

/** Longer than a person thinks about one line. */
const IDLE_MS = 600_000;
/** Findings of one look at most. */
const MAX_FINDINGS = 500;

/** Findings as they come out of a process in which a person's source is. */
export const findingsSchema = z.array(projectFindingSchema).max(MAX_FINDINGS);

/** What is said of files whose reading ended the process, by the code of the error. It is so each time. */
const EXPLANATIONS: Readonly<Partial<Record<ErrorCode, readonly [rule: string, explanation: string]>>> = {
  STRATEGY_OUT_OF_TIME: ['reading_time', 'Reading a strategy takes milliseconds; this one was stopped, and is not read again until it changes. With each level of nesting the work of reading it can double: forty levels would take years.'],
  STRATEGY_OUT_OF_MEMORY: ['reading_memory', 'Reading a strategy takes some megabytes; this one was stopped, and is not read again until it changes. Take apart what is nested deeply or very long.'],
};

/** Reads one project after the other; nothing of them runs. Dispose of it to end its process. */
export type SourceReader = Disposable & {
  /** Never throws for what the files say. @throws AppError STRATEGY_FAILED, STRATEGY_OUT_OF_MEMORY when it is disposed of before or meanwhile */
  read(files: readonly ProjectFile[]): Promise<readonly ProjectFinding[]>;
};

/** Why files cannot be read, where the error says that they are why; null for any other error. */
function unreadable(error: unknown, files: readonly ProjectFile[]): ProjectFinding | null {
  const [rule, explanation] = (error instanceof AppError ? EXPLANATIONS[error.code] : undefined) ?? [];
  if (!(error instanceof AppError) || rule === undefined || explanation === undefined) return null;
  return { source: 'syntax', rule, severity: 'error', path: files.length === 1 ? (files[0]?.path ?? null) : null, line: 1, column: 1, endLine: null, endColumn: null, message: error.message, explanation };
}

/** A reader without a process: the first reading starts it, and it ends after ten minutes without one. `start`: begins a process. */
export function sourceReader({ idleMs = IDLE_MS, start = startSandboxChild }: { readonly idleMs?: number; readonly start?: () => SandboxChild } = {}): SourceReader {
  let client: SandboxClient | null = null;
  let idle: NodeJS.Timeout | undefined;
  let isClosed = false;
  const end = (): void => {
    clearTimeout(idle);
    client?.[Symbol.dispose]();
    client = null;
  };
  const readOnce = async (files: readonly ProjectFile[]): Promise<readonly ProjectFinding[]> => {
    if (isClosed) throw new AppError('STRATEGY_FAILED', 'Nothing is read any more: the service ends');
    clearTimeout(idle);
    if (client === null || client.ended !== null) client = new SandboxClient(start());
    const { findings } = await client.send('read', { files }, { signal: undefined });
    if (!isClosed) idle = setTimeout(end, idleMs).unref();
    return findingsSchema.parse(findings);
  };
  return {
    async read(files) {
      for (let attempt = 1; ; attempt += 1) {
        const began = monotonicMs();
        try {
          return await readOnce(files);
        } catch (error) {
          end();
          const finding = unreadable(error, files);
          if (isClosed || finding === null) throw error;
          // A process that somebody else ended says nothing about the files; where it ends again, they are why.
          const isTheirs = attempt > 1 || (finding.rule === 'reading_time' && monotonicMs() - began >= READ_MS);
          if (isTheirs) return [finding];
        }
      }
    },
    [Symbol.dispose]() {
      isClosed = true;
      end();
    },
  };
}
