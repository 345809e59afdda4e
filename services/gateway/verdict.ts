/** "Can I trade now?": one answer with its reasons, from what is known at this moment. Pure. */
import type { StackHealth, UnitHealth, UnitId } from '#app/contracts/health.ts';
import type { MarketClock, TradeCheck, TradingStateView, Verdict } from '#app/contracts/views.ts';

/** What the verdict looks at. Ages in milliseconds, null = not known. */
export type VerdictInput = {
  readonly stack: StackHealth | null;
  readonly trading: TradingStateView;
  readonly market: MarketClock;
  readonly isWireUp: boolean;
  readonly unknownOrders: number;
  /** Open findings of the guardian of orders and positions. */ readonly findings: { readonly critical: number; readonly others: number };
  /** Why execution keeps approved orders back; null = it does not, or does not say. */ readonly ordersWaitFor: string | null;
  /** Wall-clock age of the newest bar. */ readonly newestBarAgeMs: number | null;
  /** Bars are late beyond this. */ readonly barLimitMs: number;
  /** Until when the real account is armed (EpochMs, null = disarmed); null where nothing needs arming. */ readonly live: { readonly armedUntil: number | null } | null;
  readonly at: number;
};

const GIGABYTE = 1_073_741_824;
const DISK_LOW_BYTES = GIGABYTE;
const DISK_FULL_BYTES = 209_715_200;

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}

function unitCheck(input: VerdictInput, id: UnitId, what: string, level: TradeCheck['level']): TradeCheck {
  const unit: UnitHealth | undefined = input.stack?.units.find((candidate) => candidate.id === id);
  const name = unit?.title ?? id;
  if (!unit) return { name, ok: false, level, observed: 'state not known', remedy: 'The supervisor has not reported yet; wait a few seconds' };
  const ok = unit.state === 'ready';
  const words = unit.reasons.length > 0 ? `${unit.state}: ${unit.reasons.join('; ')}` : unit.state;
  // Degraded means it serves, with a reason worth reading.
  const isServing = ok || unit.state === 'degraded';
  return { name, ok, level: isServing ? 'caution' : level, observed: `${what} ${words}`, remedy: ok ? null : isServing ? 'Read its reason in the map below' : 'Read its log below; restart it if it does not come back by itself' };
}

function stateCheck(trading: TradingStateView): TradeCheck {
  const ok = trading.state === 'ACTIVE';
  const observed = ok ? 'ACTIVE' : `${trading.state} by ${trading.actor}: ${trading.reason}`;
  const remedy = trading.state === 'HALTED' ? 'Resume trading with a reason when you are sure' : 'Only orders that shrink exposure pass; resume trading to allow all';
  return { name: 'Trading state', ok, level: trading.state === 'HALTED' ? 'hindrance' : 'caution', observed, remedy: ok ? null : remedy };
}

function liveCheck(armedUntil: number | null, at: number): TradeCheck {
  const ok = armedUntil !== null && armedUntil > at;
  return {
    name: 'Live trading', ok, level: 'hindrance', observed: ok ? `armed for ${seconds(armedUntil - at)} more` : 'disarmed: only orders that reduce a position go to the real account',
    remedy: ok ? null : 'Arm live trading in the application; it disarms itself after the time you choose',
  };
}

function leaseCheck(leaseValidMs: number | null): TradeCheck {
  const ok = leaseValidMs !== null && leaseValidMs > 0;
  const observed = leaseValidMs === null ? 'never taken' : ok ? `fresh for ${seconds(leaseValidMs)}` : `stale for ${seconds(-leaseValidMs)}`;
  return { name: 'Risk lease', ok, level: 'hindrance', observed, remedy: ok ? null : 'Risk management does not answer; new orders wait until it does. Restart it if it is not ready' };
}

function marketCheck(market: MarketClock): TradeCheck {
  const ok = market.session === 'open' && !market.isPaused;
  const remedy = market.isPaused ? 'The simulated market is paused; let it run again' : 'Orders placed now wait for the open';
  return { name: 'Market', ok, level: 'caution', observed: market.isPaused ? 'paused' : market.session === 'open' ? 'open' : 'closed', remedy: ok ? null : remedy };
}

function dataCheck(input: VerdictInput): TradeCheck {
  const { newestBarAgeMs: age, market } = input;
  const isQuiet = market.session === 'closed' || market.isPaused;
  const ok = isQuiet || (age !== null && age <= input.barLimitMs);
  const observed = age === null ? 'no bar yet' : `last bar ${seconds(age)} ago`;
  return { name: 'Prices', ok, level: 'caution', observed, remedy: ok ? null : 'Prices are late: positions are valued at old closes. Look at data ingestion' };
}

function findingsCheck({ critical, others }: VerdictInput['findings']): TradeCheck {
  const ok = critical + others === 0;
  const observed = ok ? 'nothing found' : critical > 0 ? `${critical} critical${others > 0 ? `, ${others} more` : ''}` : `${others} to look at`;
  return { name: 'Orders and positions', ok, level: 'caution', observed, remedy: ok ? null : 'Read what the guardian found in the reconciliation report; it proposes a remedy for each' };
}

function diskCheck(free: number | null): TradeCheck {
  const ok = free === null || free >= DISK_LOW_BYTES;
  const observed = free === null ? 'not measured' : `${(free / GIGABYTE).toFixed(1)} GB free`;
  return { name: 'Disk', ok, level: free !== null && free < DISK_FULL_BYTES ? 'hindrance' : 'caution', observed, remedy: ok ? null : 'Free space on the disk of the data folder' };
}

/** Weighs every check; only a failed hindrance stops trading. */
export function judge(input: VerdictInput): Verdict {
  const checks: TradeCheck[] = [
    stateCheck(input.trading),
    ...(input.live === null ? [] : [liveCheck(input.live.armedUntil, input.at)]),
    leaseCheck(input.trading.leaseValidMs),
    unitCheck(input, 'postgres', 'book', 'hindrance'),
    unitCheck(input, 'execution', 'orders', 'hindrance'),
    { name: 'Orders to the broker', ok: input.ordersWaitFor === null, level: 'hindrance', observed: input.ordersWaitFor === null ? 'go out' : `wait: ${input.ordersWaitFor}`, remedy: input.ordersWaitFor === null ? null : 'They go out by themselves when the reason is gone; cancels are not held back' },
    unitCheck(input, 'risk_management', 'limits', 'hindrance'),
    unitCheck(input, 'data_ingestion', 'bars', 'caution'),
    unitCheck(input, 'strategy_engine', 'signals', 'caution'),
    marketCheck(input.market),
    dataCheck(input),
    { name: 'Unknown orders', ok: input.unknownOrders === 0, level: 'caution', observed: input.unknownOrders === 0 ? 'none' : `${input.unknownOrders} without an answer`, remedy: input.unknownOrders === 0 ? null : 'Execution is asking the broker; nothing is sent twice' },
    findingsCheck(input.findings),
    { name: 'Event wire', ok: input.isWireUp, level: 'caution', observed: input.isWireUp ? 'up' : 'down', remedy: input.isWireUp ? null : 'Redis is away: events travel through the book, a little later' },
    diskCheck(input.stack?.diskFreeBytes ?? null),
  ];
  const stopping = checks.filter((check) => !check.ok && check.level === 'hindrance');
  const cautions = checks.filter((check) => !check.ok && check.level === 'caution');
  const first = stopping[0] ?? cautions[0];
  const headline = stopping.length > 0
    ? `No: ${stopping.map((check) => check.name.toLowerCase()).join(', ')}`
    : cautions.length > 0 && first ? `Yes, with care: ${cautions.map((check) => check.name.toLowerCase()).join(', ')}` : 'Yes, everything is ready';
  return { canTrade: stopping.length === 0, headline, checks, at: input.at };
}
