/** The record of the last proof run, assets/proof.json: each proof command puts its part in, the health panel counts what it says. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { proofViewSchema, type ProofView } from '#app/contracts/views.ts';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const PARTS_MAX = 100;

/** Where the record lies: part of the repository, packed into the application. The gateway finds it two folders above its own file. */
export const PROOF_FILE = path.join(ROOT, 'assets', 'proof.json');

/** What one proof command did. `faults`: what it broke on purpose; `seconds`: how long it took, by the wall clock. */
export type ProofPart = ProofView['parts'][number];

/** The version that is being proven. */
function versionHere(): string {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** The record as it lies there; null when there is none. @throws ZodError or SyntaxError when the file is not a record: a proof that cannot be read is no proof. */
export function readProof(file: string = PROOF_FILE): ProofView | null {
  return existsSync(file) ? proofViewSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
}

/** The record with `parts` in the place of those of the same names. Parts of another version are left out: they prove nothing about this one. */
export function withParts(before: ProofView | null, parts: readonly ProofPart[], made: Pick<ProofView, 'version' | 'at'>): ProofView {
  const names = new Set(parts.map((part) => part.name));
  const kept = before?.version === made.version ? before.parts.filter((part) => !names.has(part.name)) : [];
  const all = [...kept, ...parts].sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, PARTS_MAX);
  const sum = (count: (part: ProofPart) => number): number => all.reduce((total, part) => total + count(part), 0);
  return { ...made, parts: all, faultsSurvived: sum((part) => part.faults), doubled: sum((part) => part.doubled), lost: sum((part) => part.lost) };
}

/** Puts the parts into the record and returns it. The file is replaced in one step. @throws when the record there cannot be read, or the new one would not be valid. */
export function recordProof(parts: readonly ProofPart[], file: string = PROOF_FILE): ProofView {
  const proof = proofViewSchema.parse(withParts(readProof(file), parts, { version: versionHere(), at: Date.now() }));
  const next = `${file}.${process.pid}`;
  try {
    writeFileSync(next, `${JSON.stringify(proof, null, 2)}\n`);
    renameSync(next, file);
  } finally {
    rmSync(next, { force: true });
  }
  return proof;
}
