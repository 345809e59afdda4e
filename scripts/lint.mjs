/** ESLint over the whole repository, room by room: with types, all rooms at once take more memory than one process has. */
import { inRoot, root } from './lib/places.mjs';
import { spawnSync } from 'node:child_process';

/** Rooms that are looked at by themselves; whatever is not among them is looked at first, so that nothing is left out. */
const ROOMS = [['services'], ['renderer'], ['tests', 'bench']];

/**
 * One run.
 * @param {string[]} args
 * @returns {boolean} was nothing found?
 */
function lint(args) {
  const { status } = spawnSync(process.execPath, [inRoot('node_modules', 'eslint', 'bin', 'eslint.js'), ...args, '--max-warnings', '0'], { cwd: root, stdio: 'inherit' });
  return status === 0;
}

const rest = lint(['.', ...ROOMS.flat().flatMap((room) => ['--ignore-pattern', `${room}/**`])]);
const rooms = ROOMS.map((room) => lint(room));
process.exitCode = rest && rooms.every((isClean) => isClean) ? 0 : 1;
