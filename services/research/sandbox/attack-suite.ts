/** Escapes and bombs, by name: what strangers' code may try, and what must come of it. For tests. */
import type { ErrorCode } from '#app/domain/errors.ts';
import type { ProjectFileLike } from '../strategy-source.ts';

/** One of them. `code`: how it is refused or stopped, null: it is harmless and the run ends well; `words`: what its author is told. `isLive`: it is shown a bar as live, else back-tested. `isDeaf`: no interrupt reaches it, its process is ended. */
export type Attack = { readonly name: string; readonly files: readonly ProjectFileLike[]; readonly code: ErrorCode | null; readonly words: RegExp; readonly isLive: boolean; readonly isDeaf: boolean };

type Given = { readonly name: string; readonly body?: string; readonly before?: string; readonly more?: string; readonly state?: string; readonly whole?: string; readonly others?: readonly ProjectFileLike[]; readonly code: ErrorCode | null; readonly words?: RegExp; readonly isLive?: boolean; readonly isDeaf?: boolean };

const INVALID = 'STRATEGY_CODE_INVALID';
const TIME = 'STRATEGY_OUT_OF_TIME';
const MEMORY = 'STRATEGY_OUT_OF_MEMORY';
const FAILED = 'STRATEGY_FAILED';

function attack({ name, body = '', before = '', more = '', state = 'n: 0', whole, others = [], code, words = /./, isLive = false, isDeaf = false }: Given): Attack {
  const text = whole ?? `import { strategy, log, sma } from 'mainspring';
${before}
export default strategy({
  kind: 'attack', title: 'Attack', description: 'For tests', scope: 'symbol', parameters: {}, indicators: () => ({ average: sma(3) }), initialState: (): any => ({ ${state} }), ${more}
  onBar(ctx: any) { const { on, state } = ctx; ${body} },
});
`;
  return { name, files: [{ path: 'strategy.ts', text }, ...others], code, words, isLive, isDeaf };
}

/** All of them. */
export const ATTACKS: readonly Attack[] = [
  { name: 'endless loop in onBar', body: 'for (;;) {}', code: TIME, words: /^Line 5.*did not end within/ },
  { name: 'endless loop that catches everything', body: 'for (;;) { try { for (;;) {} } catch {} }', code: TIME },
  { name: 'endless loop at load', before: 'for (;;) {}', code: TIME },
  { name: 'endless loop in a getter of the definition', more: 'get symbols() { for (;;) {} },', code: TIME },
  { name: 'endless loop in a value asked for its text', body: 'log({ toJSON() { for (;;) {} } });', code: TIME },
  { name: 'endless loop behind a proxy', body: 'on.long(new Proxy({}, { get() { for (;;) {} } }));', code: TIME },
  { name: 'catastrophic regular expression', body: 'if (/^(a+)+$/.test("a".repeat(50) + "b")) on.long();', code: TIME },
  { name: 'search through 2^53 places in one call', body: 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);', code: TIME, words: /process was ended/, isDeaf: true },
  { name: 'deep recursion', body: 'const down = (n: number): number => down(n + 1) + 1; down(0);', code: FAILED, words: /^Line 5.*stack/ },
  { name: '200 MB of numbers', body: 'state.all = new Array(25_000_000).fill(1.5);', code: MEMORY, words: /MB/ },
  { name: '200 MB in a buffer', body: 'state.n = new Float64Array(25_000_000).length;', code: MEMORY },
  { name: 'a list without an end', body: 'const all: number[][] = []; for (;;) all.push(new Array(50_000).fill(1));', code: MEMORY },
  { name: 'a text that doubles', body: 'let text = "x"; for (;;) text += text;', code: FAILED, words: /too long/ },
  { name: 'a number of a billion digits', body: 'state.n = String((3n ** 100_000_000n) % 7n);', code: FAILED },
  { name: 'code of text by a constructor', body: '(on.long as any).constructor("return 1")();', code: FAILED, words: /cannot make code of text/ },
  { name: 'code of text by the constructor of a constructor', body: '[]["constr" + "uctor"]["constr" + "uctor"]("return this")();', code: FAILED, words: /cannot make code of text/ },
  { name: 'eval', body: 'eval("1");', code: INVALID, words: /^Line 5: `eval`.*make code/ },
  { name: 'the global object', body: '(globalThis as any)["fe" + "tch"]("http://127.0.0.1");', code: INVALID, words: /^Line 5: `globalThis`/ },
  { name: 'the global object by a function', body: 'const all = (function (this: any) { return this; })(); all.process.exit(1);', code: FAILED, words: /undefined/ },
  { name: 'prototype pollution', body: '(Object.prototype as any).stopPrice = 1;', code: FAILED, words: /^Line 5/ },
  { name: 'pollution through __proto__', body: 'const made: any = {}; made["__pro" + "to__"].qty = 1e9; on.long();', code: FAILED },
  { name: 'a changed method of lists', body: '(Array.prototype as any).push = () => 1;', code: FAILED },
  { name: 'import of a module of Node', whole: "import fs from 'node:fs';\nimport { strategy } from 'mainspring';\nexport default strategy({ kind: 'x', onBar() { fs.readFileSync('/etc/passwd'); } });", code: INVALID, words: /^Line 1: "node:fs" cannot be imported.*"mainspring"/ },
  { name: 'import while it runs', body: "import('node:fs');", code: INVALID, words: /^Line 5.*loads nothing/ },
  { name: 'import of a package', before: "import left from 'left-pad';\nleft();", code: INVALID, words: /^Line 2: "left-pad" cannot be imported/ },
  { name: 'import out of the project', before: "import keys from '../../keys';\nkeys();", code: INVALID, words: /^Line 2.*outside of this project/ },
  { name: 'files that import each other', before: "import { a } from './a';\na();", others: [{ path: 'a.ts', text: "import { b } from './b';\nexport const a = () => b;" }, { path: 'b.ts', text: "import { a } from './a';\nexport const b = () => a;" }], code: INVALID, words: /circle: a\.ts → b\.ts → a\.ts/ },
  { name: 'require', body: "require('child_process').execSync('id');", code: INVALID, words: /^Line 5: `require`/ },
  { name: 'fetch', body: "fetch('http://127.0.0.1');", code: INVALID, words: /^Line 5: `fetch`.*no network/ },
  { name: 'a socket', body: "new WebSocket('ws://127.0.0.1');", code: INVALID, words: /`WebSocket`.*no network/ },
  { name: 'the end of the process', body: 'process.exit(1);', code: INVALID, words: /`process`/ },
  { name: 'a thread', body: "new Worker('data:,');", code: INVALID, words: /`Worker`.*no threads/ },
  { name: 'waiting on shared memory', body: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);', code: INVALID, words: /`Atomics`.*no threads/ },
  { name: 'a flood of messages', body: "for (;;) postMessage('x');", code: INVALID, words: /`postMessage`/ },
  { name: 'a flood of lines', body: 'for (let i = 0; i < 200; i += 1) log("x".repeat(2_000));', code: null },
  { name: 'one line of ten million characters', body: 'if (state.n === 0) { log("x".repeat(10_000_000)); log({ text: "y".repeat(1_000_000) }); } state.n = 1;', code: null },
  { name: 'odd values as lines', body: 'log(null); log(undefined); log(Symbol("x")); log(10n); log({ toJSON() { throw null; } }); log(new Proxy({}, { get() { throw 1; } })); const me: any = {}; me.me = me; log(me); log(on); log(() => 1, "loud");', code: null },
  { name: 'a memory of megabytes', body: 'state.text = "x".repeat(3_000_000);', code: FAILED, isLive: true, words: /longer than|keep less/i },
  { name: 'a memory that goes in a circle', body: 'state.me = state;', code: FAILED, isLive: true },
  { name: 'a memory with a getter', body: 'Object.defineProperty(state, "n", { get() { for (;;) {} }, enumerable: true });', code: TIME, isLive: true },
  { name: 'a promise that never resolves', body: 'new Promise(() => {}).then(() => on.long());', code: null },
  { name: 'a loop of microtasks', body: 'const again = (): any => Promise.resolve().then(again); again();', code: null },
  { name: 'an onBar that waits', whole: "import { strategy } from 'mainspring';\nexport default strategy({ kind: 'x', async onBar() { await new Promise(() => {}); } });", code: INVALID, words: /^Line 2.*answers at once/ },
  { name: 'a price with a will of its own', body: 'let n = 0; on.long({ stopPrice: { [Symbol.toPrimitive]: () => (n++ > 0 ? 1e9 : 1) } });', code: FAILED, words: /stopPrice must be a number/ },
  { name: 'reasons that are something else', body: 'on.long({ reasons: () => ({ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }) });', code: FAILED, isLive: true },
  { name: 'an order for nobody knows how many', body: 'on.submit({ side: "buy", qty: 0 / 0 });', code: FAILED, words: /qty/ },
  { name: 'a weight that is no number', body: 'on.weight(1 / 0);', code: FAILED, words: /weight\(Infinity\)/ },
  { name: 'ten thousand orders in a bar', body: 'for (let i = 0; i < 10_000; i += 1) on.submit({ side: "buy", qty: 1 });', code: FAILED },
  { name: 'throwing null', body: 'throw null;', code: FAILED, words: /threw null/ },
  { name: 'throwing what throws', body: 'throw { get message() { throw { get message() { throw 1; } }; } };', code: FAILED, words: /cannot be read/ },
  { name: 'throwing what does not end', body: 'throw { get name() { for (;;) {} } };', code: FAILED, words: /cannot be read/ },
  { name: 'throwing a symbol', body: 'throw Symbol("x");', code: FAILED },
  { name: 'a megabyte of brackets', whole: '['.repeat(900_000), code: INVALID, words: /nested too deeply/ },
  { name: 'functions nested in the defaults of parameters', before: `const f = ${'(a='.repeat(40)}0${')=>0'.repeat(40)};`, code: TIME, words: /could not be read in time.*nested/, isDeaf: true },
  { name: 'a title of ten megabytes', more: 'get usesShorts() { return "x".repeat(10_000_000) as any; },', code: FAILED, words: /longer than/ },
  { name: 'a million indicators', more: 'indicators: () => Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => ["a" + n, sma(3)])) as any,', code: INVALID, words: /at most 50 indicators/ },
].map((given) => attack(given as Given));
