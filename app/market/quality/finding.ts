/** What the rules on bars give: findings, with how bad each is. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { Timeframe } from '#app/domain/time.ts';

/** Kinds of findings. What each means, from which threshold on, and what repairs it stands in `rules.ts`. */
export const FINDING_KINDS = [
  'not_a_number', 'price_not_positive', 'swapped_columns', 'ohlc_order', 'volume_negative', 'volume_fraction',
  'off_grid', 'time_shift', 'no_session', 'outside_hours', 'duplicate', 'out_of_order', 'clock_skew', 'gap', 'sessions_missing', 'stale_series',
  'spike', 'wick', 'decimal_shift', 'foreign_stretch', 'jump', 'news_jump', 'overnight_jump', 'split_cliff', 'split_not_in_prices', 'dividend_cliff',
  'frozen_price', 'repeated_bar', 'no_volume', 'volume_anomaly', 'day_mismatch', 'source_conflict', 'factor_mismatch', 'action_unresolved',
] as const;
/** A kind of finding. */
export type FindingKind = (typeof FINDING_KINDS)[number];

/** How bad: `critical` bars are not to be traded on, `warning` ones are worth a person's look, `info` is worth knowing. */
export type Severity = 'critical' | 'warning' | 'info';

/**
 * One finding. `openTime`: of the bar that it is about, or of the first of them (epoch ms); `untilTime`: of the last. `score`: how far beyond its threshold, 1 = just.
 * `detail` is small, plain JSON; its names carry the unit.
 */
export type Finding = {
  readonly kind: FindingKind; readonly severity: Severity; readonly openTime: number; readonly untilTime: number; readonly score: number; readonly detail: Readonly<Record<string, number | string>>;
};

/** What a corporate action that was told does on its day: prices before it times `split` (shares) and times `price` (payouts). `exDay`: days since 1970. */
export type ToldAction = { readonly exDay: number; readonly split: number; readonly price: number };

/**
 * What the rules may know beside the bars. `actions`: splits and payouts that were told. `now`: the market's present (epoch ms), null when it is not known.
 * `seen`: when each bar was seen, epoch ms; null when that is not known or is of another clock.
 */
export type QualityContext = { readonly timeframe: Timeframe; readonly actions?: readonly ToldAction[]; readonly now?: number | null; readonly seen?: Float64Array | null };

/** Findings and how many there were of each kind: of one kind at most `FINDINGS_PER_KIND` are kept. */
export type QualityResult = { readonly findings: readonly Finding[]; readonly counts: Readonly<Partial<Record<FindingKind, number>>> };

/** Findings of one kind that are kept of one series; a broken file has thousands of the same. */
export const FINDINGS_PER_KIND = 200;

/** Where rules put what they find. */
export type Sink = { readonly add: (finding: Finding) => void };

/** The columns by name, for short loops. */
export type Columns = BarColumns;

/** Builds a finding about one bar. */
export function aboutBar(kind: FindingKind, severity: Severity, at: { readonly openTime: number; readonly untilTime?: number; readonly score?: number }, detail: Finding['detail'] = {}): Finding {
  const score = at.score ?? 1;
  return { kind, severity, openTime: at.openTime, untilTime: at.untilTime ?? at.openTime, score: Number.isFinite(score) ? Math.round(score * 100) / 100 : 1_000, detail };
}

/** Collects findings: sorted by time, then by kind, cut to the first of each kind. */
export function collector(): Sink & { readonly result: () => QualityResult } {
  const kept: Finding[] = [];
  const counts: Partial<Record<FindingKind, number>> = {};
  return {
    add(finding) {
      const n = (counts[finding.kind] ?? 0) + 1;
      counts[finding.kind] = n;
      if (n <= FINDINGS_PER_KIND) kept.push(finding);
    },
    result: () => ({ findings: kept.sort((a, b) => a.openTime - b.openTime || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0)), counts }),
  };
}
