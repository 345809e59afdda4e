#!/usr/bin/env node
/** The command `mainspring`: makes the clone ready, then runs the real command line under the pinned Node. */
import { existsSync } from 'node:fs';
import { findNode, inRoot } from './lib/places.mjs';
import { runForeground } from './lib/child.mjs';
import { ensureBuilt } from './lib/built.mjs';
import { chooseProgram, findElectron } from './lib/desktop.mjs';
import { endWith, ensureSetup } from './setup.mjs';

const PROGRAM = inRoot('dist', 'main', 'headless.mjs');
const WINDOW = inRoot('dist', 'main', 'desktop.mjs');
/** Talk to what already runs: they must work while sources are half-edited, and never replace what runs. */
const VERBS_OF_A_RUNNING_INSTANCE = ['stop', 'status', 'verify', 'logs', 'flows', 'arm', 'disarm', 'kill'];

/** The supervisor mostly waits: a small young generation and few threads keep it small. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1'];

/**
 * What the program sees beside the user's own environment. V8's compiled code is kept beside the build it belongs to.
 * @returns {NodeJS.ProcessEnv}
 */
const programEnvironment = () => ({ NODE_COMPILE_CACHE: inRoot('dist', '.compile-cache'), MALLOC_ARENA_MAX: '1', ...process.env });

/** @param {string} verb */
async function prepare(verb) {
  const node = findNode();
  if (VERBS_OF_A_RUNNING_INSTANCE.includes(verb) && existsSync(PROGRAM) && 'path' in node) return node.path;
  const path = await ensureSetup();
  await ensureBuilt(path);
  return path;
}

try {
  const args = process.argv.slice(2);
  const node = await prepare(args[0] ?? '');
  const { platform, env } = process;
  const chosen = chooseProgram(args, { platform, env, isRoot: process.getuid?.() === 0, electron: findElectron(env, platform) });
  if (chosen.kind === 'desktop') {
    process.stdout.write('Opening the window; npm start -- --headless stays in the terminal.\n');
    process.exitCode = await runForeground(chosen.electron, [WINDOW, ...chosen.options], process.env);
  } else process.exitCode = await runForeground(node, [...NODE_FLAGS, PROGRAM, ...args], programEnvironment());
} catch (error) {
  endWith(error);
}
