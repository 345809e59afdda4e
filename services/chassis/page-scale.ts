/** Scales of pictures: round steps, places, room around the values. */

/** Round steps that divide a range into about `count` parts. ticks(0, 95, 4) = 0, 25, 50, 75 (100 lies outside) */
export function ticks(low: number, high: number, count: number): number[] {
  const range = high - low;
  if (!(range > 0) || !Number.isFinite(range)) return [low];
  const rough = range / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const found: number[] = [];
  for (let n = first; n * step <= high + step * 1e-9 && found.length < 50; n += 1) found.push(n * step);
  return found;
}

/** From a value to a place. */
export type Scale = (value: number) => number;
/** A straight scale; the middle of the places where the range is a point. */
export function scale(from: readonly [number, number], to: readonly [number, number]): Scale {
  const span = from[1] - from[0];
  return (value) => (span === 0 ? (to[0] + to[1]) / 2 : to[0] + ((value - from[0]) / span) * (to[1] - to[0]));
}

/** Room around the values, so that a line does not lie on the frame; a flat line gets a band of its own. */
export function padded(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = high > low ? (high - low) * 0.08 : Math.max(Math.abs(high) * 0.001, 1);
  return [low - room, high + room];
}
