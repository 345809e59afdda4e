/** `npm run chaos -- flows [--kills N] [--seed S]`: families of flows; `npm run chaos -- [--kills N] [--seed S] [--replay DIR] [--speed N] [--only part,part] [--dist]`: exit 0 when nothing was lost, doubled or broken. */
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { recordBars } from '../support/recorded-bars.ts';
import { cleanUp } from '../support/stack.ts';
import { runCampaign, TARGETS, tradeReference } from './campaign.ts';
import type { CampaignOptions, Target } from './campaign.ts';
import { flowCampaignText, runFlowCampaign } from './flows.ts';
import { campaignText, isClean } from './report.ts';

const USAGE_EXIT = 64;

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new RangeError(`--${name} is "${text}": write a whole number from ${least} on`);
  return value;
}

function readOptions(): CampaignOptions {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' }, replay: { type: 'string' }, speed: { type: 'string', default: '1000' },
      only: { type: 'string' }, dist: { type: 'boolean', default: false },
    },
  });
  const wanted = values.only?.split(',');
  const unknown = wanted?.find((name) => TARGETS.every((target) => target !== name));
  if (unknown !== undefined) throw new RangeError(`--only names "${unknown}". Parts: ${TARGETS.join(', ')}`);
  const targets: readonly Target[] = TARGETS.filter((target) => wanted?.includes(target) ?? true);
  return {
    kills: wholeNumber('kills', values.kills, 1), seed: wholeNumber('seed', values.seed, 0), speed: wholeNumber('speed', values.speed, 1), targets,
    folder: values.replay === undefined ? recordBars({ symbols: ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF'], days: ['2024-03-04', '2024-03-05', '2024-03-06'], minutes: 200, seed: 5 }) : path.resolve(process.env['INIT_CWD'] ?? process.cwd(), values.replay),
    ...(values.dist ? { entry: 'dist/main/headless.mjs' } : {}),
    tell: (line) => process.stdout.write(`${line}\n`),
  };
}

/** The campaign against flows has a stand of its own. */
async function killFlows(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } } });
  const result = await runFlowCampaign({ kills: wholeNumber('kills', values.kills, 1), seed: wholeNumber('seed', values.seed, 0), tell: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`\n${flowCampaignText(result)}\n`);
  return result.wrong.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const [word, ...args] = process.argv.slice(2);
  if (word === 'flows') return killFlows(args);
  let options: CampaignOptions;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return USAGE_EXIT;
  }
  process.stdout.write(`${options.kills} kills, seed ${options.seed}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1) ?? '?'}\n`);
  try {
    const result = await runCampaign(options, await tradeReference(options));
    process.stdout.write(`\n${campaignText(result)}\n`);
    return isClean(result) ? 0 : 1;
  } finally {
    await cleanUp({ isKeepingFolders: true });
  }
}

process.once('SIGINT', () => {
  void cleanUp({ isKeepingFolders: true }).finally(() => process.exit(130));
});

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
