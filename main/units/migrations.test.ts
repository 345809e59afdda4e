/** The plan of migrations. */
import { describe, expect, it } from 'vitest';
import { planMigrations } from './migrations.ts';
import type { Migration } from './migrations.ts';

const file = (version: number, checksum = 'a'): Migration => ({ version, name: `${version}.sql`, sql: '', checksum });
const names = (files: Migration[], applied: Migration[]): string[] => planMigrations('book', files, applied).map((migration) => migration.name);

describe('the plan', () => {
  it('runs what is new, in order, and repeatable files after it', () => {
    expect(names([file(1), file(2), file(9000)], [])).toEqual(['1.sql', '2.sql', '9000.sql']);
    expect(names([file(1), file(2), file(9000)], [file(1), file(9000)])).toEqual(['2.sql', '9000.sql']);
    expect(names([file(1), file(9000)], [file(1), file(9000)])).toEqual([]);
  });

  it('runs a repeatable file again when it changed', () => {
    expect(names([file(1), file(9000, 'b')], [file(1), file(9000, 'a')])).toEqual(['9000.sql']);
  });

  it('refuses a newer database and a changed file, each with a remedy', () => {
    expect(() => names([file(1)], [file(1), file(2)])).toThrow('Install that version again');
    expect(() => names([file(1, 'b')], [file(1, 'a')])).toThrow('Restore the file');
  });
});
