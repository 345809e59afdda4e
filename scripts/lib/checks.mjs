/** The stages of `npm test`: each one runs a program and says how many checks passed and failed. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { inRoot, root, toolEnvironment } from './places.mjs';
import { StepFailure } from './child.mjs';
import { ensureChromium, ensurePackagingTools, findChromium } from './system.mjs';
import { ensureBuilt } from './built.mjs';

/**
 * @typedef {{ passed: number, failed: number, names?: string[] }} Count `names`: what failed, where that is known
 * @typedef {(text: string | Buffer) => void} Write
 * @typedef {{ node: string, env: NodeJS.ProcessEnv, write: Write | null }} Tools `write` null: straight to our own output
 * @typedef {{ name: string, title: string, run: (tools: Tools) => Promise<Count> }} Stage
 */

/** @type {Promise<unknown>} */
let installing = Promise.resolve();
/**
 * Stages run side by side, but the system's package manager serves one at a time.
 * @param {() => Promise<unknown>} install
 * @returns {Promise<void>}
 */
async function inTurn(install) {
  installing = installing.then(install, install);
  await installing;
}

/** A stage that hangs is a failure, not a night without an answer. */
const LONGEST_STAGE_MS = 25 * 60_000;
const KILL_AFTER_MS = 10_000;
const FAILED_ONCE = { passed: 0, failed: 1 };

/**
 * Runs a program.
 * @param {Tools} tools
 * @param {string[]} args of the pinned Node
 * @returns {Promise<boolean>} did it end well?
 */
function runTool(tools, args) {
  const pipe = tools.write === null ? 'inherit' : 'pipe';
  const child = spawn(tools.node, args, { cwd: root, env: tools.env, stdio: ['ignore', pipe, pipe] });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => tools.write?.(chunk));
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
  /** @type {{ name: string, status: string, assertionResults: { status: string, fullName: string }[] }[]} */
  const suites = report.testResults;
  const names = suites.filter((suite) => suite.status === 'failed').flatMap((suite) => {
    const failing = suite.assertionResults.filter((test) => test.status === 'failed').map((test) => `${relative(root, suite.name)}: ${test.fullName}`);
    return failing.length === 0 ? [`${relative(root, suite.name)}: could not be loaded`] : failing;
  });
  const unstarted = suites.filter((suite) => suite.status === 'failed' && suite.assertionResults.every((test) => test.status !== 'failed')).length;
  const failed = report.numFailedTests + unproven + unstarted;
  return { passed: report.numPassedTests, failed: failed === 0 && !endedWell ? 1 : failed, names };
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
    await inTurn(ensurePackagingTools);
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

/**
 * All stages: phases one after the other; in a phase its lanes side by side, in a lane its stages one after the other. The stages that wait for
 * servers leave the processor to those that compute; the kills have the machine to themselves.
 * @type {readonly (readonly (readonly Stage[])[])[]}
 */
export const PHASES = [
  [[
    single('typecheck', 'Type check', [inRoot('node_modules', 'typescript-native', 'bin', 'tsc'), '-b']),
    single('build', 'Build', [inRoot('scripts', 'build.mjs')]),
  ]],
  [
    [project('integration', 'Integration tests (real PostgreSQL and Redis)')],
    [
      single('fences', 'Import fences', [
        inRoot('node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs'), '--config', '.dependency-cruiser.cjs', ...cruisedFolders(),
      ]),
      single('knip', 'Unused code and packages', [inRoot('node_modules', 'knip', 'bin', 'knip.js')]),
      project('unit', 'Unit tests'),
    ],
  ],
  [[
    project('chaos', 'Replays and kills (the whole stack)'),
    single('speed', 'Speed (the core against references in the same run)', [inRoot('bench', 'gate.ts')]),
  ]],
  [
    [project('browser', 'Browser tests (Chromium)', () => inTurn(ensureChromium))],
    [
      project('desktop', 'Desktop tests (the built application, its window in Chromium)', async ({ node }) => {
        await inTurn(ensureChromium);
        await ensureBuilt(node);
      }),
      packaging,
      // The longest of those that only compute, in the longest phase that has a processor to spare.
      single('lint', 'Lint', [inRoot('scripts', 'lint.mjs')]),
    ],
  ],
];

/** All stages. */
export const STAGES = PHASES.flat(2);

/**
 * Runs one stage; a stage that cannot even start has failed once.
 * @param {Stage} stage
 * @param {string} node the pinned Node
 * @param {Write | null} write
 * @returns {Promise<Count>}
 */
async function runStage(stage, node, write) {
  const started = Date.now();
  const say = write ?? ((text) => void process.stdout.write(text));
  say(`\n=== ${stage.title}\n`);
  const chromium = findChromium();
  const env = { ...toolEnvironment(node), ...(chromium === undefined ? {} : { MAINSPRING_CHROMIUM: chromium }) };
  let count;
  try {
    count = await stage.run({ node, env, write });
  } catch (error) {
    say(`${error instanceof StepFailure ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    count = FAILED_ONCE;
  }
  say(`=== ${stage.title}: ${count.passed} passed, ${count.failed} failed in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return count;
}

/**
 * Runs the stages of a phase that are wanted. The first lane speaks as it runs; each stage of another lane when it has ended.
 * @param {readonly (readonly Stage[])[]} phase
 * @param {(stage: Stage) => boolean} isWanted
 * @param {string} node the pinned Node
 * @returns {Promise<{ stage: Stage, count: Count }[]>}
 */
export async function runPhase(phase, isWanted, node) {
  const lanes = phase.map((lane) => lane.filter(isWanted)).filter((lane) => lane.length > 0);
  const results = await Promise.all(lanes.map(async (lane, index) => {
    const counts = [];
    for (const stage of lane) {
      /** @type {(string | Buffer)[]} */
      const said = [];
      const count = await runStage(stage, node, index === 0 ? null : (text) => void said.push(text));
      process.stdout.write(Buffer.concat(said.map((part) => Buffer.from(part))));
      counts.push({ stage, count });
    }
    return counts;
  }));
  return results.flat();
}
