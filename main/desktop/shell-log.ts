/** The shell's own log: one JSON line each, at five megabytes it begins anew and the earlier one is kept. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { isHeld } from '../store/atomic-file.ts';

const MAX_BYTES = 5 * 1_024 * 1_024;

/** A level of the log. */
export type LogLevel = 'info' | 'warn' | 'error';
/** Writes one line; a disk that takes no line must not end the trading. */
export type ShellLog = (level: LogLevel, text: string) => void;

/** On Windows a viewer may hold the file: it grows on until it is let go. */
function beginAnew(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) <= MAX_BYTES) return;
  try {
    renameSync(file, `${file}.1`);
  } catch (error) {
    if (!isHeld(error)) throw error;
  }
}

/** Opens the log `logs/shell.log` of a home. */
export function openShellLog(homeDir: string): ShellLog {
  const folder = path.join(homeDir, 'logs');
  const file = path.join(folder, 'shell.log');
  return (level, text) => {
    const line = `${JSON.stringify({ level, ts: new Date().toISOString(), unit: 'shell', msg: text })}\n`;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      beginAnew(file);
      appendFileSync(file, line, { mode: 0o600 });
    } catch (error) {
      process.stderr.write(`${line}The shell's log cannot be written: ${String(error)}\n`);
    }
  };
}
