/** "Can I trade now?" while the gateway is away: what the shell's own eyes can answer, and what they cannot. */
import type { UnitHealth, UnitId } from '#app/contracts/health.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';
import type { TradeCheck, Verdict } from '#app/contracts/views.ts';
import type { TradingState } from '#app/domain/trading-state.ts';

/** Parts without which no order is made, and what each is to an order. */
const NEEDED: readonly { readonly id: UnitId; readonly name: string; readonly good: string }[] = [
  { id: 'postgres', name: 'PostgreSQL', good: 'book ready' }, { id: 'redis', name: 'Redis', good: 'wire ready' }, { id: 'execution', name: 'Execution', good: 'orders ready' },
  { id: 'risk_management', name: 'Risk management', good: 'limits ready' }, { id: 'data_ingestion', name: 'Data ingestion', good: 'bars ready' }, { id: 'strategy_engine', name: 'Strategy engine', good: 'signals ready' },
];

function checkOf(part: (typeof NEEDED)[number], unit: UnitHealth | undefined): TradeCheck {
  const ok = unit?.state === 'ready';
  const isHalf = unit?.state === 'degraded';
  return { name: part.name, ok, level: isHalf ? 'caution' : 'hindrance', observed: ok ? part.good : (unit?.state ?? 'stopped'), remedy: ok ? null : (unit?.reasons[0] ?? 'Open the part below: its history and output say why') };
}

/** The master switch as it was heard last; not having heard of it is no reason to say yes. */
function stateCheck(state: TradingState | null): TradeCheck {
  if (state === null) return { name: 'Trading state', ok: false, level: 'caution', observed: 'not known here', remedy: null };
  return { name: 'Trading state', ok: state === 'ACTIVE', level: 'hindrance', observed: `${state} when heard last`, remedy: state === 'ACTIVE' ? null : 'Resume trading on the left, once the gateway is back' };
}

/** The verdict from the shell's status and the trading state that was heard last. It never claims more than parts can tell: prices and leases are seen through the gateway alone. Pure. */
export function shellVerdict(status: ShellStatus, state: TradingState | null): Verdict {
  const units = status.stack?.units ?? [];
  const unitOf = (id: UnitId): UnitHealth | undefined => units.find((unit) => unit.id === id);
  const gateway = unitOf('gateway')?.state ?? 'stopped';
  const checks: TradeCheck[] = [
    { name: 'Gateway', ok: false, level: 'caution', observed: gateway, remedy: 'Prices, orders and flows are not seen here until it is back' },
    stateCheck(state),
    ...(status.mode === 'live' ? [{ name: 'Live trading', ok: status.armedUntil !== null, level: 'hindrance' as const, observed: status.armedUntil === null ? 'disarmed' : 'armed', remedy: status.armedUntil === null ? 'Arm it in the application’s settings' : null }] : []),
    ...NEEDED.map((part) => checkOf(part, unitOf(part.id))),
  ];
  const isHindered = checks.some((check) => !check.ok && check.level === 'hindrance');
  return { canTrade: !isHindered, headline: isHindered ? 'No: see what is missing' : 'It goes on, unseen by this window', checks, at: status.at };
}
