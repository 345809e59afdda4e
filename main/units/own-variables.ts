/** The few variables of our own environment that a child process needs too. */

/** Those of the named variables that are set. */
function ownVariables(names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** Where things are on this computer; programs of Windows look for the last five. */
const PASSED_ON = ['PATH', 'HOME', 'TEMP', 'TMP', 'TMPDIR', 'SystemRoot', 'SystemDrive', 'windir', 'USERPROFILE', 'LOCALAPPDATA'];

/** The whole environment of a worker; nothing of ours that could be a secret gets through. */
export function workerEnvironment(): Record<string, string> {
  return { ...ownVariables(PASSED_ON), TZ: 'UTC', LANG: 'C.UTF-8', NODE_ENV: 'production', MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '2' };
}

/** Folders in which a program of ours looks for others: its own one, and on Windows the system's (initdb runs `cmd.exe`). */
export function programPath(folder: string): string {
  const system = process.env['SystemRoot'];
  return process.platform === 'win32' && system !== undefined ? `${folder};${system}\\System32` : folder;
}

/** Windows programs do not start without these. */
export function windowsEnv(): Record<string, string> {
  return process.platform === 'win32' ? ownVariables(['SystemRoot', 'SystemDrive', 'ComSpec', 'TEMP', 'TMP']) : {};
}
