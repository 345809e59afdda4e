/** What the host asks of a strategy beside running it; answers cross as JSON. Sent into the sandbox as text, so it stands on nothing outside of this file. */
import type { GuestSpec } from './guest-views.ts';

/** A definition as its author wrote it: anything may be in it. */
export type GuestWhole = GuestSpec & Readonly<Record<string, unknown>>;

/** Who it is. @throws TypeError when it answers later */
export function guestDescribe(spec: GuestWhole): string {
  const { kind, title, description, scope, symbols, usesShorts, usesOrders, parameters, onBar } = spec;
  const kindOf = Object.prototype.toString.call(onBar);
  if (kindOf !== '[object Function]') throw new TypeError('onBar must be a plain function: a strategy answers at once');
  return JSON.stringify({ kind, title, description, scope, symbols, usesShorts, usesOrders, parameters });
}

/** What follows from its parameters (JSON). `defectOf`: where a value is no plain JSON. */
export function guestBind(spec: GuestWhole, given: string, defectOf: (value: unknown, path?: string) => string | null): string {
  const parameters = Object.freeze(JSON.parse(given) as object);
  const ask = (name: string, otherwise: unknown): unknown => {
    const asked = spec[name];
    if (asked === undefined || asked === null) return otherwise;
    if (typeof asked !== 'function') throw new TypeError(`${name} must be a function of the parameters, such as ${name}: () => ...`);
    return (asked.call(spec, parameters) as unknown) ?? otherwise;
  };
  const refusal = ask('check', null);
  if (refusal !== null) return JSON.stringify({ defect: refusal, indicators: {}, history: 1, forgetting: 0, memory: '{}' });
  const memory = ask('initialState', {});
  const unplain = defectOf(memory, 'initialState()');
  if (unplain !== null) throw new TypeError(`${unplain}: memory is plain JSON, because it must come back from the book as it was. Use null for a number that is not known`);
  return JSON.stringify({ defect: null, indicators: ask('indicators', {}), history: ask('history', 1), forgetting: ask('forgetting', 0), memory: JSON.stringify(memory) });
}

/** What was thrown, in words of limited length. */
export function guestTell(thrown: unknown): string {
  const short = (value: unknown, most: number): string => (typeof value === 'string' ? value.slice(0, most) : '');
  if (typeof thrown !== 'object' || thrown === null) return JSON.stringify({ name: 'Error', message: `it threw ${String(thrown).slice(0, 500)}, which is no error`, stack: '' });
  const { name, message, stack } = thrown as { readonly name?: unknown; readonly message?: unknown; readonly stack?: unknown };
  return JSON.stringify({ name: short(name, 100) || 'Error', message: short(message, 2_000) || 'it threw something that is no error', stack: short(stack, 4_000) });
}

/** What is asked for of an indicator, as it crosses the border. @throws TypeError for what JSON would change on its way */
export function guestUse(factory: string, given: readonly unknown[]): { readonly factory: string; readonly given: readonly unknown[] } {
  for (const part of given) {
    if (typeof part === 'number' ? Number.isFinite(part) : part === undefined || (typeof part === 'object' && part !== null)) continue;
    throw new TypeError(`${factory}(...) was given ${String(part)}: it takes numbers, and at the end { source, timeframe }`);
  }
  return { factory, given };
}
