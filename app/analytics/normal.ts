/** The normal distribution: density, probability, quantile. */

/** Euler's constant, as extreme values of normal samples need it. */
export const EULER_MASCHERONI = 0.577_215_664_901_532_9;

/** Density of the standard normal distribution. normalDensity(0) = 0.398942. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

function horner(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (const each of coefficients) sum = sum * x + each;
  return sum;
}

const HART_OVER = [0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931, 220.206867912376];
const HART_UNDER = [0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752];

/**
 * Probability that a standard normal value is at most x (J. F. Hart et al., "Computer Approximations", 1968, as given by G. West, "Better Approximations to
 * Cumulative Normal Functions", Wilmott, May 2005); absolute error below 1e-14, relative below 1e-7 in the tails. normalProbability(1.96) = 0.975002.
 */
export function normalProbability(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size > 37) return x > 0 ? 1 : 0;
  const bell = Math.exp(-0.5 * size * size);
  let tail: number;
  if (size < 7.071_067_811_865_47) tail = (bell * horner(size, HART_OVER)) / horner(size, HART_UNDER);
  else {
    let fraction = size + 0.65;
    for (let n = 4; n >= 1; n -= 1) fraction = size + n / fraction;
    tail = bell / fraction / 2.506_628_274_631;
  }
  return x > 0 ? 1 - tail : tail;
}

const CENTRE_OVER = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
const CENTRE_UNDER = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
const TAIL_OVER = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
const TAIL_UNDER = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];

function firstGuess(p: number): number {
  if (p < 0.02425) return horner(Math.sqrt(-2 * Math.log(p)), TAIL_OVER) / horner(Math.sqrt(-2 * Math.log(p)), TAIL_UNDER);
  if (p > 1 - 0.02425) return -firstGuess(1 - p);
  const q = p - 0.5;
  return (q * horner(q * q, CENTRE_OVER)) / horner(q * q, CENTRE_UNDER);
}

/**
 * The value below which a standard normal value lies with probability p (P. J. Acklam, 2003, with one step of Halley's method); error below 1e-9 for 1e-9 < p < 1 - 1e-9, below 1e-13 in the middle.
 * -Infinity for p <= 0, Infinity for p >= 1. normalQuantile(0.975) = 1.959964.
 */
export function normalQuantile(p: number): number {
  if (!(p > 0)) return Number.isNaN(p) ? p : -Infinity;
  if (p >= 1) return Infinity;
  const guess = firstGuess(p);
  const error = (normalProbability(guess) - p) / normalDensity(guess);
  return guess - error / (1 + (guess * error) / 2);
}
