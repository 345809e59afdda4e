/** The test projects: `unit` in parallel, `integration` and `browser` one file at a time (they start real servers). */
import { defineConfig } from 'vitest/config';

const outside = ['**/node_modules/**', '**/dist/**'];
const integrationFiles = [
  '{app,services,main,renderer,migrations,scripts}/**/*.int.test.{ts,tsx}',
  'tests/**/*.int.test.ts',
  'tests/{contracts,flows,chaos,supervisor,simulation}/**/*.test.ts',
];
const browserFiles = ['tests/browser/**/*.test.ts'];

/** vitest demands a default export here. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...outside, ...integrationFiles, ...browserFiles],
          pool: 'threads',
          testTimeout: 15_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: integrationFiles,
          exclude: outside,
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'browser',
          include: browserFiles,
          exclude: outside,
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
