/** The journal of a search: to the last bit, and whatever a crash tears. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal, type JournalOptions } from './journal.ts';
import { WHOLE_SPAN } from './work.ts';

const options: JournalOptions = { identity: 'abc', width: 2 };
const row = (point: number, ...values: number[]) => ({ point, values: Float64Array.from(values) });
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'journal-'));
  file = path.join(folder, 'a.journal');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Opens, acts, closes. */
function within<T>(act: (journal: ReturnType<typeof openJournal>) => T): T {
  using journal = openJournal(file, options);
  return act(journal);
}

describe('the journal of a search', () => {
  it('gives back to the last bit what it was given, by stretch and point', () => {
    const values = [0.1 + 0.2, NaN];
    within((journal) => {
      expect(journal.known).toBe(0);
      journal.keep(WHOLE_SPAN, [row(3, ...values), row(4, Infinity, -0)]);
      journal.keep({ from: 5, to: 9 }, [row(3, 7, 8)]);
      journal.keep(WHOLE_SPAN, []);
    });
    within((journal) => {
      expect(journal.known).toBe(3);
      expect([...(journal.find(WHOLE_SPAN, 3) ?? [])]).toEqual(values);
      expect([...(journal.find(WHOLE_SPAN, 4) ?? [])]).toEqual([Infinity, -0]);
      expect([...(journal.find({ from: 5, to: 9 }, 3) ?? [])]).toEqual([7, 8]);
      expect(journal.find({ from: 5, to: 10 }, 3)).toBeNull();
    });
  });

  it('loses nothing but what a crash has torn, wherever it tore', () => {
    within((journal) => journal.keep(WHOLE_SPAN, [row(1, 1, 1)]));
    const whole = statSync(file).size;
    within((journal) => journal.keep(WHOLE_SPAN, [row(2, 2, 2)]));
    const bytes = readFileSync(file);
    for (let size = whole; size < bytes.length; size += 1) {
      writeFileSync(file, bytes.subarray(0, size));
      within((journal) => {
        expect(journal.known).toBe(1);
        journal.keep(WHOLE_SPAN, [row(9, 9, 9)]);
      });
      expect(within((journal) => [journal.known, journal.find(WHOLE_SPAN, 9)?.[0]])).toEqual([2, 9]);
    }
  });

  it('begins again when not even its head was written', () => {
    within((journal) => journal.keep(WHOLE_SPAN, [row(1, 1, 1)]));
    truncateSync(file, 12);
    expect(within((journal) => journal.known)).toBe(0);
  });

  it('does not trust a damaged record', () => {
    within((journal) => journal.keep(WHOLE_SPAN, [row(1, 1, 1), row(2, 2, 2)]));
    const bytes = readFileSync(file);
    bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect(within((journal) => [journal.known, journal.find(WHOLE_SPAN, 2)])).toEqual([1, null]);
  });

  it('leaves the journal of another search, and any other file, as it is', () => {
    within((journal) => journal.keep(WHOLE_SPAN, [row(1, 1, 1)]));
    const before = readFileSync(file);
    for (const other of [{ ...options, identity: 'other' }, { ...options, width: 1 }]) expect(() => openJournal(file, other)).toThrow(/another search/);
    expect(readFileSync(file)).toEqual(before);
    const letter = path.join(folder, 'letter.txt');
    appendFileSync(letter, 'Dear Sir, the bars are late.');
    expect(() => openJournal(letter, options)).toThrow(/another search/);
    expect(readFileSync(letter, 'utf8')).toContain('late');
  });
});
