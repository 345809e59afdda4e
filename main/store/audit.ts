/** The record of what a person did to this installation: keys, arming, markets. One JSON line each; never a secret. */
import { appendFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { describeError } from '#app/domain/errors.ts';
import { renamePatiently } from './atomic-file.ts';

const MAX_BYTES = 5 * 1_024 * 1_024;

/** What is recorded: the same form as every other log line. */
export type AuditLine = { readonly level: 'info' | 'warn' | 'error'; readonly text: string };

/** An open record. Writing never throws: a full disk must not keep anybody from disarming or stopping. */
export type Audit = { record(line: AuditLine): void };

/** The record in a `logs` folder; at 5 MB it begins anew and the earlier one is kept as `audit.log.1`. `failed` tells people of a line that could not be written. */
export function openAudit(folder: string, failed: (text: string) => void): Audit {
  const file = path.join(folder, 'audit.log');
  return {
    record: ({ level, text }) => {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        if (existsSync(file) && statSync(file).size > MAX_BYTES) renamePatiently(file, `${file}.1`);
        appendFileSync(file, `${JSON.stringify({ level, ts: new Date().toISOString(), unit: 'main', msg: text })}\n`, { mode: 0o600 });
      } catch (error) {
        failed(`The record ${file} could not be written: ${describeError(error)}`);
      }
    },
  };
}
