/** A book belongs to one market: the first start in a data folder notes which, and every later one is held to it. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { ModeSchema } from '#app/contracts/config.ts';
import type { Mode } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';
import { writeFileAtomically } from './atomic-file.ts';

/** `settings` is the file with its settings, from the folder: a home keeps one for all its markets. */
const MarkSchema = z.object({ market: ModeSchema, settings: z.string().min(1) });
type Mark = z.infer<typeof MarkSchema>;

const NAMES: Readonly<Record<Mode, string>> = { demo: 'the demo', paper: 'the paper account', live: 'the live account' };

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'market.json');
}

function readMark(dataDir: string): Mark | null {
  const file = fileIn(dataDir);
  if (!existsSync(file)) return null;
  try {
    return MarkSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new AppError('CONFIG_UNREADABLE', `${file} cannot be read. Write {"market":"paper","settings":".env"} into it, with demo, paper or live: the market whose trades are in this folder.`, { cause: error });
  }
}

/** The market whose book a data folder holds; null when it holds none. @throws AppError CONFIG_UNREADABLE (operator). */
export function marketIn(dataDir: string): Mode | null {
  const mark = readMark(dataDir);
  if (mark !== null) return mark.market;
  // A book without a note is from before markets were noted: only the demo kept a journal of its broker, and the live account could not be traded.
  if (existsSync(path.join(dataDir, 'simulator.sqlite'))) return 'demo';
  // A start that ended early, before the note and before the databases, leaves a control store alone: that is no book.
  return hasDatabase(path.join(dataDir, 'postgres')) ? 'paper' : null;
}

/** Is there a whole cluster of any major version? A half-made one has another name. */
function hasDatabase(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => /^\d+$/.test(name) && existsSync(path.join(folder, name, 'PG_VERSION')));
}

/** The file with the settings of a data folder that was used before; its own `.env` when nothing is noted. */
export function settingsFileOf(dataDir: string): string {
  return path.resolve(dataDir, readMark(dataDir)?.settings ?? '.env');
}

/**
 * To be asked before the folder is touched.
 * @throws AppError DATA_FOLDER_UNUSABLE (operator) when the folder holds the book of another market: their fills would add up to nonsense.
 */
export function assertMarket(dataDir: string, mode: Mode): void {
  const found = marketIn(dataDir);
  if (found === null || found === mode) return;
  throw new AppError('DATA_FOLDER_UNUSABLE', `The data folder ${dataDir} holds the book of ${NAMES[found]}, and this start would trade ${NAMES[mode]}. Each market needs a folder of its own: choose another one with --data, or leave --data away.`);
}

/**
 * Notes the market of a folder, and where its settings are. The folder's lock must be ours: whoever had it before may have noted a market since `assertMarket`.
 * @throws AppError DATA_FOLDER_UNUSABLE (operator) when it holds the book of another market.
 */
export function noteMarket(dataDir: string, mode: Mode, envFile: string): void {
  assertMarket(dataDir, mode);
  const mark: Mark = { market: mode, settings: path.relative(dataDir, envFile) };
  const known = readMark(dataDir);
  if (known?.market !== mode || known.settings !== mark.settings) writeFileAtomically(fileIn(dataDir), `${JSON.stringify(mark)}\n`, { mode: 0o600 });
}
