/** Fills and round trips of a run as they grow, and the columns that they become. */
import type { FillTable, TripTable } from './types.ts';

const FIRST_ROWS = 256;

/** Rows of numbers in one block of memory that doubles when it is full: nothing for the garbage collector to walk. */
class Rows {
  private readonly width: number;
  private block: Float64Array;
  length = 0;

  constructor(width: number) {
    this.width = width;
    this.block = new Float64Array(FIRST_ROWS * width);
  }

  /** Where the next row begins in `values`. */
  next(): number {
    const at = this.length * this.width;
    if (at === this.block.length) {
      const wider = new Float64Array(2 * this.block.length);
      wider.set(this.block);
      this.block = wider;
    }
    this.length += 1;
    return at;
  }

  get values(): Float64Array {
    return this.block;
  }

  /** Copies one column out. */
  into<T extends Float64Array | Int32Array | Int8Array>(column: number, out: T): T {
    const { block, width, length } = this;
    for (let row = 0, at = column; row < length; row += 1, at += width) out[row] = block[at] ?? 0;
    return out;
  }
}

const FILL_WIDTH = 7;

/** Executions, one a row. */
export class Fills {
  private readonly rows = new Rows(FILL_WIDTH);

  /** Where a row of step, market, order, side, shares, price and costs is to be written in `values`. */
  next(): number {
    return this.rows.next();
  }

  get values(): Float64Array {
    return this.rows.values;
  }

  table(): FillTable {
    const { rows } = this;
    const { length } = rows;
    return {
      length, step: rows.into(0, new Int32Array(length)), market: rows.into(1, new Int32Array(length)), order: rows.into(2, new Int32Array(length)), side: rows.into(3, new Int8Array(length)),
      qty: rows.into(4, new Float64Array(length)), price: rows.into(5, new Float64Array(length)), cost: rows.into(6, new Float64Array(length)),
    };
  }
}

/** One round trip: shares and dollars. */
export type Trip = {
  readonly market: number; readonly side: number; readonly isOpen: boolean; readonly openStep: number; readonly closeStep: number; readonly qty: number;
  readonly entryPrice: number; readonly exitPrice: number; readonly profit: number; readonly cost: number; readonly mae: number; readonly mfe: number; readonly risk: number;
};

const TRIP_WIDTH = 13;

/** Round trips in the order of their ends. */
export class Trips {
  private readonly rows = new Rows(TRIP_WIDTH);

  add(trip: Trip): void {
    const at = this.rows.next();
    const { values } = this.rows;
    values[at] = trip.market;
    values[at + 1] = trip.side;
    values[at + 2] = trip.isOpen ? 1 : 0;
    values[at + 3] = trip.openStep;
    values[at + 4] = trip.closeStep;
    values[at + 5] = trip.qty;
    values[at + 6] = trip.entryPrice;
    values[at + 7] = trip.exitPrice;
    values[at + 8] = trip.profit;
    values[at + 9] = trip.cost;
    values[at + 10] = trip.mae;
    values[at + 11] = trip.mfe;
    values[at + 12] = trip.risk;
  }

  table(): TripTable {
    const { rows } = this;
    const { length } = rows;
    const real = (column: number): Float64Array => rows.into(column, new Float64Array(length));
    return {
      length, market: rows.into(0, new Int32Array(length)), side: rows.into(1, new Int8Array(length)), isOpen: rows.into(2, new Int8Array(length)), openStep: rows.into(3, new Int32Array(length)), closeStep: rows.into(4, new Int32Array(length)),
      qty: real(5), entryPrice: real(6), exitPrice: real(7), profit: real(8), cost: real(9), mae: real(10), mfe: real(11), risk: real(12),
    };
  }
}
