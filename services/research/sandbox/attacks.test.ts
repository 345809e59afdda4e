/** Strategies that try to know more than they may, to remember what they must not, or to break what runs them. */
import { describe, expect, it } from 'vitest';
import { runBacktest } from '#app/backtest/run/run.ts';
import { timedBars } from '#app/backtest/run/sessions.ts';
import { barColumns, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { smaCross } from '#app/strategy/built-in/sma-cross.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import { readJob, runConfigOf } from '../job.ts';
import { guestStrategy } from './guest-strategy.ts';
import { bindGuest, describeGuest, indicatorFunctions } from './guest-terms.ts';
import { Machine, type MachineLimits } from './machine.ts';

const LIMITS: MachineLimits = { bytes: 16 * 1024 * 1024, loadMs: 1_500, barMs: 1_500, batchMs: 3_000 };
const functions = indicatorFunctions(INDICATORS);

/** Sessions of minutes: cents up and down by a fixed rule, so that tomorrow is worth knowing. */
function minutes(days: number, step: number): BarColumns {
  const sessions = sessionsBetween('2024-01-02', '2024-02-28').slice(0, days);
  const bars = barColumns(sessions.length * 390);
  let i = 0;
  for (const { date } of sessions) {
    for (let minute = 0; minute < 390; minute += 1) {
      const close = 100 + ((i * step) % 97) / 10;
      bars.time[i] = fromNewYork(date, 570 + minute);
      [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]] = [close, close + 0.5, close - 0.5, close, 1_000_000];
      i += 1;
    }
  }
  return bars;
}

const all = new Map([['AAA', minutes(1, 31)], ['BBB', minutes(1, 17)]]);
const late = all.get('BBB');
if (late !== undefined) all.set('LATE', sliceColumns(late, 100, 390));
const times = new Map([...all].map(([symbol, bars]) => [symbol, timedBars(bars, '1Min').sessions.close] as const));

const load = (body: string, { before = '', more = '' } = {}): Promise<Machine> => Machine.load(`import { strategy, sma, integer } from 'mainspring';
${before}
export default strategy({
  kind: 'cheat', title: 'Cheat', description: 'For tests', parameters: {}, initialState: () => ({ n: 0, held: [] }), ${more}
  onBar(ctx) { ${body} },
});
`, [...functions.keys()], LIMITS);

/** What is ordered over whole columns, ahead or (like a live host, over no more than there is yet) bar by bar. */
function linesOf(machine: Machine, isAhead: boolean, symbols: readonly string[] = ['AAA']): readonly string[] {
  const bind = (): BoundStrategy => guestStrategy(machine, bindGuest(machine, {}, functions), { times: isAhead ? times : null, hasReasons: false });
  const job = readJob({ strategy: { kind: 'cheat' }, markets: symbols.map((symbol) => ({ symbol, bars: symbol })), timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '10000' } });
  return runBacktest(runConfigOf(job, { strategyType: () => ({ ...smaCross, bind }), barsOf: (ref) => all.get(ref) ?? barColumns(0) }), { hasLines: true }).lines;
}

async function failure(run: () => unknown): Promise<AppError> {
  try {
    await run();
  } catch (error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof AppError && !(at.cause instanceof AppError)) return at;
  }
  throw new Error('It did not fail');
}

describe('a strategy that wants to know the future', () => {
  const next = 'ctx.on.long(); else ctx.on.flat();';
  it.each([
    ['another number when it is used than when it is looked at', `let n = 0; const bars = { valueOf: () => (n++ === 0 ? -5 : 0) }; const seen = ctx.on.close.ago(bars); if (seen > ctx.on.close.now) ${next}`],
    ['a negative number of bars', `if (ctx.on.close.ago(-1) > ctx.on.close.now) ${next}`],
    ['a part of a bar', `if (ctx.on.close.ago(-0.5) > 0 || ctx.on.close.ago(0.5) > 0) ${next}`],
    ['text for a number', `if (ctx.on.close.ago('-1') > ctx.on.close.now) ${next}`],
  ])('by %s sees no more than bar by bar', async (_, body) => {
    const source = body.replace('seen > ctx', 'seen !== ctx.on.close.now && seen > ctx');
    expect(linesOf(await load(source), true)).toEqual(linesOf(await load(source), false));
  });

  it.each([
    ['__open', 'globalThis.__open = () => 1;'], ['an iterator', 'Object.getPrototypeOf([][Symbol.iterator]()).next = () => ({ done: true });'], ['a typed array', 'Object.getPrototypeOf(Float64Array).prototype.set = () => 1;'],
    ['a buffer', 'ArrayBuffer.prototype.slice = () => 1;'], ['a method', 'ctx.on.long = () => 1;'], ['an accessor', "Object.getOwnPropertyDescriptor(ctx.on.close, 'now').get.kept = 1;"], ['a function', 'ctx.on.close.ago.kept = 1;'],
    ['a class', 'ctx.on.constructor.prototype.kept = 1;'], ['its own definition', 'this.kept = 1;'], ['a view', 'ctx.on.kept = 1;'], ['the context', 'ctx.kept = 1;'], ['its position', 'ctx.on.position.kept = 1;'], ['its parameters', 'ctx.parameters.kept = 1;'],
    ['a list of the file', 'LIST.push(ctx.on.close.now);', 'const LIST = [];'], ['a value deep in the file', 'DEEP.a.b.c = 1;', 'const DEEP = { a: { b: {} } };'], ['a function of the file', 'help.kept = 1;', 'function help() {}'],
    ['a function of the module', 'sma.kept = 1;'], ['an error', 'Error.prototype.name = 1;'], ['text', "new (Object.getPrototypeOf(async () => {}).constructor)('return 1')();"], ['text again', "(() => {}).constructor('return 1')();"],
  ])('cannot keep anything in %s', async (_, body, before = '') => {
    expect(await failure(async () => linesOf(await load(body, { before }), true))).toMatchObject({ code: 'STRATEGY_FAILED', context: { line: 5 } });
  });

  it('finds no names of ours, no clock, no chance and no way to make code', async () => {
    const machine = await load('', { more: `check() { const names = ['__open', '__spec', 'GuestRun', 'guestSeries', 'guestFreeze', 'open', 'Date', 'WeakRef', 'eval', 'SharedArrayBuffer', 'Atomics', 'process', 'std', 'os', 'print', 'console', 'setTimeout', 'WebAssembly', 'Intl'];
      return [...names.filter((name) => { try { return (name in globalThis); } catch { return false; } }), typeof GuestRun, typeof HEADER, typeof parts, typeof Math.random].join(' '); },` });
    expect((await failure(() => bindGuest(machine, {}, functions))).message).toMatch(/: undefined undefined undefined undefined$/);
  });

  /** Remembers closes by their times outside of its state, and buys where it knows that the close in three bars will be higher. Cash and position are looked at so that it is taken back. */
  const seer = `const t = ctx.time; KEEP; if (ctx.time % 7 === 0 && ctx.on.position.qty > 1e9) return; const later = SEEN(t + 180000); if (later > ctx.on.close.now + 1) ctx.on.long({ stopPrice: ctx.on.close.now - 2 }); else if (ctx.on.close.now > 107) ctx.on.flat(); else if (ctx.on.close.now < 101) ctx.on.long({ stopPrice: ctx.on.close.now - 0.6 });`;
  it.each([
    ['a map', 'const seen = new Map();', 'seen.set(t, ctx.on.close.now)', 'seen.get'],
    ['a closure', 'const keeper = (() => { const seen = {}; return { keep: (t, x) => { seen[t] = x; }, get: (t) => seen[t] }; })();', 'keeper.keep(t, ctx.on.close.now)', 'keeper.get'],
    ['a variable', 'let seen = {};', 'seen = { ...seen, [t % 600000]: ctx.on.close.now }', '((at) => seen[at % 600000])'],
    ['a class', 'class Keeper { static #seen = {}; static keep(t, x) { Keeper.#seen[t] = x; } static get(t) { return Keeper.#seen[t]; } }', 'Keeper.keep(t, ctx.on.close.now)', 'Keeper.get'],
    ['the name of a function', 'function seen(t) { return NaN; }', '{ const before = seen, now = ctx.on.close.now; seen = (at) => (at === t ? now : t - at > 600000 ? NaN : before(at)); }', 'seen'],
    ['a closure in a getter of a constant', 'const box = {}; const odd = { valueOf() { const seen = {}; box.keep = (t, x) => { seen[t] = x; }; box.get = (t) => seen[t]; return 1; } }; const one = +odd;', 'box.keep(t, ctx.on.close.now)', 'box.get'],
    ['what it is given', 'const odd = { get min() { const seen = {}; box.keep = (t, x) => { seen[t] = x; }; box.get = (t) => seen[t]; return 1; }, max: 3, describe: "" }; const box = {}; const one = integer(1, odd);', 'box.keep(t, ctx.on.close.now)', 'box.get'],
  ])('in %s of the file is asked bar by bar, and knows nothing', async (_, before, keep, seen) => {
    const body = seer.replace('KEEP', keep).replace('SEEN', seen);
    const machine = await load(body, { before });
    expect(machine.isMemoryFree).toBe(false);
    expect(linesOf(machine, true)).toEqual(linesOf(await load(body, { before }), false));
  });

  it('proves of usual files that they hold constants alone, and freezes them', async () => {
    const before = "const A = 3 * Math.sqrt(2), B = [1, 2, { c: 'x' }], C = 'a' + A; const side = (x) => (x > 0 ? 1 : -1); function help(list) { let sum = 0; for (const x of list) sum += x; return sum; } export const FLAGS = { on: true, f() { return B; } };";
    const machine = await load('if (help([ctx.on.close.now, side(A), B[0]]) % 5 < 1) ctx.on.long(); else ctx.on.flat();', { before });
    expect(machine.isMemoryFree).toBe(true);
    expect(linesOf(machine, true).length).toBeGreaterThan(20);
    for (const odd of ['let a = 1;', 'var a = 1;', 'const a = new Map();', 'const a = /x/g;', 'const { a } = { a: 1 };', 'const f = () => 1; const a = f();', 'class A {}', 'const a = [...[1]];', 'const a = import.meta;', 'const a = { get b() { return 1; } };', 'const Math = { sqrt: () => 1 };'])
      expect((await load('ctx.on.flat();', { before: odd })).isMemoryFree, odd).toBe(false);
  });

  it('cannot change what it has asked for', async () => {
    const body = 'const { state } = ctx; state.n += 1; if (state.n % 50 === 1) { state.order = { side: "buy", qty: 1 }; ctx.on.submit(state.order); } else state.order.qty = ctx.on.close.now > 105 ? 50 : 2;';
    expect(linesOf(await load(body), true)).toEqual(linesOf(await load(body), false));
  });
});

it('sees NaN of a symbol that has not begun, ahead and bar by bar', async () => {
  const body = 'const [first, second] = ctx.all; if (Number.isNaN(second.close.now) && Number.isNaN(second.close.ago(2))) first.long(); else if (second.close.ago(2) > 0 || second.close.ago(1) === undefined) first.flat();';
  const portfolio = (): Promise<Machine> => load(body, { more: "scope: 'portfolio', symbols: [1, 2], history: () => 2," });
  const lines = linesOf(await portfolio(), true, ['AAA', 'LATE']);
  expect(lines).toEqual(linesOf(await portfolio(), false, ['AAA', 'LATE']));
  expect(lines.length).toBeGreaterThanOrEqual(2);
});

describe('a strategy whose files and answers are odd', () => {
  const named = (source: string): Promise<Machine> => Machine.load(source, [], LIMITS);
  const plain = "import { strategy } from 'mainspring';\nconst made = strategy({ kind: 'odd', title: 'Ünïcode 🚀', onBar() {} });\nexport default made;\n";

  it('is taken with a byte-order mark, CRLF, a constant and a megabyte of words', async () => {
    for (const source of [plain, `\uFEFF${plain}`, plain.replaceAll('\n', '\r\n'), `${plain}/*${'x'.repeat(990_000)}*/`]) expect(describeGuest(await named(source))).toMatchObject({ kind: 'odd', title: 'Ünïcode 🚀' });
    expect((await failure(() => named(`${plain}/*${'x'.repeat(1_000_000)}*/`))).message).toMatch(/longer than 1000000/);
    const failing = await named(plain.replace('onBar() {}', 'onBar() {},\r\n  history() {\r\n    throw new RangeError("no");\r\n  }'));
    expect(await failure(() => bindGuest(failing, {}, functions))).toMatchObject({ code: 'STRATEGY_FAILED', message: 'Line 4: RangeError: no', context: { line: 4 } });
  });

  it.each([['', /must export its strategy/], ['export default null;', /must export its strategy/], ['export default { onBar: 3 };', /must export its strategy/], ['['.repeat(200_000), /stack/], ['await 1; export default 1;', /await/]])('is refused in words: %s', async (source, words) => {
    expect(await failure(() => named(source))).toMatchObject({ code: 'STRATEGY_CODE_INVALID', message: expect.stringMatching(words) as string });
  });

  it.each([
    ['async onBar() {}', /onBar must be a plain function/], ['*onBar() {}', /onBar must be a plain function/], ['onBar() {}, check: () => 5', /defect/], ['onBar() {}, check() { throw new Error("no"); }', /^Line 2: Error: no/], ['onBar() {}, history: 5', /history must be a function/],
    ['onBar() {}, history: () => NaN', /history/], ['onBar() {}, history: () => 1e9', /history/], ['onBar() {}, indicators: () => 5', /indicators/], ['onBar() {}, indicators() { return this.nothing.there; }', /^Line 2: TypeError/],
    ['onBar() {}, indicators: () => ({ a: { factory: "sma", given: ["5"] } })', /indicators\.a\.given/], ['onBar() {}, indicators: () => ({ a: { factory: "constructor", given: [] } })', /no indicator "constructor"/],
    ['onBar() {}, initialState: () => ({ best: -Infinity })', /initialState\(\)\.best is -Infinity/], ['onBar() {}, initialState: () => ({ seen: new Map() })', /initialState\(\)\.seen is no list/], ['onBar() {}, initialState: () => ({ f() {} })', /is a function/],
    ['onBar() {}, initialState() { let a = []; for (let i = 0; i < 100000; i++) a = [a]; return { a }; }', /stack/], ['onBar() {}, parameters: { a: 3 }', /parameters\.a/], ['onBar() {}, parameters: { a: { kind: "integer", default: "1", min: 0, max: 2, step: 1, unit: "", describe: "" } }', /parameters\.a\.default/],
    ['onBar() {}, parameters: { a: { kind: "integer", default: 9, min: 0, max: 2, step: 1, unit: "", describe: "" } }', /a must lie within 0 and 2/], ['onBar() {}, symbols: [2]', /symbols/], ['onBar() {}, check() { throw { get message() { for (;;); } }; }', /cannot be read/],
    ['onBar() {}, check() { throw new Error("x".repeat(3e6)); }', /Error: x{1000,2000}$/], ['onBar() {}, check() { return /^(a+)+$/.test("a".repeat(60) + "b") ? "1" : null; }', /did not end within/], ['onBar() {}, initialState: () => ({ a: "x".repeat(1_500_000) })', /memory/],
  ])('is told what is wrong: %s', async (part, words) => {
    const error = await failure(async () => {
      const machine = await named(`import { strategy } from 'mainspring';\nexport default strategy({ kind: 'odd', ${part} });`);
      bindGuest(machine, {}, functions);
    });
    expect(error.message).toMatch(words);
    expect(error.message.length).toBeLessThan(2_200);
  });

  it('is stopped in whatever it does for ever, and told of the bar in which it threw', async () => {
    for (const body of ['ctx.state.held.push("x".repeat(1e6));', 'for (;;) Promise.resolve().then(() => 1);', 'ctx.on.long({ reasons: 3 }); const f = () => [2, 1].sort(f); f();', 'ctx.on.submit({ side: "buy", qty: 1, type: "x".repeat(3e6) });', 'ctx.on.submit({ side: "buy", qty: 1 / 0 });'])
      expect((await failure(async () => linesOf(await load(body), true))).code, body).toMatch(/^STRATEGY_/);
    const late = await load('ctx.state.n += 1; if (ctx.state.n === 300) throw new Error("late"); if (ctx.state.n % 50 === 0) ctx.on.long();');
    expect(() => linesOf(late, true)).toThrow(new Date(times.get('AAA')?.[300] ?? NaN).toISOString().slice(0, 16));
    const unplain = await load('ctx.state.n = NaN; ctx.on.position.qty;');
    expect((await failure(() => linesOf(unplain, true))).message).toMatch(/state\.n is NaN: memory is plain JSON/);
  });
});
