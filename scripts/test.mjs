/** `npm test [-- STAGE ...]`: every check of the repository, or the named stages. The last line is the verdict. */
import { PHASES, STAGES, runPhase } from './lib/checks.mjs';
import { StepFailure } from './lib/child.mjs';
import { endWith, ensureSetup } from './setup.mjs';

try {
  const names = process.argv.slice(2);
  const unknown = names.find((name) => STAGES.every((stage) => stage.name !== name));
  if (unknown !== undefined) throw new StepFailure(`There is no stage "${unknown}". Stages: ${STAGES.map((stage) => stage.name).join(', ')}`);
  const node = await ensureSetup();
  const total = { passed: 0, failed: 0 };
  /** @type {string[]} */
  const lines = [];
  for (const phase of PHASES) {
    for (const { stage, count } of await runPhase(phase, ({ name }) => names.length === 0 || names.includes(name), node)) {
      total.passed += count.passed;
      total.failed += count.failed;
      lines.push(`${count.failed === 0 ? 'ok  ' : 'FAIL'} ${stage.title}: ${count.passed} passed, ${count.failed} failed`);
      for (const name of count.names ?? []) lines.push(`       ${name}`);
    }
  }
  process.stdout.write(`\n${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed === 0 ? 0 : 1;
} catch (error) {
  endWith(error);
  process.stdout.write('\n0 passed, 1 failed\n');
}
