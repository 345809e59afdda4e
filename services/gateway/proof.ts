/** The record of the last proof run that came with this version. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { proofViewSchema, type ProofView } from '#app/contracts/views.ts';
import { AppError, describeError } from '#app/domain/errors.ts';

/** Two folders above this file, whether it runs from the sources or bundled. */
const PROOF_FILE = path.join(import.meta.dirname, '..', '..', 'assets', 'proof.json');

/** The record; null when this version has none. @throws AppError INVARIANT_BROKEN when it cannot be read as one: a proof that cannot be read is no proof. */
export async function readProof(file: string = PROOF_FILE): Promise<ProofView | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return proofViewSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError('INVARIANT_BROKEN', `The record of the last proof run cannot be read: ${describeError(error)}. Run the proofs again, or install this version again.`, { cause: error });
  }
}
