/** The sandbox as it is shipped: bundled, with nothing to read but its own file, ended when nobody asks it any more. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { processBundle } from '../../../scripts/build.mjs';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const saidSchema = z.object({ kind: z.string(), url: z.string(), facts: z.object({ kind: z.string(), isMemoryFree: z.boolean() }), orders: z.number(), lines: z.number(), failure: z.string().nullable() });

/** Processes that this one has started. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((one) => {
    try {
      return new RegExp(`^PPid:\\s+${pid}$`, 'm').test(readFileSync(`/proc/${one}/status`, 'utf8'));
    } catch {
      return false;
    }
  });
}

async function until(holds: () => boolean, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(50)) if (holds()) return true;
  return holds();
}

describe('the sandbox in the product', () => {
  it('starts from the bundle as a process without rights and as a thread, and trades the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ms-sandbox-'));
    try {
      chmodSync(folder, 0o755);
      await build(processBundle({ 'services/research-sandbox': here('./inside.ts'), 'services/user': here('./testing-product.ts') }, folder));
      const ended = spawnSync(process.execPath, [join(folder, 'services/user.mjs')], { encoding: 'utf8', timeout: 50_000, env: { SECRET: 'key' } });
      expect(ended.stderr).toBe('');
      const [asProcess, asThread] = ended.stdout.trim().split('\n').map((line) => saidSchema.parse(JSON.parse(line)));
      expect(asProcess).toMatchObject({ kind: 'process', facts: { kind: 'my_cross', isMemoryFree: true }, failure: 'Line 10: TypeError: cannot read property \'there\' of undefined' });
      expect(asProcess?.url).toMatch(/user\.mjs$/);
      expect(asProcess?.orders).toBeGreaterThan(50);
      expect(asThread).toEqual({ ...asProcess, kind: 'thread' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('ends by itself when who asked it is killed, even in the middle of a loop without an end', async () => {
    // Only Linux tells whose child a process is without a program of its own; docs/windows-checklist.md has the other one.
    if (!existsSync('/proc/self/status')) return;
    const script = `import { openSandbox } from ${JSON.stringify(here('./sandbox.ts'))};
      await openSandbox("import { strategy } from 'mainspring'; export default strategy({ kind: 'x', check() { Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); return null; }, onBar() {} });", {});`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore', cwd: here('../../../') });
    const pid = parent.pid ?? -1;
    try {
      expect(await until(() => childrenOf(pid).length === 1, 20_000)).toBe(true);
      const [child = -1] = childrenOf(pid);
      const busy = (): number => Number(readFileSync(`/proc/${child}/stat`, 'utf8').split(' ')[13]);
      // It has begun to load the strategy, or (on a computer with other things to do) is about to.
      await until(() => busy() > 150, 8_000);
      parent.kill('SIGKILL');
      await once(parent, 'exit');
      expect(await until(() => !existsSync(`/proc/${child}`), 10_000)).toBe(true);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
