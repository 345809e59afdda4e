/** The value in the registry's Run key, as Electron writes it on Windows and finds it again. */
import type { LoginItemSettings, LoginItemSettingsOptions, Settings } from 'electron';

/** Electron quotes arguments (`AddQuoteForArg`), never the path. */
function quoted(argument: string): string {
  if (argument !== '' && !/[\s"\\]/.test(argument)) return argument;
  return `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`;
}

/** The program of a command line, as `CommandLineToArgvW` finds it: up to the closing quote, or else to the first space. */
function programOf(line: string): string {
  return /^"([^"]*)"/.exec(line)?.[1] ?? line.split(' ')[0] ?? '';
}

/** One application's entry. */
export type RunValue = { text(): string | null; set(settings: Settings): void; get(options?: LoginItemSettingsOptions): LoginItemSettings };

/** An entry that is not there yet. `exe` is the running program. */
export function runValue(exe: string): RunValue {
  let text: string | null = null;
  const lineOf = ({ path = exe, args = [] }: LoginItemSettingsOptions): string => [path, ...args.map(quoted)].join(' ');
  return {
    text: () => text,
    set: (settings) => {
      text = settings.openAtLogin === false ? null : lineOf(settings);
    },
    get: (options = {}) => ({
      openAtLogin: text === lineOf(options),
      executableWillLaunchAtLogin: text !== null && programOf(text).toLowerCase() === programOf(options.path ?? exe).toLowerCase(),
      wasOpenedAtLogin: false, status: 'not-registered', launchItems: [],
    }),
  };
}
