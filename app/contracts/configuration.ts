/** The settings as a page shows and changes them: what each one is for, where its value comes from, and what must start again for it. */
import * as z from 'zod';
import { UnitIdSchema } from './health.ts';
import type { UnitId } from './health.ts';
import { SETTING_KEYS } from './setting-reader.ts';
import type { SettingKey } from './setting-reader.ts';

/** Groups of settings, in the order in which people see them. */
export const SETTING_SECTIONS = ['mail', 'webhook', 'logs', 'ports', 'servers', 'demo'] as const;

/**
 * What a setting is. `kind`: how it is written; `unit`: of a number, '' for none. `restarts`: the parts that must start again before it counts: none (it counts at once), some (they are started again by themselves),
 * or everything (a person chooses when).
 */
export type SettingFacts = {
  readonly section: (typeof SETTING_SECTIONS)[number]; readonly title: string; readonly effect: string; readonly kind: 'text' | 'integer' | 'number' | 'choice' | 'secret'; readonly unit: string;
  readonly choices: readonly string[]; readonly restarts: readonly UnitId[] | 'everything';
};

type Few = Partial<Pick<SettingFacts, 'kind' | 'unit' | 'choices' | 'restarts'>>;
const of = (section: SettingFacts['section'], restarts: SettingFacts['restarts']) => (title: string, effect: string, more: Few = {}): SettingFacts => ({ section, title, effect, kind: 'text', unit: '', choices: [], restarts, ...more });

const mail = of('mail', ['notification']);
const webhook = of('webhook', ['notification']);
const logs = of('logs', ['notification']);
const ports = of('ports', 'everything');
const servers = of('servers', 'everything');
const demo = of('demo', 'everything');
const port = (title: string): SettingFacts => ports(title, 'The port that it asks for first. When another program holds it, a free one is taken and the health page says which.', { kind: 'integer' });

/** Everything that may be written in the application. Broker keys have a place of their own. */
export const SETTING_FACTS = {
  SMTP_HOST: mail('Mail server', 'Mails are sent through this server. Empty: no mails.'),
  SMTP_PORT: mail('Port', 'Where the mail server listens.', { kind: 'integer' }),
  SMTP_SECURITY: mail('Encryption', 'starttls begins in plain and never falls back to it; tls is encrypted from the first byte; none is for a server on this computer.', { kind: 'choice', choices: ['starttls', 'tls', 'none'] }),
  SMTP_USER: mail('User', 'The name that signs in at the mail server. Empty together with the password: no sign-in.'),
  SMTP_PASSWORD: mail('Password', 'Kept sealed where the system has a key store; never shown again.', { kind: 'secret' }),
  MAIL_FROM: mail('Sender', 'Who mails are from, such as Mainspring <trader@example.com>.'),
  MAIL_TO: mail('Recipients', 'Up to ten addresses, with commas between them. Each gets a mail of its own.'),
  WEBHOOK_URL: webhook('Address', 'Called with each notification. It may hold a secret, so it is never shown again.', { kind: 'secret' }),
  WEBHOOK_SECRET: webhook('Signing secret', 'Calls are signed with it (HMAC-SHA256). Empty: not signed.', { kind: 'secret' }),
  LOG_LEVEL: logs('Detail', 'How much the parts write into their logs.', { kind: 'choice', choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'], restarts: [] }),
  LOG_RETENTION_DAYS: logs('Kept for', 'Collected log lines older than this are removed at night.', { kind: 'integer', unit: 'days' }),
  WEB_SERVER_PORT: port('Dashboard'),
  POSTGRES_PORT: port('PostgreSQL'),
  REDIS_PORT: port('Redis'),
  ORCHESTRATOR_API_URL: ports('Orchestrator', 'The address of the orchestrator on this computer; only its port may differ.'),
  DATA_INGESTION_PORT: port('Market data'),
  STRATEGY_ENGINE_PORT: port('Strategy engine'),
  EXECUTION_PORT: port('Execution'),
  RISK_MANAGEMENT_PORT: port('Risk management'),
  ANALYTICS_PORT: port('Analytics'),
  NOTIFICATION_PORT: port('Notification'),
  SIMULATOR_PORT: port('Simulator'),
  POSTGRES_HOST: servers('PostgreSQL server', 'A server of your own instead of the one that is brought along. Empty: run our own.'),
  POSTGRES_USER: servers('PostgreSQL user', 'The owner of the databases.'),
  POSTGRES_PASSWORD: servers('PostgreSQL password', 'Of that user on a server of your own. For ours one is generated.', { kind: 'secret' }),
  TRADING_DB_NAME: servers('Trading database', 'Its name. Another name is another, empty book.'),
  ORCHESTRATOR_DB_NAME: servers('Orchestrator database', 'Its name.'),
  REDIS_HOST: servers('Redis server', 'A server of your own instead of the one that is brought along. Empty: run our own.'),
  REDIS_URL: servers('Redis address', 'Address with user and password, such as redis://user:password@host:6379; instead of server and port.', { kind: 'secret' }),
  SIMULATOR_SPEED: demo('Speed of the demo market', 'Market seconds for each second of the clock on the wall.', { kind: 'number', unit: 'times' }),
  SIMULATOR_STARTING_CASH: demo('Cash of the demo account', 'What a new demo account begins with. One that trades already keeps its own.', { kind: 'number', unit: 'dollars' }),
  SIMULATOR_MARGIN: demo('Margin of the demo account', '1 is a cash account; 2 and 4 lend, and allow short sales.', { kind: 'choice', choices: ['1', '2', '4'] }),
  SIMULATOR_SEED: demo('Seed of the demo market', 'The same number makes the same market. A market that runs already keeps its own.', { kind: 'integer' }),
} as const satisfies Partial<Record<SettingKey, SettingFacts>>;

/** A setting that may be written in the application. */
export type WritableKey = keyof typeof SETTING_FACTS;
/** All of them, in the order of the sections. */
export const WRITABLE_KEYS = Object.keys(SETTING_FACTS) as [WritableKey, ...WritableKey[]];
/** What is known of a setting. */
export const settingFacts = (key: WritableKey): SettingFacts => SETTING_FACTS[key];
/** Its default, as it is shown to people. */
export const settingDefault = (key: WritableKey): string => SETTING_KEYS[key];

const writableKey = z.enum(WRITABLE_KEYS);

/**
 * A setting as it stands. `value`: null = not set (the default counts), and always null for a secret, of which `isSet` alone is told. `origin`: where the value comes from; what stands in the file `.env` or in the environment
 * is `isLocked`: it wins, and is changed there (`place`). `isPending`: what runs was started with another value.
 */
export const settingViewSchema = z.object({ key: writableKey, value: z.string().nullable(), isSet: z.boolean(), origin: z.enum(['default', 'saved', 'file', 'environment']), place: z.string().nullable(), isLocked: z.boolean(), isPending: z.boolean() });
/** A setting as it stands. */
export type SettingView = z.infer<typeof settingViewSchema>;

/** All settings. `keptBy`: how saved secrets lie on the disk. */
export const configurationSchema = z.object({ settings: z.array(settingViewSchema), keptBy: z.enum(['system', 'file']), savedAt: z.number().int().nullable() });
/** All settings. */
export type Configuration = z.infer<typeof configurationSchema>;

/** Longest value of a setting. */
export const MAX_SETTING_LENGTH = 2_000;
/** What a person wants changed: key to new value; null = back to the default. */
export const settingChangesSchema = z.partialRecord(writableKey, z.string().max(MAX_SETTING_LENGTH, `At most ${MAX_SETTING_LENGTH} characters`).regex(/^[^\p{Cc}]*$/u, 'must be one line without control characters').nullable());
/** What a person wants changed. */
export type SettingChanges = z.infer<typeof settingChangesSchema>;

/** Which saved settings a change was judged against: when they were saved (epoch ms), null = nothing was saved yet. */
export const settingsBaseSchema = z.number().int().nullable();

/**
 * A change as it is saved. `base`: that of the outlook whose difference a person has agreed to. Others saved since = VERSION_CONFLICT, so neither a draft of another window nor a request that comes
 * late a second time overwrites them.
 */
export const savedChangeSchema = z.object({ changes: settingChangesSchema, base: settingsBaseSchema });

/**
 * What a change would do. Empty `problems` = it can be saved. Secrets are dots in the diff. `restarts`: parts that start again by themselves; `needsRestart`: the rest counts when everything was started again.
 * `base`: the saved settings that the diff begins with.
 */
export const changeOutlookSchema = z.object({
  base: settingsBaseSchema,
  problems: z.array(z.object({ key: z.string(), problem: z.string(), remedy: z.string() })),
  diff: z.array(z.object({ key: writableKey, before: z.string(), after: z.string() })),
  restarts: z.array(UnitIdSchema), needsRestart: z.boolean(),
});
/** What a change would do. */
export type ChangeOutlook = z.infer<typeof changeOutlookSchema>;
