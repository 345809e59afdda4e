/** The test projects: `unit` two files at a time, `integration` three, `chaos` two, `browser` and `desktop` one at a time (they need the whole machine). */
import { defineConfig } from 'vitest/config';
import { compiledFolder } from './scripts/lib/places.mjs';

const outside = ['**/node_modules/**', '**/dist/**'];
const integrationFiles = [
  '{app,services,main,renderer,migrations,scripts}/**/*.int.test.{ts,tsx}',
  'tests/**/*.int.test.ts',
  'tests/{contracts,supervisor,simulation}/**/*.test.ts',
];
const chaosFiles = ['tests/{chaos,flows}/**/*.test.ts'];
const browserFiles = ['tests/browser/**/*.test.ts'];
const desktopFiles = ['tests/desktop/**/*.test.ts'];
/** For projects that start our programs: what they share is made before their first file, and nothing is compiled twice. */
const withPrograms = { globalSetup: 'tests/support/prepare.ts', env: { NODE_COMPILE_CACHE: compiledFolder } };

/** For every project: by itself the runner gives a poll up after one second, and on a busy computer a single step may take that long. */
const patient = { expect: { poll: { timeout: 20_000 } } };

/** vitest demands a default export here. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        test: {
          ...patient,
          name: 'unit',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...outside, ...integrationFiles, ...chaosFiles, ...browserFiles, ...desktopFiles],
          pool: 'threads',
          // Their files share the modules of a thread: whatever a test changes outside of itself it puts back, and there are no mocked modules.
          isolate: false,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          ...withPrograms,
          name: 'integration',
          include: integrationFiles,
          exclude: [...outside, ...chaosFiles],
          // They wait more than they compute: each file has servers, ports and a folder of its own.
          pool: 'forks',
          maxWorkers: 3,
          // A project with a number of its own is a group of its own when several projects are run at once.
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          ...withPrograms,
          name: 'chaos',
          include: chaosFiles,
          exclude: outside,
          pool: 'forks',
          // Killed parts are waited for more than they compute: a second file runs meanwhile, on a folder and ports of its own.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          ...patient,
          ...withPrograms,
          globalSetup: [withPrograms.globalSetup, 'tests/browser/prepare.ts'],
          name: 'browser',
          include: browserFiles,
          exclude: outside,
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          ...patient,
          ...withPrograms,
          name: 'desktop',
          include: desktopFiles,
          exclude: [...outside, ...integrationFiles],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 150_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
