/** One process of a simulation: loads the services over the stand-ins and runs the seeds that it is sent, one after the other. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceSpec } from '#chassis/service.ts';
import { installHooks } from './hooks.ts';
import { PLANTED } from './planted.ts';
import type { UnitName } from './unit.ts';

/** What the process is sent, and what it answers. */
export type Job = { readonly seed: number; readonly isEchoing: boolean };

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

async function load(): Promise<ReadonlyMap<UnitName, ServiceSpec>> {
  for (const unit of ['execution', 'risk_management'] as const) await import(`../../services/${unit}/main.ts`);
  const { registered } = await import('./registered.ts');
  const { ingestion, strategies } = await import('./feeds.ts');
  const specs = new Map<UnitName, ServiceSpec>([['data_ingestion', ingestion], ['strategy_engine', strategies]]);
  for (const unit of ['risk_management', 'execution'] as const) {
    const spec = registered.get(unit);
    if (!spec) throw new Error(`${unit} does not say what it is`);
    specs.set(unit, spec);
  }
  return specs;
}

async function main(): Promise<void> {
  const name = process.argv[2] ?? '';
  const planted = PLANTED.find((one) => one.name === name) ?? null;
  if (name !== '' && planted === null) throw new RangeError(`There is no planted defect ${name}`);
  installHooks(planted);
  const specs = await load();
  const { SimulatedBook } = await import('./book.ts');
  const { runSeed } = await import('./run-seed.ts');
  const book = await SimulatedBook.open(path.join(ROOT, 'migrations', 'trading_system'));
  let running: Promise<void> = Promise.resolve();
  process.on('message', (job: Job) => {
    running = running.then(async () => {
      const result = await runSeed(job.seed, { book, specs, echo: job.isEchoing ? (line) => void process.stdout.write(`${line}\n`) : null });
      process.send?.({ kind: 'result', result });
    });
    running.catch((error: unknown) => {
      process.stderr.write(`seed ${job.seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(70);
    });
  });
  process.send?.({ kind: 'ready' });
}

process.on('disconnect', () => process.exit(0));
await main();
