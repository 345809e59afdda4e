/** The few words that the application understands on its command line. */
import path from 'node:path';

/** What was asked for. `dataDir` is absolute. */
export type Wishes = {
  /** Exactly this data folder, instead of the person's home. */
  readonly dataDir: string | null;
  /** Begin in the tray, without a window (the start with Windows). */
  readonly isHidden: boolean;
  /** End the running instance, and come back when it has ended (the installer). */
  readonly isQuit: boolean;
  /** Windows starts us because somebody clicked on a notification of a time when we ran. */
  readonly isFromNotification: boolean;
};

/** A registry entry or shortcut may quote a folder once more than the system takes away. */
function unquoted(text: string): string {
  return /^"(.*)"$/.exec(text)?.[1] ?? text;
}

/**
 * Reads the arguments. Chromium and the system add theirs, so unknown ones are no error; the last `--data` counts.
 * A `--data` without a folder is ignored: the home is the safe answer.
 */
export function readArguments(argv: readonly string[], here: string): Wishes {
  const folders = argv.flatMap((argument, index) => {
    if (argument.startsWith('--data=')) return [argument.slice('--data='.length)];
    const next = argv[index + 1];
    return argument === '--data' && next !== undefined && !next.startsWith('--') ? [next] : [];
  });
  const folder = folders.map(unquoted).filter((name) => name !== '').at(-1);
  return { dataDir: folder === undefined ? null : path.resolve(here, folder), isHidden: argv.includes('--hidden'), isQuit: argv.includes('--quit'), isFromNotification: argv.includes('-Embedding') };
}
