/** The herald: records what a person should hear of, and puts it on the ways that the alert settings give it, in one transaction. */
import type { NotificationAccess, RuntimeConfig } from '#app/contracts/config.ts';
import type { Payload } from '#app/contracts/events.ts';
import type { Queryable, Tx } from '#chassis/db.ts';
import { plainJson, plainText } from '#chassis/plain-text.ts';
import { queueDeliveries, type Message } from './delivery/store.ts';
import { loadAlertConfigs, waysOf, type Way } from './delivery/ways.ts';
import type { Letter } from './letters/letter.ts';
import { noticeLetter } from './letters/notice-letter.ts';
import type { Notice } from './notices.ts';

const NOBODY: NotificationAccess = { email: null, webhook: null };

/** What a herald knows. `onQueued` is told after the commit that there is something to send. */
export type HeraldParts = { readonly config: Pick<RuntimeConfig, 'instanceId' | 'mode' | 'notification'>; readonly now: () => number; readonly onQueued: () => void };

/** A notice with its letter, when that is more than the notice itself. */
export type Told = { readonly notice: Notice; readonly letter?: Letter };

/** Tells people. Everything happens within the caller's transaction; an id that was told before is told no more. */
export type Herald = {
  /** Records notices and queues their deliveries. Fills are recorded only: they are told in batches. */
  tell(tx: Tx, told: readonly Told[]): Promise<void>;
  /** Queues the deliveries of a message that is more than a notice, and records it. @returns its ways */
  send(tx: Tx, message: Message, summary: string): Promise<readonly Way[]>;
  /** In words what is not set up, null when everything is. */
  missing(): string | null;
};

/** Kinds that pages learn from elsewhere: fills and risk events are pushed by themselves, a denial stands in the list of decisions. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(['order_filled', 'risk_event', 'order_denied', 'trade_alert']);

const RECORD = `
  INSERT INTO notification.notification_logs (notification_id, kind, severity, title, body, channel, status, context, alert_batch)
  SELECT n.id, n.kind, n.severity, n.title, n.body, 'desktop', 'recorded', n.context::jsonb, CASE n.kind WHEN 'order_filled' THEN $7::bigint END
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS n(id, kind, severity, title, body, context)
  ON CONFLICT DO NOTHING RETURNING notification_id AS id`;

type Row = Omit<Payload<'notice.raised'>, 'kind'> & { readonly kind: string; readonly context: Readonly<Record<string, unknown>> };

async function record(db: Queryable, rows: readonly Row[], batch: number | null): Promise<ReadonlySet<string>> {
  const written = await db.query<{ id: string }>(RECORD, [
    rows.map((n) => n.notificationId), rows.map((n) => n.kind), rows.map((n) => n.severity), rows.map((n) => plainText(n.title)), rows.map((n) => plainText(n.body)), rows.map((n) => plainJson(n.context)), batch,
  ]);
  return new Set(written.map((row) => row.id));
}

/** The open batch of fills, begun when there is none. It stays locked until the commit, so that no run closes it under these fills. */
async function openBatch(db: Queryable): Promise<number> {
  const [open] = await db.query<{ batch: number }>('SELECT batch FROM notification.alert_batches WHERE closed_at IS NULL FOR UPDATE');
  if (open) return open.batch;
  const [begun] = await db.query<{ batch: number }>('INSERT INTO notification.alert_batches DEFAULT VALUES RETURNING batch');
  return begun?.batch ?? 0;
}

/** A unit's failing is told by the desktop itself, which keeps the units. */
function isPushed({ kind, context }: Row): boolean {
  return !TOLD_ELSEWHERE.has(kind) && !(kind === 'health' && context['unit'] !== undefined);
}

/** Builds the herald. */
export function createHerald({ config, now, onQueued }: HeraldParts): Herald {
  const access = config.notification ?? NOBODY;
  const push = (tx: Tx, row: Row, ways: readonly Way[]): void => {
    if (!isPushed(row) || !ways.some((way) => way.channel === 'desktop')) return;
    const { notificationId, kind, severity, title, body } = row;
    tx.emit({ topic: 'notice.raised', key: notificationId, correlationId: notificationId, payload: { notificationId, kind, severity, title: plainText(title), body: plainText(body) } });
  };
  const queue = async (tx: Tx, message: Message, ways: readonly Way[]): Promise<void> => {
    if ((await queueDeliveries(tx, config.instanceId, message, ways)) > 0) tx.afterCommit(onQueued);
  };
  return {
    async tell(tx, told) {
      if (told.length === 0) return;
      const hasFills = told.some(({ notice }) => notice.kind === 'order_filled');
      const fresh = await record(tx, told.map(({ notice }) => notice), hasFills ? await openBatch(tx) : null);
      const news = told.filter(({ notice }, n) => notice.kind !== 'order_filled' && fresh.has(notice.notificationId) && told.findIndex((other) => other.notice.notificationId === notice.notificationId) === n);
      if (news.length === 0) return;
      const configs = await loadAlertConfigs(tx);
      for (const { notice, letter } of news) {
        const ways = waysOf(configs, access, notice.kind, notice.severity);
        if (ways.length === 0) continue;
        await queue(tx, { notificationId: notice.notificationId, kind: notice.kind, letter: letter ?? noticeLetter(notice, config.mode, now()) }, ways);
        push(tx, notice, ways);
      }
    },
    async send(tx, message, summary) {
      const { notificationId, kind, letter } = message;
      const ways = waysOf(await loadAlertConfigs(tx), access, kind, letter.severity);
      const row: Row = { notificationId, kind, severity: letter.severity, title: letter.title, body: summary, context: {} };
      const fresh = await record(tx, [row], null);
      await queue(tx, message, ways);
      if (fresh.has(notificationId)) push(tx, row, ways);
      return ways;
    },
    missing: () => (access.email ? null : 'No e-mail server is set up (SMTP_HOST), so nothing was sent by mail'),
  };
}
