/** `npm run backtest`: a strategy over bars of CSV files, from the command line. No supervisor, no database. */
import { mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { AppError, describeError } from '#app/domain/errors.ts';
import { HELP, OptionError, readOptions, type ToolOptions } from './backtest-tool-options.ts';

const EXIT = { failed: 1, usage: 64, data: 65, missing: 66 } as const;

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
  writeFileSync(file, text);
}

/** The file behind a name, whatever way leads there. */
function realPlace(file: string): string {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? path.resolve(file) : realpathSync(file);
}

/** What is written must not replace what was read, and a long run must not end at a place that cannot be written. @throws OptionError */
function checkDestinations({ report, json, data, benchmark, search, load }: ToolOptions): void {
  const read = new Set([...data, ...[benchmark, search, load.factors].filter((file) => typeof file === 'string')].map(realPlace));
  const taken = new Map<string, string>();
  for (const [name, file] of [['--report', report], ['--json', json]] as const) {
    if (file === null) continue;
    const place = realPlace(file);
    if (statSync(place, { throwIfNoEntry: false })?.isDirectory() === true) throw new OptionError(`${name} takes a file, and ${file} is a folder`);
    const isAmongBars = read.has(path.dirname(place)) && /\.(csv|txt)(\.gz)?$/i.test(place);
    if (read.has(place) || isAmongBars) throw new OptionError(`${name} would replace ${file}, which is read: give it another name`);
    const other = taken.get(place);
    if (other !== undefined) throw new OptionError(`${other} and ${name} both name ${file}`);
    taken.set(place, name);
  }
}

function versionOfHouse(): string {
  const found: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof found === 'object' && found !== null ? String(Reflect.get(found, 'version')) : '';
}

async function run(options: ToolOptions): Promise<void> {
  checkDestinations(options);
  const { runTool } = await import('./backtest-tool-run.ts');
  const { reportInput, runJson, runText } = await import('./backtest-tool-text.ts');
  const finished = await runTool(options);
  process.stdout.write(runText(finished));
  if (options.json !== null) write(options.json, runJson(finished));
  if (options.report !== null) {
    const { backtestReport } = await import('./report.ts');
    write(options.report, backtestReport(reportInput(finished, Date.now(), versionOfHouse())));
    process.stdout.write(`Report   ${path.resolve(options.report)}\n`);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof OptionError) return EXIT.usage;
  if (!(error instanceof AppError)) return EXIT.failed;
  if (/there is no such (file|symbol)/.test(error.message)) return EXIT.missing;
  if (error.code === 'STRATEGY_NOT_FOUND' || error.code === 'STRATEGY_PARAMETERS_INVALID') return EXIT.usage;
  return error.family === 'invalid' ? EXIT.data : EXIT.failed;
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const asked = readOptions(args);
    if (asked.kind === 'help') process.stdout.write(HELP);
    else if (asked.kind === 'strategies') process.stdout.write((await import('./backtest-tool-text.ts')).strategiesText());
    else await run(asked.options);
    return 0;
  } catch (error) {
    const hint = error instanceof OptionError ? '\nnpm run backtest -- --help shows all options.' : '';
    process.stderr.write(`${error instanceof AppError || error instanceof OptionError ? error.message : describeError(error)}${hint}\n`);
    return exitCodeOf(error);
  }
}

// Most of a short run is the reading of its own code: the second one finds it compiled.
enableCompileCache();
process.exitCode = await main(process.argv.slice(2));
