/** Ports for servers of a test that are started later, some of them by other processes: kept apart from those of all other tests of this computer. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Below the ports that systems give to outgoing connections and to `listen(0)`. */
const FIRST = 12_000;
const PER_BLOCK = 100;
const BLOCKS = 160;
const FOLDER = path.join(tmpdir(), 'mainspring-test-ports');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Takes a block for this process; false when another one has it. A block whose process is gone is taken over by the next look. */
function take(file: string): boolean {
  try {
    const handle = openSync(file, 'wx');
    writeSync(handle, String(process.pid));
    closeSync(handle);
    process.once('exit', () => rmSync(file, { force: true }));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(readFileSync(file, 'utf8'));
    if (owner > 0 && !isAlive(owner)) rmSync(file, { force: true });
    return false;
  }
}

function takeBlock(): number {
  mkdirSync(FOLDER, { recursive: true });
  const first = Math.floor(performance.now() * 1_000 + process.pid * 7) % BLOCKS;
  for (let n = 0; n < 2 * BLOCKS; n += 1) {
    const block = (first + n) % BLOCKS;
    if (take(path.join(FOLDER, String(block)))) return FIRST + block * PER_BLOCK;
  }
  throw new Error(`All ${BLOCKS} blocks of ports are taken; remove ${FOLDER} when no test is running`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error)));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

let base: number | null = null;
let given = 0;

/** A loopback port that is free, and that no other test is given while this process runs. */
export async function freePort(): Promise<number> {
  base ??= takeBlock();
  for (let n = 0; n < PER_BLOCK; n += 1) {
    const port = base + (given % PER_BLOCK);
    given += 1;
    if (await isFree(port)) return port;
  }
  throw new Error(`None of the ports from ${base} to ${base + PER_BLOCK - 1} is free`);
}
