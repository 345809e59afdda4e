/** What became of orders at each bar of a run: its canonical lines, read as they come and put down to the bars at which they came. */
import type { RunStep } from '#app/contracts/studio.ts';

type StepOrder = RunStep['orders'][number];
type Known = { readonly id: number; readonly symbol: string; readonly side: 'buy' | 'sell'; readonly qty: number; readonly type: string };

const LEG_TYPES: Readonly<Record<string, string>> = { take_profit: 'limit', stop_loss: 'stop' };
const ENDINGS: Readonly<Record<string, StepOrder['what']>> = { canceled: 'cancelled', expired: 'expired' };

const sideOf = (word: string | undefined): 'buy' | 'sell' => (word === 'sell' ? 'sell' : 'buy');

/** Follows the lines of a run. */
export class StepOrders {
  readonly #known = new Map<string, Known>();
  /** The type of an order of the strategy's own, by its number. */
  readonly #types = new Map<string, string>();
  #next = 0;

  /** The strategy placed an order in its own words. */
  own(orderId: number, type: string): void {
    this.#types.set(String(orderId), type);
  }

  /** What a line says of an order, null for a line that says nothing of one; `at`: its time, epoch ms, null where it has none. */
  read(line: string): { readonly order: StepOrder; readonly at: number | null } | null {
    const [word = '', name = '', ...rest] = line.split(' ');
    switch (word) {
      case 'order': {
        const [side, qty, symbol = '', at] = rest;
        const known: Known = { id: this.#number(), symbol, side: sideOf(side), qty: Number(qty), type: this.#types.get(name) ?? 'market' };
        this.#known.set(name, known);
        return { order: { ...known, what: 'placed', price: null, note: '' }, at: timeOf(at) };
      }
      case 'fill': {
        const [side, qty, symbol = '', price, , at] = rest;
        const known = this.#of(name, { symbol, side: sideOf(side), qty: Number(qty) });
        return { order: { ...known, side: sideOf(side), qty: Number(qty), what: 'filled', price: Number(price), note: '' }, at: timeOf(at) };
      }
      case 'refused':
        return { order: { id: this.#number(), symbol: name, what: 'rejected', side: 'buy', qty: 0, type: '', price: null, note: `The broker would refuse it (${rest[0] ?? ''})` }, at: timeOf(rest[1]) };
      case 'cut': {
        const known = this.#of(name, { symbol: rest[0] ?? '', side: 'buy', qty: 0 });
        return { order: { ...known, what: 'changed', price: null, note: `The cash is enough for ${rest[1] ?? '0'} shares` }, at: null };
      }
      default: {
        const what = ENDINGS[word] ?? (/^(denied|refused)/.test(word) ? 'denied' : null);
        if (what === null) return null;
        // Exits that nobody ever heard of went with their entry.
        const known = this.#known.get(name) ?? (what === 'denied' ? { id: this.#number(), symbol: '', side: 'buy', qty: 0, type: '' } as const : null);
        return known === null ? null : { order: { ...known, what, price: null, note: what === 'denied' ? line.slice(0, 300) : '' }, at: null };
      }
    }
  }

  /** An order that was placed before, or an exit of one, which is known from its first fill on. */
  #of(name: string, told: { readonly symbol: string; readonly side: 'buy' | 'sell'; readonly qty: number }): Known {
    const found = this.#known.get(name);
    if (found !== undefined) return found;
    const made: Known = { id: this.#number(), ...told, type: LEG_TYPES[name.split('/')[1] ?? ''] ?? 'market' };
    this.#known.set(name, made);
    return made;
  }

  #number(): number {
    this.#next += 1;
    return this.#next;
  }
}

function timeOf(text: string | undefined): number | null {
  const time = Number(text);
  return text === undefined || !Number.isFinite(time) ? null : time;
}
