/** The contract of the spawners inside Electron's own main process; how to run it says tests/contracts/run-in-electron.mjs. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { app, utilityProcess } from 'electron';
import { describeError } from '#app/domain/errors.ts';
import { utilitySpawner } from '#main/desktop/utility-spawner.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import { SPAWNER_CASES } from './spawner-cases.ts';

const subject = process.env['MAINSPRING_SUBJECT'] ?? '';

async function runAll(): Promise<number> {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'ms spawner ü ')));
  const spawner = utilitySpawner({ fork: (module, args, options) => utilityProcess.fork(module, args, options), programs: nodeSpawner() });
  let failed = 0;
  for (const { name, run } of SPAWNER_CASES) {
    try {
      await run({ spawner, subject, folder });
      process.stdout.write(`ok      ${name}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(`FAILED  ${name}\n        ${describeError(error)}\n`);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${SPAWNER_CASES.length - failed} of ${SPAWNER_CASES.length} hold in Electron ${process.versions['electron'] ?? '(stand-in)'}\n`);
  return failed === 0 ? 0 : 1;
}

void app.whenReady().then(runAll).then((code) => app.exit(code), (error: unknown) => {
  process.stderr.write(`${describeError(error)}\n`);
  app.exit(2);
});
