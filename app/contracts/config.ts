/** The runtime configuration: what each worker learns over the control channel after its start. */
import * as z from 'zod';
import { LatchSchema } from './kill.ts';
import { UnitIdSchema, WorkerIdSchema } from './health.ts';

const PortSchema = z.number().int().min(1).max(65_535);

/** `demo` trades against the simulator, `paper` and `live` against Alpaca. */
export const ModeSchema = z.enum(['demo', 'paper', 'live']);
/** Which broker the system trades with. */
export type Mode = z.infer<typeof ModeSchema>;

/** Log levels of pino that we use, from most to least talkative. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
/** A log level. */
export const LogLevelSchema = z.enum(LOG_LEVELS);
/** A log level. */
export type LogLevel = z.infer<typeof LogLevelSchema>;

/** Replay of recorded bars: `folder` is absolute; `speed` is a multiple of real time, `max` = as fast as the pipeline settles. */
export const ReplaySettingsSchema = z.object({
  folder: z.string().min(1),
  speed: z.union([z.literal('max'), z.number().positive()]),
});
/** Replay of recorded bars. */
export type ReplaySettings = z.infer<typeof ReplaySettingsSchema>;

/**
 * How a worker reaches the book. `host` is a folder that holds the unix socket (begins with `/`) or an address;
 * `user` is the worker's own database role, named as its service id.
 */
export const PostgresAccessSchema = z.object({
  host: z.string().min(1),
  port: PortSchema,
  tradingDb: z.string().min(1),
  orchestratorDb: z.string().min(1),
  user: z.string().min(1),
  password: z.string(),
});
/** How a worker reaches the book. */
export type PostgresAccess = z.infer<typeof PostgresAccessSchema>;

/** How a worker reaches the wire. When `path` (a unix socket) is given it is preferred to `host` and `port`. Logical databases 0 to 5 are ours. */
export const RedisAccessSchema = z.object({
  path: z.string().min(1).optional(),
  host: z.string().min(1),
  port: PortSchema,
  username: z.string().min(1).optional(),
  password: z.string().optional(),
  tls: z.boolean(),
});
/** How a worker reaches the wire. */
export type RedisAccess = z.infer<typeof RedisAccessSchema>;

/**
 * How to reach the broker (or the simulator, which speaks the same protocol). URLs have no trailing slash.
 * Secret: given to execution and data_ingestion only.
 */
export const AlpacaAccessSchema = z.object({
  tradingUrl: z.url(),
  dataUrl: z.url(),
  tradingStreamUrl: z.url(),
  dataStreamUrl: z.url(),
  keyId: z.string().min(1),
  secretKey: z.string().min(1),
});
/** How to reach the broker. */
export type AlpacaAccess = z.infer<typeof AlpacaAccessSchema>;

/**
 * Settings of the simulator: `seed` of the synthetic market, `startingCash` as a decimal string in USD, `journalFile` = its SQLite journal,
 * `speed` = market seconds per real second for the synthetic market, `margin` = the account's buying power multiplier as at the broker (2 and 4 with
 * short sales, 1 or nothing = a cash account; a replay always trades a cash account), and the one key pair it accepts.
 */
export const SimulatorSettingsSchema = z.object({
  seed: z.number().int().min(0),
  startingCash: z.string().regex(/^\d+(\.\d+)?$/),
  speed: z.number().positive(),
  margin: z.literal([1, 2, 4]).optional(),
  journalFile: z.string().min(1),
  keyId: z.string().min(1),
  secretKey: z.string().min(1),
});
/** Settings of the simulator. */
export type SimulatorSettings = z.infer<typeof SimulatorSettingsSchema>;

/**
 * Secrets of the gateway alone. `apiToken`: the bearer token of this launch (32 random bytes, hex).
 * `sessionSecret`: signs login cookies and survives restarts. One-time login links are redeemed with the control verb `redeemLogin`.
 */
export const GatewaySecretsSchema = z.object({
  apiToken: z.string().min(32),
  sessionSecret: z.string().min(32),
});
/** Secrets of the gateway alone. */
export type GatewaySecrets = z.infer<typeof GatewaySecretsSchema>;

/**
 * Only in mode `live`: until when (EpochMs) orders that open or enlarge a position may go to the real account; null = disarmed.
 * Never stored: every launch of the supervisor begins disarmed, and a worker that starts again is told what holds by then.
 */
export const LiveArmingSchema = z.object({ armedUntil: z.number().int().nullable() });
/** Until when orders may go to the real account. */
export type LiveArming = z.infer<typeof LiveArmingSchema>;

/**
 * The e-mail server. `security`: `starttls` never falls back to plain text, `tls` is encrypted from the first byte, `none` is for a server on
 * this computer. `user` and `password` are both null for a server that asks for no sign-in. `to`: each gets a mail of their own.
 */
export const EmailAccessSchema = z.object({
  host: z.string().min(1),
  port: PortSchema,
  security: z.enum(['none', 'starttls', 'tls']),
  user: z.string().nullable(),
  password: z.string().nullable(),
  from: z.object({ name: z.string(), address: z.string().min(3) }),
  to: z.array(z.string().min(3)).max(10),
});
/** The e-mail server. */
export type EmailAccess = z.infer<typeof EmailAccessSchema>;

/** An address that is called with each notification, signed with `secret` (HMAC-SHA256) when there is one. The address itself may hold a secret. */
export const WebhookAccessSchema = z.object({ url: z.string().min(8), secret: z.string().nullable() });
/** An address that is called with each notification. */
export type WebhookAccess = z.infer<typeof WebhookAccessSchema>;

/** How people are reached outside of the application; null where nothing is set up. Secret: given to notification only. */
export const NotificationAccessSchema = z.object({ email: EmailAccessSchema.nullable(), webhook: WebhookAccessSchema.nullable() });
/** How people are reached outside of the application. */
export type NotificationAccess = z.infer<typeof NotificationAccessSchema>;

/** Where a unit listens. */
export const EndpointSchema = z.object({ host: z.string().min(1), port: PortSchema });
/** Where a unit listens. */
export type Endpoint = z.infer<typeof EndpointSchema>;

/**
 * Everything a worker knows about its surroundings; never passed through argv or environment.
 * `units` is the service discovery: the real address of each part that listens, its own included (listen there).
 * `internalToken` is the bearer token for worker-to-worker HTTP (the orchestrator's and simulator's control API), new at each launch.
 */
export const RuntimeConfigSchema = z.object({
  unit: WorkerIdSchema,
  instanceId: z.string().min(1),
  version: z.string().min(1),
  dataDir: z.string().min(1),
  /** To strategy_engine: the folder in which strategies travel between the markets of a home. Absolute. */
  libraryDir: z.string().min(1).optional(),
  mode: ModeSchema,
  replay: ReplaySettingsSchema.optional(),
  postgres: PostgresAccessSchema,
  redis: RedisAccessSchema,
  units: z.partialRecord(UnitIdSchema, EndpointSchema),
  internalToken: z.string().min(32),
  alpaca: AlpacaAccessSchema.optional(),
  simulator: SimulatorSettingsSchema.optional(),
  gateway: GatewaySecretsSchema.optional(),
  live: LiveArmingSchema.optional(),
  /** To execution and risk_management: pulls of the kill switch that the book may not hold yet. */
  latches: z.array(LatchSchema).optional(),
  notification: NotificationAccessSchema.optional(),
  /** This process is a worker beside the service's own, perhaps on another machine: it runs shareable flows from the queues and nothing else. Set when it starts. */
  extraWorker: z.object({ id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,15}$/) }).optional(),
  logLevel: LogLevelSchema,
  logRetentionDays: z.number().int().min(1),
});
/** Everything a worker knows about its surroundings. */
export type RuntimeConfig = z.infer<typeof RuntimeConfigSchema>;
