/** What the parts are doing, from whoever knows it first: the shell in the window, the gateway's pulse in a browser. */
import type { Mode } from '#app/contracts/config.ts';
import type { StackHealth, UnitState } from '#app/contracts/health.ts';
import type { TradingState } from '#app/domain/trading-state.ts';
import { hasShell } from '../shell/bridge.ts';
import { gatewayAway } from '../shell/screen.ts';
import { useShellPart } from '../shell/shell-status.ts';
import { useIsStale } from './clock.ts';
import { createStore, useStore } from './external-store.ts';
import { useStatus } from './live.ts';
import { useSession } from './session.ts';

/** Every part; null while nothing is known, or nothing runs. */
export function useStack(): StackHealth | null {
  const own = useShellPart((status) => status?.stack ?? null);
  const told = useStatus()?.stack ?? null;
  return hasShell ? own : told;
}

/** The market that is traded. */
export function useMode(): Mode {
  const own = useShellPart((status) => status?.mode ?? null);
  const told = useSession()?.mode ?? 'demo';
  return own ?? told;
}

/** The window's gateway when it is away: its state, for those who must do without it. Null while it is there, and always in a browser. */
export function useGatewayAway(): UnitState | null {
  return useShellPart((status) => (status === null ? null : gatewayAway(status)));
}

const direct = createStore<{ state: TradingState; at: number } | null>(null);

/** Notes what risk answered to us directly: while the gateway is away nobody else tells. */
export function noteTradingState(state: TradingState): void {
  direct.set({ state, at: Date.now() });
}

/** The trading state as it was heard last; `isOld` when nobody confirms it any more. */
export function useTradingState(): { state: TradingState | null; why: string; isOld: boolean } {
  const told = useStatus()?.trading;
  const own = useShellPart((status) => status?.trading ?? null);
  const answered = useStore(direct);
  const isStale = useIsStale();
  const isAway = useGatewayAway() !== null;
  if (told && !isAway && !isStale) return { state: told.state, why: `${told.reason} (${told.actor})`, isOld: false };
  if (answered && answered.at > (own?.at ?? 0)) return { state: answered.state, why: 'As risk management answered last', isOld: false };
  if (hasShell && own) return { state: own.state, why: 'As the application heard it last', isOld: isAway };
  return { state: told?.state ?? null, why: told ? `${told.reason} (${told.actor})` : 'Not known yet', isOld: isStale || isAway };
}
