/** Ids without randomness: a UUID that is a pure function of a seed, a kind and a counter. */
import { hashText, mix32 } from '#app/domain/random.ts';

const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0').slice(-width);

/**
 * A version-4-shaped UUID. The last twelve digits are the counter itself, so two ids of one kind can never be equal;
 * the rest names the seed and the kind.
 */
export function uuidOf(seed: number, kind: string, counter: number): string {
  const a = mix32(seed ^ hashText(kind));
  const b = mix32(a ^ 0x9e37_79b9);
  return `${hex(a, 8)}-${hex(b >>> 16, 4)}-4${hex(b, 3)}-9${hex(a >>> 8, 3)}-${hex(counter, 12)}`;
}
