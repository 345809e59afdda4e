/** The command line: verbs, options, and what to say when they are wrong. */
import { parseArgs } from 'node:util';
import type { LogLevel, ReplaySettings } from '#app/contracts/config.ts';
import { LOG_LEVELS, LogLevelSchema } from '#app/contracts/config.ts';
import { UNIT_IDS, UnitIdSchema } from '#app/contracts/health.ts';
import type { UnitId } from '#app/contracts/health.ts';
import { AppError } from '#app/domain/errors.ts';

/** What can be done. */
export const VERBS = ['start', 'stop', 'status', 'verify', 'logs', 'doctor', 'mode', 'keys', 'arm', 'disarm', 'kill', 'flows', 'worker', 'diagnostics', 'help'] as const;
/** One thing that can be done. */
export type Verb = (typeof VERBS)[number];

/** A parsed command line. */
export type Command = {
  readonly verb: Verb;
  readonly dataDir: string | null;
  readonly isJson: boolean;
  readonly replay: ReplaySettings | null;
  /** Go on after a replay, or after a part that cannot start. */
  readonly isKeeping: boolean;
  readonly unit: UnitId | null;
  /** What follows the verb, for verbs that take words. */
  readonly words: readonly string[];
  readonly isFollowing: boolean;
  /** Which lines `logs` shows; `since` as it was written. */
  readonly logFilter: { readonly level: LogLevel | null; readonly since: string | null; readonly search: string | null; readonly about: string | null };
  /** How many lines, or rows of a list; null when it was not said. */
  readonly lines: number | null;
  /** flows: parameters of a run, as JSON. */
  readonly input: string | null;
  /** flows: only runs in these states. */
  readonly states: string | null;
  /** Where to write to; null for a name of our own in the present folder. */
  readonly out: string | null;
};

/** The help text. */
export const USAGE = `mainspring <verb> [options]

  start      start everything and stay in the foreground (Ctrl-C stops)
  stop       stop a running Mainspring
  status     every part with its state
  verify     ask every part; exit 1 when one is not healthy
  logs       captured output: logs [part] [-n LINES] [--follow]
             [--level LEVEL] [--since 15m|2h|TIME] [--search WORDS] [--about ID]
  doctor     look for what could keep it from starting
  mode       the market of the next start: mode [demo|paper|live]
  keys       broker keys: keys, keys set paper|live, keys remove paper|live
             (asked for, or two lines through a pipe; never arguments)
             keys test [paper|live]  asks Alpaca for account, clock and market
             data; exit 0 good, 1 the account takes no orders, 69 no usable
             answer, 77 keys refused, 78 nothing to ask with
  arm        let orders go to the real account: arm [60|240|480] minutes
  disarm     no new position with real money from now on
  kill       the kill switch, at once and past the dashboard:
               kill stop-entries       only orders that reduce a position
               kill halt               no new order at all
               kill cancel-all         halt, and cancel every open order
               kill flatten            cancel everything, close all positions
  flows      what runs by the clock and on demand:
               flows [list]            every flow with schedule and next run
               flows next [flow]       the next five runs of each
               flows runs [flow]       runs, newest first [-n ROWS] [--state S]
               flows show RUN          one run with steps, failure and log
               flows run FLOW [--input JSON] [--follow]
               flows cancel RUN, flows retry RUN [STEP]
               flows pause FLOW, flows resume FLOW
               flows logs RUN [--follow]
  worker     a second worker of a service, here or on another machine, that
             takes flows which may be shared (docs/flows.md):
               worker config SERVICE --out FILE   what it must know (secret)
               worker run FILE                    works until Ctrl-C
  import     files of bars into the book: import PATH... [--preview]
  export     bars out of the book as CSV: export SYMBOL... --timeframe T
             (import --help shows the options of both)
  diagnostics  one zip with versions, settings, logs and history, without
             passwords or keys: diagnostics [--out FILE]

  --data DIR     one data folder with everything in it (default: the home,
                 MAINSPRING_HOME or the platform's place, with a folder in it
                 for each market; stop, status, verify and logs take the one
                 that runs, or was used last)
  --json         one JSON document instead of text
  --headless     no window (the default outside the desktop app)
  --replay DIR   start: trade recorded bars of a folder, print the result, stop
                 (in a data folder of its own unless --data names one)
  --speed N|max  with --replay: N times real time (default: max)
  --keep         start: stay up after the replay, or when a part cannot start

  parts: ${UNIT_IDS.join(', ')}
`;

const MAX_LINES = 100_000;

function parse(argv: readonly string[]): ReturnType<typeof parseRaw> {
  try {
    return parseRaw(argv);
  } catch (error) {
    throw new AppError('INPUT_INVALID', `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, { cause: error });
  }
}

function parseRaw(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
      headless: { type: 'boolean', default: false },
      replay: { type: 'string' },
      speed: { type: 'string' },
      keep: { type: 'boolean', default: false },
      follow: { type: 'boolean', short: 'f', default: false },
      lines: { type: 'string', short: 'n' },
      out: { type: 'string' },
      level: { type: 'string' },
      since: { type: 'string' },
      search: { type: 'string' },
      about: { type: 'string' },
      input: { type: 'string' },
      state: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

/** Refuses a command line. @throws AppError INPUT_INVALID with the usage, always. */
export function refuse(message: string): never {
  throw new AppError('INPUT_INVALID', `${message}\n\n${USAGE}`);
}

function speedOf(text: string | undefined): ReplaySettings['speed'] {
  if (text === undefined || text === 'max') return 'max';
  const speed = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || !(speed > 0)) refuse(`--speed is "${text}": write a number above 0, or max.`);
  return speed;
}

/** Verbs that read their words themselves. */
const WITH_WORDS: ReadonlySet<Verb> = new Set(['mode', 'keys', 'arm', 'kill', 'flows', 'worker']);

/** Reads the command line. `resolve` makes a folder absolute. @throws AppError INPUT_INVALID with the usage. */
export function parseCommand(argv: readonly string[], resolve: (folder: string) => string): Command {
  const { values, positionals } = parse(argv);
  const [word = 'help', target, ...rest] = positionals;
  const verb = VERBS.find((known) => known === word);
  if (verb === undefined) refuse(`"${word}" is not a verb.`);
  const hasWords = WITH_WORDS.has(verb);
  if (!hasWords && (rest.length > 0 || (target !== undefined && verb !== 'logs'))) refuse(`"${rest[0] ?? target ?? ''}" is one word too many.`);
  const unit = target === undefined || hasWords ? null : UnitIdSchema.safeParse(target);
  if (unit?.success === false) refuse(`"${target ?? ''}" is not a part.`);
  if ((values.replay !== undefined || values.speed !== undefined) && verb !== 'start') refuse('--replay and --speed belong to start.');
  if (values.out !== undefined && verb !== 'diagnostics' && verb !== 'worker') refuse('--out belongs to diagnostics and worker config.');
  if (values.speed !== undefined && values.replay === undefined) refuse('--speed needs --replay.');
  if ((values.input !== undefined || values.state !== undefined) && verb !== 'flows') refuse('--input and --state belong to flows.');
  const { lines, level, since, search, about } = values;
  const logLevel = level === undefined ? null : LogLevelSchema.safeParse(level);
  if (logLevel?.success === false) refuse(`--level is "${level ?? ''}": write one of ${LOG_LEVELS.join(', ')}.`);
  if (verb !== 'logs' && [level, since, search, about].some((value) => value !== undefined)) refuse('--level, --since, --search and --about belong to logs.');
  if (lines !== undefined && (!/^\d{1,6}$/.test(lines) || Number(lines) > MAX_LINES)) refuse(`-n is "${lines}": write a number from 0 to ${MAX_LINES}.`);
  return {
    verb: values.help ? 'help' : verb,
    dataDir: values.data ?? null,
    isJson: values.json,
    replay: values.replay === undefined ? null : { folder: resolve(values.replay), speed: speedOf(values.speed) },
    isKeeping: values.keep,
    unit: unit?.success ? unit.data : null,
    words: positionals.slice(1),
    isFollowing: values.follow,
    lines: lines === undefined ? null : Number(lines),
    input: values.input ?? null,
    states: values.state ?? null,
    logFilter: { level: logLevel?.success ? logLevel.data : null, since: since ?? null, search: search ?? null, about: about ?? null },
    out: values.out === undefined ? null : resolve(values.out),
  };
}
