/** A small seeded generator of random numbers: the same seed gives the same sequence, for ever. */

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

/** A stream of random numbers. */
export type Random = {
  /** Uniform in [0, 1). */
  next(): number;
  /** Standard normal (Box and Muller, 1958). */
  normal(): number;
};

/** A stream named by its seed and any number of parts: streams of different names are independent of each other. */
export function randomOf(seed: number, ...parts: readonly (string | number)[]): Random {
  let state = mix32(seed);
  for (const part of parts) state = mix32(state ^ (typeof part === 'string' ? hashText(part) : mix32(part + 0x6d2b_79f5)));
  const next = (): number => {
    // mulberry32 (T. Ettinger, 2017, public domain).
    state = (state + 0x6d2b_79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  let spare: number | null = null;
  const normal = (): number => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return { next, normal };
}
