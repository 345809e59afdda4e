/** The look of the dashboard in one place: colours, type, spacing; the page and the charts take the same tokens. */
import { createTheme, defaultVariantColorsResolver } from '@mantine/core';
import type { CSSVariablesResolver, MantineColorsTuple, VariantColorsResolver } from '@mantine/core';

/** Light or dark, as shown (after "system" was resolved). */
export type Scheme = 'light' | 'dark';
/** Gain and loss in green and red, or in blue and orange for those who cannot tell them apart. */
export type Palette = 'standard' | 'colour_blind';

/** Colours with a meaning; every one that carries text has a contrast of at least 4.5:1 on background and surface. */
export type Tokens = {
  readonly background: string; readonly surface: string; readonly raised: string; readonly hover: string; readonly line: string; readonly lineStrong: string;
  readonly text: string; readonly muted: string; readonly accent: string; /** The accent where it is text or carries text. */ readonly accentText: string; readonly onAccent: string;
  readonly gain: string; readonly loss: string; readonly warning: string; readonly benchmark: string;
};

const LIGHT: Tokens = {
  background: '#fbfbfc', surface: '#ffffff', raised: '#ffffff', hover: '#f3f4f7', line: '#e6e8ec', lineStrong: '#cfd3da', text: '#14171c', muted: '#5d6673',
  accent: '#3b82f6', accentText: '#2563eb', onAccent: '#ffffff', gain: '#15803d', loss: '#c2342f', warning: '#b45309', benchmark: '#8a94a3',
};
const DARK: Tokens = {
  background: '#0e1116', surface: '#151a21', raised: '#1b212a', hover: '#1d242e', line: '#242b35', lineStrong: '#37414e', text: '#e7eaf0', muted: '#8b95a5',
  accent: '#5b9bff', accentText: '#5b9bff', onAccent: '#0e1116', gain: '#34c77b', loss: '#ff6b62', warning: '#f5a524', benchmark: '#6f7a8a',
};
const COLOUR_BLIND: Readonly<Record<Scheme, Pick<Tokens, 'gain' | 'loss'>>> = {
  light: { gain: '#1d5fd1', loss: '#b2500a' },
  dark: { gain: '#6aa9ff', loss: '#ff9d47' },
};

/** The tokens of a scheme and palette. */
export function tokensOf(scheme: Scheme, palette: Palette): Tokens {
  const base = scheme === 'light' ? LIGHT : DARK;
  return palette === 'standard' ? base : { ...base, ...COLOUR_BLIND[scheme] };
}

/** Text and code faces, both bundled. */
export const FONTS = { text: "'Inter Variable', Inter, system-ui, sans-serif", mono: "'JetBrains Mono', ui-monospace, monospace" } as const;

function variables(tokens: Tokens): Record<string, string> {
  return Object.fromEntries(Object.entries(tokens).map(([name, value]) => [`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value]));
}

function mantine(tokens: Tokens): Record<string, string> {
  return {
    ...variables(tokens),
    '--mantine-color-body': tokens.background, '--mantine-color-text': tokens.text, '--mantine-color-dimmed': tokens.muted, '--mantine-color-default': tokens.surface,
    '--mantine-color-default-hover': tokens.hover, '--mantine-color-default-border': tokens.line, '--mantine-color-default-color': tokens.text, '--mantine-color-placeholder': tokens.muted,
    '--mantine-color-error': tokens.loss, '--mantine-primary-color-filled': tokens.accentText, '--mantine-primary-color-filled-hover': tokens.accentText, '--mantine-primary-color-contrast': tokens.onAccent,
  };
}

/** Mantine's variables from our tokens, per scheme. */
export function variablesFor(palette: Palette): CSSVariablesResolver {
  return () => ({
    variables: { '--font-text': FONTS.text, '--font-mono': FONTS.mono, '--radius': '6px', '--row': '28px', '--space': '8px' },
    light: mantine(tokensOf('light', palette)),
    dark: mantine(tokensOf('dark', palette)),
  });
}

/** Mantine's greys for the dark scheme, from our own: fields and switches stand on the same ground as everything else. */
const DARK_GREYS: MantineColorsTuple = ['#e7eaf0', '#b6bdc9', '#8b95a5', '#5f6978', '#37414e', '#2a323d', '#1b212a', '#0e1116', '#0b0e12', '#080a0d'];
const ACCENT: MantineColorsTuple = ['#eef5ff', '#dbe9fe', '#bfd8fe', '#93bffd', '#6aa5fb', '#3b82f6', '#2563eb', '#1d4fd0', '#1e40a8', '#1e3a85'];

/** Filled buttons carry text that can be read on them, in both schemes; red is the colour of loss. */
const colours: VariantColorsResolver = (input) => {
  const usual = defaultVariantColorsResolver(input);
  if (input.variant !== 'filled') return usual;
  if (input.color === 'red') return { ...usual, background: 'var(--loss)', hover: 'color-mix(in srgb, var(--loss) 88%, var(--text))', color: 'var(--on-accent)' };
  return input.color === undefined || input.color === input.theme.primaryColor ? { ...usual, color: 'var(--on-accent)' } : usual;
};

/** Mantine's theme. 13 px base, 8 px grid, radius 6. */
export const theme = createTheme({
  fontFamily: FONTS.text,
  fontFamilyMonospace: FONTS.mono,
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '15px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '3px', sm: '4px', md: '6px', lg: '8px', xl: '12px' },
  defaultRadius: 'md',
  colors: { accent: ACCENT, dark: DARK_GREYS },
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 5 },
  variantColorResolver: colours,
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: { fontFamily: FONTS.text, fontWeight: '600' },
});
