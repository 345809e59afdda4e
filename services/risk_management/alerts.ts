/** generate_risk_alerts: risk events that a person should hear of outside of the application, each told in one alert. */
import * as z from 'zod';
import type { Payload } from '#app/contracts/events.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';

/** Events in one alert; what is left comes with the next run. */
const MAX_EVENTS = 1_000;
const MAX_ITEMS = 100;
const BODY_ROWS = 20;
const MAX_TITLE = 200;
const MAX_NOTE = 500;

type RiskEvent = { id: string; severity: 'warning' | 'critical'; code: string; message: string; at: number };
type Alert = Payload<'alert.raised'>;
type Told = { readonly alertId: string | null; readonly events: number; readonly severity: string | null; readonly title: string | null };

const NEVER_TOLD = `FROM risk_management.risk_events e WHERE e.severity <> 'info' AND NOT EXISTS (SELECT FROM risk_management.alerted_events a WHERE a.risk_event_id = e.risk_event_id)`;

/** Is there something to tell? */
export async function hasUntold(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ found: boolean }>(`SELECT EXISTS (SELECT ${NEVER_TOLD}) AS found`);
  return row?.found === true;
}

/** What was never told; a second run at the same time waits for the first and then finds nothing. */
async function untold(tx: Tx): Promise<RiskEvent[]> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('risk_management.alerts'))`);
  return tx.query<RiskEvent>(
    `SELECT e.risk_event_id AS id, e.severity, e.code, e.message, e.at ${NEVER_TOLD} ORDER BY e.at, e.risk_event_id LIMIT ${MAX_EVENTS}`,
  );
}

/** Keeps who was told what. */
async function keep(tx: Tx, { alertId, severity, title }: Alert, events: readonly RiskEvent[]): Promise<void> {
  await tx.query('INSERT INTO risk_management.risk_alerts (alert_id, severity, title, events) VALUES ($1, $2, $3, $4)', [alertId, severity, title, events.length]);
  await tx.query('INSERT INTO risk_management.alerted_events (risk_event_id, alert_id) SELECT id, $2 FROM unnest($1::text[]) AS e(id)', [events.map((event) => event.id), alertId]);
}

/** What the alert says: one item for each kind of event, the critical ones first, the newest words of each. Exported for its test. */
export function alertOf(alertId: string, events: readonly RiskEvent[]): Alert {
  const kinds = new Map<string, RiskEvent[]>();
  for (const event of events) kinds.set(`${event.severity} ${event.code}`, [...(kinds.get(`${event.severity} ${event.code}`) ?? []), event]);
  const groups = [...kinds.values()].sort((a, b) => Number(b[0]?.severity === 'critical') - Number(a[0]?.severity === 'critical') || b.length - a.length);
  const items = groups.slice(0, MAX_ITEMS).map((group) => ({
    label: (group[0]?.code ?? '').replaceAll('_', ' ').toLowerCase(), value: group.length === 1 ? (group[0]?.severity ?? '') : `${group[0]?.severity ?? ''}, ${group.length} times`, note: (group.at(-1)?.message ?? '').slice(0, MAX_NOTE),
  }));
  const severity = events.some((event) => event.severity === 'critical') ? 'critical' : 'warning';
  const only = events.length === 1 ? events[0] : undefined;
  const critical = events.filter((event) => event.severity === 'critical').length;
  const title = only ? only.message : `${events.length} risk events${critical > 0 ? `, ${critical} of them critical` : ''}`;
  const body = items.slice(0, BODY_ROWS).map((item) => `${item.label} (${item.value}): ${item.note}`).join('\n');
  return {
    alertId, severity, title: title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1)}…` : title, body: body.slice(0, 4_000), items,
    context: { source: 'risk_management', events: events.length, riskEventIds: events.slice(0, MAX_ITEMS).map((event) => event.id) },
  };
}

/**
 * Tells what is new, once: claim, alert and event on the wire are one transaction, and an alert has the id of its run, so that a step that runs
 * again after its commit finds what it told.
 */
async function tell(db: Db, runId: string): Promise<Told> {
  const alertId = `risk:${runId}`.slice(0, 200);
  return db.tx(async (tx) => {
    const [done] = await tx.query<{ severity: string; title: string; events: number }>('SELECT severity, title, events FROM risk_management.risk_alerts WHERE alert_id = $1', [alertId]);
    if (done) return { alertId, ...done };
    const events = await untold(tx);
    if (events.length === 0) return { alertId: null, events: 0, severity: null, title: null };
    const alert = alertOf(alertId, events);
    await keep(tx, alert, events);
    tx.emit({ topic: 'alert.raised', key: alertId, correlationId: runId, payload: alert });
    return { alertId, events: events.length, severity: alert.severity, title: alert.title };
  });
}

/** The flow. */
export function alertsFlow(db: Db): FlowDefinition {
  return flow({
    name: 'generate_risk_alerts',
    description: 'Brings warnings and critical events of risk together into one alert, each event in one alert, and has it delivered.',
    input: z.object({}).strict(), schedule: { kind: 'cron', cron: '*/15 * * * *', only: 'in_session' },
    retries: 3, retryDelayMs: 2_000, timeoutMs: 60_000, concurrency: 1, onMissed: 'run_once', overlap: 'skip', events: ['a risk warning'],
    async run(ctx) {
      const told = await ctx.step('tell', () => tell(db, ctx.runId));
      if (told.alertId === null) ctx.log('info', 'Nothing new: every warning was told before');
      else ctx.log('warn', 'An alert was raised', { ...told });
      return told;
    },
  });
}
