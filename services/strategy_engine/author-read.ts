/** A version of a project with its files, as the engine runs it: for back-tests, checks, gates and deployments. */
import * as z from 'zod';
import { projectFileSchema, signatureSchema, type ProjectFile, type Signature } from '#app/contracts/author.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Queryable } from '#chassis/db.ts';
import { hashOfFiles } from '#chassis/project-files.ts';

/** A stored version. `hash`: SHA-256 of the files (hex); `savedAt`: epoch ms; `signature`: null when nobody had signed. */
export type StoredVersion = {
  readonly projectId: string; readonly name: string; readonly isArchived: boolean; readonly version: number; readonly latest: number; readonly files: readonly ProjectFile[]; readonly hash: string;
  readonly note: string; readonly signature: Signature | null; readonly savedBy: string; readonly savedAt: number;
};

const rowSchema = z.object({
  projectId: z.string(), name: z.string(), isArchived: z.boolean(), version: z.number().int(), latest: z.number().int(), files: z.array(projectFileSchema), hash: z.string(),
  note: z.string(), signature: signatureSchema.nullable(), savedBy: z.string(), savedAt: z.number(),
});

/**
 * Reads a version with its files, in the order of their paths, and proves that they are the ones that were saved.
 * @throws AppError PROJECT_NOT_FOUND when there is no such version; STRATEGY_CODE_INVALID when the stored files are not those of the stored hash
 */
export async function readProjectVersion(book: Queryable, projectId: string, version: number): Promise<StoredVersion> {
  const [row] = await book.query<Record<string, unknown>>(
    `SELECT p.project_id AS "projectId", p.name, p.is_archived AS "isArchived", v.version, p.current_version AS latest, v.files, v.hash, v.note, v.signature, v.saved_by AS "savedBy", v.saved_at AS "savedAt"
     FROM strategy_engine.project_versions v JOIN strategy_engine.projects p USING (project_id) WHERE v.project_id = $1 AND v.version = $2`, [projectId, version],
  );
  if (!row) throw new AppError('PROJECT_NOT_FOUND', `There is no version ${version} of a project "${projectId}". Load the page again`, { context: { projectId, version } });
  const stored = rowSchema.parse(row);
  if (hashOfFiles(stored.files) !== stored.hash) throw new AppError('STRATEGY_CODE_INVALID', `The stored files of version ${version} of "${stored.name}" were changed outside of the application. Save them again as a new version before they run`, { context: { projectId, version } });
  return stored;
}
