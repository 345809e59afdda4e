/** Answers about what a person writes: read from the book, changed by the strategy engine. */
import { ENTRY_FILE, templateSchema } from '#app/contracts/author.ts';
import type { AUTHOR_ROUTES } from '#app/contracts/http-author.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { TEMPLATES } from '#app/strategy/templates/templates.ts';
import { STRATEGY_MODULE, strategyTypings } from '#app/strategy/typings.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readProfile, readProjects, readVersion, readVersions } from './queries/author.ts';

const WHICH = { no: false, only: true, all: null } as const;

/** The entry file first: it is what one reads first. */
const templates = TEMPLATES.map((template) => templateSchema.parse({ ...template, files: [...template.files].sort((a, b) => Number(b.path === ENTRY_FILE) - Number(a.path === ENTRY_FILE)) }));
const typings = { path: `${STRATEGY_MODULE}.d.ts`, text: strategyTypings(INDICATORS) };

/** Builds them. */
export function authorHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof AUTHOR_ROUTES> {
  const { db } = ctx;
  return {
    projects: async ({ archived }) => ({ projects: await readProjects(db, WHICH[archived]) }),
    projectVersions: async ({ projectId }) => ({ versions: await readVersions(db, projectId) }),
    project: ({ projectId }) => readVersion(db, projectId, null),
    projectVersion: ({ projectId, version }) => readVersion(db, projectId, version),
    templates: () => Promise.resolve({ templates }),
    strategyTypings: () => Promise.resolve(typings),
    authorProfile: () => readProfile(db),
    async createProject(input, { actor, idempotencyKey }) {
      const { projectId, version } = await ctx.callCommand('createProject', { ...input, actor, idempotencyKey });
      return readVersion(db, projectId, version);
    },
    async saveProject(input, { actor, idempotencyKey }) {
      const { projectId, version, isNew } = await ctx.callCommand('saveProject', { ...input, actor, idempotencyKey });
      return { ...(await readVersion(db, projectId, version)), isNew };
    },
    async restoreVersion(input, { actor, idempotencyKey }) {
      const { projectId, version } = await ctx.callCommand('restoreVersion', { ...input, actor, idempotencyKey });
      return readVersion(db, projectId, version);
    },
    renameProject: (input, { actor, idempotencyKey }) => ctx.callCommand('renameProject', { ...input, actor, idempotencyKey }),
    archiveProject: (input, { actor, idempotencyKey }) => ctx.callCommand('archiveProject', { ...input, actor, idempotencyKey }),
    checkFiles: (input) => ctx.callCommand('checkFiles', input),
    lookAheadCheck: (input, { actor, idempotencyKey }) => ctx.callCommand('lookAheadCheck', { ...input, actor, idempotencyKey }),
    saveAuthorProfile: (input, { actor, idempotencyKey }) => ctx.callCommand('saveAuthorProfile', { ...input, actor, idempotencyKey }),
  };
}
