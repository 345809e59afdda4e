/** Claims on ports by several instances of one person: between "it was free" and "its unit listens" lies time, and another may look just then. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { identify } from './process-info.ts';

const ClaimSchema = z.object({ pid: z.number().int(), startMark: z.string(), instanceId: z.string() });

/** The claims of one instance. */
export type PortClaims = {
  /** True when the port is ours now; false when a living instance has it. */
  claim(port: number): Promise<boolean>;
  /** Gives up all claims. */
  releaseAll(): void;
};

function holderOf(file: string): z.infer<typeof ClaimSchema> | null {
  try {
    const parsed = ClaimSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    // Gone, or half written by a process that was killed: nobody holds it.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Opens the folder of claims. A claim counts as long as the process that made it lives. */
export async function openPortClaims(folder: string, instanceId: string): Promise<PortClaims> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = new Set<string>();
  const startMark = (await identify(process.pid))?.startMark ?? '';
  return {
    claim: async (port) => {
      const file = path.join(folder, String(port));
      const holder = holderOf(file);
      if (holder && holder.instanceId !== instanceId && (await identify(holder.pid))?.startMark === holder.startMark) return false;
      rmSync(file, { force: true });
      try {
        writeFileSync(file, JSON.stringify({ pid: process.pid, startMark, instanceId }), { flag: 'wx', mode: 0o600 });
      } catch (error) {
        // Another instance was faster.
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
        throw error;
      }
      own.add(file);
      return true;
    },
    releaseAll: () => {
      for (const file of own) rmSync(file, { force: true });
      own.clear();
    },
  };
}
