/** The shelf of reports: nothing but what was written, and nothing from beside the folder. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Queryable } from '#chassis/db.ts';
import { openReportShelf } from './reports-door.ts';

const folder = mkdtempSync(join(tmpdir(), 'ms-shelf-'));
mkdirSync(join(folder, 'reports'));
writeFileSync(join(folder, 'secret.html'), 'secret');
for (const name of ['2026-01-05', '2026-01-06']) writeFileSync(join(folder, 'reports', `${name}.html`), 'page');
const sha256 = createHash('sha256').update('page').digest('hex');
const rows: Readonly<Record<string, { file: string | null; sha256: string }>> = {
  'daily-2026-01-05': { file: '2026-01-05.html', sha256 }, 'daily-2026-01-06': { file: '2026-01-06.html', sha256: 'other' }, 'daily-2026-01-07': { file: '2026-01-07.html', sha256 },
  'daily-2026-01-08': { file: '../secret.html', sha256: createHash('sha256').update('secret').digest('hex') }, 'daily-2026-01-09': { file: null, sha256 },
};
const db = { query: (_text: string, params?: readonly unknown[]) => Promise.resolve([rows[String(params?.[0])]].filter((row) => row !== undefined)) } as Queryable;
const shelf = openReportShelf(db, folder);

describe('a report', () => {
  it('is given as it was written', async () => {
    expect((await shelf.read('daily-2026-01-05')).toString()).toBe('page');
  });
  it.each([['changed since', 'daily-2026-01-06', 'REPORT_CHANGED'], ['without its file', 'daily-2026-01-07', 'REPORT_NOT_FOUND'], ['whose name leads out of the folder', 'daily-2026-01-08', 'REPORT_NOT_FOUND'],
    ['without a name', 'daily-2026-01-09', 'REPORT_NOT_FOUND'], ['that nobody wrote', 'daily-2026-01-10', 'REPORT_NOT_FOUND']])('%s is refused', async (_name, id, code) => {
    await expect(shelf.read(id)).rejects.toMatchObject({ code });
  });
});
