/** Many seeds over a few processes: hands them out, adds up what they came to, stops at what the caller wants. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SeedResult } from './run-seed.ts';

/** What a campaign runs. `planted`: name of a defect, '' = the code as it is. `onResult` says with true that no further seed is needed. */
export type CampaignOptions = {
  readonly seeds: readonly number[]; readonly planted: string; readonly processes: number; readonly isEchoing?: boolean; readonly onResult?: (result: SeedResult) => boolean;
};

type Message = { readonly kind: 'ready' } | { readonly kind: 'result'; readonly result: SeedResult };

function launch(planted: string): ChildProcess {
  return fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), planted === '' ? [] : [planted], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: ['--disable-warning=ExperimentalWarning'] });
}

/** Runs the seeds. @throws when a process ends by itself: the simulation has a defect of its own */
export async function runCampaign({ seeds, planted, processes, isEchoing = false, onResult = () => false }: CampaignOptions): Promise<SeedResult[]> {
  const waiting = [...seeds];
  const results: SeedResult[] = [];
  const serve = (child: ChildProcess): Promise<void> => new Promise((resolve, reject) => {
    const next = (): void => {
      const seed = waiting.shift();
      if (seed === undefined) child.disconnect();
      else child.send({ seed, isEchoing });
    };
    child.on('message', (message: Message) => {
      if (message.kind === 'result') {
        results.push(message.result);
        if (onResult(message.result)) waiting.length = 0;
      }
      next();
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => (code === 0 ? resolve() : reject(new Error(`A process of the simulation ended with ${code ?? signal ?? 'nothing'}`))));
  });
  const children = Array.from({ length: Math.min(processes, seeds.length) }, () => launch(planted));
  try {
    await Promise.all(children.map(serve));
  } finally {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
  return results.sort((a, b) => a.seed - b.seed);
}
