/** `npm run optimise`: searches the parameters of a strategy over bars in files, on all cores, and tells what it found. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AppError, describeError } from '#app/domain/errors.ts';
import { firstUsable, searchSpace, wholeRanges, type AxisRange } from '#app/backtest/search/space.ts';
import { strategyType } from '#app/strategy/registry.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { OptionError } from './backtest-tool-options.ts';
import { openJournal, type Journal, type JournalOptions } from './journal.ts';
import { loadPaths } from './load.ts';
import { HELP, readOptions, type OptimiseOptions } from './optimise-options.ts';
import { openPool } from './pool.ts';
import { searchReport, searchText, type SearchReport } from './search-report.ts';
import { runSearch, type SearchPlan, type SearchProgress } from './search.ts';
import { toolJob, valueOfWord } from './tool-job.ts';

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

/** The ranges that are searched, in the values of their parameters; nothing asked: everything that does not stay as it is. */
function rangesOf(type: StrategyType, { ranges, run }: OptimiseOptions): Readonly<Record<string, AxisRange>> {
  const asked = Object.entries(ranges).map(([name, range]): [string, AxisRange] => [name, 'from' in range ? range : range.map((word) => valueOfWord(type.parameterSet[name], word))]);
  return asked.length > 0 ? Object.fromEntries(asked) : wholeRanges(Object.fromEntries(Object.entries(type.parameterSet).filter(([name]) => !run.parameters.has(name))));
}

/** What to run next: the point that was found, with the search counted in. */
function nextStep({ asGiven, report }: OptimiseOptions, winner: SearchReport['best']): string {
  if (report === null || winner === null) return '';
  const plain = (word: string): string => (/^[\w./:,=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const named = asGiven.filter((word) => /^--param=/.test(word) || word === '--param');
  // Parameters that stay are among the winner's.
  const rest = named.length === 0 ? asGiven : asGiven.filter((word, at) => !/^--param(=|$)/.test(word) && asGiven[at - 1] !== '--param');
  const parameters = Object.entries(winner.parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  return `\nWhat to make of it, with this search counted in:\n  npm run backtest -- ${[...rest, ...parameters, '--search', report].map(plain).join(' ')}\n`;
}

async function run(options: OptimiseOptions): Promise<number> {
  const type = strategyType(options.run.strategy);
  const loaded = loadPaths(options.run.data, { ...options.run.load, isShared: true });
  for (const { file, warnings } of loaded) for (const warning of warnings) note(`${file}: ${warning}\n`);
  const columns = new Map(loaded.map(({ symbol, bars }) => [symbol, bars]));
  const job = toolJob(type, options.run, loaded);
  const ranges = rangesOf(type, options);
  if (firstUsable(type, searchSpace(type.parameterSet, { ranges, fixed: Object.fromEntries(Object.entries(job.strategy.parameters).filter(([name]) => !Object.hasOwn(ranges, name))) }))?.usesShorts === true && !job.account.canShort) throw new AppError('INPUT_INVALID', `The strategy ${type.kind} sells short, which a cash account may not: add --short`);
  const plan: SearchPlan = { job, request: { ranges }, method: options.method, objective: options.objective, walkForward: options.walkForward ?? undefined };
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
  process.stdout.write(nextStep(options, report.sturdy ?? report.best));
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
    note(isUsage ? `${error.message}\nnpm run optimise -- --help shows all options.\n` : `${error instanceof AppError ? error.message : describeError(error)}\n`);
    return isUsage ? EXIT_USAGE : EXIT_FAILED;
  }
}

process.exitCode = await main(process.argv.slice(2));
