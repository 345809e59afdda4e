/** The plain-Node entry: the command line of Mainspring. */
import path from 'node:path';
import { EXIT } from '#app/contracts/control.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { USAGE, parseCommand } from './cli/arguments.ts';
import { BULK_USAGE, parseBulk } from './cli/bulk-options.ts';
import type { Command } from './cli/arguments.ts';
import { runStatus, runStop, runVerify } from './cli/ask.ts';
import { runDiagnostics } from './cli/diagnostics.ts';
import { runDoctor } from './cli/doctor.ts';
import { runFlows } from './cli/flows.ts';
import { runExport, runImport } from './cli/import.ts';
import { runKeys } from './cli/keys.ts';
import { runKill } from './cli/kill.ts';
import { logFilterOf, runLogs } from './cli/logs.ts';
import { runArm, runDisarm, runMode } from './cli/market.ts';
import { homeOf, placeInUse, placeOfStart, placeToExamine } from './cli/place.ts';
import { runStart } from './cli/start.ts';
import { runWorker } from './cli/worker.ts';
import { findLayout } from './layout.ts';
import { layoutOf } from './store/data-folder.ts';

const USAGE_EXIT = 64;
const DEFAULT_LOG_LINES = 100;

async function main(): Promise<number> {
  // Everything that we write is for its owner alone.
  process.umask(0o077);
  // npm runs us in the folder of the package; a person means folders relative to where they typed.
  const here = process.env['INIT_CWD'] ?? process.cwd();
  const [first, ...rest] = process.argv.slice(2);
  if (first === 'import' || first === 'export') return bulk(first, rest, here);
  const command = parseCommand(process.argv.slice(2), (folder) => path.resolve(here, folder));
  const named = command.dataDir === null ? null : path.resolve(here, command.dataDir);
  const home = homeOf(named, process.env);
  switch (command.verb) {
    case 'help':
      process.stdout.write(USAGE);
      return EXIT.ok;
    case 'start':
      return runStart(command, placeOfStart(home, command.replay !== null, process.env), findLayout(import.meta.url));
    case 'doctor':
      return runDoctor(placeToExamine(home, process.env), findLayout(import.meta.url), command.isJson);
    case 'diagnostics':
      return runDiagnostics({ home, dataDir: named ?? (await placeInUse(home)), version: findLayout(import.meta.url).version, out: command.out, here, isJson: command.isJson });
    case 'keys':
      return runKeys(command.words, home, command.isJson);
    case 'mode':
      return runMode(command.words, home, command.isJson);
    case 'worker':
      return runWorker(command, { here, layout: findLayout(import.meta.url), door: async () => layoutOf(named ?? (await placeInUse(home))).door });
    case 'arm':
    case 'disarm':
      return onLive(command, home.dataDirOf('live'));
    default:
      return onUsed(command, named ?? (await placeInUse(home)));
  }
}

/** `import` and `export` have options of their own. */
function bulk(verb: 'import' | 'export', argv: readonly string[], here: string): Promise<number> {
  const command = parseBulk(verb, argv, (name) => path.resolve(here, name));
  if (command.verb === 'help') {
    process.stdout.write(BULK_USAGE);
    return Promise.resolve(EXIT.ok);
  }
  const place = { home: homeOf(command.dataDir, process.env), layout: findLayout(import.meta.url), env: process.env };
  return command.verb === 'import' ? runImport(command, place) : runExport(command, place);
}

function onLive({ verb, words, isJson }: Command, dataDir: string): Promise<number> {
  const live = { door: layoutOf(dataDir).door, dataDir, isJson };
  return verb === 'arm' ? runArm(words, live) : runDisarm(live);
}

/** The verbs for what runs, or ran. */
function onUsed(command: Command, dataDir: string): Promise<number> {
  const { door, logFolder } = layoutOf(dataDir);
  switch (command.verb) {
    case 'stop':
      return runStop(door, dataDir, command.isJson);
    case 'status':
      return runStatus(door, dataDir, command.isJson);
    case 'verify':
      return runVerify(door, dataDir, command.isJson);
    case 'kill':
      return runKill(command.words, { door, dataDir, isJson: command.isJson });
    case 'flows':
      return runFlows(command, { door, dataDir });
    default:
      return runLogs({ folder: logFolder, unit: command.unit, lines: command.lines ?? DEFAULT_LOG_LINES, isFollowing: command.isFollowing, isJson: command.isJson, filter: logFilterOf(command) });
  }
}

/** Tells a person what to do for errors that a person can mend, and a developer where for all others. */
function report(error: unknown): number {
  if (error instanceof AppError && error.family !== 'bug') {
    process.stderr.write(`${error.message}\n`);
    if (error.code === 'INPUT_INVALID') return USAGE_EXIT;
    return error.family === 'operator' ? EXIT.config : 1;
  }
  process.stderr.write(`Mainspring met an error that it does not know: ${describeError(error)}\n${error instanceof Error ? (error.stack ?? '') : ''}\n`);
  return EXIT.bug;
}

// `mainspring status | head` closes our output early: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

main().then(
  (code) => process.exit(code),
  (error: unknown) => process.exit(report(error)),
);
