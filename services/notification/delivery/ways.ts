/** Which ways a message takes: what the alert settings of its kind say, as far as the channel is set up. */
import * as z from 'zod';
import type { NotificationAccess } from '#app/contracts/config.ts';
import type { Queryable } from '#chassis/db.ts';

/** One way to one person. `domain` is that of the sender, for the id of a mail. */
export type Way = { readonly channel: 'email' | 'webhook' | 'desktop'; readonly recipient: string; readonly domain: string };
/** How loud a message is. */
export type Severity = 'info' | 'warning' | 'critical';

/** What a desktop delivery is addressed to. */
const DESKTOP = 'this computer';
const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };
const severitySchema = z.enum(['info', 'warning', 'critical']);
const configSchema = z.object({ kind: z.string(), channel: z.enum(['email', 'webhook', 'desktop']), settings: z.object({ leastSeverity: severitySchema.default('info') }) });

/** The host of a webhook: the rest of its address may hold a secret and is shown to nobody. */
export function webhookHost(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'webhook';
}

/** What is switched on: which kind takes which channel from which severity on. */
export type AlertConfigs = readonly z.output<typeof configSchema>[];

/** Reads the alert settings. @throws ZodError for a row that is none */
export async function loadAlertConfigs(db: Queryable): Promise<AlertConfigs> {
  return configSchema.array().parse(await db.query('SELECT kind, channel, settings FROM notification.alert_configs WHERE is_enabled'));
}

/** The ways of a message of this kind and severity, at most twelve. */
export function waysOf(configs: AlertConfigs, access: NotificationAccess, kind: string, severity: Severity): Way[] {
  const { email, webhook } = access;
  return configs.filter((config) => config.kind === kind).flatMap(({ channel, settings }): Way[] => {
    if (RANK[severity] < RANK[settings.leastSeverity]) return [];
    if (channel === 'desktop') return [{ channel, recipient: DESKTOP, domain: '' }];
    if (channel === 'webhook') return webhook ? [{ channel, recipient: webhookHost(webhook.url), domain: '' }] : [];
    return (email?.to ?? []).map((recipient) => ({ channel, recipient, domain: email?.from.address.split('@').at(-1) ?? 'localhost' }));
  });
}
