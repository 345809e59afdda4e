/** The rules in words: what each finding means, from where on it is one, whose idea that is, and what repairs it. */
import type { Finding, FindingKind, Severity } from './finding.ts';

/** What repairs a finding: reading its bars again from the broker, taking them out of the book, or a person alone. */
export type RepairWay = 'refetch' | 'quarantine' | 'person';

/** One rule. `severity`: the usual one (a finding may be milder: a level that changed with news is no defect). `way`: what is tried by itself. */
export type QualityRule = {
  readonly kind: FindingKind; readonly title: string; readonly severity: Severity; readonly meaning: string; readonly threshold: string; readonly source: string; readonly repair: string; readonly way: RepairWay;
};

const REFETCH = 'Its bars are read again from the broker. The same answer confirms them; another one corrects the book.';
const QUARANTINE = 'Read again from the broker; when it cannot say better, the bars are taken out of the book and held for a person.';
const PERSON = 'A person decides.';

function rule(kind: FindingKind, severity: Severity, way: RepairWay, [title, meaning, threshold, source]: readonly [string, string, string, string]): QualityRule {
  return { kind, title, severity, meaning, threshold, source, way, repair: way === 'refetch' ? REFETCH : way === 'quarantine' ? QUARANTINE : PERSON };
}

const OWN = 'Definition of a bar';
const CALENDAR = 'Calendar of the exchange';
const HAMPEL = 'Hampel (1974), median absolute deviation';

/** Every rule, in the order in which a person reads about them. */
export const QUALITY_RULES: readonly QualityRule[] = [
  rule('not_a_number', 'critical', 'quarantine', ['Not a number', 'A price or the volume is empty or no number.', 'Any', OWN]),
  rule('price_not_positive', 'critical', 'quarantine', ['Price not above zero', 'A price is zero or negative.', 'At most 0', OWN]),
  rule('swapped_columns', 'critical', 'quarantine', ['Swapped columns', 'Two columns have changed places: high with low, or a price with the volume.', 'In order after swapping; a price 8 times the usual beside a volume like a price', OWN]),
  rule('ohlc_order', 'critical', 'quarantine', ['Prices out of order', 'Open or close lies outside of low to high.', 'Any', OWN]),
  rule('volume_negative', 'critical', 'quarantine', ['Negative volume', 'Less than no shares were traded.', 'Below 0', OWN]),
  rule('volume_fraction', 'info', 'person', ['Fractions of shares', 'Volumes are no whole numbers: the bars were probably adjusted for splits before they came.', 'First of them', OWN]),
  rule('off_grid', 'critical', 'quarantine', ['Off the grid', 'The bar opens between two places of its width.', 'Any', OWN]),
  rule('time_shift', 'critical', 'person', ['Shifted by hours', 'Times are those of another zone: the day\'s trading lies hours away from the session.', '85 % of the volume within a session moved by whole hours, 5 % more than in the real one', CALENDAR]),
  rule('no_session', 'critical', 'quarantine', ['No session', 'The exchange was closed on this day.', 'Any bar', CALENDAR]),
  rule('outside_hours', 'warning', 'refetch', ['Outside of all hours', 'Nobody trades before 04:00 or after 20:00 in New York.', 'Any bar', CALENDAR]),
  rule('duplicate', 'critical', 'person', ['Twice the same time', 'There are two bars of one time.', 'Any; a warning when they are equal', OWN]),
  rule('out_of_order', 'warning', 'person', ['Out of order', 'An older bar stands after a newer one.', 'Any', OWN]),
  rule('clock_skew', 'critical', 'refetch', ['Ahead of the clock', 'The bar has not ended yet, or was seen before it had.', '2 s', OWN]),
  rule('gap', 'warning', 'refetch', ['Gap in a session', 'Bars are missing in a row, more than this series leaves out by itself.', '5 minutes, 2 of 5 minutes, else 1; more where chance makes it (1 in a million, by the coverage of 5 days on each side)', 'Geometric distribution of empty places']),
  rule('sessions_missing', 'critical', 'refetch', ['Days missing', 'Whole sessions have no bar.', '1 day; more in a series that does not trade every day (1 in 10,000)', CALENDAR]),
  rule('stale_series', 'critical', 'refetch', ['Stopped', 'The series ended while the market went on.', '15 minutes of open market', OWN]),
  rule('spike', 'critical', 'refetch', ['Spike', 'The close leaves its level and is back within three bars.', '10 robust deviations, 1.6 times the largest move of the 10 bars on each side, at most 35 % remain', HAMPEL]),
  rule('wick', 'warning', 'refetch', ['Bad print', 'A high, low or open sticks out of both neighbours while the close stays.', '6 times the range that nine in ten bars stay below; 3 % (minutes) to 20 % (days)', 'Wilder (1978), true range']),
  rule('decimal_shift', 'critical', 'quarantine', ['Decimal point', 'Prices are ten, a hundred or a thousand times too high or low, and come back.', 'A power of ten, give or take 20 %', HAMPEL]),
  rule('foreign_stretch', 'critical', 'person', ['Another symbol\'s bars', 'A stretch stands at another level, and ends where the series had left off.', '40 % away, 4 to 250 bars, back within 10 % and three deviations', HAMPEL]),
  rule('jump', 'critical', 'refetch', ['Level shift without news', 'The price changed its level while neither volume nor range say that anything happened: often a spin-off or a payout that nobody told.', '10 robust deviations, twice what nine in ten moves stay below; 2 % (minutes) to 15 % (days)', HAMPEL]),
  rule('news_jump', 'info', 'person', ['Large move', 'The price changed its level, with the volume or range of a day with news.', 'As a level shift, with 2.5 times the usual dollars or range', HAMPEL]),
  rule('overnight_jump', 'info', 'person', ['Large move overnight', 'The session opened far from the close before.', '28 %', HAMPEL]),
  rule('split_cliff', 'critical', 'person', ['Split that nobody told', 'The price changed overnight by the ratio of a split, and none is known.', 'Within 6 % of 3:2, 2:1 ... 100:1 or the other way, on a day without news', 'Ratios of listed splits']),
  rule('split_not_in_prices', 'critical', 'person', ['Split not in the prices', 'A split is known, and the price does not show it: the bars were adjusted already, or the split is wrong.', 'Half of the ratio', 'Corporate actions']),
  rule('dividend_cliff', 'warning', 'person', ['Payout that nobody told', 'The price opened far lower on a day as quiet as any other: perhaps a special dividend, a spin-off or a small split.', '5 % and 10 robust deviations of usual openings; dollars and range at most 1.3 times the usual', HAMPEL]),
  rule('frozen_price', 'warning', 'refetch', ['Frozen price', 'There is volume, at one single price for very long.', '60 minutes, 8 hours, 4 days', OWN]),
  rule('repeated_bar', 'warning', 'refetch', ['Repeated bar', 'A bar is the one before again: the source filled a hole with it.', 'Once with equal volume, three times with another', OWN]),
  rule('no_volume', 'warning', 'refetch', ['No volume', 'Nothing was traded for long in a series that trades.', '20 minutes, 2 hours, 1 day', OWN]),
  rule('volume_anomaly', 'warning', 'refetch', ['Odd volume', 'Far more shares than usual in one bar, or a small part of the usual for days (lots instead of shares).', '50 times the median (days) to 200 times (minutes), and 12 times what nine in ten stay below', HAMPEL]),
  rule('day_mismatch', 'warning', 'refetch', ['Day and minutes disagree', 'The bar of the day is not the sum of its minutes.', '1 % in a price; half to four times the volume; 95 % of the minutes there', OWN]),
  rule('source_conflict', 'warning', 'refetch', ['Sources disagree', 'Two sources tell the same bar differently. The first one counts until the broker is asked again.', 'A millionth of a price, one share', OWN]),
  rule('factor_mismatch', 'warning', 'person', ['Adjustment disagrees', 'Our factors of splits and dividends are not those of the broker\'s adjusted series.', '0.2 % after rounding to cents', 'Broker\'s adjusted bars']),
  rule('action_unresolved', 'warning', 'person', ['Action without effect', 'A split, payout or spin-off is known, but not what it did to the price: adjusted prices before it are not freed of it.', 'Any', 'Corporate actions']),
];

const BY_KIND = new Map<string, QualityRule>(QUALITY_RULES.map((one) => [one.kind, one]));

/** The rule of a kind; undefined for kinds of older releases and for what is noted when bars arrive. */
export function ruleOf(kind: string): QualityRule | undefined {
  return BY_KIND.get(kind);
}

/** The finding as a sentence for a person. */
export function describeFinding({ kind, detail }: Pick<Finding, 'kind' | 'detail'>): string {
  const of = (name: string): string => {
    const value = detail[name];
    return typeof value === 'number' ? String(Math.round(value * 1e4) / 1e4) : String(value ?? '?');
  };
  const count = (name: string, one: string): string => `${of(name)} ${one}${detail[name] === 1 ? '' : 's'}`;
  const texts: Partial<Record<FindingKind, () => string>> = {
    not_a_number: () => `${of('field')} is empty or no number`,
    price_not_positive: () => `Open ${of('open')}, high ${of('high')}, low ${of('low')}, close ${of('close')}: not all are above zero`,
    swapped_columns: () => `${of('columns')} have changed places`,
    ohlc_order: () => `Open ${of('open')}, high ${of('high')}, low ${of('low')}, close ${of('close')}: ${of('defect')}`,
    volume_negative: () => `The volume is ${of('volume')}`, volume_fraction: () => `The volume is ${of('volume')} shares`,
    off_grid: () => `It opens ${of('offSeconds')} s after its place`,
    time_shift: () => `Its times are ${of('hours')} hours off`,
    no_session: () => `${count('bars', 'bar')} on ${of('day')}, when the exchange was closed`, outside_hours: () => `${count('bars', 'bar')} on ${of('day')} outside of 04:00 to 20:00`,
    duplicate: () => `Row ${of('row')} is of the same time as row ${of('sameAsRow')}, with ${of('values')} values`, out_of_order: () => `Row ${of('row')} is older than the one before it`,
    clock_skew: () => `The bar is ahead of the clock: ${of('defect')}`,
    gap: () => `${count('missingBars', 'bar')} in a row ${detail['missingBars'] === 1 ? 'is' : 'are'} missing on ${of('day')}`,
    sessions_missing: () => (detail['sessions'] === 1 ? `${of('firstDay')} has no bar` : `${of('sessions')} days have no bar: ${of('firstDay')} to ${of('lastDay')}`),
    stale_series: () => `It is ${of('behindMinutes')} minutes of open market behind`,
    spike: () => `The close went from ${of('before')} to ${of('during')} (${of('changePercent')} %) and came back after ${count('bars', 'bar')}`,
    wick: () => `The ${of('field')} of ${of('print')} is ${of('awayPercent')} % away from its neighbours; the close is ${of('close')}`,
    decimal_shift: () => `Prices are ${of('factor')} times those around it, for ${count('bars', 'bar')}`,
    foreign_stretch: () => `${of('bars')} bars stand ${of('changePercent')} % away (${of('before')}, then ${of('during')}), then the series goes on where it was`,
    dividend_cliff: () => `It opened at ${of('open')} after ${of('previousClose')} (${of('changePercent')} %) on a quiet day`,
    split_cliff: () => `From ${of('previousClose')} to ${of('open')} overnight, as after a split of ${of('newSharesPerOld')} new shares for one`,
    split_not_in_prices: () => `A split of ${of('newSharesPerOld')} new shares for one is known, but the price went from ${of('previousClose')} to ${of('open')}`,
    frozen_price: () => `${of('bars')} bars at ${of('close')} only`, repeated_bar: () => `The bar before comes again ${count('repeats', 'time')}, with ${of('volume')} volume`,
    no_volume: () => `${count('bars', 'bar')} without volume; ${of('usualVolume')} shares are usual`,
    volume_anomaly: () => `${of('volume')} shares${detail['direction'] === 'thin' ? ` a bar for ${count('bars', 'bar')}` : ''}; ${of('usualVolume')} are usual`,
    day_mismatch: () => `The ${of('field')} of the day is ${of('day')}, of its minutes ${of('minutes')}`,
    source_conflict: () => `Two sources differ`, factor_mismatch: () => `Up to ${of('day')} our factor is ${of('ours')}, the broker's ${of('theirs')}`, action_unresolved: () => `${of('action')} on ${of('exDate')}: ${of('problem')}`,
  };
  const jump = (): string => `From ${of('previousClose')} to ${of('close')} (${of('changePercent')} %)`;
  return (texts[kind] ?? (detail['previousClose'] === undefined ? (): string => ruleOf(kind)?.title ?? kind.replaceAll('_', ' ') : jump))();
}
