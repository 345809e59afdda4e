/** Reads the settings: those saved in the application, `.env`, and the environment; or says what is wrong with them. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { SETTING_KEYS } from '#app/contracts/setting-reader.ts';
import { parseEnvText } from '#app/contracts/env-text.ts';
import type { SettingEntry, SettingProblem } from '#app/contracts/env-text.ts';
import type { MarketChoice } from '#app/contracts/broker-keys.ts';
import type { Mode } from '#app/contracts/config.ts';
import { hasOwnKeys, parseSettings } from '#app/contracts/settings.ts';
import type { Settings } from '#app/contracts/settings.ts';
import { AppError } from '#app/domain/errors.ts';
import { lookAtSaved } from './saved-settings.ts';

const MAX_BYTES = 256 * 1_024;

/** One problem as a line for people. */
export function problemLine(problem: SettingProblem): string {
  return `${problem.source}: ${problem.key} ${problem.problem}. Remedy: ${problem.remedy}.`;
}

function readFile(file: string): string {
  if (!existsSync(file)) return '';
  try {
    if (statSync(file).size > MAX_BYTES) throw new AppError('CONFIG_INVALID', `${file} is larger than ${MAX_BYTES / 1_024} kB. Keep only the settings of Mainspring in it.`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('CONFIG_UNREADABLE', `${file} cannot be read. Make it a text file that you may read, or delete it to use the defaults.`, { cause: error });
  }
}

/** Where settings come from. */
export type SettingSources = {
  readonly envFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What was saved in the application, with its secrets; looked up beside the file (where sealed secrets cannot be told) when left out. */
  readonly saved?: readonly SettingEntry[];
  /** The market chosen outside of them; it counts when they hold no broker keys. */
  readonly choice?: MarketChoice;
  /** No broker is spoken to, whatever was chosen and whatever keys lie about: replays, and tools that only read. */
  readonly isWithoutBroker?: boolean;
};

const BROKER_KEYS: ReadonlySet<string> = new Set(['ALPACA_API_KEY', 'ALPACA_SECRET_KEY']);

/** A file that holds broker keys and that others can read; rights do not tell that on Windows. */
function openFileWarning(envFile: string, entries: readonly SettingEntry[]): string[] {
  if (process.platform === 'win32' || !hasOwnKeys(entries) || (statSync(envFile).mode & 0o077) === 0) return [];
  return [`${envFile} holds broker keys and can be read by other users of this computer. Remedy: chmod 600 ${envFile}, or keep them with "mainspring keys set".`];
}

/** All entries: what a person wrote into the file wins over what was saved in the application, and the environment over both. @throws AppError CONFIG_INVALID, CONFIG_UNREADABLE */
export function entriesOf({ envFile, env, saved = lookAtSaved(envFile), isWithoutBroker = false }: SettingSources): { entries: SettingEntry[]; problems: readonly SettingProblem[]; warnings: readonly string[] } {
  const file = parseEnvText(readFile(envFile), envFile);
  const fromEnvironment: SettingEntry[] = Object.keys(SETTING_KEYS).flatMap((key) => (env[key] ? [{ key, value: env[key], source: 'environment' }] : []));
  const entries = [...saved, ...file.entries, ...fromEnvironment].filter((entry) => !isWithoutBroker || !BROKER_KEYS.has(entry.key));
  return { entries, problems: file.problems, warnings: openFileWarning(envFile, file.entries) };
}

/** The market that broker keys in the settings decide; null when there are none, so that a person may choose. @throws AppError CONFIG_INVALID. */
export function marketOfSettings(envFile: string, env: SettingSources['env']): Mode | null {
  return hasOwnKeys(entriesOf({ envFile, env }).entries) ? readSettings({ envFile, env }).settings.mode : null;
}

/** The settings, with warnings as lines. @throws AppError CONFIG_INVALID (operator) with one line per problem. */
export function readSettings(sources: SettingSources): { settings: Settings; warnings: string[] } {
  const { entries, problems: broken, warnings: early } = entriesOf(sources);
  const { settings, problems, warnings } = parseSettings(entries, sources.isWithoutBroker === true ? undefined : sources.choice);
  const all = [...broken, ...problems];
  if (all.length > 0) throw new AppError('CONFIG_INVALID', all.map(problemLine).join('\n'), { context: { count: all.length } });
  return { settings, warnings: [...early, ...warnings.map(problemLine)] };
}
