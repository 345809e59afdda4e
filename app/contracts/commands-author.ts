/** Commands about what a person writes. */
import * as z from 'zod';
import { authorProfileSchema, lookAheadResultSchema, MAX_FILES_BYTES, MAX_PROFILE_BYTES, projectCheckSchema, projectFields } from './author.ts';
import { request, type CommandContract } from './request.ts';

const service = 'strategy_engine';

const saved = z.object({ projectId: z.string(), version: z.number().int() });

/** Its commands. What they made is read from the book afterwards. */
export const AUTHOR_COMMANDS = {
  createProject: { service, bodyBytes: MAX_FILES_BYTES, input: z.object({ ...request, ...projectFields.create }), output: saved },
  saveProject: { service, bodyBytes: MAX_FILES_BYTES, input: z.object({ ...request, ...projectFields.save }), output: saved.extend({ isNew: z.boolean().describe('false: nothing had changed, and no version was made') }) },
  restoreVersion: { service, input: z.object({ ...request, ...projectFields.restore }), output: saved },
  renameProject: { service, input: z.object({ ...request, ...projectFields.rename }), output: z.object({ projectId: z.string(), name: z.string() }) },
  archiveProject: { service, input: z.object({ ...request, ...projectFields.archive }), output: z.object({ projectId: z.string(), isArchived: z.boolean() }) },
  /** Looks over files without storing them: as one types. */
  checkFiles: { service, bodyBytes: MAX_FILES_BYTES, input: z.object(projectFields.check), output: projectCheckSchema, timeoutMs: 20_000 },
  /** Runs a version with its future taken away and with other beginnings, over stored bars. */
  lookAheadCheck: { service, input: z.object({ ...request, ...projectFields.lookAhead }), output: lookAheadResultSchema, timeoutMs: 180_000 },
  saveAuthorProfile: { service, bodyBytes: MAX_PROFILE_BYTES, input: z.object({ ...request, profile: authorProfileSchema }), output: authorProfileSchema },
} as const satisfies Record<string, CommandContract>;
