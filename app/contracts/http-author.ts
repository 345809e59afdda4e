/** Routes about what a person writes. */
import * as z from 'zod';
import { authorProfileSchema, lookAheadResultSchema, MAX_FILES_BYTES, MAX_PROFILE_BYTES, projectFields, projectIdSchema, projectCheckSchema, projectVersionSchema, projectViewSchema, templateSchema, versionAsk, versionViewSchema } from './author.ts';
import { AUTHOR_COMMANDS } from './commands-author.ts';
import type { RouteContract } from './route.ts';

const session = 'session';

/** Its routes. */
export const AUTHOR_ROUTES = {
  projects: { method: 'GET', path: '/api/projects', auth: session, movesMoney: false, summary: 'Strategies that were written here, newest change first', input: z.object({ archived: z.enum(['no', 'only', 'all']).default('no') }), output: z.object({ projects: z.array(projectViewSchema) }) },
  projectVersions: { method: 'GET', path: '/api/projects/:projectId/versions', auth: session, movesMoney: false, summary: 'Versions of a project, newest first', input: z.object({ projectId: projectIdSchema }), output: z.object({ versions: z.array(versionViewSchema) }) },
  project: { method: 'GET', path: '/api/projects/:projectId', auth: session, movesMoney: false, summary: 'The newest version of a project with its files', input: z.object({ projectId: projectIdSchema }), output: projectVersionSchema },
  projectVersion: { method: 'GET', path: '/api/projects/:projectId/versions/:version', auth: session, movesMoney: false, summary: 'A version with its files', input: versionAsk, output: projectVersionSchema },
  templates: { method: 'GET', path: '/api/templates', auth: session, movesMoney: false, summary: 'Strategies to begin with, as source', input: z.object({}), output: z.object({ templates: z.array(templateSchema) }) },
  strategyTypings: { method: 'GET', path: '/api/author/typings', auth: session, movesMoney: false, summary: 'The declarations of the module that strategies import', input: z.object({}), output: z.object({ path: z.string(), text: z.string() }) },
  createProject: { method: 'POST', bodyBytes: MAX_FILES_BYTES, path: '/api/projects', auth: session, movesMoney: true, summary: 'Begin a project from a template, files or another version', input: z.object(projectFields.create), output: projectVersionSchema },
  saveProject: { method: 'POST', bodyBytes: MAX_FILES_BYTES, path: '/api/projects/:projectId/versions', auth: session, movesMoney: true, summary: 'Save files as a new version', input: z.object(projectFields.save), output: projectVersionSchema.extend({ isNew: z.boolean().describe('false: nothing had changed, and no version was made') }) },
  restoreVersion: { method: 'POST', path: '/api/projects/:projectId/versions/:version/restore', auth: session, movesMoney: true, summary: 'Take an old version up again, as a new one', input: z.object(projectFields.restore), output: projectVersionSchema },
  renameProject: { method: 'POST', path: '/api/projects/:projectId/name', auth: session, movesMoney: true, summary: 'Give a project another name', input: z.object(projectFields.rename), output: AUTHOR_COMMANDS.renameProject.output },
  archiveProject: { method: 'POST', path: '/api/projects/:projectId/archive', auth: session, movesMoney: true, summary: 'Put a project away, or take it out again; nothing is deleted', input: z.object(projectFields.archive), output: AUTHOR_COMMANDS.archiveProject.output },
  checkFiles: { method: 'POST', bodyBytes: MAX_FILES_BYTES, path: '/api/author/check', auth: session, movesMoney: false, summary: 'Look over files without storing them', timeoutMs: 20_000, input: z.object(projectFields.check), output: projectCheckSchema },
  lookAheadCheck: { method: 'POST', path: '/api/projects/:projectId/versions/:version/look-ahead', auth: session, movesMoney: true, summary: 'Does a version know the future? Runs it with its future taken away', timeoutMs: 180_000, input: z.object(projectFields.lookAhead), output: lookAheadResultSchema },
  authorProfile: { method: 'GET', path: '/api/author/profile', auth: session, movesMoney: false, summary: 'Who signs strategies and reports', input: z.object({}), output: z.object({ profile: authorProfileSchema.nullable(), updatedAt: z.number().int().nullable() }) },
  saveAuthorProfile: { method: 'POST', bodyBytes: MAX_PROFILE_BYTES, path: '/api/author/profile', auth: session, movesMoney: true, summary: 'Write the author profile', input: z.object({ profile: authorProfileSchema }), output: authorProfileSchema },
} as const satisfies Record<string, RouteContract>;
