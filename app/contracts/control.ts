/** The control channel: every message between the supervisor and a worker. */
import * as z from 'zod';
import { BrokerAccountSchema, BrokerKeysSchema } from './broker-keys.ts';
import { LogLevelSchema, RuntimeConfigSchema } from './config.ts';
import { changeOutlookSchema, configurationSchema, savedChangeSchema, settingChangesSchema } from './configuration.ts';
import { connectionTestSchema } from './connection-test.ts';
import { INCIDENTS_MAX, LogLineSchema, StackHealthSchema, UnitIdSchema, UnitIncidentSchema } from './health.ts';
import type { WorkerId } from './health.ts';
import { killOutcomeSchema, killWishSchema, LatchSchema } from './kill.ts';

/** Exit codes every worker uses (ADR 0005); anything else, or a signal, is treated as `bug`. */
export const EXIT = {
  /** Asked to stop, and did. */
  ok: 0,
  /** A defect: counted, started again after a delay. */
  bug: 70,
  /** A dependency was lost: no penalty, started again when its needs are ready. */
  dependency: 75,
  /** The configuration cannot work: no retry until a human changed it. */
  config: 78,
} as const;

/** How often a worker sends `beat`, in milliseconds. */
export const BEAT_INTERVAL_MS = 1_000;

/** A worker whose control channel closed must have ended after this many milliseconds. */
export const ORPHAN_EXIT_MS = 2_000;

/** An error as it crosses the control channel. */
export const ControlErrorSchema = z.object({ code: z.string(), message: z.string() });
/** An error as it crosses the control channel. */
export type ControlError = z.infer<typeof ControlErrorSchema>;

/** Supervisor to worker. */
export const ToWorkerSchema = z.discriminatedUnion('type', [
  /** Once, when the worker's needs are ready: connect, recover, then answer `ready`. */
  z.object({ type: z.literal('init'), config: RuntimeConfigSchema }),
  /** Drain and exit 0 within `deadlineMs`; after that the process is killed. */
  z.object({ type: z.literal('stop'), deadlineMs: z.number().int(), reason: z.string() }),
  /** The machine slept (or the supervisor was held up) for `pausedMs`: repair gaps, reconnect, reconcile. */
  z.object({ type: z.literal('resumed'), pausedMs: z.number() }),
  /** To execution, risk_management and the gateway, in mode live alone: armed until then (EpochMs), or disarmed. Replaces what `init` said. */
  z.object({ type: z.literal('arming'), armedUntil: z.number().int().nullable() }),
  /**
   * To execution and risk_management: the kill switch was pulled. At once, whatever the book says and however slow it is: no order leaves that `state` forbids
   * until `unlatch` says that the book has it. Pulls that the book may not have yet are in `init` as `latches`.
   */
  z.object({ type: z.literal('latch'), latch: LatchSchema }),
  /** The book has the pull with this key: what the book says holds again. */
  z.object({ type: z.literal('unlatch'), key: z.string() }),
  /** How much is logged from now on. */
  z.object({ type: z.literal('tuned'), logLevel: LogLevelSchema }),
  /** Answer `pong` with the same nonce: measures the round trip through the worker's event loop. */
  z.object({ type: z.literal('ping'), nonce: z.number().int() }),
  /** To the gateway and to notification (there without secrets): the state of the whole stack, on each change and at least every 2 s. */
  z.object({ type: z.literal('unitStates'), stack: StackHealthSchema }),
  /** The answer to `request`. */
  z.object({
    type: z.literal('reply'),
    requestId: z.string(),
    ok: z.boolean(),
    result: z.unknown().optional(),
    error: ControlErrorSchema.optional(),
  }),
]);
/** Supervisor to worker. */
export type ToWorker = z.infer<typeof ToWorkerSchema>;

/** What a worker tells about itself each second. Ages are milliseconds, null when the notion does not apply. */
export const BeatSchema = z.object({
  eventLoopDelayP99Ms: z.number(),
  backlog: z.number().int().min(0),
  oldestPendingAgeMs: z.number().nullable(),
  brokerMessageAgeMs: z.number().nullable(),
  memoryBytes: z.number(),
  cpuPercent: z.number(),
});
/** What a worker tells about itself each second. */
export type Beat = z.infer<typeof BeatSchema>;

const UnitArgsSchema = z.object({ unitId: UnitIdSchema });
const DoneSchema = z.object({ accepted: z.literal(true) });

/**
 * What the broker says of a replay that has ended. `bars` and `steps` since the tape's beginning; `seconds` and `barsPerSecond` since the
 * simulator's last start; equity is dollars as decimal text.
 */
export const TapeSummarySchema = z.object({
  bars: z.number().int(),
  steps: z.number().int(),
  seconds: z.number(),
  barsPerSecond: z.number(),
  brokerOrders: z.number().int(),
  brokerFills: z.number().int(),
  brokerEquity: z.string(),
});
/** What the broker says of a replay that has ended. */
export type TapeSummary = z.infer<typeof TapeSummarySchema>;

/** What a worker may ask of the supervisor, with arguments, result and who may ask. */
export const CONTROL_VERBS = {
  /** Start a stopped or failed unit (a human's try). */
  startUnit: { args: UnitArgsSchema, result: DoneSchema, callers: ['gateway'] },
  /** Stop a unit and keep it stopped; its dependents wait. */
  stopUnit: { args: UnitArgsSchema, result: DoneSchema, callers: ['gateway'] },
  /** Stop, then start again. */
  restartUnit: { args: UnitArgsSchema, result: DoneSchema, callers: ['gateway'] },
  /** The last `lines` (at most 500) captured lines of a unit, or those after `afterSeq`. */
  unitLogs: {
    args: z.object({ unitId: UnitIdSchema, lines: z.number().int().min(1).max(500), afterSeq: z.number().int().optional() }),
    result: z.object({ lines: z.array(LogLineSchema) }),
    callers: ['gateway'],
  },
  /** What happened to one unit, or to all (null), newest first. */
  unitHistory: {
    args: z.object({ unitId: UnitIdSchema.nullable(), limit: z.number().int().min(1).max(INCIDENTS_MAX) }),
    result: z.object({ incidents: z.array(UnitIncidentSchema) }),
    callers: ['gateway'],
  },
  /** The whole stack now. */
  stackHealth: { args: z.object({}), result: StackHealthSchema, callers: ['gateway'] },
  /** Pulls the kill switch; answers when execution has stopped and what followed is done or under way. */
  kill: { args: killWishSchema, result: killOutcomeSchema, callers: ['gateway'] },
  /** Spend a one-time login token; `valid` is false for an unknown, expired or spent one. */
  redeemLogin: { args: z.object({ token: z.string().max(200) }), result: z.object({ valid: z.boolean() }), callers: ['gateway'] },
  /** A new one-time login link for another browser. */
  loginLink: { args: z.object({}), result: z.object({ url: z.string() }), callers: ['gateway'] },
  /** The settings with their origin. */
  settings: { args: z.object({}), result: configurationSchema, callers: ['gateway'] },
  /** What a change of settings would do; nothing is changed. */
  checkSettings: { args: z.object({ changes: settingChangesSchema }), result: changeOutlookSchema, callers: ['gateway'] },
  /** Saves a change of settings, unless others were saved since its base; parts that need it are started again. */
  saveSettings: { args: savedChangeSchema.extend({ actor: z.string().max(80) }), result: changeOutlookSchema, callers: ['gateway'] },
  /** What may be told of the stored broker keys: never a key. */
  brokerKeys: { args: z.object({}), result: BrokerKeysSchema, callers: ['gateway'] },
  /** Tests the connection of an account with the keys that are kept for it; they do not leave the supervisor but to the broker. */
  testConnection: { args: z.object({ account: BrokerAccountSchema }), result: connectionTestSchema, callers: ['gateway'] },
  /** The replay has been traded to its end. */
  replayDone: { args: z.object({ summary: TapeSummarySchema }), result: DoneSchema, callers: ['simulator'] },
} as const satisfies Record<string, { args: z.ZodType; result: z.ZodType; callers: readonly WorkerId[] }>;

/** The name of something a worker may ask of the supervisor. */
export type ControlVerb = keyof typeof CONTROL_VERBS;
/** The arguments of a control verb. */
export type ControlArgs<V extends ControlVerb> = z.input<(typeof CONTROL_VERBS)[V]['args']>;
/** The result of a control verb. */
export type ControlResult<V extends ControlVerb> = z.output<(typeof CONTROL_VERBS)[V]['result']>;

/** The names of all control verbs. */
export const CONTROL_VERB_NAMES = [
  'startUnit',
  'stopUnit',
  'restartUnit',
  'unitLogs',
  'unitHistory',
  'stackHealth',
  'kill',
  'redeemLogin',
  'loginLink',
  'replayDone',
  'settings',
  'checkSettings',
  'saveSettings',
  'brokerKeys',
  'testConnection',
] as const satisfies readonly ControlVerb[];

/** Worker to supervisor. */
export const FromWorkerSchema = z.discriminatedUnion('type', [
  /** The channel is open; the worker waits for `init`. */
  z.object({ type: z.literal('hello'), pid: z.number().int() }),
  /** Recovered and serving; `port` is where its HTTP listens. */
  z.object({ type: z.literal('ready'), port: z.number().int().optional() }),
  z.object({ type: z.literal('beat'), beat: BeatSchema }),
  z.object({ type: z.literal('pong'), nonce: z.number().int() }),
  /** The kill switch with this key holds here: no order that it forbids leaves any more. `isStored`: the book has it, or a later state. */
  z.object({ type: z.literal('latched'), key: z.string(), isStored: z.boolean() }),
  /** Serving, but something is wrong (say what, for a human). Sent again when the reasons change. */
  z.object({ type: z.literal('degraded'), reasons: z.array(z.string()).min(1) }),
  /** All well again. */
  z.object({ type: z.literal('recovered') }),
  /** Recovery goes on and makes progress: wait `deadlineMs` more from now before giving up on this start. */
  z.object({ type: z.literal('extend'), deadlineMs: z.number().int().positive(), reason: z.string() }),
  /** Last words before a deliberate exit with a code other than 0. */
  z.object({ type: z.literal('exiting'), code: z.number().int(), reason: z.string() }),
  /** Ask the supervisor; it answers `reply` with the same id. Verbs and their callers: CONTROL_VERBS. */
  z.object({ type: z.literal('request'), requestId: z.string().max(100), verb: z.enum(CONTROL_VERB_NAMES), args: z.unknown() }),
]);
/** Worker to supervisor. */
export type FromWorker = z.infer<typeof FromWorkerSchema>;
