/** The stages of `npm test`: each one runs a program and says how many checks passed and failed. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRoot, root, toolEnvironment } from './places.mjs';
import { StepFailure } from './child.mjs';
import { ensureChromium, ensurePackagingTools, findChromium } from './system.mjs';
import { ensureBuilt } from './built.mjs';

/**
 * @typedef {{ passed: number, failed: number }} Count
 * @typedef {{ node: string, env: NodeJS.ProcessEnv }} Tools
 * @typedef {{ name: string, title: string, run: (tools: Tools) => Promise<Count> }} Stage
 */

/** A stage that hangs is a failure, not a night without an answer. */
const LONGEST_STAGE_MS = 25 * 60_000;
const KILL_AFTER_MS = 10_000;
const FAILED_ONCE = { passed: 0, failed: 1 };

/**
 * Runs a program with its output straight to ours.
 * @param {Tools} tools
 * @param {string[]} args of the pinned Node
 * @returns {Promise<boolean>} did it end well?
 */
function runTool(tools, args) {
  const child = spawn(tools.node, args, { cwd: root, env: tools.env, stdio: ['ignore', 'inherit', 'inherit'] });
  const stop = () => void child.kill('SIGTERM');
  const timer = setTimeout(() => {
    process.stderr.write(`The stage did not end in ${LONGEST_STAGE_MS / 60_000} minutes and is stopped.\n`);
    stop();
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  }, LONGEST_STAGE_MS);
  process.on('SIGTERM', stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  }).finally(() => {
    clearTimeout(timer);
    process.off('SIGTERM', stop);
  });
}

/**
 * A program that counts as one check.
 * @param {string} name
 * @param {string} title
 * @param {string[]} args
 * @returns {Stage}
 */
const single = (name, title, args) => ({
  name,
  title,
  run: async (tools) => ((await runTool(tools, args)) ? { passed: 1, failed: 0 } : FAILED_ONCE),
});

/**
 * What vitest reports. A skipped or promised test proves nothing: it counts as failed. So does a file that could not
 * be loaded, and an error outside of every test.
 * @param {string} file vitest's JSON report
 * @param {boolean} endedWell
 * @returns {Count}
 */
export function countReport(file, endedWell) {
  if (!existsSync(file)) return FAILED_ONCE;
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const unproven = report.numPendingTests + report.numTodoTests;
  if (unproven > 0) process.stderr.write(`${unproven} skipped or promised tests count as failed.\n`);
  /** @type {{ status: string, assertionResults: { status: string }[] }[]} */
  const suites = report.testResults;
  const unstarted = suites.filter((suite) => suite.status === 'failed' && suite.assertionResults.every((test) => test.status !== 'failed')).length;
  const failed = report.numFailedTests + unproven + unstarted;
  return { passed: report.numPassedTests, failed: failed === 0 && !endedWell ? 1 : failed };
}

/**
 * A vitest project.
 * @param {string} name
 * @param {string} title
 * @param {(tools: Tools) => Promise<void>} [prepare]
 * @returns {Stage}
 */
const project = (name, title, prepare) => ({
  name,
  title,
  run: async (tools) => {
    await prepare?.(tools);
    const folder = mkdtempSync(join(tmpdir(), 'mainspring-report-'));
    try {
      const report = join(folder, 'report.json');
      const args = ['run', '--project', name, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
      const endedWell = await runTool(tools, [inRoot('node_modules', 'vitest', 'vitest.mjs'), ...args]);
      return countReport(report, endedWell);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

/**
 * The packaging, checked by a program of its own that counts.
 * @type {Stage}
 */
const packaging = {
  name: 'packaging',
  title: 'Packaging (the installer, built and tried on Wine)',
  run: async (tools) => {
    await ensurePackagingTools();
    await ensureBuilt(tools.node);
    const folder = mkdtempSync(join(tmpdir(), 'mainspring-report-'));
    try {
      const report = join(folder, 'report.json');
      const endedWell = await runTool(tools, [inRoot('packaging', 'check', 'main.ts'), '--quick', '--report', report]);
      if (!existsSync(report)) return FAILED_ONCE;
      /** @type {Count} */
      const { passed, failed } = JSON.parse(readFileSync(report, 'utf8'));
      return { passed, failed: failed === 0 && !endedWell ? 1 : failed };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/**
 * The folders that the import fences look at: those that exist.
 * @returns {string[]}
 */
const cruisedFolders = () => ['app', 'services', 'main', 'renderer', 'bench', 'tests', 'scripts', 'packaging'].filter((folder) => existsSync(inRoot(folder)));

/** All stages, cheapest first. */
export const STAGES = [
  single('typecheck', 'Type check', [inRoot('node_modules', 'typescript-native', 'bin', 'tsc'), '-b']),
  single('lint', 'Lint', [inRoot('node_modules', 'eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0']),
  single('fences', 'Import fences', [
    inRoot('node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs'), '--config', '.dependency-cruiser.cjs', ...cruisedFolders(),
  ]),
  single('knip', 'Unused code and packages', [inRoot('node_modules', 'knip', 'bin', 'knip.js')]),
  single('build', 'Build', [inRoot('scripts', 'build.mjs')]),
  project('unit', 'Unit tests'),
  project('integration', 'Integration tests (real PostgreSQL and Redis)'),
  project('chaos', 'Replays and kills (the whole stack)'),
  project('browser', 'Browser tests (Chromium)', ensureChromium),
  project('desktop', 'Desktop tests (the built application, its window in Chromium)', async ({ node }) => {
    await ensureChromium();
    await ensureBuilt(node);
  }),
  packaging,
];

/**
 * Runs one stage; a stage that cannot even start has failed once.
 * @param {Stage} stage
 * @param {string} node the pinned Node
 * @returns {Promise<Count>}
 */
export async function runStage(stage, node) {
  const started = Date.now();
  process.stdout.write(`\n=== ${stage.title}\n`);
  const chromium = findChromium();
  const env = { ...toolEnvironment(node), ...(chromium === undefined ? {} : { MAINSPRING_CHROMIUM: chromium }) };
  let count;
  try {
    count = await stage.run({ node, env });
  } catch (error) {
    process.stderr.write(`${error instanceof StepFailure ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    count = FAILED_ONCE;
  }
  process.stdout.write(`=== ${stage.title}: ${count.passed} passed, ${count.failed} failed in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return count;
}
