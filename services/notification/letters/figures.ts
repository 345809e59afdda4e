/** Figures as people read them: exact decimals stay text, signs are true and never told by colour alone. */
import type { Mode } from '#app/contracts/config.ts';
import type { Tone } from './letter.ts';

const DOLLARS = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const CHEAP_DOLLARS = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', minimumFractionDigits: 4, maximumFractionDigits: 4 });
const SIGNED_DOLLARS = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', signDisplay: 'exceptZero' });
const SHARES = new Intl.NumberFormat('en-US', { maximumFractionDigits: 9 });
const PERCENT = new Intl.NumberFormat('en-US', { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: 'exceptZero' });
const MOMENT = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', weekday: 'short', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const SECOND = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', weekday: 'short', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const DAY = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' });

/** Decimal text, which Intl reads without a float between. */
type Exact = `${number}`;

function minus(text: string): string {
  return text.replace('-', '−');
}

/** What stands where a figure is not known. */
export const NOTHING = '–';

/** dollars('1234.5') = '$1,234.50' */
export function dollars(text: string | null): string {
  return text === null ? NOTHING : minus(DOLLARS.format(text as Exact));
}

/** A price: four decimals below a dollar. */
export function priceText(text: string | null): string {
  if (text === null) return NOTHING;
  return minus((Math.abs(Number(text)) < 1 ? CHEAP_DOLLARS : DOLLARS).format(text as Exact));
}

/** -1, 0 or 1 of decimal text. */
function signOf(text: string): -1 | 0 | 1 {
  if (!/[1-9]/.test(text)) return 0;
  return text.startsWith('-') ? -1 : 1;
}

/** A gain or loss with its arrow and sign. gain('-3.4') = { text: '▼ −$3.40', tone: 'loss' } */
export function gain(text: string | null): { text: string; tone: Tone } {
  if (text === null) return { text: NOTHING, tone: null };
  const sign = signOf(text);
  const words = minus(SIGNED_DOLLARS.format(text as Exact));
  if (sign === 0) return { text: words, tone: null };
  return sign > 0 ? { text: `▲ ${words}`, tone: 'gain' } : { text: `▼ ${words}`, tone: 'loss' };
}

/** shares('1000.500') = '1,000.5'; signed when it is negative. */
export function shares(text: string): string {
  return minus(SHARES.format(text as Exact));
}

/** A fraction as percent with sign. percent(0.0123) = '+1.23%' */
export function percent(fraction: number | null): string {
  return fraction === null || !Number.isFinite(fraction) ? NOTHING : minus(PERCENT.format(fraction));
}

/** An instant (EpochMs) in New York. moment(...) = 'Wed, Mar 4, 16:00 New York' */
export function moment(at: number): string {
  return `${MOMENT.format(at)} New York`;
}

/** The same with seconds, for what happened once. second(...) = 'Wed, Mar 4, 15:58:07' */
export function second(at: number): string {
  return SECOND.format(at);
}

/** A civil day in words. dayText('2026-03-04') = 'Wednesday, March 4, 2026' */
export function dayText(day: string): string {
  return DAY.format(Date.parse(`${day}T00:00:00Z`));
}

/** `1 fill`, `2 fills`. */
export function counted(n: number, noun: string, nouns = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : nouns}`;
}

/** The market as every mail shows it, so that nobody takes play money for real money. */
export const MODE_WORDS: Readonly<Record<Mode, { readonly tag: string; readonly words: string }>> = {
  demo: { tag: 'DEMO', words: 'Simulated market, simulated money' },
  paper: { tag: 'PAPER', words: 'Real market, no real money' },
  live: { tag: 'LIVE', words: 'Real account, real money' },
};

/** The subject of a letter, one line, with the market in front. Foreign line breaks do not get into headers. */
export function subjectOf(mode: Mode, text: string): string {
  return `[${MODE_WORDS[mode].tag}] ${text}`.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim().slice(0, 180);
}
