/** The compiler and ESLint bite: each planted line is refused, and its lawful neighbour passes. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { plantHouse, repository } from './planted.ts';

const LONG_BODY = Array.from({ length: 75 }, (_, n) => `  total += ${n};`).join('\n');

/** [file, content, the ESLint rule that must refuse it]. */
const REFUSED_BY_LINT: readonly (readonly [string, string, string])[] = [
  ['app/domain/now.ts', 'export const now = (): number => Date.now();', 'no-restricted-syntax'],
  ['app/domain/new-date.ts', 'export const now = (): object => new Date(0);', 'no-restricted-syntax'],
  ['app/domain/dice.ts', 'export const dice = (): number => Math.random();', 'no-restricted-syntax'],
  ['app/domain/locale.ts', 'export const text = (n: number): string => n.toLocaleString();', 'no-restricted-syntax'],
  ['services/gateway/default.ts', 'export default 1;', 'no-restricted-syntax'],
  ['services/gateway/barrel.ts', "export * from './default.ts';", 'no-restricted-syntax'],
  ['services/gateway/swallow.ts', 'export function f(): void { try { JSON.parse(""); } catch { } }', 'no-restricted-syntax'],
  ['services/gateway/unused-error.ts', 'export function f(): number { try { return 1; } catch (error) { return 2; } }', '@typescript-eslint/no-unused-vars'],
  ['services/gateway/bang.ts', 'export const f = (a: string[]): string => a[0]!;', '@typescript-eslint/no-non-null-assertion'],
  ['services/gateway/any.ts', 'export const f = (a: any): void => { void a; };', '@typescript-eslint/no-explicit-any'],
  ['services/gateway/floating.ts', 'export function f(): void { Promise.resolve(1); }', '@typescript-eslint/no-floating-promises'],
  ['services/gateway/misused.ts', 'export const f = (a: number[]): void => a.forEach(async (n) => { await Promise.resolve(n); });', '@typescript-eslint/no-misused-promises'],
  ['services/gateway/unsafe.ts', 'export const f = (t: string): string => JSON.parse(t).a;', '@typescript-eslint/no-unsafe-member-access'],
  ['services/gateway/switch.ts', "export function f(a: 'x' | 'y'): void { switch (a) { case 'x': break; } }", '@typescript-eslint/switch-exhaustiveness-check'],
  ['services/gateway/console.ts', "export const f = (): void => console.log('x');", 'no-console'],
  ['services/gateway/zod.ts', "import { z } from 'zod';\nexport const a = z.string();", 'no-restricted-syntax'],
  ['services/gateway/five.ts', 'export const f = (a: number, b: number, c: number, d: number, e: number): number => a + b + c + d + e;', 'max-params'],
  ['services/gateway/long.ts', `export function f(): number {\n  let total = 0;\n${LONG_BODY}\n  return total;\n}`, 'max-lines-per-function'],
  ['services/gateway/huge.ts', Array.from({ length: 401 }, (_, n) => `export const a${n} = ${n};`).join('\n'), 'max-lines'],
  ['main/desktop/link.ts', 'export const f = (shell: { openExternal(u: string): void }): void => shell.openExternal("x");', 'no-restricted-syntax'],
  ['main/desktop/view.ts', 'export const preferences = { webSecurity: false };', 'no-restricted-syntax'],
  ['renderer/hook.tsx', "import { useState } from 'react';\nexport function Page({ a }: { a: boolean }): null { if (a) { useState(0); } return null; }", 'react-hooks/rules-of-hooks'],
];

/** [file, content]: lawful neighbours of the above. */
const PASSED_BY_LINT: readonly (readonly [string, string])[] = [
  ['services/gateway/ok.ts', 'export const now = (): number => Date.now();'],
  ['main/desktop/open-external.ts', 'export const f = (shell: { openExternal(u: string): void }): void => shell.openExternal("x");'],
  ['services/gateway/ok2.ts', "import * as z from 'zod';\nexport const a = z.string();"],
  ['tests/long.test.ts', `export function f(): number {\n  let total = 0;\n${LONG_BODY}\n  return total;\n}`],
];

/** [file, content, the compiler's error]: impossible in the pure core. */
const REFUSED_BY_COMPILER: readonly (readonly [string, string, string])[] = [
  ['app/domain/say.ts', "console.log('x');\nexport {};", 'TS2584'],
  ['app/domain/timer.ts', 'setTimeout(() => undefined, 1);\nexport {};', 'TS2304'],
  ['app/domain/env.ts', "export const home = process.env['HOME'];", 'TS2591'],
  ['app/domain/dom.ts', 'export const title = document.title;', 'TS2584'],
  ['app/domain/fs.ts', "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;", 'TS2591'],
  ['app/domain/enum.ts', 'export enum Side { Buy }', 'TS1294'],
  ['app/domain/index.ts', 'export const first = (a: readonly string[]): string => a[0];', 'TS2322'],
];

const toFiles = (rows: readonly (readonly [string, string, ...string[]])[]): Record<string, string> =>
  Object.fromEntries(rows.map(([path, content]) => [path, `${content}\n`]));

describe('the lint fences', async () => {
  using house = plantHouse({ ...toFiles(REFUSED_BY_LINT), ...toFiles(PASSED_BY_LINT) });
  const results = await new ESLint({ cwd: house.folder }).lintFiles(['**/*.ts', '**/*.tsx']);
  const rulesOf = (path: string): string[] =>
    results.find((result) => result.filePath === join(house.folder, path))?.messages.map((message) => message.ruleId ?? message.message) ?? ['not linted'];
  const found = new Map([...REFUSED_BY_LINT, ...PASSED_BY_LINT].map(([path]) => [path, rulesOf(path)]));

  it.each(REFUSED_BY_LINT)('refuse %s', (path, _content, rule) => {
    expect(found.get(path)).toContain(rule);
  });

  it.each(PASSED_BY_LINT)('let %s pass', (path) => {
    expect(found.get(path)).toEqual([]);
  });
});

describe('the compiler fences', () => {
  using house = plantHouse(toFiles(REFUSED_BY_COMPILER));
  const compiler = join(repository, 'node_modules', 'typescript-native', 'bin', 'tsc');
  const output = spawnSync(process.execPath, [compiler, '-p', 'app', '--noEmit', '--composite', 'false', '--emitDeclarationOnly', 'false', '--incremental', 'false', '--tsBuildInfoFile', 'null', '--declaration', 'false', '--pretty', 'false'], {
    cwd: house.folder, encoding: 'utf8',
  }).stdout;

  it.each(REFUSED_BY_COMPILER)('refuse %s', (path, _content, code) => {
    expect(output).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}\\(.*error ${code}`, 'm'));
  });
});
