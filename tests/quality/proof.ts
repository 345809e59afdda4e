/** `npm run quality:proof`: plants every kind of fault into synthetic and (when at hand) recorded bars and prints what the rules found. Ends with 1 when one was missed or a false one was told. */
import { prove, recordedGround, syntheticGround, type Proof } from '../support/quality-proof.ts';

const MAX_TOLD = 5;

function print(name: string, proof: Proof): boolean {
  process.stdout.write(`\n## ${name}: ${proof.clean.series} series, ${proof.clean.bars.toLocaleString('en-US')} bars\n\n| planted fault | must be found as | planted | found | false |\n| --- | --- | ---: | ---: | ---: |\n`);
  for (const row of proof.rows) {
    if (row.planted > 0) process.stdout.write(`| ${row.name} | \`${row.finds}\` | ${row.planted} | ${row.found} | ${row.wrong.length} |\n`);
  }
  const [planted, found, wrong] = [proof.rows.reduce((sum, row) => sum + row.planted, 0), proof.rows.reduce((sum, row) => sum + row.found, 0), proof.rows.reduce((sum, row) => sum + row.wrong.length, 0)];
  process.stdout.write(`| all | | ${planted} | ${found} | ${wrong} |\n\nIn the bars as they are: ${proof.clean.wrong.length} findings.\n`);
  for (const row of proof.rows) for (const text of [...row.missed.slice(0, MAX_TOLD).map((where) => `missed: ${where}`), ...row.wrong.slice(0, MAX_TOLD)]) process.stdout.write(`  ${row.name}: ${text}\n`);
  for (const text of proof.clean.wrong.slice(0, MAX_TOLD * 4)) process.stdout.write(`  as it is: ${text}\n`);
  return found === planted && wrong === 0;
}

const isSound = [print('Synthetic bars', prove(syntheticGround())), print('Recorded bars', prove(recordedGround()))].every(Boolean);
process.exitCode = isSound ? 0 : 1;
