/** `npm run optimise`: searches the parameters of a strategy over bars in files, on all cores, and tells what it found. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AppError, describeError } from '#app/domain/errors.ts';
import { wholeRanges } from '#app/backtest/search/space.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { readJob } from './job.ts';
import { openJournal, type Journal, type JournalOptions } from './journal.ts';
import { loadPaths } from './load.ts';
import { HELP, OptionError, readOptions, type OptimiseOptions } from './optimise-options.ts';
import { openPool } from './pool.ts';
import { searchReport, searchText } from './search-report.ts';
import { runSearch, type SearchPlan, type SearchProgress } from './search.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;
const EXIT_CANCELLED = 130;
const TELL_EVERY_MS = 500;

const note = (text: string): void => void process.stderr.write(text);

/** Tells progress on one line of a terminal, or now and then on lines of their own. */
function teller(isQuiet: boolean): (progress: SearchProgress) => void {
  let last = -Infinity;
  return ({ done, planned, fresh, stage }) => {
    const now = performance.now();
    if (isQuiet || (now - last < TELL_EVERY_MS && done < planned)) return;
    last = now;
    note(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${stage}: ${done} of ${planned} trials${done > fresh ? `, ${done - fresh} known from before` : ''}${process.stderr.isTTY ? '' : '\n'}`);
  };
}

/** Where finished points are kept, and whether the file is ours to remove at the end. */
function journalPlace(asked: string | null, identity: string): { readonly file: string; readonly isOwn: boolean } {
  if (asked !== null) return { file: asked, isOwn: false };
  const folder = path.join(os.tmpdir(), 'mainspring-optimise');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { file: path.join(folder, `${identity.slice(0, 32)}.journal`), isOwn: true };
}

async function run(options: OptimiseOptions): Promise<number> {
  const type = strategyType(options.kind);
  const loaded = loadPaths(options.data, { isLenient: options.isLenient, isShared: true });
  for (const { file, warnings } of loaded) for (const warning of warnings) note(`${file}: ${warning}\n`);
  const [first] = loaded;
  if (first === undefined) throw new AppError('INPUT_INVALID', 'There are no bars');
  const columns = new Map(loaded.map(({ symbol, bars }) => [symbol, bars]));
  const canShort = options.rules.account?.canShort === true;
  const job = readJob({ ...options.rules, strategy: { kind: options.kind }, timeframe: first.timeframe, markets: loaded.map(({ symbol }) => ({ symbol, bars: symbol, isShortable: canShort })) });
  const ranges = Object.keys(options.ranges).length > 0 ? options.ranges : wholeRanges(Object.fromEntries(Object.entries(type.parameterSet).filter(([name]) => !Object.hasOwn(options.fixed, name))));
  const plan: SearchPlan = { job, request: { ranges, fixed: options.fixed }, method: options.method, objective: options.objective, walkForward: options.walkForward ?? undefined };
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  let place: ReturnType<typeof journalPlace> | null = null;
  const journal = (asked: JournalOptions): Journal => {
    place = journalPlace(options.journal, asked.identity);
    return openJournal(place.file, asked);
  };
  await using pool = openPool({ threads: options.threads ?? os.availableParallelism() });
  const result = await runSearch(plan, {
    pool, strategyType, journal, signal: stop.signal, onProgress: teller(options.isQuiet),
    barsOf: (ref) => {
      const bars = columns.get(ref);
      if (bars === undefined) throw new AppError('INPUT_INVALID', `There are no bars of ${ref}`);
      return bars;
    },
  });
  if (!options.isQuiet && process.stderr.isTTY) note('\r\x1b[K');
  const report = searchReport(result, plan);
  process.stdout.write(searchText(report));
  if (options.report !== null) writeFileSync(options.report, `${JSON.stringify(report)}\n`);
  if (!result.isComplete) {
    note('Stopped. The same command goes on from here.\n');
    return EXIT_CANCELLED;
  }
  const kept = place as ReturnType<typeof journalPlace> | null;
  if (kept?.isOwn === true) rmSync(kept.file, { force: true });
  return 0;
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const asked = readOptions(args);
    if (asked.kind === 'help') {
      process.stdout.write(HELP);
      return 0;
    }
    return await run(asked.options);
  } catch (error) {
    const isUsage = error instanceof OptionError;
    note(isUsage ? `${error.message}\nnpm run optimise -- --help shows all options.\n` : `${describeError(error)}\n`);
    return isUsage ? EXIT_USAGE : EXIT_FAILED;
  }
}

process.exitCode = await main(process.argv.slice(2));
