/** `mainspring mode`, `arm` and `disarm`: which market, and whether real money may be traded in it. */
import path from 'node:path';
import * as z from 'zod';
import { ModeSchema } from '#app/contracts/config.ts';
import { ARM_MINUTES, LIVE_PHRASE } from '#app/contracts/shell.ts';
import { AppError } from '#app/domain/errors.ts';
import { makeHome } from '../store/data-folder.ts';
import type { Home } from '../store/data-folder.ts';
import { openAudit } from '../store/audit.ts';
import { openPreferences } from '../store/preferences.ts';
import { marketOfSettings } from '../store/read-settings.ts';
import { askDoor } from '../supervisor/door.ts';
import { refuse } from './arguments.ts';
import { tellNotRunning } from './ask.ts';
import { ask } from './prompt.ts';

const ASK_LIMIT_MS = 15_000;
const NOT_RUNNING = 3;
const ArmedSchema = z.object({ armedUntil: z.number().nullable() });

/** `mode` tells the market of the next start; `mode demo|paper|live` chooses it. */
export function runMode(words: readonly string[], home: Home, isJson: boolean): number {
  const [word, ...rest] = words;
  const decided = marketOfSettings(home.envFile, process.env);
  const preferences = openPreferences(home.preferencesFile);
  if (word !== undefined) {
    const mode = ModeSchema.safeParse(word);
    if (!mode.success || rest.length > 0) return refuse('The markets are demo, paper and live.');
    if (decided !== null && decided !== mode.data) return refuse(`Broker keys in ${home.envFile} or in the environment decide: ${decided}. Delete them there to choose.`);
    makeHome(home);
    preferences.update({ mode: mode.data });
    openAudit(path.join(home.homeDir, 'logs'), (failure) => void process.stderr.write(`${failure}\n`)).record({ level: 'info', text: `The ${mode.data} market was chosen on the command line` });
  }
  const mode = decided ?? preferences.read().mode;
  const why = decided === null ? '' : ', because broker keys in the settings say so';
  process.stdout.write(isJson ? `${JSON.stringify({ mode, isDecidedBySettings: decided !== null })}\n` : `The next start trades the ${mode} market${why}. Data in ${home.dataDirOf(mode)}\n`);
  return 0;
}

/** Where a command about the live market goes. */
type Live = { readonly door: string; readonly dataDir: string; readonly isJson: boolean };

/** `arm [60|240|480]`: asks for the phrase, then lets orders go to the real account for so many minutes. */
export async function runArm(words: readonly string[], { door, dataDir, isJson }: Live): Promise<number> {
  const [word = String(ARM_MINUTES[0]), ...rest] = words;
  const minutes = ARM_MINUTES.find((known) => String(known) === word);
  if (minutes === undefined || rest.length > 0) return refuse(`Live trading is armed for ${ARM_MINUTES.join(', ')} minutes.`);
  const [phrase = ''] = await ask([{ text: `Orders with REAL MONEY become possible for ${minutes} minutes.\nTo go on, type ${LIVE_PHRASE}: `, isHidden: false }]);
  try {
    return tell(await askDoor(door, 'arm', ASK_LIMIT_MS, { phrase, minutes }), dataDir, isJson);
  } catch (error) {
    // What the owner of the folder refuses is no mistake in the command line.
    if (error instanceof AppError && error.code === 'INPUT_INVALID') throw new AppError('LIVE_REFUSED', error.message, { cause: error });
    throw error;
  }
}

/** `disarm`: no new position with real money from now on. */
export async function runDisarm({ door, dataDir, isJson }: Live): Promise<number> {
  return tell(await askDoor(door, 'disarm', ASK_LIMIT_MS), dataDir, isJson);
}

function tell(answer: { result: unknown } | null, dataDir: string, isJson: boolean): number {
  if (answer === null) {
    tellNotRunning(isJson, dataDir);
    return NOT_RUNNING;
  }
  const { armedUntil } = ArmedSchema.parse(answer.result);
  const text = armedUntil === null ? 'Live trading is disarmed.' : `Live trading is armed until ${new Date(armedUntil).toISOString()}. "mainspring disarm" ends it at once.`;
  process.stdout.write(isJson ? `${JSON.stringify({ armedUntil })}\n` : `${text}\n`);
  return 0;
}
