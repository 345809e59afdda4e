/** The commands about what a person writes, and what happens after each save. */
import type { AUTHOR_COMMANDS } from '#app/contracts/commands-author.ts';
import { describeError } from '#app/domain/errors.ts';
import type { CommandHandlers, ServiceContext } from '#chassis/service.ts';
import type { WarmSandboxes } from '../research/sandbox/warm.ts';
import { createChecker } from './author-check.ts';
import { createLookAhead } from './author-look.ts';
import { saveAuthorProfile } from './author-profile.ts';
import { archiveProject, createProject, renameProject, restoreVersion, saveProject, type SaveParts } from './author-save.ts';
import { createCarrier } from './author-travel.ts';
import { warmWhileWritten } from './author-warm.ts';
import type { BarSource } from './backtest-bars.ts';

/** The author's part of the engine. `sync` takes what other markets have, at the start; dispose of it when the worker drains. */
export type AuthorDesk = AsyncDisposable & { /** Sandboxes that wait for a strategy. */ readonly warm: WarmSandboxes; readonly commands: Pick<CommandHandlers, keyof typeof AUTHOR_COMMANDS>; sync(): Promise<void> };

/** Builds it. */
export function openAuthorDesk(ctx: Pick<ServiceContext, 'db' | 'log' | 'health' | 'clock' | 'config' | 'signal'>, bars: BarSource): AuthorDesk {
  const { db, log, health, clock, config, signal } = ctx;
  const warm = warmWhileWritten();
  const checker = createChecker({ db, warm, version: config.version });
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
    void check.finally(() => checks.delete(check));
  };
  const parts: SaveParts = { db, saved };
  const lookAhead = createLookAhead({ db, bars, warm, now: () => clock.now(), signal });
  return {
    warm,
    commands: {
      createProject: (input) => createProject(parts, input), saveProject: (input) => saveProject(parts, input), restoreVersion: (input) => restoreVersion(parts, input),
      renameProject: (input) => renameProject(parts, input), archiveProject: (input) => archiveProject(parts, input),
      checkFiles: ({ files }) => checker.check(files),
      async lookAheadCheck(input) {
        await checker.store(input.projectId, input.version);
        return lookAhead(input);
      },
      saveAuthorProfile: (input) => saveAuthorProfile({ db, profileSaved: () => carrier?.profileSaved() }, input),
    },
    async sync() {
      const travelled = await carrier?.sync();
      if (travelled !== undefined && travelled.taken + travelled.written > 0) log.info({ taken: travelled.taken, written: travelled.written }, 'Strategies were carried between this market and the library folder');
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...checks, carrier?.settled()]);
      warm[Symbol.dispose]();
    },
  };
}
