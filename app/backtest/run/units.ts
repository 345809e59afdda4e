/** The whole numbers that money is counted in while a back-test runs, and every rounding of them. */
import { Decimal } from '#app/domain/numeric.ts';

/**
 * Prices and dollars are whole millionths (`micro`), shares are whole billionths (`nano`), both kept in doubles: exact up to 2^53, that is nine billion dollars; whole shares
 * beyond that too (a whole number of shares has nine factors of two to spare). What does not fit goes over BigInt.
 */
export const MICRO = 1e6;
/** Billionths in one. */
export const NANO = 1e9;

const CENT = 1e4;
const SUB_CENT = 100;
const BPS = 1e4;
const SAFE = Number.MAX_SAFE_INTEGER;

/** Fifteen digits and fewer: what a double shows is what was divided, and reading it is quicker than dividing decimals. */
const SHOWN = 1e15;

/** Whole parts of a scale that is a power of ten, as an exact decimal. exactly(1500000, MICRO) = 1.5. */
export function exactly(parts: number, scale: number): Decimal {
  return Number.isInteger(parts) && Math.abs(parts) < SHOWN ? new Decimal(parts / scale) : new Decimal(parts).div(scale);
}

/** Dollars as whole millionths, the nearest. A price of at most six digits comes back exactly. */
export function microOf(dollars: number): number {
  return Math.round(dollars * MICRO);
}

/** a / b to the nearest whole number, half to even. Both whole and not above 2^53, b > 0. 5 / 2 = 2, 7 / 2 = 4, -5 / 2 = -2. */
export function divideHalfEven(a: number, b: number): number {
  const floor = Math.floor(a / b);
  const rest = a - floor * b;
  const twice = rest * 2;
  return twice > b || (twice === b && floor % 2 !== 0) ? floor + 1 : floor;
}

/** The exchange's tick at a price: a cent from $1, a hundredth of a cent below (Rule 612). Micro-dollars. */
export function tickAt(micro: number): number {
  return Math.abs(micro) >= MICRO ? CENT : SUB_CENT;
}

/** A price to its tick, half to even. Takes parts of a micro-dollar. 95.034999 dollars = 95.03. */
export function toTick(micro: number): number {
  const tick = tickAt(micro);
  if (Number.isInteger(micro)) return divideHalfEven(micro, tick) * tick;
  const scaled = micro / tick;
  const near = Math.round(scaled);
  return (Math.abs(scaled - near) === 0.5 && near % 2 !== 0 ? near - 1 : near) * tick;
}

/** A price so many basis points higher (`sign` 1) or lower (-1), to the tick half to even; exact. 100.05 and 2 bps up = 100.07. */
export function slippedByBps(micro: number, bps: number, sign: number): number {
  const whole = micro * (BPS + sign * bps);
  if (Number.isInteger(bps) && whole <= SAFE) {
    const unit = (whole >= MICRO * BPS ? CENT : SUB_CENT) * BPS;
    return divideHalfEven(whole, unit) * (unit / BPS);
  }
  const exact = new Decimal(micro).times(new Decimal(BPS).plus(new Decimal(bps).times(sign))).div(BPS);
  const tick = tickAt(exact.toNumber());
  return exact.div(tick).toDecimalPlaces(0, Decimal.ROUND_HALF_EVEN).times(tick).toNumber();
}

/** Dollars in two whole numbers: millionths, and billionths of a dollar beyond them (0..999). */
export type Amount = { micro: number; sub: number };

/** Value of shares at a price into `out`: exact for whole shares, else rounded half to even to a billionth of a dollar. qty >= 0. */
export function valueOf(qty: number, price: number, out: Amount): void {
  const shares = qty / NANO;
  const value = shares * price;
  if (Number.isInteger(shares) && value <= SAFE) {
    out.micro = value;
    out.sub = 0;
    return;
  }
  // 1e-9 shares x 1e-6 dollars = 1e-15 dollars, of which a million make a billionth of a dollar.
  const exact = BigInt(qty) * BigInt(price);
  const floor = exact / 1_000_000n;
  const rest = exact % 1_000_000n;
  const nanos = rest > 500_000n || (rest === 500_000n && floor % 2n === 1n) ? floor + 1n : floor;
  out.micro = Number(nanos / 1000n);
  out.sub = Number(nanos % 1000n);
}

/** Floor of a x b / c for whole numbers, exact; c > 0. */
export function floorOfProduct(a: number, b: number, c: number): number {
  const product = a * b;
  if (Math.abs(product) <= SAFE) {
    const floor = Math.floor(product / c);
    const rest = product - floor * c;
    return rest < 0 ? floor - 1 : rest >= c ? floor + 1 : floor;
  }
  const [exact, by] = [BigInt(a) * BigInt(b), BigInt(c)];
  const floor = exact / by;
  return Number(exact < 0n && floor * by !== exact ? floor - 1n : floor);
}

/** Ceiling of a x b / c for whole numbers >= 0, exact; c > 0. */
export function ceilOfProduct(a: number, b: number, c: number): number {
  return -floorOfProduct(-a, b, c);
}
