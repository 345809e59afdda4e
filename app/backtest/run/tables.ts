/** Fills and round trips of a run as they grow, and the columns that they become. */
import type { FillTable, TripTable } from './types.ts';

type Rows = number[];

/** Executions, one push a row. */
export class Fills {
  readonly step: Rows = [];
  readonly market: Rows = [];
  readonly order: Rows = [];
  readonly side: Rows = [];
  readonly qty: Rows = [];
  readonly price: Rows = [];
  readonly cost: Rows = [];

  table(): FillTable {
    return {
      length: this.step.length, step: new Int32Array(this.step), market: new Int32Array(this.market), order: new Int32Array(this.order), side: new Int8Array(this.side),
      qty: new Float64Array(this.qty), price: new Float64Array(this.price), cost: new Float64Array(this.cost),
    };
  }
}

/** One round trip: shares and dollars. */
export type Trip = {
  readonly market: number; readonly side: number; readonly isOpen: boolean; readonly openStep: number; readonly closeStep: number; readonly qty: number;
  readonly entryPrice: number; readonly exitPrice: number; readonly profit: number; readonly cost: number; readonly mae: number; readonly mfe: number; readonly risk: number;
};

/** Round trips in the order of their ends. */
export class Trips {
  private readonly whole: Record<'market' | 'side' | 'isOpen' | 'openStep' | 'closeStep', Rows> = { market: [], side: [], isOpen: [], openStep: [], closeStep: [] };
  private readonly real: Record<'qty' | 'entryPrice' | 'exitPrice' | 'profit' | 'cost' | 'mae' | 'mfe' | 'risk', Rows> = { qty: [], entryPrice: [], exitPrice: [], profit: [], cost: [], mae: [], mfe: [], risk: [] };

  add(trip: Trip): void {
    const { whole, real } = this;
    whole.market.push(trip.market);
    whole.side.push(trip.side);
    whole.isOpen.push(trip.isOpen ? 1 : 0);
    whole.openStep.push(trip.openStep);
    whole.closeStep.push(trip.closeStep);
    real.qty.push(trip.qty);
    real.entryPrice.push(trip.entryPrice);
    real.exitPrice.push(trip.exitPrice);
    real.profit.push(trip.profit);
    real.cost.push(trip.cost);
    real.mae.push(trip.mae);
    real.mfe.push(trip.mfe);
    real.risk.push(trip.risk);
  }

  table(): TripTable {
    const { whole, real } = this;
    return {
      length: whole.market.length, market: new Int32Array(whole.market), side: new Int8Array(whole.side), isOpen: new Int8Array(whole.isOpen), openStep: new Int32Array(whole.openStep), closeStep: new Int32Array(whole.closeStep),
      qty: new Float64Array(real.qty), entryPrice: new Float64Array(real.entryPrice), exitPrice: new Float64Array(real.exitPrice), profit: new Float64Array(real.profit), cost: new Float64Array(real.cost),
      mae: new Float64Array(real.mae), mfe: new Float64Array(real.mfe), risk: new Float64Array(real.risk),
    };
  }
}
