/** How the shell writes figures in tray, title, dialogs and notifications. */
const DOLLARS = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const SIGNED_DOLLARS = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', signDisplay: 'exceptZero' });
const SHARES = new Intl.NumberFormat('en-US', { maximumFractionDigits: 9 });

/** Decimal text as dollars and cents: `$1,234.50`. Rounded for the eye only. */
export function dollars(text: string): string {
  return DOLLARS.format(Number(text));
}

/** Decimal text as a gain or loss: `+$12.00`, `-$3.40`, `$0.00`. */
export function gain(text: string): string {
  return SIGNED_DOLLARS.format(Number(text));
}

/** Decimal text as a number of shares, without a sign: `1,000` or `0.5`. */
export function shares(text: string): string {
  return SHARES.format(Math.abs(Number(text)));
}

/** `1 order`, `2 orders`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
