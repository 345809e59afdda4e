/** The contract between the window's page and the desktop shell: the only description of that boundary (IPC). */
import * as z from 'zod';
import { BrokerAccountSchema, BrokerKeysSchema, keyHalfSchema } from './broker-keys.ts';
import { ModeSchema } from './config.ts';
import { connectionTestSchema } from './connection-test.ts';
import { killLevelSchema, killOutcomeSchema } from './kill.ts';
import { INCIDENTS_MAX, LogLineSchema, StackHealthSchema, UnitIdSchema, UnitIncidentSchema } from './health.ts';
import type { ShellCallName, ShellEventName } from './shell-names.ts';
import { decimalText } from '#app/domain/numeric.ts';
import { tradingStateSchema } from '#app/domain/trading-state.ts';

/** Instants are EpochMs. */
const ms = z.number().int();
const nothing = z.object({});
const done = z.object({ accepted: z.literal(true) });
const unit = z.object({ unitId: UnitIdSchema });

/** What a person must type, letter for letter, before orders may go to the live account. */
export const LIVE_PHRASE = 'TRADE REAL MONEY';
/** For how long live trading may be armed, in minutes; then it disarms itself. */
export const ARM_MINUTES = [60, 240, 480] as const;

/** `stopped`: nothing runs; `failed`: the last start did not get anywhere (`problem` says why), nothing runs. */
export const ShellPhaseSchema = z.enum(['stopped', 'starting', 'running', 'stopping', 'failed']);
/** How far the stack is, seen from the shell. */
export type ShellPhase = z.infer<typeof ShellPhaseSchema>;

/** Trading in three figures, for tray and title: dollars as decimal text; `at` is when we heard it (EpochMs). */
export const TradingBriefSchema = z.object({ state: tradingStateSchema, equity: decimalText, dayPnl: decimalText.nullable(), openOrders: z.number().int(), positions: z.number().int(), at: ms });
/** Trading in three figures. */
export type TradingBrief = z.infer<typeof TradingBriefSchema>;

/** Where an update stands. `held`: downloaded, waits until no order is open. `off`: not asked for. `message` is for people. */
export const UpdateStatusSchema = z.object({ state: z.enum(['off', 'unavailable', 'none', 'checking', 'downloading', 'ready', 'held', 'failed']), version: z.string().nullable(), percent: z.number().nullable(), message: z.string().nullable() });
/** Where an update stands. */
export type UpdateStatus = z.infer<typeof UpdateStatusSchema>;

/** Everything the shell knows at one moment; pushed on each change and at least every 2 s while anything runs. */
export const ShellStatusSchema = z.object({
  at: ms,
  phase: ShellPhaseSchema,
  /** Why the last start failed: what happened, and what to do. */ problem: z.object({ message: z.string(), code: z.string() }).nullable(),
  /** Null while nothing runs. */ stack: StackHealthSchema.nullable(),
  mode: ModeSchema,
  /** The home of this person's Mainspring, and the folder of the chosen market in it. */ homeDir: z.string(), dataDir: z.string(),
  /** `http://127.0.0.1:PORT` as soon as the gateway is ready; null before, and while it is down. */ gatewayUrl: z.string().nullable(),
  /** Null until the gateway told. */ trading: TradingBriefSchema.nullable(),
  /** Until when orders may go to the live account; null = disarmed, and always null in demo and paper. */ armedUntil: ms.nullable(),
  isWelcomeDone: z.boolean(),
  update: UpdateStatusSchema,
});
/** Everything the shell knows at one moment. */
export type ShellStatus = z.infer<typeof ShellStatusSchema>;

/** What a person chose about the application itself. */
export const PreferencesSchema = z.object({
  startWithSystem: z.boolean(),
  /** Look for updates and download them; installing always asks. */ updates: z.boolean(),
  notifyFills: z.boolean(), notifyRisk: z.boolean(), notifyFailures: z.boolean(),
});
/** What a person chose about the application itself. */
export type Preferences = z.infer<typeof PreferencesSchema>;

/** Addresses outside that the shell may open in the person's browser; nothing else can be opened. */
export const SHELL_LINKS = ['alpaca_paper_keys', 'alpaca_live_keys', 'project'] as const;

const LicenceSchema = z.object({ name: z.string(), version: z.string(), licence: z.string(), text: z.string() });
/** Versions and licences of everything that is shipped. */
export const AboutSchema = z.object({ version: z.string(), electron: z.string(), chromium: z.string(), node: z.string(), platform: z.string(), licences: z.array(LicenceSchema) });
/** Versions and licences. */
export type About = z.infer<typeof AboutSchema>;

/** Every call: input as the page writes it, output as it reads it. Secrets go in and never come out. */
export const SHELL_CALLS = {
  /** Where the gateway is and the bearer token of this launch; null while it is down. */
  access: { input: nothing, output: z.object({ baseUrl: z.string(), token: z.string() }).nullable() },
  status: { input: nothing, output: ShellStatusSchema },
  start: { input: nothing, output: done },
  stop: { input: nothing, output: done },
  restart: { input: nothing, output: done },
  startUnit: { input: unit, output: done },
  stopUnit: { input: unit, output: done },
  restartUnit: { input: unit, output: done },
  unitLogs: { input: unit.extend({ lines: z.number().int().min(1).max(500), afterSeq: z.number().int().optional() }), output: z.object({ lines: z.array(LogLineSchema) }) },
  /** What happened to the units, newest first; works while nothing runs. */
  unitHistory: { input: z.object({ unitId: UnitIdSchema.nullable(), limit: z.number().int().min(1).max(INCIDENTS_MAX) }), output: z.object({ incidents: z.array(UnitIncidentSchema) }) },
  /** Asks where to, writes the zip; null when the person changed their mind. */
  saveDiagnostics: { input: nothing, output: z.object({ path: z.string().nullable() }) },
  /** Pulls the kill switch straight at the supervisor, past the gateway. */
  kill: { input: z.object({ level: killLevelSchema, reason: z.string().trim().min(1).max(200), idempotencyKey: z.string().regex(/^[A-Za-z0-9._-]{8,64}$/) }), output: killOutcomeSchema },
  preferences: { input: nothing, output: PreferencesSchema },
  setPreferences: { input: PreferencesSchema.partial(), output: PreferencesSchema },
  brokerKeys: { input: nothing, output: BrokerKeysSchema },
  setBrokerKeys: { input: z.object({ account: BrokerAccountSchema, keyId: keyHalfSchema, secretKey: keyHalfSchema }), output: BrokerKeysSchema },
  removeBrokerKeys: { input: z.object({ account: BrokerAccountSchema }), output: BrokerKeysSchema },
  /** Asks the broker with the keys as they were typed, or with those that count at the next start (null). A failed test is an answer. Refused when asked too often. */
  testConnection: { input: z.object({ account: BrokerAccountSchema, typed: z.object({ keyId: keyHalfSchema, secretKey: keyHalfSchema }).nullable() }), output: connectionTestSchema },
  /** Chooses the market; what runs is stopped in order and started there. Refused without keys, and while orders are open unless `isSure`. */
  setMode: { input: z.object({ mode: ModeSchema, isSure: z.boolean() }), output: done },
  /** Lets orders go to the live account for `minutes`. Refused unless live runs and the phrase is exact. */
  armLive: { input: z.object({ phrase: z.literal(LIVE_PHRASE), minutes: z.union([z.literal(ARM_MINUTES[0]), z.literal(ARM_MINUTES[1]), z.literal(ARM_MINUTES[2])]) }), output: z.object({ armedUntil: ms }) },
  disarmLive: { input: nothing, output: done },
  /** The first choice of a market; starts everything. */
  finishWelcome: { input: z.object({ mode: z.enum(['demo', 'paper']) }), output: done },
  checkUpdate: { input: nothing, output: UpdateStatusSchema },
  /** Restarts into the update; refused while orders are open. */
  installUpdate: { input: nothing, output: done },
  about: { input: nothing, output: AboutSchema },
  openDataFolder: { input: nothing, output: done },
  openLink: { input: z.object({ link: z.enum(SHELL_LINKS) }), output: done },
} as const satisfies Record<ShellCallName, { input: z.ZodType; output: z.ZodType }>;

/** What the page writes. */
export type ShellInput<N extends ShellCallName> = z.input<(typeof SHELL_CALLS)[N]['input']>;
/** What the shell reads. */
export type ShellParsed<N extends ShellCallName> = z.output<(typeof SHELL_CALLS)[N]['input']>;
/** What the shell answers. */
export type ShellOutput<N extends ShellCallName> = z.output<(typeof SHELL_CALLS)[N]['output']>;

/** What the shell tells without being asked. */
export const SHELL_EVENTS = {
  status: ShellStatusSchema,
  /** Go to this page or open this panel: from tray, menu or a notification. */
  navigate: z.object({ to: z.enum(['portfolio', 'health', 'application', 'about', 'keys']) }),
} as const satisfies Record<ShellEventName, z.ZodType>;
/** The payload of an event. */
export type ShellEvent<N extends ShellEventName> = z.output<(typeof SHELL_EVENTS)[N]>;

/** The answer to each call: IPC rewrites thrown errors, so refusals travel as data. */
export const ShellAnswerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.object({ code: z.string(), family: z.string(), message: z.string() }) }),
]);
/** The answer to each call. */
export type ShellAnswer = z.infer<typeof ShellAnswerSchema>;

/** What the preload puts into the page: functions and nothing else. Listeners get payloads, never Electron's event. */
export type ShellBridge = {
  readonly call: Readonly<Record<ShellCallName, (input: unknown) => Promise<ShellAnswer>>>;
  readonly on: Readonly<Record<ShellEventName, (listener: (payload: unknown) => void) => () => void>>;
};
