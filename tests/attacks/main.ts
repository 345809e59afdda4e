/** `npm run attacks [-- NAME ...]`: every escape and bomb of the sandbox's suite, each in a process and in a thread of its own, under the limits of the product; exit 0 when all are contained. Takes minutes. */
import { ATTACKS } from '../../services/research/sandbox/attack-suite.ts';
import { openSandbox } from '../../services/research/sandbox/sandbox.ts';
import { tryAttack } from '../../services/research/sandbox/testing-attack.ts';

const USAGE_EXIT = 64;

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => ATTACKS.every((attack) => attack.name !== name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no attack "${unknown}". Attacks:\n${ATTACKS.map(({ name }) => `  ${name}`).join('\n')}\n`);
    return USAGE_EXIT;
  }
  let wrong = 0;
  for (const attack of ATTACKS) {
    if (names.length > 0 && !names.includes(attack.name)) continue;
    for (const kind of ['process', 'thread'] as const) {
      const began = performance.now();
      const { code, message } = await tryAttack(attack, (files) => openSandbox(files, {}, { kind }));
      const isContained = code === attack.code && (code === null || attack.words.test(message));
      if (!isContained) wrong += 1;
      process.stdout.write(`${isContained ? 'ok    ' : 'WRONG '} ${kind.padEnd(7)} ${attack.name}: ${code === null ? 'harmless' : `${code}, ${message}`} (${((performance.now() - began) / 1_000).toFixed(1)} s)\n`);
    }
  }
  process.stdout.write(`${wrong} not contained\n`);
  return wrong === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
