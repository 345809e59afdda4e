/** The synthetic market: plausible minute bars as a pure function of (seed, symbol, day, minute). */
import { randomOf } from '#app/domain/random.ts';
import { invariant } from '#app/domain/errors.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, isInSession, latestSession, nextOpen, sessionOn, sessionsBetween, type Session } from '#app/market/calendar.ts';
import { BAR_MS, type BarRange, type Market, type MarketBar, type Step } from './market.ts';
import { SYNTHETIC_NAMES, type SyntheticName } from './synthetic-names.ts';

/** The paths of all symbols begin here; every later day follows from it. */
const FIRST_DAY = '2020-01-02';
const SESSIONS_A_YEAR = 252;
/** Sessions that spend their time in one regime. */
const REGIME_SESSIONS = 8;
/** How strongly a price is pulled to its anchor, a session. */
const PULL = 0.012;
const MARKET_VOLATILITY = 0.14;
const POINTS_A_MINUTE = 4;
const MAX_CACHED_SESSIONS = 8;
/** Sessions of history that a new market shows, and how far behind today its clock begins (a month: two hours at 60x). */
const HISTORY_SESSIONS = 3;
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
  const dailyVolatility = (annual: number): number => annual / Math.sqrt(SESSIONS_A_YEAR);
  const levelsAt = (name: SyntheticName, index: number): DayLevels => {
    let known = levels.get(name.symbol);
    if (!known) levels.set(name.symbol, (known = []));
    for (let i = known.length; i <= index; i += 1) {
      const before = known[i - 1]?.close ?? 0;
      const regime = regimeOf(seed, name.symbol, i);
      const market = randomOf(seed, 'MARKET', 'day', i);
      const own = randomOf(seed, name.symbol, 'day', i);
      const gap = name.beta * dailyVolatility(MARKET_VOLATILITY) * 0.4 * market.normal() + dailyVolatility(name.annualVolatility) * 0.5 * own.normal();
      const day = name.beta * dailyVolatility(MARKET_VOLATILITY) * 0.8 * market.normal() + dailyVolatility(name.annualVolatility) * regime.volatility * own.normal() + regime.drift;
      const open = before * (1 - PULL) + gap;
      known.push({ open, close: open + day });
    }
    const found = known[index];
    invariant(found, 'Levels reach the asked session', { index });
    return found;
  };
  const minutes = (name: SyntheticName, session: Session): readonly MarketBar[] => {
    extend(session.date);
    const index = indexOf.get(session.date);
    invariant(index !== undefined, 'The session lies after the first day of the market', { date: session.date });
    return buildMinutes({ seed, name, session, index, day: levelsAt(name, index), volatility: dailyVolatility });
  };
  return { extend, minutes };
}

type MinuteParts = { seed: number; name: SyntheticName; session: Session; index: number; day: DayLevels; volatility: (annual: number) => number };

function buildMinutes({ seed, name, session, index, day, volatility }: MinuteParts): readonly MarketBar[] {
  const count = Math.round((session.close - session.open) / BAR_MS);
  const points = count * POINTS_A_MINUTE;
  const regime = regimeOf(seed, name.symbol, index);
  const market = bridge(seed, 'MARKET', index, points);
  const own = bridge(seed, name.symbol, index, points);
  const swing = swings(seed, name.symbol, index);
  const marketSize = name.beta * volatility(MARKET_VOLATILITY);
  const ownSize = volatility(name.annualVolatility) * regime.volatility;
  const volumes = randomOf(seed, name.symbol, 'volume', index);
  const busyness = Math.exp(0.3 * volumes.normal());
  const priceAt = (i: number): number => {
    const fraction = i / points;
    const level = day.open + (day.close - day.open) * fraction + marketSize * (market[i] ?? 0) + ownSize * (own[i] ?? 0) + (marketSize + ownSize) * regime.swing * 0.35 * swing(fraction);
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

/** Opens the synthetic market of a seed whose clock begins at `startTime` (a session's open). Bars exist from three sessions before. */
export function openSyntheticMarket(seed: number, startTime: EpochMs): Market {
  const paths = createPaths(seed);
  const assets = new Map(SYNTHETIC_NAMES.map((name) => [name.symbol, name]));
  const historyFrom = sessionsBetween(exchangeDay((startTime - 14 * DAY_MS) as EpochMs), exchangeDay(startTime)).at(-1 - HISTORY_SESSIONS)?.open;
  invariant(historyFrom !== undefined, 'Two weeks hold at least four sessions', { startTime });
  const cache = new Map<string, ReadonlyMap<string, readonly MarketBar[]>>();
  const day = (session: Session): ReadonlyMap<string, readonly MarketBar[]> => {
    const known = cache.get(session.date);
    if (known) return known;
    const made = new Map(SYNTHETIC_NAMES.map((name) => [name.symbol, paths.minutes(name, session)]));
    const oldest = cache.keys().next().value;
    if (cache.size >= MAX_CACHED_SESSIONS && oldest !== undefined) cache.delete(oldest);
    cache.set(session.date, made);
    return made;
  };
  const stepAt = (openTime: EpochMs): Step | null => {
    if (openTime < historyFrom || !isInSession(openTime)) return null;
    const session = latestSession(openTime);
    const minute = (openTime - session.open) / BAR_MS;
    const bars = [...day(session).values()].flatMap((series) => series[minute] ?? []);
    return bars.length === 0 ? null : { openTime, isRegular: true, bars };
  };
  return {
    kind: 'synthetic', fingerprint: `synthetic:${seed}:${startTime}`, assets, startTime, size: null, stepAt,
    nextStep: (openTime) => {
      const next = (openTime + BAR_MS) as EpochMs;
      return stepAt(isInSession(next) ? next : nextOpen(openTime));
    },
    bars: (symbol, range) => collect(symbol, range, historyFrom, (session) => day(session).get(symbol) ?? []),
  };
}

function collect(symbol: string, range: BarRange, historyFrom: EpochMs, series: (session: Session) => readonly MarketBar[]): readonly MarketBar[] {
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
