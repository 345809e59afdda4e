/** The supervisor with a wall clock that jumps: it, and every worker that it starts, loads clock-shim.mjs first. Only for experiments. */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';

const at = process.argv.indexOf('--data');
const shim = new URL(`./clock-shim.mjs?file=${encodeURIComponent(path.join(process.argv[at + 1] ?? '', 'clock-offset'))}`, import.meta.url).href;
const { spawn } = childProcess;
/** @type {any} */
const patched = (/** @type {string} */ command, /** @type {string[]} */ args, /** @type {object} */ options) => spawn(command, command === process.execPath ? ['--import', shim, ...args] : args, options);
childProcess.spawn = patched;
syncBuiltinESMExports();
await import(shim);
await import('../../main/headless.ts');
