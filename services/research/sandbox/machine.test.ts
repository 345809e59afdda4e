/** The sandbox: what a strategy can reach, how it is stopped, and that running ahead is the same as asking at every bar. */
import { describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import { FLAT_POSITION, StrategyContext, View, type Slate } from '#app/strategy/view.ts';
import { bindGuest, describeGuest } from './guest-terms.ts';
import { guestStrategy } from './guest-strategy.ts';
import { toJavaScript } from './guest-code.ts';
import { Machine, type MachineLimits } from './machine.ts';

/** For what ends by itself, however busy the computer is; and for what does not end. */
const PATIENT: MachineLimits = { bytes: 8 * 1024 * 1024, loadMs: 10_000, barMs: 10_000, batchMs: 10_000 };
const SHORT: MachineLimits = { ...PATIENT, loadMs: 400, batchMs: 300 };
const load = (source: string, limits = PATIENT): Promise<Machine> => Machine.load(source, ['sma'], limits);

/** A strategy around a body of `onBar`; the body begins at line 7. */
const withBody = (body: string, more = ''): string => `import { strategy, integer } from 'mainspring';
type State = { count: number; kept: number[] };
export default strategy({
  kind: 'mine', title: 'Mine', description: 'A test', scope: 'symbol',
  parameters: { look: integer(3, { min: 1, max: 9, describe: 'Bars' }) }, ${more}
  initialState: (): State => ({ count: 0, kept: [] }), history: () => 3,
  onBar(ctx) {
${body}
  },
});
`;

const BARS = 2_000;
let seed = 5;
const random = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296;
let walk = 100;
const closes = Float64Array.from({ length: BARS }, () => (walk = Math.max(1, walk + random() - 0.5)));
const times = Float64Array.from({ length: BARS }, (_, i) => 1_700_000_000_000 + i * 60_000);

/** A small engine: targets are held at the next bar; every 50th bar takes the position away by itself, as a resting exit would. */
function drive(machine: Machine, isAhead: boolean): string[] {
  const strategy = guestStrategy(machine, bindGuest(machine, {}, new Map()), { times: isAhead ? new Map([['AAA', times]]) : null, hasReasons: false });
  const cursor = { i: -1, depth: strategy.history };
  const slate: Slate = { hasSpoken: false, lastOrderId: 0 };
  const bars = { open: closes, high: closes, low: closes, close: closes, volume: closes };
  const view = new View({ symbol: 'AAA', bars, uses: {}, columns: {}, cursor, slate });
  const context = new StrategyContext(strategy, strategy.initialState(), [view]);
  const said: string[] = [];
  let [qty, heldSince] = [0, -1];
  for (let i = 3; i < BARS; i += 1) {
    if (view.wish.side === 'flat' || i % 50 === 0) [qty, heldSince] = [0, -1];
    else if (qty === 0) [qty, heldSince] = [view.wish.side === 'long' ? 10 : -10, i];
    view.position = qty === 0 ? FLAT_POSITION : { qty, averagePrice: closes[heldSince] ?? NaN, barsHeld: i - heldSince, openProfit: qty * ((closes[i] ?? NaN) - (closes[heldSince] ?? NaN)) };
    cursor.i = i;
    [context.time, context.cash, context.equity] = [times[i] ?? NaN, 1_000, 1_000 + qty * (closes[i] ?? NaN)];
    strategy.onBar(context);
    if (view.isNews) {
      said.push(`${i} ${view.opinion ?? ''} ${view.opinionWeight ?? ''} ${view.options?.atr ?? ''} ${view.options?.stopPrice ?? ''}`);
      view.wish = { side: view.opinion ?? 'flat', weight: view.opinionWeight };
    }
    for (const { id, order } of view.requests) said.push(`${i} order ${id} ${order?.qty ?? 'end'}`);
    view.settle();
    slate.hasSpoken = false;
  }
  return said;
}

const failure = async (run: () => unknown): Promise<AppError> => {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    if (error instanceof AppError) return error;
  }
  throw new Error('It did not fail');
};

describe('a strategy in its machine', () => {
  it('says who it is', async () => {
    const machine = await load(withBody('ctx.on.long();'));
    expect(describeGuest(machine)).toMatchObject({ kind: 'mine', title: 'Mine', scope: 'symbol', parameters: { look: { kind: 'integer', default: 3 } } });
    expect(bindGuest(machine, { look: 4 }, new Map())).toMatchObject({ parameters: { look: 4 }, history: 3, memory: '{"count":0,"kept":[]}' });
    await expect(failure(() => bindGuest(machine, { look: 10 }, new Map()))).resolves.toMatchObject({ code: 'STRATEGY_PARAMETERS_INVALID' });
  });

  it.each([
    ['its targets', 'const d = ctx.on.close.now - ctx.on.close.ago(ctx.parameters.look); if (d > 1) ctx.on.long({ atr: 2, stopPrice: ctx.on.close.now - 3 }); else if (d < -1) ctx.on.flat();'],
    ['shorts and weights', 'const d = ctx.on.close.now - ctx.on.close.ago(2); if (d > 0.8) ctx.on.weight(0.5); else if (d < -0.8) ctx.on.weight(-0.25); else if (d === 0) ctx.on.flat();'],
    ['a memory', 'ctx.state.count += 1; if (ctx.state.count % 97 === 0) ctx.on.long(); if (ctx.state.count % 97 === 60) ctx.on.flat();'],
    ['its position', 'const { qty, barsHeld, openProfit } = ctx.on.position; if (qty === 0) ctx.state.count += 1; if (qty === 0 && ctx.state.count % 7 === 0) ctx.on.flat(); if (qty === 0 && ctx.state.count % 7 === 1) ctx.on.long(); if (barsHeld > 20 && openProfit > 0) ctx.on.flat();'],
    ['the account', 'if (ctx.equity > 1_000 && ctx.time % 7 === 0) ctx.on.flat(); else if (ctx.cash === 1_000 && ctx.time % 11 === 0) ctx.on.long();'],
    ['its position, late and seldom', 'const d = ctx.on.close.now - ctx.on.close.ago(2); ctx.state.count += 1; if (d > 0.6) ctx.on.long({ atr: ctx.state.count }); else if (d < -0.6) ctx.on.short(); if (ctx.state.count > 900 && ctx.on.position.barsHeld > 30) ctx.on.flat();'],
    ['the account, late', 'const d = ctx.on.close.now - ctx.on.close.ago(2); ctx.state.count += 1; if (d > 0.6) ctx.on.weight(0.5, { again: true }); else if (d < -0.6) ctx.on.flat(); if (ctx.state.count > 1_000 && ctx.equity > 1_010) ctx.on.weight(-0.1);'],
    ['its wish', 'const { side } = ctx.on.wish; const d = ctx.on.close.now - ctx.on.close.ago(1); if (side === "flat" && d > 0.3) ctx.on.long(); else if (side === "long" && d < -0.3) ctx.on.weight(-0.5); else if (ctx.on.wish.weight !== null && d > 0.3) ctx.on.flat();'],
    ['orders of its own', 'ctx.state.count += 1; if (ctx.state.count % 250 === 0) { const id = ctx.on.submit({ side: "buy", qty: ctx.state.count }); if (ctx.state.count % 500 === 0) ctx.on.cancel(id); }'],
  ])('says the same ahead as bar by bar: %s', async (_, body) => {
    const ahead = drive(await load(withBody(body)), true);
    expect(ahead).toEqual(drive(await load(withBody(body)), false));
    expect(ahead.length).toBeGreaterThan(5);
  });

  it('cannot look ahead, at the clock or at the computer', async () => {
    const seen = 'const names = ["process", "require", "fetch", "Date", "setTimeout", "WebAssembly"]; const found = names.filter((name) => name in globalThis); const inside = Object.getOwnPropertyNames(ctx.on.close).filter((name) => name !== "now" && name !== "ago");' +
      ' const far = ctx.on.close.ago(-1); if (found.length + inside.length > 0 || far === far || typeof Math.random === "function") ctx.on.long();';
    expect(drive(await load(withBody(seen)), true)).toEqual([]);
    for (const body of ['Object.prototype.leak = 1;', 'ctx.on.close.ago = () => 1;', 'ctx.on.indicators.x = 1;']) {
      const machine = await load(withBody(body));
      await expect(failure(() => drive(machine, true))).resolves.toMatchObject({ code: 'STRATEGY_FAILED', context: { line: 8 } });
    }
  });

  it('is told in which line it threw', async () => {
    const machine = await load(withBody('\n\n    const nothing: { there?: number[] } = {};\n    nothing.there!.push(1);'));
    const error = await failure(() => drive(machine, true));
    expect(error).toMatchObject({ code: 'STRATEGY_FAILED', context: { line: 11 } });
    expect(error.message).toMatch(/^Line 11: TypeError/);
  });

  it('is stopped when it does not end, eats memory or calls itself for ever, and the next one is unharmed', async () => {
    for (const [body, code, limits] of [['for (;;) {}', 'STRATEGY_OUT_OF_TIME', SHORT], ['for (;;) ctx.state.kept.push(...new Array(1000).fill(1));', 'STRATEGY_OUT_OF_MEMORY', PATIENT], ['const f = (): number => f() + 1; f();', 'STRATEGY_FAILED', PATIENT]] as const) {
      const machine = await load(withBody(body), limits);
      await expect(failure(() => drive(machine, true))).resolves.toMatchObject({ code });
    }
    expect(drive(await load(withBody('if (ctx.on.close.now > 0) ctx.on.long();')), true)).toEqual(['3 long   ']);
  });

  it.each([
    ['lists', 'const all: number[][] = []; for (let n = 0; n < 200; n += 1) all.push(new Array(50_000).fill(1));'], ['small objects', 'let all: object = {}; for (let n = 0; n < 2_000_000; n += 1) all = { all };'],
    ['texts', 'const all: string[] = []; for (let n = 0; n < 1_000; n += 1) all.push(String(n).repeat(30_000));'], ['entries of a map', 'const all = new Map<number, object>(); for (let n = 0; n < 1_000_000; n += 1) all.set(n, [n]);'],
  ])('has no more memory for many %s than for a single large piece', async (_, body) => {
    const machine = await load(withBody('', `check: () => { ${body} return null; },`));
    expect(() => bindGuest(machine, {}, new Map())).toThrow(expect.objectContaining({ code: 'STRATEGY_OUT_OF_MEMORY' }) as Error);
    // Another one in the same memory would find it full: the next is loaded afresh, and sound.
    expect(machine.isBroken).toBe(true);
    expect(bindGuest(await load(withBody('')), {}, new Map()).kind).toBe('mine');
  });

  it('is refused with its line when it cannot be read, or is no strategy', async () => {
    expect((await failure(() => toJavaScript('const a: = 3;'))).message).toMatch(/^Line 1, column \d+: /);
    await expect(failure(() => load('\n\nlet a = 1; let a = 2; export default a;'))).resolves.toMatchObject({ code: 'STRATEGY_CODE_INVALID' });
    await expect(failure(() => load('export default 3;'))).resolves.toMatchObject({ message: 'The file must export its strategy: export default strategy({ ... })' });
    await expect(failure(() => load("import fs from 'node:fs'; export default fs;"))).resolves.toMatchObject({ message: expect.stringContaining('can import nothing but "mainspring"') as string });
    await expect(failure(() => load('for (;;) {}\nexport default 1;', SHORT))).resolves.toMatchObject({ code: 'STRATEGY_OUT_OF_TIME' });
    const nameless = await load("import { strategy } from 'mainspring';\nexport default strategy({ kind: 'Not A Name', onBar() {} });");
    await expect(failure(() => describeGuest(nameless))).resolves.toMatchObject({ code: 'STRATEGY_CODE_INVALID' });
  });

  it('must say what can be done', async () => {
    const machine = await load(withBody('ctx.on.submit({ side: "hold", qty: 1 });'));
    await expect(failure(() => drive(machine, true))).resolves.toMatchObject({ code: 'STRATEGY_FAILED', message: expect.stringContaining('side') as string });
    const stopless = await load(withBody('ctx.on.long({ stopPrice: 0 / 0 });'));
    await expect(failure(() => drive(stopless, true))).resolves.toMatchObject({ code: 'STRATEGY_FAILED', message: expect.stringContaining('stopPrice') as string });
    const weightless = await load(withBody('ctx.on.weight(0 / 0);'));
    await expect(failure(() => drive(weightless, true))).resolves.toMatchObject({ code: 'STRATEGY_FAILED', context: { line: 8 } });
  });
});
