/** send_daily_summary: the day in one letter, after each trading day. */
import * as z from 'zod';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import { DAY_MS, epochMs, toRfc3339 } from '#app/domain/time.ts';
import { exchangeDay, sessionOn, specialDayName } from '#app/market/calendar.ts';
import type { Db } from '#chassis/db.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import type { Herald } from '../herald.ts';
import { dayText } from '../letters/figures.ts';
import { summaryLetter } from '../letters/summary-letter.ts';
import { readFailedFlows } from '../summary/failed-runs.ts';
import { newestMarketDay, readDay } from '../summary/read-day.ts';
import { awaitDeliveries } from './await-deliveries.ts';

const STEPS = 4;

/** What the flow works with. */
export type SummaryFlowParts = { readonly db: Db; readonly herald: Herald; readonly config: Pick<RuntimeConfig, 'mode' | 'replay' | 'units' | 'internalToken'>; readonly now: () => number };

const input = z.object({
  day: z.iso.date().optional().describe('The exchange day to sum up; without it the day of the run (in the demo the market’s newest day)'),
}).strict();

type Choice = { readonly day: string; readonly at: number; readonly reason: string | null };

/** The day, and why there is nothing to say about it. The demo and replays have a market clock of their own, whose days all count. */
async function chooseDay({ db, config, now }: SummaryFlowParts, asked: string | undefined, scheduledFor: number | null): Promise<Choice> {
  const at = now();
  const hasOwnClock = config.mode === 'demo' || config.replay !== undefined;
  const day = asked ?? (hasOwnClock ? await newestMarketDay(db) : null) ?? exchangeDay(epochMs(scheduledFor ?? at));
  const isTraded = hasOwnClock || sessionOn(day) !== null;
  return { day, at, reason: isTraded ? null : `The exchange was closed on ${dayText(day)}: ${specialDayName(day) ?? 'a weekend'}` };
}

async function run(ctx: FlowContext, parts: SummaryFlowParts, asked: string | undefined): Promise<unknown> {
  const { db, herald, config } = parts;
  const { day, at, reason } = await ctx.step('choose the day', () => chooseDay(parts, asked, ctx.scheduledFor));
  if (reason !== null) {
    await ctx.skip('write the summary', reason);
    ctx.log('info', reason);
    ctx.progress(STEPS, STEPS);
    return { day, isSent: false, reason };
  }
  ctx.progress(1, STEPS);
  const failed = await ctx.step('ask which runs failed', () => readFailedFlows(config, at - DAY_MS));
  if (failed.problem !== null) ctx.log('warn', 'The summary does not know which runs failed', { problem: failed.problem });
  ctx.progress(2, STEPS);
  const notificationId = `daily_summary:${day}:${ctx.runId}`;
  const facts = await ctx.step('write the summary', () => db.tx(async (tx) => {
    const read = await readDay(tx, day, toRfc3339(epochMs(at)));
    const letter = summaryLetter({ day: read, failed, mode: config.mode, writtenAt: at });
    await herald.send(tx, { notificationId, kind: 'daily_summary', letter }, letter.intro.join(' '));
    const { account, trades, symbols, incidentsTotal } = read;
    return { equityUsd: account?.equity ?? null, dayPnlUsd: account?.pnl ?? null, fills: trades.fills, positions: symbols.filter((symbol) => symbol.qty !== '0').length, warnings: incidentsTotal };
  }));
  ctx.progress(3, STEPS);
  const deliveries = await awaitDeliveries(ctx, { db, herald }, [notificationId]);
  ctx.progress(STEPS, STEPS);
  return { day, isSent: true, ...facts, failedFlows: failed.flows.length, deliveries, note: deliveries.note };
}

/** The flow. */
export function dailySummaryFlow(parts: SummaryFlowParts): FlowDefinition {
  return flow({
    name: 'send_daily_summary',
    description: 'Sends the day in one letter: account, profit or loss, positions, fills, best and worst, and what went wrong.',
    input, schedule: { kind: 'cron', cron: '0 19 * * *', only: 'trading_days' },
    retries: 5, retryDelayMs: 5_000, timeoutMs: 120_000, concurrency: 1, onMissed: 'run_once', overlap: 'skip',
    run: (ctx, { day }) => run(ctx, parts, day),
  });
}
