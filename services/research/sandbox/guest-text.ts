/** The guest's side of the sandbox as text: what is evaluated there before a strategy is, and the module that strategies import. */
import { choice, flag, integer, real } from '#app/strategy/parameters.ts';
import { AT, GuestContext, GuestFacts, GuestPosition, GuestRun, guestSeries, GuestView, HEADER, OF, ROW } from './guest.ts';

/** The name under which strategies import their interface. */
export const GUEST_MODULE = 'mainspring';

/** As a name of its own, whatever the bundler called it inside; `__name` is what bundlers leave in functions whose names they keep. */
const named = (name: string, thing: { toString(): string }): string => `const ${name} = ${thing.toString()};`;

const CLASSES = { guestSeries, GuestFacts, GuestPosition, GuestView, GuestContext, GuestRun } as const;
const PARAMETERS = { integer, real, choice, flag } as const;

/** Puts the buffers of the host together into a run. */
const OPEN_RUN = `globalThis.__open = (plan, buffers) => {
  const { parameters, depth, hasReasons, markets } = JSON.parse(plan);
  let n = 0;
  const next = () => { const column = new Float64Array(buffers[n]); n += 1; return column; };
  const shown = markets.map(({ symbol, names }) => ({ symbol, columns: Object.fromEntries(names.map((name) => [name, next()])) }));
  return new GuestRun(globalThis.__spec, { parameters: Object.freeze(parameters), markets: shown, times: next(), depth, hasReasons });
};`;

/** Evaluated first, as a plain script: the classes, and nothing of them that could be changed afterwards. */
export function guestPrelude(): string {
  const names = Object.keys(CLASSES);
  return [
    '"use strict"; var __name = (thing) => thing;',
    `const HEADER = ${HEADER}, ROW = ${ROW}, AT = ${JSON.stringify(AT)}, OF = ${JSON.stringify(OF)};`,
    ...Object.entries(CLASSES).map(([name, made]) => named(name, made)),
    `for (const made of [${names.join(', ')}]) { Object.freeze(made); if (made.prototype) Object.freeze(made.prototype); }`,
    OPEN_RUN,
    // What depends on more than the bars would give other signals each time.
    'delete globalThis.Date; delete Math.random; delete globalThis.WeakRef; delete globalThis.FinalizationRegistry; delete globalThis.Atomics; delete globalThis.SharedArrayBuffer;',
    'for (const name of ["Object", "Array", "Number", "String", "Function", "Math", "JSON", "Float64Array", "Promise", "Map", "Set", "Reflect"]) { const made = globalThis[name]; Object.freeze(made); if (made.prototype) Object.freeze(made.prototype); }',
  ].join('\n');
}

/** The module `mainspring`: `strategy`, the parameters, and a function for each indicator, which writes down what is asked for. */
export function guestModule(indicators: readonly string[]): string {
  const uses = indicators.map((name) => `export const ${name} = use(${JSON.stringify(name)});`);
  return [
    'const __name = (thing) => thing;',
    ...Object.entries(PARAMETERS).map(([name, made]) => `export ${named(name, made)}`),
    'export const strategy = (spec) => { if (typeof spec !== "object" || spec === null || typeof spec.onBar !== "function") throw new TypeError("strategy({...}) needs an object with onBar(ctx)"); return Object.freeze(spec); };',
    'const use = (factory) => (...given) => ({ factory, given });',
    ...uses,
  ].join('\n');
}
