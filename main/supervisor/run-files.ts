/** Run files: which processes we started, written so that the next start can find and end leftovers. */
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { UnitIdSchema } from '#app/contracts/health.ts';
import type { UnitId } from '#app/contracts/health.ts';
import { writeFileAtomically } from '../store/atomic-file.ts';
import { identify } from './process-info.ts';

const RunFileSchema = z.object({
  unit: UnitIdSchema,
  pid: z.number().int().positive(),
  startMark: z.string(),
  image: z.string(),
  port: z.number().int().nullable(),
  instanceId: z.string(),
});

/** One process that we started. */
export type RunFile = z.infer<typeof RunFileSchema>;

/** The folder of run files. */
export type RunFiles = {
  /** Notes a started process. A process that is gone already is not noted. */
  write(unit: UnitId, pid: number, port: number | null): Promise<void>;
  /** Forgets one process of a unit (all of them without a pid). */
  remove(unit: UnitId, pid?: number): void;
  /** All readable run files; broken ones are deleted, they cannot prove that a process is ours. */
  list(): RunFile[];
};

/** Opens the folder, creating it when needed. */
export function openRunFiles(folder: string, instanceId: string): RunFiles {
  mkdirSync(folder, { recursive: true });
  const fileOf = (unit: UnitId, pid: number): string => path.join(folder, `${unit}.${pid}.json`);
  const names = (): string[] => readdirSync(folder).filter((name) => /^[a-z_]+\.\d+\.json$/.test(name));
  return {
    write: async (unit, pid, port) => {
      const identity = await identify(pid);
      if (!identity) return;
      const content: RunFile = { unit, pid, startMark: identity.startMark, image: identity.image, port, instanceId };
      writeFileAtomically(fileOf(unit, pid), JSON.stringify(content));
    },
    remove: (unit, pid) => {
      for (const name of names()) {
        if (pid === undefined ? name.startsWith(`${unit}.`) : name === `${unit}.${pid}.json`) rmSync(path.join(folder, name), { force: true });
      }
    },
    list: () => {
      const found: RunFile[] = [];
      for (const name of names()) {
        const file = path.join(folder, name);
        const parsed = RunFileSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
        if (parsed.success) found.push(parsed.data);
        else rmSync(file, { force: true });
      }
      return found;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
