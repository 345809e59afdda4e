/** Reads the settings from `.env` in the data folder and from the environment, or says what is wrong with them. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { SETTING_KEYS } from '#app/contracts/setting-reader.ts';
import { parseEnvText } from '#app/contracts/env-text.ts';
import type { SettingEntry, SettingProblem } from '#app/contracts/env-text.ts';
import { parseSettings } from '#app/contracts/settings.ts';
import type { Settings } from '#app/contracts/settings.ts';
import { AppError } from '#app/domain/errors.ts';

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

/** The settings with warnings as lines; the environment wins over the file. @throws AppError CONFIG_INVALID (operator) with one line per problem. */
export function readSettings(envFile: string, env: Readonly<Record<string, string | undefined>>): { settings: Settings; warnings: string[] } {
  const file = parseEnvText(readFile(envFile), envFile);
  const fromEnvironment: SettingEntry[] = Object.keys(SETTING_KEYS).flatMap((key) => (env[key] ? [{ key, value: env[key], source: 'environment' }] : []));
  const { settings, problems, warnings } = parseSettings([...file.entries, ...fromEnvironment]);
  const all = [...file.problems, ...problems];
  if (all.length > 0) throw new AppError('CONFIG_INVALID', all.map(problemLine).join('\n'), { context: { count: all.length } });
  return { settings, warnings: warnings.map(problemLine) };
}
