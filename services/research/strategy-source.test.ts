/** The look over a source finds each way to cheat, at its place, and leaves honest strategies alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkSource } from './strategy-source.ts';

const around = (body: string, before = ''): string => `import { strategy, sma, donchian } from 'mainspring';
${before}
export default strategy({
  kind: 'mine', title: 'Mine', description: 'For tests.', scope: 'symbol', parameters: {},
  indicators: () => ({ mean: sma(20), channel: donchian(20) }),
  initialState: (): { n: number } => ({ n: 0 }),
  onBar(ctx: Context): void {
    ${body}
  },
});
`;
const rules = (body: string, before = ''): string[] => checkSource(around(body, before)).findings.map((finding) => finding.rule);

describe('the look over a source', () => {
  it.each([
    ['negative_index', 'if (ctx.on.close.ago(-1) > 3) ctx.on.long();'],
    ['negative_index', 'if (ctx.on.close.ago(2 - 5) > 3) ctx.on.long();'],
    ['negative_index', 'const ahead = [1].shift(-1);'],
    ['whole_column', 'const best = Math.max(...ctx.on.close.values);'],
    ['whole_column', "const all = ctx.on.close['values'];"],
    ['whole_column', 'const { values } = ctx.on.close;'],
    ['whole_column', 'ctx.on.close.cursor.i += 1;'],
    ['clock', 'if (Date.now() > 3) ctx.on.long();'],
    ['clock', 'const now = new Date();'],
    ['clock', 'const t = performance.now();'],
    ['randomness', 'if (Math.random() > 0.5) ctx.on.long();'],
    ['randomness', 'crypto.getRandomValues(new Uint8Array(1));'],
    ['outside', "fetch('https://example.com');"],
    ['outside', 'globalThis.n = 1;'],
    ['outside', "eval('1');"],
    ['outside', 'console.log(ctx.time);'],
    ['asynchronous', 'const f = async () => 1;'],
    ['import', "import('node:fs');"],
    ['future_name', 'if (ctx.on.nextClose.now > 1) ctx.on.long();'],
    ['unshifted', 'if (ctx.on.close.now > ctx.on.indicators.channel.upper.now) ctx.on.long();'],
    ['unshifted', 'const { channel } = ctx.on.indicators; const { close } = ctx.on; if (channel.lower.now >= close.now) ctx.on.flat();'],
  ])('finds %s in %s', (rule, body) => {
    expect(rules(body)).toEqual([rule]);
  });

  it.each([
    ['import', "import fs from 'node:fs';", "fs.readFileSync('secret');"],
    ['memory', 'let count = 0;', ''],
    ['memory', 'const seen = new Set<string>();', 'seen.add(ctx.on.symbol);'],
    ['memory', 'const last = { close: 0 };', 'last.close = ctx.on.close.now;'],
    ['memory', 'export const counts = [0];', 'counts[0]++;'],
  ])('finds %s in %s', (rule, before, body) => {
    expect(rules(body, before)).toEqual([rule]);
  });

  it.each([
    'if (ctx.on.close.ago(1) < ctx.on.close.now) ctx.on.long();',
    'const sum = Object.values({ a: 1 }).length; const list = new Map().values();',
    'if (ctx.on.close.now > ctx.on.indicators.channel.upperBefore.now) ctx.on.long();',
    'if (ctx.on.close.now > ctx.on.indicators.channel.upper.ago(1)) ctx.on.long();',
    'if (ctx.on.close.now > ctx.on.indicators.mean.now) ctx.on.weight(Math.min(1, 0.5));',
    'ctx.state.n += 1; const seen: number[] = []; seen.push(ctx.time); const Date = 3; void Date;',
    'for (const view of ctx.all) view.flat({ reasons: () => [{ name: "values", value: "cursor", threshold: null }] });',
  ])('has nothing to say of %s', (body) => {
    expect(checkSource(around(body, 'const LIMIT = 3 as const;\ntype Context = { readonly values: number };'))).toEqual({ defect: null, findings: [] });
  });

  it('points at the place that the author wrote, types and all', () => {
    const [finding] = checkSource(around('const x: number = 1 as number; if (x > ctx.on.close.ago(-2)) return;')).findings;
    const source = around('const x: number = 1 as number; if (x > ctx.on.close.ago(-2)) return;').split('\n');
    expect(finding).toMatchObject({ line: 8, severity: 'error', message: expect.stringContaining('ago(-2) asks for a bar that has not happened yet') as string });
    expect(source[7]?.slice((finding?.column ?? 0) - 1)).toMatch(/^ctx\.on\.close\.ago\(-2\)/);
  });

  it('says where a source cannot be read', () => {
    expect(checkSource('const a = 1;\nconst b = (;\n').defect).toMatchObject({ line: 2 });
    expect(checkSource('x'.repeat(1_000_001)).defect?.message).toMatch(/longer/);
    expect(checkSource('return 1;').defect).toMatchObject({ line: 1 });
  });

  it('refuses an import of another module that nothing uses, once and in its place', () => {
    const imports = (top: string) => checkSource(around('on.flat();', top)).findings.map(({ rule, line, column }) => [rule, line, column]);
    const line = around('', '@').split('\n').findIndex((text) => text.includes('@')) + 1;
    expect(imports("import fs from 'node:fs';")).toEqual([['import', line, 1]]);
    expect(imports("const a: number = 1; import { x, type Y } from \"lodash\";")).toEqual([['import', line, 22]]);
    expect(imports("// taken from 'nature'")).toEqual([]);
  });

  it('leaves the built-in strategies alone but for what they import', () => {
    const folder = new URL('../../app/strategy/built-in/', import.meta.url);
    const files = readdirSync(folder).filter((name) => !name.includes('.test.'));
    expect(files.length).toBeGreaterThan(7);
    for (const name of files) expect(checkSource(readFileSync(new URL(name, folder), 'utf8')).findings.filter((finding) => finding.rule !== 'import'), name).toEqual([]);
  });
});
