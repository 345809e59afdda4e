/** Ids without randomness: a UUID that is a pure function of a seed, a kind and a counter. */

/** One round of the 32-bit finaliser of MurmurHash3 (A. Appleby, public domain). mix32(1) = 1364076727. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hash of a text to 32 bits (FNV-1a, then mixed): for seeds that depend on a symbol. */
export function hashText(text: string): number {
  let h = 0x811c_9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x0100_0193);
  return mix32(h);
}

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
