/** The processes of authored strategies at work. */
import type { Resource } from '#app/contracts/deploy.ts';
import type { Queryable } from '#chassis/db.ts';
import type { Deployment } from './deployments.ts';
import { LiveProcess } from './live-process.ts';
import { readLiveCode } from './live-roster.ts';

/** The processes at work, by version: one is ended when its version is. */
export class Yard {
  readonly #book: Queryable;
  readonly #processes = new Map<string, { readonly deployment: Deployment; readonly process: LiveProcess }>();

  constructor(book: Queryable) {
    this.#book = book;
  }

  /** A process beside those at work, the caller's to end. */
  make(deployment: Deployment): LiveProcess {
    return new LiveProcess(deployment, () => readLiveCode(this.#book, deployment));
  }

  /** The one at work, made at its first bar. */
  of(deployment: Deployment): LiveProcess {
    const known = this.#processes.get(deployment.versionId);
    if (known !== undefined && known.deployment.timeframe === deployment.timeframe) return known.process;
    known?.process[Symbol.dispose]();
    const process = this.make(deployment);
    this.#processes.set(deployment.versionId, { deployment, process });
    return process;
  }

  /** Ends those of versions that are not at work any more. */
  keep(deployments: readonly Deployment[]): void {
    const kept = new Set(deployments.map(({ versionId }) => versionId));
    for (const [versionId, { process }] of this.#processes) {
      if (kept.has(versionId)) continue;
      process[Symbol.dispose]();
      this.#processes.delete(versionId);
    }
  }

  /** Ends that of a strategy, if it has one. */
  end(strategyId: string): void {
    for (const [versionId, { deployment, process }] of this.#processes) {
      if (deployment.strategyId !== strategyId) continue;
      process[Symbol.dispose]();
      this.#processes.delete(versionId);
    }
  }

  /** What those at work cost, by strategy. */
  resources(now: number): Readonly<Record<string, Resource>> {
    return Object.fromEntries([...this.#processes.values()].map(({ deployment, process }) => [deployment.strategyId, process.resource(now)]));
  }

  /** That of a strategy, null while it has none. */
  find(strategyId: string): LiveProcess | null {
    return [...this.#processes.values()].find(({ deployment }) => deployment.strategyId === strategyId)?.process ?? null;
  }
}
