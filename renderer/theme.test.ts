/** Text can be read: contrast of every token that is text, on both surfaces, in all four looks. */
import { describe, expect, it } from 'vitest';
import { tokensOf } from './theme.ts';
import type { Palette, Scheme, Tokens } from './theme.ts';

/** Relative luminance (WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance). White = 1, black = 0. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

describe('tokens', () => {
  it('measures white on black as 21', () => {
    expect(contrast('#ffffff', '#000000')).toBeCloseTo(21, 5);
  });
  const looks: [Scheme, Palette][] = [['light', 'standard'], ['dark', 'standard'], ['light', 'colour_blind'], ['dark', 'colour_blind']];
  const texts: (keyof Tokens)[] = ['text', 'muted', 'accentText', 'gain', 'loss', 'warning'];
  it.each(looks)('%s %s: text has at least 4.5:1 on background, surface and raised', (scheme, palette) => {
    const tokens = tokensOf(scheme, palette);
    for (const name of texts) for (const ground of [tokens.background, tokens.surface, tokens.raised]) expect(contrast(tokens[name], ground), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.onAccent, tokens.accentText)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.accent, tokens.surface)).toBeGreaterThanOrEqual(3);
  });
});
