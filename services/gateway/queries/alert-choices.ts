/** What is sent by which way, in the order in which people see it. */
import { ALERT_CHANNELS, ALERT_KIND_NAMES, ALERT_SEVERITIES } from '#app/contracts/alert-settings.ts';
import type { AlertChoice, AlertSeverity } from '#app/contracts/alert-settings.ts';
import type { Queryable } from '#chassis/db.ts';

type Row = { readonly kind: string; readonly channel: string; readonly isEnabled: boolean; readonly leastSeverity: string | null };

/** Reads every choice; one that no row holds is off, for that is how messages read it. */
export async function readAlertChoices(db: Queryable): Promise<AlertChoice[]> {
  const rows = await db.query<Row>(`SELECT kind, channel, is_enabled AS "isEnabled", settings->>'leastSeverity' AS "leastSeverity" FROM notification.alert_configs`);
  return ALERT_KIND_NAMES.flatMap((kind) => ALERT_CHANNELS.map((channel) => {
    const row = rows.find((one) => one.kind === kind && one.channel === channel);
    const leastSeverity: AlertSeverity = ALERT_SEVERITIES.find((severity) => severity === row?.leastSeverity) ?? 'info';
    return { kind, channel, isEnabled: row?.isEnabled ?? false, leastSeverity };
  }));
}
