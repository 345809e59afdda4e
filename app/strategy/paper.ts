/** Positions on paper: what a strategy would hold if each of its wishes came true at the next open. For checks and tests; back-tests have an engine of their own. */
import type { NumericBar } from '#app/indicators/indicator.ts';
import type { PositionView } from './context.ts';
import type { HostFacts, HostSignal } from './host.ts';
import { FLAT_POSITION } from './view.ts';

const EQUITY = 100_000;
const SHARES = 100;

type Holding = { qty: number; averagePrice: number; barsHeld: number; openProfit: number };

/** An account of $100,000 that never runs out: 100 shares where the deployment's sizing would say how many, whole shares of the weight else. Orders of a strategy's own are not filled. */
export class PaperAccount implements HostFacts {
  readonly equity = EQUITY;
  readonly cash = EQUITY;
  readonly #held = new Map<string, Holding>();
  readonly #wanted = new Map<string, number>();

  positionOf(symbol: string): PositionView {
    return this.#held.get(symbol) ?? FLAT_POSITION;
  }

  /** A bar of the symbol: what was wanted before it is traded at its open. */
  show(symbol: string, bar: Pick<NumericBar, 'open' | 'close'>): void {
    const before = this.#held.get(symbol);
    const qty = this.#wanted.get(symbol) ?? before?.qty ?? 0;
    if (qty === 0) {
      this.#held.delete(symbol);
      return;
    }
    const isNew = before === undefined || Math.sign(before.qty) !== Math.sign(qty);
    const averagePrice = isNew ? bar.open : before.averagePrice;
    this.#held.set(symbol, { qty, averagePrice, barsHeld: isNew ? 0 : before.barsHeld + 1, openProfit: qty * (bar.close - averagePrice) });
  }

  /** A signal at this close, dollars. */
  take(signal: HostSignal, close: number): void {
    if (signal.order !== null || signal.cancels !== null) return;
    const sign = signal.target === 'flat' ? 0 : signal.target === 'long' ? 1 : -1;
    const shares = signal.weight === null || !(close > 0) ? SHARES : Math.floor((Math.abs(signal.weight) * EQUITY) / close);
    this.#wanted.set(signal.symbol, sign * shares);
  }
}
