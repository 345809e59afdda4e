/** The points that a search may try: a value for each searched parameter, the others fixed. */
import { AppError, invariant } from '#app/domain/errors.ts';
import type { ParameterSet } from '#app/strategy/parameters.ts';
import type { BoundStrategy, StrategyType } from '#app/strategy/spec.ts';

/** A parameter's value. */
export type AxisValue = number | boolean | string;
/** One searched parameter. `isOrdered`: neighbours in the list are neighbours in meaning (numbers); words have none. */
export type Axis = { readonly name: string; readonly values: readonly AxisValue[]; readonly isOrdered: boolean };
/** All points: the product of the axes. A point is a whole number, 0 <= point < size; the last axis turns fastest. */
export type Space = { readonly axes: readonly Axis[]; readonly fixed: Readonly<Record<string, AxisValue>>; readonly size: number };
/** What is asked of one parameter: numbers from..to by a step (left out: the parameter's own), or these very values. */
export type AxisRange = { readonly from: number; readonly to: number; readonly step?: number } | readonly AxisValue[];
/** What is asked: ranges by parameter, and values of others; what neither names has its default. */
export type SpaceRequest = { readonly ranges: Readonly<Record<string, AxisRange>>; readonly fixed?: Readonly<Record<string, AxisValue>> };

/** Parameters that one search may vary. */
export const MAX_AXES = 12;
/** Values that one parameter may take in a search. */
export const MAX_AXIS_VALUES = 2_000;
/** Digits that a grid of decimal steps keeps: 0.1 + 0.2 is 0.3. */
const DIGITS = 12;

function refuse(what: string): never {
  throw new AppError('INPUT_INVALID', `The search cannot be made: ${what}`);
}

/** Numbers from..to, both included where the step meets them. stepped(0, 0.3, 0.1) = 0, 0.1, 0.2, 0.3. @throws AppError INPUT_INVALID, beginning with the `name` of what has the range */
export function stepped(from: number, to: number, step: number, name = ''): readonly number[] {
  const whose = name === '' ? '' : `${name}: `;
  if (!(step > 0) || !(to >= from) || !Number.isFinite(to - from)) return refuse(`${whose}a range goes up from its first to its last value by a step above 0, not from ${from} to ${to} by ${step}`);
  // A hundredth of a step of slack: (0.3 - 0) / 0.1 is 2.9999999999999996.
  const count = Math.floor((to - from) / step + 0.01) + 1;
  if (count > MAX_AXIS_VALUES) return refuse(`${whose}${count} values are too many for one parameter, the most is ${MAX_AXIS_VALUES}: name a narrower range or a wider step`);
  return Array.from({ length: count }, (_none, n) => Number((from + n * step).toPrecision(DIGITS)));
}

function axisOf(set: ParameterSet, name: string, range: AxisRange): Axis {
  const parameter = Object.hasOwn(set, name) ? set[name] : undefined;
  if (parameter === undefined) return refuse(`"${name.slice(0, 60)}" is none of ${Object.keys(set).join(', ') || 'its parameters: it has none'}`);
  const isNumber = parameter.kind === 'integer' || parameter.kind === 'number';
  if ('from' in range) {
    if (!isNumber) return refuse(`${name} has no numbers: name its values`);
    return { name, values: stepped(range.from, range.to, range.step ?? parameter.step, name), isOrdered: true };
  }
  if (range.length === 0 || range.length > MAX_AXIS_VALUES || new Set(range).size !== range.length) return refuse(`${name} needs 1 to ${MAX_AXIS_VALUES} different values`);
  const isRising = range.every((value, at) => at === 0 || value > (range[at - 1] ?? value));
  if (isNumber && !isRising) return refuse(`the values of ${name} must rise`);
  return { name, values: range, isOrdered: isNumber };
}

/** The space of a request over a strategy's parameters. @throws AppError INPUT_INVALID for a parameter that is not there, a range that is none, and too many axes or points */
export function searchSpace(set: ParameterSet, { ranges, fixed = {} }: SpaceRequest): Space {
  const axes = Object.entries(ranges).map(([name, range]) => axisOf(set, name, range));
  if (axes.length === 0 || axes.length > MAX_AXES) return refuse(`it varies 1 to ${MAX_AXES} parameters, not ${axes.length}`);
  const stranger = Object.keys(fixed).find((name) => !Object.hasOwn(set, name) || Object.hasOwn(ranges, name));
  if (stranger !== undefined) return refuse(`"${stranger.slice(0, 60)}" is not a parameter that can be fixed here`);
  const size = axes.reduce((product, axis) => product * axis.values.length, 1);
  if (!Number.isSafeInteger(size)) return refuse('it has more points than can be counted');
  return { axes, fixed, size };
}

/** The whole range of each parameter by its own step; words and flags with all their values. For "search everything". */
export function wholeRanges(set: ParameterSet): Readonly<Record<string, AxisRange>> {
  const ranges = Object.entries(set).map(([name, parameter]): [string, AxisRange] => {
    if (parameter.kind === 'choice') return [name, parameter.choices];
    return [name, parameter.kind === 'flag' ? [false, true] : { from: parameter.min, to: parameter.max }];
  });
  return Object.fromEntries(ranges);
}

/** Where a point lies on each axis, written into `out`. Axes of 3 and 4 values: point 7 = (1, 3). */
export function coordinatesOf(space: Space, point: number, out: Int32Array = new Int32Array(space.axes.length)): Int32Array {
  invariant(Number.isSafeInteger(point) && point >= 0 && point < space.size, 'The space has no such point', { point, size: space.size });
  let rest = point;
  for (let at = space.axes.length - 1; at >= 0; at -= 1) {
    const length = space.axes[at]?.values.length ?? 1;
    out[at] = rest % length;
    rest = Math.floor(rest / length);
  }
  return out;
}

/** The point at these coordinates; -1 when one of them lies outside. The inverse of `coordinatesOf`. */
export function pointAt(space: Space, coordinates: ArrayLike<number>): number {
  let point = 0;
  for (let at = 0; at < space.axes.length; at += 1) {
    const length = space.axes[at]?.values.length ?? 1;
    const coordinate = coordinates[at] ?? -1;
    if (coordinate < 0 || coordinate >= length) return -1;
    point = point * length + coordinate;
  }
  return point;
}

/** The parameters at a point, the fixed ones among them. */
export function parametersAt(space: Space, point: number): Record<string, AxisValue> {
  const coordinates = coordinatesOf(space, point);
  const values = space.axes.map((axis, at): [string, AxisValue] => {
    const value = axis.values[coordinates[at] ?? -1];
    invariant(value !== undefined, 'An axis has no such value', { name: axis.name });
    return [axis.name, value];
  });
  return { ...space.fixed, ...Object.fromEntries(values) };
}

/** Why a strategy cannot take the parameters of a point (fast >= slow, out of range, short where `canShort` is false), null when it can. Such points are counted and not run. */
export function defectAt(type: StrategyType, space: Space, point: number, canShort = true): string | null {
  try {
    const { usesShorts } = type.bind(parametersAt(space, point));
    return usesShorts && !canShort ? 'it sells short, which the account may not' : null;
  } catch (error) {
    if (error instanceof AppError && error.family === 'invalid') return error.message;
    throw error;
  }
}

/** Points looked at for one that can be used. */
const LOOKED_AT = 1_000;

/** The strategy at its first usable point, null when the first thousand hold none: what it is like (its behaviour, whether it sells short) is nearly always the same at all of them. */
export function firstUsable(type: StrategyType, space: Space): BoundStrategy | null {
  for (let point = 0; point < Math.min(space.size, LOOKED_AT); point += 1) if (defectAt(type, space, point) === null) return type.bind(parametersAt(space, point));
  return null;
}
