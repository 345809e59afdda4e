/** The proof record: parts replace each other by name, totals add up, nothing of another version stays, rubbish is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readProof, recordProof, withParts, type ProofPart } from './proof-file.ts';

const part = (name: string, fields: Partial<ProofPart> = {}): ProofPart => ({ name, what: `what ${name} does`, runs: 1, faults: 10, orders: 5, fills: 4, doubled: 0, lost: 0, seconds: 1.5, ...fields });

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ms-proof-'));
  file = path.join(folder, 'proof.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the proof record', () => {
  it('collects parts and counts them together', () => {
    expect(readProof(file)).toBeNull();
    recordProof([part('chaos'), part('simulate', { faults: 3 })], file);
    const proof = recordProof([part('chaos', { faults: 20, lost: 1 })], file);
    expect(proof.parts.map(({ name, faults }) => [name, faults])).toEqual([['chaos', 20], ['simulate', 3]]);
    expect(proof).toMatchObject({ faultsSurvived: 23, doubled: 0, lost: 1 });
    expect(readProof(file)).toEqual(proof);
  });

  it('forgets what was proven of another version', () => {
    const before = withParts(null, [part('chaos')], { version: '0.0.1', at: 1 });
    expect(withParts(before, [part('fuzz')], { version: '0.0.2', at: 2 })).toMatchObject({ version: '0.0.2', at: 2, faultsSurvived: 10, parts: [{ name: 'fuzz' }] });
  });

  it.each(['', '{', '[]', '{"version":"1"}', JSON.stringify({ ...withParts(null, [part('x')], { version: '1', at: 1 }), lost: 'none' })])('refuses a file that is no record: %s', (text) => {
    writeFileSync(file, text);
    expect(() => recordProof([part('chaos')], file)).toThrow();
  });
});
