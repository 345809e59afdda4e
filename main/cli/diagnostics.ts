/** `mainspring diagnostics`: one zip with everything that helps to find a fault, and no secret. Works while it runs and while it does not. */
import path from 'node:path';
import * as z from 'zod';
import { INCIDENTS_MAX, StackHealthSchema, UnitIncidentSchema } from '#app/contracts/health.ts';
import type { StackHealth, UnitIncident } from '#app/contracts/health.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { collectDiagnostics, diagnosticsName } from '../diagnostics.ts';
import { writeFileAtomically } from '../store/atomic-file.ts';
import type { Home } from '../store/data-folder.ts';
import { layoutOf } from '../store/data-folder.ts';
import { readHistory } from '../store/unit-history.ts';
import { askDoor } from '../supervisor/door.ts';

const ASK_LIMIT_MS = 15_000;

/** Where from, and where to (`out` null: a name of our own in `here`). */
export type DiagnosticsCommand = { readonly home: Home; readonly dataDir: string; readonly version: string; readonly out: string | null; readonly here: string; readonly isJson: boolean };

/** What runs tells of itself; else the store is read. One that runs and does not answer is a fault too, and must not keep the rest from being collected. */
async function ask(dataDir: string): Promise<{ health: StackHealth | null; history: UnitIncident[] }> {
  const { door, storeFile } = layoutOf(dataDir);
  try {
    const status = await askDoor(door, 'status', ASK_LIMIT_MS);
    if (!status) return { health: null, history: readHistory(storeFile, { unitId: null, limit: INCIDENTS_MAX }) };
    const history = await askDoor(door, 'history', ASK_LIMIT_MS);
    return { health: StackHealthSchema.parse(status.result), history: z.array(UnitIncidentSchema).parse(history?.result ?? []) };
  } catch (error) {
    process.stderr.write(`Health and history are missing in the file: ${describeError(error)}\n`);
    return { health: null, history: [] };
  }
}

/** Writes the file and says where it is. @throws AppError DATA_FOLDER_UNUSABLE (operator) when it cannot be written there. */
export async function runDiagnostics({ home, dataDir, version, out, here, isJson }: DiagnosticsCommand): Promise<number> {
  const file = out ?? path.join(here, diagnosticsName(Date.now()));
  const bytes = await collectDiagnostics({ ...(await ask(dataDir)), homeDir: home.homeDir, dataDir, version, env: process.env, now: Date.now });
  try {
    writeFileAtomically(file, bytes, { mode: 0o600 });
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('DATA_FOLDER_UNUSABLE', `${file} cannot be written (${describeError(error)}). Name another file with --out.`, { cause: error });
  }
  process.stdout.write(isJson ? `${JSON.stringify({ file, bytes: bytes.length })}\n` : `Wrote ${file} (${Math.ceil(bytes.length / 1_024)} kB). Passwords and keys are not in it; orders and symbols are.\n`);
  return 0;
}
