/** The guest's side of the sandbox as text: what is evaluated there before a strategy is, and the module that strategies import. */
import { choice, flag, integer, real } from '#app/strategy/parameters.ts';
import { plainDefect } from '#app/strategy/plain.ts';
import { GUEST_AT, GUEST_HEADER, GUEST_LOG_ROW, GUEST_LOG_ROWS, GUEST_OF, GUEST_REQUESTS, GUEST_ROW, GuestRun } from './guest.ts';
import { guestBind, guestDescribe, guestTell, guestUse } from './guest-asks.ts';
import { guestFreeze, guestLock } from './guest-lock.ts';
import { GUEST_LINE_CHARACTERS, GUEST_LINES, GUEST_LINES_A_BAR, GuestJournal, guestLine } from './guest-journal.ts';
import { GuestContext, GuestFacts, GuestPosition, guestSeries, GuestView } from './guest-views.ts';

/** As a name of its own, whatever the bundler called it inside; `__name` is what bundlers leave in functions whose names they keep. */
const named = (name: string, thing: { toString(): string }): string => `const ${name} = ${thing.toString()};`;

const MADE = { guestFreeze, guestLock, plainDefect, guestSeries, GuestFacts, GuestPosition, GuestView, GuestContext, GuestRun, guestLine, GuestJournal, guestTell, guestDescribe, guestBind } as const;
const NUMBERS = { GUEST_HEADER, GUEST_ROW, GUEST_LOG_ROW, GUEST_LOG_ROWS, GUEST_REQUESTS, GUEST_AT, GUEST_OF, GUEST_LINES, GUEST_LINES_A_BAR, GUEST_LINE_CHARACTERS } as const;
const PARAMETERS = { integer, real, choice, flag } as const;

/** What the host may call in there. */
export const GUEST_ASKS = ['describe', 'bind', 'open', 'tell', 'keep', 'attach', 'outside'] as const;
/** Name of one of them. */
export type GuestAsk = (typeof GUEST_ASKS)[number];

/**
 * Evaluated first, as a plain script. Its value is what the host calls; nothing of it has a name that a strategy could say. `open` puts the host's buffers together into a run: plain loops, so
 * that a column passes through no hands but ours.
 */
export function guestPrelude(): string {
  return [
    '"use strict"; (() => {',
    'const __name = (thing) => thing;',
    ...Object.entries(NUMBERS).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`),
    ...Object.entries(MADE).map(([name, made]) => named(name, made)),
    `const journal = new GuestJournal();`,
    `const parts = Object.freeze({ guestSeries, GuestFacts, GuestView, GuestContext, plainDefect, journal, linesAtOnce: GUEST_LINES });`,
    `const open = (spec, plan, buffers) => {
      const { parameters, depth, hasReasons, markets } = JSON.parse(plan);
      let n = 0;
      const shown = [];
      for (let m = 0; m < markets.length; m += 1) {
        const columns = {};
        for (let c = 0; c < markets[m].names.length; c += 1) { columns[markets[m].names[c]] = new Float64Array(buffers[n]); n += 1; }
        shown.push({ symbol: markets[m].symbol, columns });
      }
      return new GuestRun(spec, { parameters: Object.freeze(parameters), markets: shown, times: new Float64Array(buffers[n]), depth, hasReasons }, parts);
    };`,
    'guestLock(guestFreeze);',
    `guestFreeze([guestTell, guestDescribe, guestBind, ${Object.keys(MADE).filter((name) => /^G/.test(name)).join(', ')}]);`,
    'return Object.freeze({ open, tell: guestTell, describe: guestDescribe, bind: (spec, given) => guestBind(spec, given, plainDefect), keep: (...roots) => guestFreeze(roots), attach: (bind) => bind((value, level) => journal.write(value, level)), outside: () => journal.outside() });',
    '})()',
  ].join('\n');
}

/** Where `log` lives: it writes to what the host attached before any strategy was there, once. */
export function guestLogModule(): string {
  return 'let write = null;\nexport const attach = (given) => { if (write === null) write = given; };\nexport const log = (value, level) => { write(value, level); };';
}

/** The module `mainspring`: `strategy`, `log`, the parameters, and a function for each indicator, which writes down what is asked for. `logModule`: the name of the module where `log` lives. */
export function guestModule(indicators: readonly string[], logModule: string): string {
  const names = [...Object.keys(PARAMETERS), 'strategy', 'log', ...indicators];
  return [
    `import { log } from ${JSON.stringify(logModule)};`,
    'export { log };',
    'const __name = (thing) => thing;',
    ...Object.entries(PARAMETERS).map(([name, made]) => `export ${named(name, made)}`),
    'export const strategy = (spec) => { if (typeof spec !== "object" || spec === null || typeof spec.onBar !== "function") throw new TypeError("strategy({...}) needs an object with onBar(ctx)"); return Object.freeze(spec); };',
    named('guestUse', guestUse),
    'const use = (factory) => (...given) => guestUse(factory, given);',
    ...indicators.map((name) => `export const ${name} = use(${JSON.stringify(name)});`),
    `for (const made of [${names.join(', ')}]) { Object.freeze(made); if (made.prototype) Object.freeze(made.prototype); }`,
  ].join('\n');
}
