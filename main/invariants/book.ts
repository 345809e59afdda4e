/** A read-only look at the book of a data folder, for the checker and the summaries. */
import path from 'node:path';
import { StackHealthSchema, type StackHealth } from '#app/contracts/health.ts';
import { settingsFileOf } from '../store/market-mark.ts';
import { readSettings } from '../store/read-settings.ts';
import { openSecrets, plainSealer } from '../store/secrets.ts';
import { layoutOf } from '../store/data-folder.ts';
import { askDoor } from '../supervisor/door.ts';
import { openLook, type Look } from '../units/postgres-look.ts';

const ASK_LIMIT_MS = 10_000;

/** The stack that owns the data folder, null when nothing runs there. */
export async function runningStack(dataDir: string): Promise<StackHealth | null> {
  const answer = await askDoor(layoutOf(dataDir).door, 'status', ASK_LIMIT_MS);
  return answer === null ? null : StackHealthSchema.parse(answer.result);
}

/** Where the simulator of a data folder keeps its journal. */
export function journalOf(dataDir: string): string {
  return path.join(dataDir, 'simulator.sqlite');
}

/**
 * Opens the book of a running stack as its owner, in transactions that cannot write.
 * @throws AppError DATABASE_UNREACHABLE (temporary)
 */
export async function lookAtBook(dataDir: string, stack: StackHealth): Promise<Look> {
  const folder = layoutOf(dataDir);
  const { settings } = readSettings({ envFile: settingsFileOf(dataDir), env: process.env, isWithoutBroker: true });
  return openLook({
    host: settings.postgres.externalHost ?? folder.socketFolder ?? '127.0.0.1',
    port: stack.units.find((unit) => unit.id === 'postgres')?.port ?? settings.ports.postgres,
    user: settings.postgres.user,
    password: settings.postgres.password ?? (await openSecrets(folder.vaultFile, plainSealer)).get('postgres'),
    database: settings.postgres.tradingDb,
    purpose: 'invariants',
  });
}
