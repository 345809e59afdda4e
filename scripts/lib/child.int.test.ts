/** Signals and exit codes pass through the command `mainspring` to the program and back, each exactly once. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inRoot } from './places.mjs';

/** Says which signals it got; ends with 3 a while after the first. */
const PROGRAM = `
  let seen = 0;
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      seen += 1;
      console.log(signal);
      if (seen === 1) setTimeout(() => process.exit(3), 1000);
    });
  }
  setInterval(() => undefined, 1000);
  console.log('up');
`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainspring-child-'));
  writeFileSync(join(folder, 'program.mjs'), PROGRAM);
  const child = pathToFileURL(inRoot('scripts', 'lib', 'child.mjs')).href;
  writeFileSync(
    join(folder, 'outer.mjs'),
    `import { runForeground } from '${child}';\nprocess.exitCode = await runForeground(process.execPath, process.argv.slice(2), process.env);\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the outer command around a program; `act` is called when the program is up. */
async function around(args: readonly string[], act: (outer: ChildProcess) => void): Promise<{ code: number | null; lines: readonly string[] }> {
  // A process group of its own stands for the terminal's: a Ctrl-C there reaches every member.
  const outer = spawn(process.execPath, [join(folder, 'outer.mjs'), ...args], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let text = '';
  outer.stdout.on('data', (chunk: Buffer) => {
    const wasUp = text.includes('up');
    text += chunk.toString();
    if (!wasUp && text.includes('up')) act(outer);
  });
  const code = await new Promise<number | null>((resolve) => outer.once('close', resolve));
  return { code, lines: text.trim().split('\n') };
}

const groupOf = (child: ChildProcess): number => -(child.pid ?? Number.NaN);

describe('runForeground', () => {
  it('delivers a Ctrl-C of the terminal once, waits, and takes over the exit code', async () => {
    const result = await around([join(folder, 'program.mjs')], (outer) => process.kill(groupOf(outer), 'SIGINT'));
    expect(result).toEqual({ code: 3, lines: ['up', 'SIGINT'] });
  });

  it('takes the terminal\'s and npm\'s delivery of one Ctrl-C for one', async () => {
    const result = await around([join(folder, 'program.mjs')], (outer) => {
      process.kill(groupOf(outer), 'SIGINT');
      setTimeout(() => outer.kill('SIGINT'), 50);
    });
    expect(result).toEqual({ code: 3, lines: ['up', 'SIGINT'] });
  });

  it('delivers a second Ctrl-C, which means "force"', async () => {
    const result = await around([join(folder, 'program.mjs')], (outer) => {
      outer.kill('SIGINT');
      setTimeout(() => outer.kill('SIGINT'), 600);
    });
    expect(result).toEqual({ code: 3, lines: ['up', 'SIGINT', 'SIGINT'] });
  });

  it('turns a closed terminal into a stop', async () => {
    const result = await around([join(folder, 'program.mjs')], (outer) => outer.kill('SIGHUP'));
    expect(result).toEqual({ code: 3, lines: ['up', 'SIGTERM'] });
  });

  it.each([[0], [1], [78]])('ends with the exit code %i of the program', async (code) => {
    const result = await around(['-e', `console.log('up'); process.exitCode = ${code}`], () => undefined);
    expect(result.code).toBe(code);
  });

  it('reports the signal that killed the program', async () => {
    const result = await around(['-e', "console.log('up'); process.kill(process.pid, 'SIGKILL')"], () => undefined);
    expect(result.code).toBe(137);
  });
});
