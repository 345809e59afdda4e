/** What the editor makes of texts: quick fixes, the functions of the module, imports that grow. */
import { describe, expect, it } from 'vitest';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { strategyTypings } from '#app/strategy/typings.ts';
import { quickFixes } from './quick-fixes.ts';
import { functionsOf, importChange, importedNames } from './typings-text.ts';

const apply = (text: string, name: string): string => {
  const change = importChange(text, name);
  return change === null ? text : `${text.slice(0, change.start)}${change.text}${text.slice(change.end)}`;
};

describe('quick fixes', () => {
  it('turn a look into the future back', () => expect(quickFixes('negative_index', '  if (on.close.ago(-1) > 1) on.long();').map(({ text }) => text)).toEqual(['  if (on.close.now > 1) on.long();', '  if (on.close.ago(1) > 1) on.long();']));
  it('shift an extreme and leave the price', () => {
    expect(quickFixes('unshifted', 'if (on.close.now > channel.upper.now) on.long();').map(({ text }) => text)).toEqual(['if (on.close.now > channel.upper.ago(1)) on.long();', 'if (on.close.now > channel.upperBefore.now) on.long();']);
  });
  it('remove what cannot be', () => {
    expect(quickFixes('import', "import fs from 'node:fs';")[0]?.text).toBeNull();
    expect(quickFixes('asynchronous', '  async onBar() {')[0]?.text).toBe('  onBar() {');
  });
  it('are not offered where only a person can tell', () => expect(quickFixes('memory', 'let x = 1;')).toEqual([]));
});

describe('the module', () => {
  const functions = functionsOf(strategyTypings(INDICATORS));
  it('is read from its declarations', () => {
    expect(functions.length).toBeGreaterThan(100);
    expect(functions.find(({ name }) => name === 'sma')?.about).toContain('verage');
    expect(functions.map(({ name }) => name)).toEqual(expect.arrayContaining(['strategy', 'integer', 'real', 'rsi']));
  });
  it('is imported from, name by name', () => {
    expect(apply("import { sma, strategy } from 'mainspring';\n", 'rsi')).toBe("import { rsi, sma, strategy } from 'mainspring';\n");
    expect(apply("import {\n  sma,\n} from 'mainspring';\n", 'rsi')).toBe("import {\n  sma,\n  rsi,\n} from 'mainspring';\n");
    expect(apply('export const x = 1;\n', 'rsi')).toBe("import { rsi } from 'mainspring';\nexport const x = 1;\n");
    expect(importChange("import { type Series, rsi as r } from 'mainspring';", 'rsi')).toBeNull();
    expect(importedNames("import { type Series, rsi as r } from 'mainspring';")).toEqual(['Series', 'rsi']);
  });
});
