/** Schedules of flows: cron with a time zone, intervals, and moments of the market's day; their shape and their words. */
import * as z from 'zod';

/** Which moments the market calendar lets through. */
export const scheduleFilterSchema = z.enum(['always', 'trading_days', 'in_session']);
/** Which moments the market calendar lets through. */
export type ScheduleFilter = z.infer<typeof scheduleFilterSchema>;

/** The schedule ends here (EpochMs); null = never. A schedule that can tick no more says so. */
const until = z.number().int().nullable().default(null);

/** The largest distance from an open, a close or a full hour, minutes. */
export const MAX_OFFSET_MINUTES = 720;
/** The longest interval: four weeks. */
export const MAX_INTERVAL_MINUTES = 40_320;

/** When a flow runs by itself. All kinds tick on whole minutes. */
export const scheduleSchema = z.discriminatedUnion('kind', [
  /** Five cron fields, read on the wall clock of `timeZone` (an IANA name); `only` thins them by the exchange's calendar (New York). */
  z.object({ kind: z.literal('cron'), cron: z.string().trim().min(1).max(200), timeZone: z.string().min(1).max(60).default('America/New_York'), only: scheduleFilterSchema.default('always'), until }),
  /** Every so many minutes of real time, counted from midnight UTC of 1970-01-01, so that every computer agrees. */
  z.object({ kind: z.literal('interval'), everyMinutes: z.number().int().min(1).max(MAX_INTERVAL_MINUTES), only: scheduleFilterSchema.default('always'), until }),
  /**
   * A moment of each session, half days and late opens included: so many minutes after (negative: before) the open, the close, or each full
   * hour h:00 with open < h:00 <= close. "5 min after each hour in session" = hour, 5; "30 min before open" = open, -30; "15 min after close" = close, 15.
   */
  z.object({ kind: z.literal('session'), anchor: z.enum(['open', 'close', 'hour']), offsetMinutes: z.number().int().min(-MAX_OFFSET_MINUTES).max(MAX_OFFSET_MINUTES).default(0), until }),
]);
/** When a flow runs by itself. */
export type FlowSchedule = z.infer<typeof scheduleSchema>;
/** A schedule as people and services write it: what has a default may be left out. */
export type FlowScheduleInput = z.input<typeof scheduleSchema>;
