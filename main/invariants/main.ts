/** `npm run check:invariants [-- --data DIR] [--json] [--orders] [--settled]`: exit 0 when nothing is broken, 1 when something is. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { AppError, describeError } from '#app/domain/errors.ts';
import { homeOf, placeInUse } from '../cli/place.ts';
import { checkDataFolder, type InvariantReport } from './report.ts';

const SHOWN_PER_CHECK = 10;

function asText(report: InvariantReport, withOrders: boolean): string {
  const lines = report.results.flatMap((result) => [
    `${result.violations.length === 0 ? 'ok  ' : 'FAIL'}  ${result.id.padEnd(9)} ${result.title}${result.violations.length === 0 ? '' : `: ${result.violations.length} violations`}`,
    ...result.violations.slice(0, SHOWN_PER_CHECK).map((violation) => `        ${violation.subject}: ${violation.detail}`),
  ]);
  if (!report.isBrokerCompared) lines.push('note  the broker could not be asked for its orders');
  if (report.wasRunning) lines.push('note  the stack is running: what is on its way right now is not counted as lost');
  const { summary } = report;
  lines.push('', `${summary.bars} bars, ${summary.signals} signals, ${summary.approved} approved, ${summary.denied} denied, ${summary.orders} orders, ${summary.fills} fills, equity ${summary.finalEquity} USD, order list ${summary.orderList}`);
  if (withOrders) lines.push(...report.orders);
  lines.push(`${report.violations} violations`);
  return lines.join('\n');
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { data: { type: 'string' }, json: { type: 'boolean', default: false }, orders: { type: 'boolean', default: false }, settled: { type: 'boolean', default: false } } });
  const here = process.env['INIT_CWD'] ?? process.cwd();
  const named = values.data === undefined ? null : path.resolve(here, values.data);
  const dataDir = named ?? (await placeInUse(homeOf(null, process.env)));
  if (!values.json) process.stdout.write(`The book in ${dataDir}\n`);
  const report = await checkDataFolder(dataDir, values.settled);
  process.stdout.write(`${values.json ? JSON.stringify(report) : asText(report, values.orders)}\n`);
  return report.violations === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${describeError(error)}\n${error instanceof AppError ? '' : (error instanceof Error ? (error.stack ?? '') : '')}`);
    process.exit(2);
  },
);
