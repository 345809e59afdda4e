/** The options of the stand-alone simulator: read, checked, explained. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '#app/domain/errors.ts';
import { sessionOn } from '#app/market/calendar.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { faultSchema, type Fault } from './faults-schema.ts';

/** What the tool was told. */
export type ToolOptions = {
  readonly port: number; readonly keyId: string; readonly secretKey: string; readonly seed: number; readonly cash: string; readonly speed: number | 'max'; readonly start: EpochMs | null; readonly replay: string | null;
  readonly journal: string | null; readonly rateLimit: number; readonly faults: readonly Fault[]; readonly margin: 1 | 2 | 4; readonly partialFills: number; readonly plan: 'basic' | 'plus'; readonly isPaused: boolean; readonly isQuiet: boolean;
};
/** What is to be done. */
export type Asked = { readonly kind: 'help' } | { readonly kind: 'conformance'; readonly openapi: string | null; readonly isCheck: boolean } | { readonly kind: 'run'; readonly options: ToolOptions };

/** An option that cannot be used; the message says what to write instead. */
export class OptionError extends Error {}

/** The help text. */
export const HELP = `npm run simulator -- [options]

Runs an Alpaca-compatible broker and market on this computer, for any program that speaks Alpaca's API.

  --port N            port on 127.0.0.1 (default 8787; 0 = any free one)
  --key ID            API key id that is let in (default PKSIMULATOR)
  --secret TEXT       its secret (default simulator-secret)
  --seed N            seed of the synthetic market and of all ids (default 1)
  --cash DOLLARS      opening cash (default 100000)
  --margin 1|2|4      buying power multiplier; 1 = cash account without shorting (default 2)
  --speed N|max       market seconds a real second (default 60: a minute of the market each second)
  --start YYYY-MM-DD  first day of the synthetic market (default: about a month ago)
  --replay DIR        trade recorded minute bars instead: <symbol>.csv[.gz] with time,open,high,low,close,volume
  --journal FILE      keep the account in this file and go on with it next time (default: a new account each time)
  --rate-limit N      requests a minute (default 200, as at the broker)
  --plan basic|plus   market-data subscription (default basic: 30 symbols of trades and quotes, no recent SIP data)
  --partial-fills N   percent of executions that come in two parts (default 10, as on the broker's paper account)
  --fault JSON        arms a fault, for example '{"kind":"order","fault":"timeout_after"}'; may be repeated; docs/simulator.md lists them
  --paused            the market stands still until POST /sim/resume
  --quiet             do not print what happens to orders
  --conformance       write docs/conformance.md and end; with --check only compare
  --openapi DIR       where the broker's trading-api.json and market-data-api.json are (default ../shared/alpaca, when it exists)
  --help              this text
`;

const text = { type: 'string' } as const;
const SPEC = {
  port: text, key: text, secret: text, seed: text, cash: text, margin: text, speed: text, start: text, replay: text, journal: text, 'rate-limit': text, plan: text, 'partial-fills': text,
  fault: { type: 'string', multiple: true }, paused: { type: 'boolean' }, quiet: { type: 'boolean' }, conformance: { type: 'boolean' }, check: { type: 'boolean' }, openapi: text, help: { type: 'boolean' },
} as const;

function whole(name: string, given: string | undefined, fallback: number, [least, most]: readonly [number, number]): number {
  if (given === undefined) return fallback;
  const value = /^\d{1,10}$/.test(given) ? Number(given) : NaN;
  if (!(value >= least && value <= most)) throw new OptionError(`--${name} takes a whole number from ${least} to ${most}, not "${given}"`);
  return value;
}

function oneOf<T extends string>(name: string, given: string | undefined, fallback: T, allowed: readonly T[]): T {
  if (given === undefined) return fallback;
  const found = allowed.find((value) => value === given);
  if (found === undefined) throw new OptionError(`--${name} takes ${allowed.join(' or ')}, not "${given}"`);
  return found;
}

function speedOf(given: string | undefined): number | 'max' {
  if (given === undefined) return 60;
  if (given === 'max') return 'max';
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(given) ? Number(given) : NaN;
  if (!(value >= 0.001 && value <= 100_000)) throw new OptionError(`--speed takes a number from 0.001 to 100000, or max, not "${given}"`);
  return value;
}

function cashOf(given: string | undefined): string {
  if (given === undefined) return '100000';
  if (!/^\d{1,12}(\.\d{1,2})?$/.test(given) || Number(given) === 0) throw new OptionError(`--cash takes dollars such as 25000 or 99999.50, not "${given}"`);
  return given;
}

function startOf(given: string | undefined): EpochMs | null {
  if (given === undefined) return null;
  const session = /^\d{4}-\d{2}-\d{2}$/.test(given) && given >= '2020-02-01' && given < '2030-01-01' && !Number.isNaN(Date.parse(given)) ? sessionOn(given) : null;
  if (!session) throw new OptionError(`--start takes a trading day from 2020-02-01 to 2029, as YYYY-MM-DD, not "${given}"`);
  return session.open;
}

function faultOf(given: string): Fault {
  let raw: unknown;
  try {
    raw = JSON.parse(given);
  } catch (error) {
    throw new OptionError(`--fault is not JSON (${describeError(error)}): ${given.slice(0, 80)}`);
  }
  const parsed = faultSchema.safeParse(raw);
  if (!parsed.success) throw new OptionError(`--fault ${given.slice(0, 80)}: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? 'is not a fault'}; docs/simulator.md lists them`);
  return parsed.data;
}

function keyOf(name: string, given: string | undefined, fallback: string): string {
  if (given === undefined) return fallback;
  if (!/^[\x21-\x7e]{1,128}$/.test(given)) throw new OptionError(`--${name} takes 1 to 128 printable characters without spaces`);
  return given;
}

/** Reads the command line. @throws OptionError */
export function readOptions(args: readonly string[]): Asked {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: SPEC, allowPositionals: false }));
  } catch (error) {
    throw new OptionError(describeError(error));
  }
  if (values.help) return { kind: 'help' };
  if (values.conformance) return { kind: 'conformance', openapi: values.openapi === undefined ? null : path.resolve(values.openapi), isCheck: values.check === true };
  if (values.replay !== undefined && values.start !== undefined) throw new OptionError('--start belongs to the synthetic market: a replay begins with its first bar');
  return {
    kind: 'run',
    options: {
      port: whole('port', values.port, 8_787, [0, 65_535]), keyId: keyOf('key', values.key, 'PKSIMULATOR'), secretKey: keyOf('secret', values.secret, 'simulator-secret'),
      seed: whole('seed', values.seed, 1, [0, 2_147_483_647]), cash: cashOf(values.cash), speed: speedOf(values.speed), start: startOf(values.start), replay: values.replay === undefined ? null : path.resolve(values.replay),
      journal: values.journal === undefined ? null : path.resolve(values.journal), rateLimit: whole('rate-limit', values['rate-limit'], 200, [1, 1_000_000_000]), faults: (values.fault ?? []).map(faultOf),
      margin: Number(oneOf('margin', values.margin, '2', ['1', '2', '4'])) as 1 | 2 | 4, partialFills: whole('partial-fills', values['partial-fills'], 10, [0, 100]), plan: oneOf('plan', values.plan, 'basic', ['basic', 'plus']),
      isPaused: values.paused === true, isQuiet: values.quiet === true,
    },
  };
}
