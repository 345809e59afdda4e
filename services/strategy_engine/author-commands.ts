/** The commands about what a person writes, and what happens after each save. */
import type { AUTHOR_COMMANDS } from '#app/contracts/commands-author.ts';
import { describeError } from '#app/domain/errors.ts';
import type { CommandHandlers, ServiceContext } from '#chassis/service.ts';
import type { WarmSandboxes } from '../research/sandbox/warm.ts';
import { sourceReader } from './author-check-read.ts';
import { createChecker } from './author-check.ts';
import { openLookTurns } from './author-look-turns.ts';
import { saveAuthorProfile } from './author-profile.ts';
import { archiveProject, createProject, renameProject, restoreVersion, saveProject, type SaveParts } from './author-save.ts';
import { createCarrier } from './author-travel.ts';
import { warmWhileWritten } from './author-warm.ts';
import type { BarSource } from './backtest-bars.ts';

/** The author's part of the engine. `sync` takes what other markets have, and from then on looks at each new version by itself; dispose of it when the worker drains. */
export type AuthorDesk = AsyncDisposable & { /** Sandboxes that wait for a strategy. */ readonly warm: WarmSandboxes; readonly commands: Pick<CommandHandlers, keyof typeof AUTHOR_COMMANDS>; sync(): Promise<void> };

/** Builds it. */
export function openAuthorDesk(ctx: Pick<ServiceContext, 'db' | 'log' | 'health' | 'clock' | 'config' | 'signal'>, bars: BarSource): AuthorDesk {
  const { db, log, health, clock, config, signal } = ctx;
  const warm = warmWhileWritten();
  const reader = sourceReader();
  const checker = createChecker({ db, reader, warm, version: config.version });
  const { libraryDir } = config;
  const report = (problems: readonly string[]): void => {
    if (problems.length > 0) log.warn({ problems }, 'Not everything of the library folder could be used');
    health.degraded('library', problems.length === 0 ? null : problems.join(' '));
  };
  const carrier = libraryDir === undefined ? null : createCarrier({ db, folder: libraryDir, report });
  const checks = new Set<Promise<void>>();
  const saved: SaveParts['saved'] = ({ projectId, version }) => {
    carrier?.saved({ projectId, version });
    const check = checker.store(projectId, version).then(() => undefined, (error: unknown) => {
      // The version is saved; its check is made again when somebody asks for it.
      if (!signal.aborted) log.warn({ error: describeError(error), projectId, version }, 'A saved version could not be checked');
    });
    checks.add(check);
    void check.finally(() => {
      checks.delete(check);
      looks.poke();
    });
  };
  const parts: SaveParts = { db, saved };
  const looks = openLookTurns({ db, bars, warm, now: () => clock.now(), signal, log, check: async (projectId, version) => (await checker.store(projectId, version)).facts !== null });
  return {
    warm,
    commands: {
      createProject: (input) => createProject(parts, input), saveProject: (input) => saveProject(parts, input), restoreVersion: (input) => restoreVersion(parts, input),
      renameProject: (input) => renameProject(parts, input), archiveProject: (input) => archiveProject(parts, input),
      checkFiles: ({ files }) => checker.check(files),
      lookAheadCheck: (input) => looks.ask(input),
      saveAuthorProfile: (input) => saveAuthorProfile({ db, profileSaved: () => carrier?.profileSaved() }, input),
    },
    async sync() {
      try {
        const travelled = await carrier?.sync();
        if (travelled !== undefined && travelled.taken + travelled.written > 0) log.info({ taken: travelled.taken, written: travelled.written }, 'Strategies were carried between this market and the library folder');
      } catch (error) {
        // What is written in other markets is no reason to stop the strategies that trade in this one.
        if (signal.aborted) return;
        log.error({ err: error }, 'The library folder and the book could not be brought together');
        report([`Strategies were not carried between markets (${describeError(error)}). Those of this market are safe; it is tried again at the next start`]);
      }
      looks.begin();
    },
    async [Symbol.asyncDispose]() {
      // What is being read is read again after the next start; nobody waits for its deadline.
      reader[Symbol.dispose]();
      await Promise.allSettled([...checks, carrier?.settled(), looks[Symbol.asyncDispose]()]);
      warm[Symbol.dispose]();
    },
  };
}
