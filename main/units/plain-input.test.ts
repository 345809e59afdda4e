/** initdb's input in a place whose path has plain letters alone. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPlainPath, plainInput } from './plain-input.ts';

let home = '';
let share = '';
let plain = '';

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'mainspring-input-'));
  share = path.join(home, 'Jörg', 'share');
  plain = path.join(home, 'ProgramData');
  mkdirSync(path.join(share, 'timezone'), { recursive: true });
  mkdirSync(plain);
  writeFileSync(path.join(share, 'postgres.bki'), 'input');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('plainInput', () => {
  it('leaves everything where it is when the path is plain', () => {
    expect(plainInput("C:\\Program Files\\it's\\share", [plain]).args).toEqual([]);
    expect(readdirSync(plain)).toEqual([]);
  });

  it('copies the input files to the first plain place that can be written, and takes them away again', () => {
    const places = [undefined, path.join(home, 'Jörg'), path.join(home, 'nowhere'), plain];
    const input = plainInput(share, places);
    const folder = input.args[1] ?? '';
    expect(input.args[0]).toBe('-L');
    expect(path.dirname(folder)).toBe(plain);
    expect(isPlainPath(folder)).toBe(true);
    expect(readFileSync(path.join(folder, 'postgres.bki'), 'utf8')).toBe('input');
    expect(readdirSync(folder)).toEqual(['postgres.bki']);
    input.remove();
    expect(existsSync(folder)).toBe(false);
  });

  it('takes a new name each time', () => {
    const [one, two] = [plainInput(share, [plain]), plainInput(share, [plain])];
    expect(one.args[1]).not.toBe(two.args[1]);
  });

  it('says what to do when there is no such place', () => {
    expect(() => plainInput(share, [undefined, path.join(home, 'Jörg'), path.join(home, 'nowhere')])).toThrow(/only understands plain letters.*Install Mainspring in a folder such as C:\\Mainspring/);
  });

  it('leaves no copy behind when the input cannot be read', () => {
    rmSync(share, { recursive: true });
    expect(() => plainInput(share, [plain])).toThrow(/ENOENT/);
    expect(readdirSync(plain)).toEqual([]);
  });
});
