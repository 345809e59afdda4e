/** The synthetic market: plausible minute bars as a pure function of (seed, symbol, day, minute). */
import { randomOf } from '#app/domain/random.ts';
import { invariant } from '#app/domain/errors.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, fromNewYork, isInSession, latestSession, nextOpen, sessionOn, sessionsBetween, type Session } from '#app/market/calendar.ts';
import { BAR_MS, type BarRange, type Market, type MarketBar, type PastAction, type Step } from './market.ts';
import { FIRST_DAILY_DAY, listingChangesBefore, pastActionsOf, rawFactorAt } from './past-actions.ts';
import { DELISTED_NAMES, SYNTHETIC_NAMES, TAPE_SIZE, type SyntheticName } from './synthetic-names.ts';

/** The paths of all symbols begin here; every later day follows from it. */
const FIRST_DAY = '2020-01-02';
const SESSIONS_A_YEAR = 252;
/** Sessions that spend their time in one regime. */
const REGIME_SESSIONS = 8;
/** How strongly a price is pulled to its anchor, a session. */
const PULL = 0.012;
const MARKET_VOLATILITY = 0.14;
const POINTS_A_MINUTE = 4;
/** Series of one symbol and session that are kept: eight sessions of the tape, and what was asked of the others. */
const MAX_CACHED_SERIES = 256;
/** Sessions of minutes that a new market shows (daily bars reach back to FIRST_DAILY_DAY), and how far behind today its clock begins (a month: two hours at 60x). */
const HISTORY_SESSIONS = 20;
const SESSIONS_BEHIND = 21;

type Regime = { readonly drift: number; readonly volatility: number; readonly swing: number };
/** Drift a session, factor on volatility, and the size of the slow swings inside a day (in units of the day's volatility). */
const REGIMES: readonly Regime[] = [
  { drift: 0.0025, volatility: 0.9, swing: 0.5 },
  { drift: -0.0022, volatility: 1.1, swing: 0.5 },
  { drift: 0, volatility: 0.7, swing: 1.1 },
  { drift: 0, volatility: 1.9, swing: 0.9 },
];

/** Log levels of one symbol at the ends of a session, relative to its anchor. */
type DayLevels = { readonly open: number; readonly close: number };

function regimeOf(seed: number, symbol: string, index: number): Regime {
  const pick = randomOf(seed, symbol, 'regime', Math.floor(index / REGIME_SESSIONS)).next();
  const regime = REGIMES[Math.floor(pick * REGIMES.length)];
  invariant(regime, 'A regime exists for every draw');
  return regime;
}

/** Standard normal paths of a session for one factor, pinned to zero at both ends (a Brownian bridge), unit variance at the end. */
function bridge(seed: number, name: string, index: number, points: number): Float64Array {
  const random = randomOf(seed, name, 'bridge', index);
  const path = new Float64Array(points + 1);
  let heat = 0;
  for (let i = 1; i <= points; i += 1) {
    // Volatility clusters: today's heat is mostly the last minute's heat.
    heat = 0.97 * heat + 0.24 * random.normal();
    const u = (2 * i) / points - 1;
    const shape = 0.7 + 0.75 * u * u;
    path[i] = (path[i - 1] ?? 0) + (random.normal() * shape * Math.exp(0.35 * heat - 0.06)) / Math.sqrt(points);
  }
  const end = path[points] ?? 0;
  for (let i = 0; i <= points; i += 1) path[i] = (path[i] ?? 0) - (end * i) / points;
  return path;
}

function swings(seed: number, symbol: string, index: number): (fraction: number) => number {
  const random = randomOf(seed, symbol, 'swing', index);
  const waves = [2, 5, 11].map((cycles) => ({ cycles: cycles * (0.8 + 0.4 * random.next()), phase: random.next(), size: (0.5 + random.next()) / cycles }));
  return (fraction) => waves.reduce((sum, wave) => sum + wave.size * (Math.sin(2 * Math.PI * (wave.cycles * fraction + wave.phase)) - Math.sin(2 * Math.PI * wave.phase)), 0);
}

const cents = (value: number): number => Math.round(value * 100) / 100;

/** The paths of one market seed. */
function createPaths(seed: number) {
  const sessions: Session[] = [];
  const indexOf = new Map<string, number>();
  const levels = new Map<string, DayLevels[]>();
  const extend = (date: string): void => {
    const last = sessions.at(-1)?.date;
    if (last !== undefined && last >= date) return;
    for (const session of sessionsBetween(last ?? FIRST_DAY, date)) {
      if (session.date === last) continue;
      indexOf.set(session.date, sessions.length);
      sessions.push(session);
    }
  };
  /** The market's two draws of a day, the same for all symbols. */
  const draws: { readonly gap: number; readonly day: number }[] = [];
  const marketDraws = (index: number): { readonly gap: number; readonly day: number } => {
    for (let i = draws.length; i <= index; i += 1) {
      const random = randomOf(seed, 'MARKET', 'day', i);
      draws.push({ gap: random.normal(), day: random.normal() });
    }
    const found = draws[index];
    invariant(found, 'The market has drawn for the asked session', { index });
    return found;
  };
  const levelsAt = (name: SyntheticName, index: number): DayLevels => {
    let known = levels.get(name.symbol);
    if (!known) levels.set(name.symbol, (known = []));
    for (let i = known.length; i <= index; i += 1) {
      const before = known[i - 1]?.close ?? 0;
      const regime = regimeOf(seed, name.symbol, i);
      const market = marketDraws(i);
      const own = randomOf(seed, name.symbol, 'day', i);
      const gap = name.beta * dailyVolatility(MARKET_VOLATILITY) * 0.4 * market.gap + dailyVolatility(name.annualVolatility) * 0.5 * own.normal();
      const day = name.beta * dailyVolatility(MARKET_VOLATILITY) * 0.8 * market.day + dailyVolatility(name.annualVolatility) * regime.volatility * own.normal() + regime.drift;
      const open = before * (1 - PULL) + gap;
      known.push({ open, close: open + day });
    }
    const found = known[index];
    invariant(found, 'Levels reach the asked session', { index });
    return found;
  };
  const partsOf = (name: SyntheticName, session: Session): MinuteParts => {
    extend(session.date);
    const index = indexOf.get(session.date);
    invariant(index !== undefined, 'The session lies after the first day of the market', { date: session.date });
    return { seed, name, session, index, day: levelsAt(name, index) };
  };
  return {
    minutes: (name: SyntheticName, session: Session): readonly MarketBar[] => buildMinutes(partsOf(name, session)),
    day: (name: SyntheticName, session: Session): MarketBar => buildDay(partsOf(name, session)),
  };
}

type Paths = ReturnType<typeof createPaths>;

function dailyVolatility(annual: number): number {
  return annual / Math.sqrt(SESSIONS_A_YEAR);
}

type MinuteParts = { readonly seed: number; readonly name: SyntheticName; readonly session: Session; readonly index: number; readonly day: DayLevels };

/** Sizes of the day's moves of a name: by the market, of its own. */
function sizesOf(name: SyntheticName, regime: Regime): { readonly marketSize: number; readonly ownSize: number } {
  return { marketSize: name.beta * dailyVolatility(MARKET_VOLATILITY), ownSize: dailyVolatility(name.annualVolatility) * regime.volatility };
}

/** What the swings add to the level at a place of the day (0..1). */
function swingLevel(swing: (fraction: number) => number, sizes: ReturnType<typeof sizesOf>, regime: Regime): (fraction: number) => number {
  return (fraction) => (sizes.marketSize + sizes.ownSize) * regime.swing * 0.35 * swing(fraction);
}

/**
 * A whole day without its minutes: open and close are those that the minutes would have, high, low and volume are as plausible and no more. `openTime`: New York's midnight.
 * Cheap: a thousandth of what the minutes cost. Prices are not rounded.
 */
function buildDay({ seed, name, session, index, day }: MinuteParts): MarketBar {
  const regime = regimeOf(seed, name.symbol, index);
  const sizes = sizesOf(name, regime);
  const end = swingLevel(swings(seed, name.symbol, index), sizes, regime)(1);
  const [open, close] = [name.anchor * Math.exp(day.open), name.anchor * Math.exp(day.close + end)];
  const reach = randomOf(seed, name.symbol, 'reach', index);
  const size = 0.45 * Math.hypot(sizes.marketSize, sizes.ownSize) * (1 + 0.4 * regime.swing);
  const high = Math.max(open, close) * Math.exp(size * Math.abs(reach.normal()));
  const low = Math.min(open, close) * Math.exp(-size * Math.abs(reach.normal()));
  const busyness = Math.exp(0.3 * randomOf(seed, name.symbol, 'volume', index).normal());
  const volume = Math.max(1_000, Math.round(name.dailyShares * 0.04 * busyness * (1 + 12 * Math.abs(Math.log(high / low)))));
  return {
    symbol: name.symbol, openTime: fromNewYork(session.date, 0), open, high, low, close, volume, trades: Math.max(1, Math.round(volume / (60 + 80 * reach.next()))), vwap: (open + high + low + close) / 4,
  };
}

function buildMinutes({ seed, name, session, index, day }: MinuteParts): readonly MarketBar[] {
  const count = Math.round((session.close - session.open) / BAR_MS);
  const points = count * POINTS_A_MINUTE;
  const regime = regimeOf(seed, name.symbol, index);
  const market = bridge(seed, 'MARKET', index, points);
  const own = bridge(seed, name.symbol, index, points);
  const { marketSize, ownSize } = sizesOf(name, regime);
  const swing = swingLevel(swings(seed, name.symbol, index), { marketSize, ownSize }, regime);
  const volumes = randomOf(seed, name.symbol, 'volume', index);
  const busyness = Math.exp(0.3 * volumes.normal());
  const priceAt = (i: number): number => {
    const fraction = i / points;
    const level = day.open + (day.close - day.open) * fraction + marketSize * (market[i] ?? 0) + ownSize * (own[i] ?? 0) + swing(fraction);
    return Math.max(1, name.anchor * Math.exp(level));
  };
  const bars: MarketBar[] = [];
  for (let minute = 0; minute < count; minute += 1) {
    const path = Array.from({ length: POINTS_A_MINUTE + 1 }, (_, k) => cents(priceAt(minute * POINTS_A_MINUTE + k)));
    const [open, close] = [path[0] ?? 1, path.at(-1) ?? 1];
    const u = (2 * minute) / (count - 1) - 1;
    const move = (Math.max(...path) - Math.min(...path)) / open;
    const share = (0.55 + 1.35 * u * u) / count;
    const volume = Math.max(100, Math.round(name.dailyShares * 0.04 * share * busyness * Math.exp(0.45 * volumes.normal()) * (1 + 250 * move)));
    const vwap = Math.round((path.reduce((sum, value) => sum + value, 0) / path.length) * 10_000) / 10_000;
    bars.push({
      symbol: name.symbol, openTime: (session.open + minute * BAR_MS) as EpochMs, open, high: Math.max(...path), low: Math.min(...path), close, volume,
      trades: Math.max(1, Math.round(volume / (60 + 80 * volumes.next()))), vwap,
    });
  }
  return bars;
}

/** Where a new market's clock begins when it is set up at `today`: at an open about a month before. */
export function syntheticStart(today: EpochMs): EpochMs {
  const sessions = sessionsBetween(exchangeDay((today - 60 * DAY_MS) as EpochMs), exchangeDay((today - DAY_MS) as EpochMs));
  const session = sessions.at(-SESSIONS_BEHIND);
  invariant(session, 'Two months hold at least 21 sessions', { today });
  return session.open;
}

/** The last of the least lately used is let go when more than `most` are held. */
function createCache<T>(most: number): (key: string, make: () => T) => T {
  const held = new Map<string, T>();
  return (key, make) => {
    const known = held.get(key);
    const value = known ?? make();
    if (known !== undefined) held.delete(key);
    held.set(key, value);
    const oldest = held.keys().next().value;
    if (held.size > most && oldest !== undefined) held.delete(oldest);
    return value;
  };
}

/**
 * Opens the synthetic market of a seed whose clock begins at `startTime` (a session's open). The first TAPE_SIZE names are the tape; the others are made when somebody asks.
 * Minutes exist from twenty sessions before, daily bars from FIRST_DAILY_DAY; corporate actions of the past lie before the first minute.
 */
export function openSyntheticMarket(seed: number, startTime: EpochMs): Market {
  const paths = createPaths(seed);
  const names = new Map(SYNTHETIC_NAMES.map((name) => [name.symbol, name]));
  const tape = SYNTHETIC_NAMES.slice(0, TAPE_SIZE);
  const firstMinutes = sessionsBetween(exchangeDay((startTime - 60 * DAY_MS) as EpochMs), exchangeDay(startTime)).at(-1 - HISTORY_SESSIONS);
  invariant(firstMinutes, 'Two months hold at least twenty-one sessions', { startTime });
  const historyFrom = firstMinutes.open;
  const cached = createCache<readonly MarketBar[]>(MAX_CACHED_SERIES);
  const series = (name: SyntheticName, session: Session): readonly MarketBar[] => cached(`${name.symbol} ${session.date}`, () => paths.minutes(name, session));
  const stepAt = (openTime: EpochMs): Step | null => {
    if (openTime < historyFrom || !isInSession(openTime)) return null;
    const session = latestSession(openTime);
    const minute = (openTime - session.open) / BAR_MS;
    const bars = tape.flatMap((name) => series(name, session)[minute] ?? []);
    return bars.length === 0 ? null : { openTime, isRegular: true, bars };
  };
  const past = createPast(paths, firstMinutes.date);
  return {
    kind: 'synthetic', fingerprint: `synthetic:${seed}:${startTime}`, assets: names, startTime, size: null, stepAt, firstMinute: historyFrom, tape: new Set(tape.map((name) => name.symbol)),
    delisted: new Map(DELISTED_NAMES.map((asset) => [asset.symbol, asset])),
    nextStep: (openTime) => {
      const next = (openTime + BAR_MS) as EpochMs;
      return stepAt(isInSession(next) ? next : nextOpen(openTime));
    },
    barAt: (symbol, openTime) => {
      const name = names.get(symbol);
      if (!name || openTime < historyFrom || !isInSession(openTime)) return null;
      const session = latestSession(openTime);
      return series(name, session)[(openTime - session.open) / BAR_MS] ?? null;
    },
    bars: (symbol, range) => {
      const name = names.get(symbol);
      return name ? collect(range, historyFrom, (session) => series(name, session)) : [];
    },
    ...past,
  };
}

/** Daily bars and corporate actions from before the first minute (of the day `until`). */
function createPast(paths: Paths, until: string): Pick<Market, 'olderDays' | 'pastActions' | 'listingChanges'> {
  const actions = new Map<string, readonly PastAction[]>();
  const before = sessionsBetween(FIRST_DAILY_DAY, until).filter((session) => session.date < until);
  const actionsOf = (name: SyntheticName): readonly PastAction[] => {
    const known = actions.get(name.symbol);
    if (known) return known;
    const closeBefore = (exDate: string): number => {
      const session = before.findLast((one) => one.date < exDate);
      return session ? paths.day(name, session).close : name.anchor;
    };
    const made = pastActionsOf(name, until, closeBefore);
    actions.set(name.symbol, made);
    return made;
  };
  const rounded = (bar: MarketBar, factor: number): MarketBar => ({
    ...bar, open: cents(bar.open * factor), high: cents(bar.high * factor), low: cents(bar.low * factor), close: cents(bar.close * factor), vwap: Math.round(bar.vwap * factor * 10_000) / 10_000,
    volume: Math.max(1, Math.round(bar.volume / factor)),
  });
  return {
    listingChanges: listingChangesBefore(until),
    pastActions: (symbol) => {
      const name = SYNTHETIC_NAMES.find((one) => one.symbol === symbol);
      return name ? actionsOf(name) : [];
    },
    olderDays: (symbol, { from, to }) => {
      const name = SYNTHETIC_NAMES.find((one) => one.symbol === symbol);
      if (!name || from > to) return [];
      const past = actionsOf(name);
      return before.filter((session) => session.open >= from && fromNewYork(session.date, 0) >= from && fromNewYork(session.date, 0) <= to).map((session) => {
        const bar = paths.day(name, session);
        return rounded(bar, rawFactorAt(past, bar.openTime));
      });
    },
  };
}

function collect(range: BarRange, historyFrom: EpochMs, series: (session: Session) => readonly MarketBar[]): readonly MarketBar[] {
  const from = Math.max(range.from, historyFrom) as EpochMs;
  if (from > range.to) return [];
  const sessions = sessionsBetween(exchangeDay(from), exchangeDay(range.to));
  if (range.isDescending) sessions.reverse();
  const found: MarketBar[] = [];
  for (const { date } of sessions) {
    const session = sessionOn(date);
    if (!session) continue;
    const bars = series(session);
    for (const bar of range.isDescending ? [...bars].reverse() : bars) {
      if (bar.openTime < from || bar.openTime > range.to) continue;
      found.push(bar);
      if (found.length >= range.limit) return found;
    }
  }
  return found;
}
