/** Projects and their versions as the author page lists them: one statement each, and files only where they are asked for. */
import * as z from 'zod';
import { authorProfileSchema, MAX_PROJECT_VERSIONS, MAX_PROJECTS, projectFileSchema, projectViewSchema, versionViewSchema, type AuthorProfile, type ProjectVersion, type ProjectView, type VersionView } from '#app/contracts/author.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Db } from '#chassis/db.ts';

/** A version as JSON; `v` is its row, `f` and `l` what was found of its files, `r` its runs, `d` what runs it now. */
const VERSION = `jsonb_build_object(
  'projectId', v.project_id, 'version', v.version, 'hash', v.hash, 'note', v.note, 'restoredFrom', v.restored_from, 'signature', v.signature, 'savedBy', v.saved_by, 'savedAt', floor(extract(epoch FROM v.saved_at) * 1000)::bigint,
  'files', v.file_count, 'characters', v.characters, 'runs', coalesce(r.runs, 0), 'strategies', coalesce(d.strategies, '[]'::jsonb), 'check', coalesce(f.said, 'unchecked'), 'lookAhead', coalesce(l.said, 'unchecked'))`;

const FOUND = `
  LEFT JOIN LATERAL (
    SELECT CASE WHEN NOT is_passed THEN 'errors' WHEN jsonb_array_length(result->'findings') > 0 THEN 'warnings' ELSE 'clean' END AS said FROM strategy_engine.project_checks WHERE hash = v.hash AND what = 'source') f ON true
  LEFT JOIN LATERAL (
    SELECT CASE WHEN bool_and(is_passed) THEN 'clean' ELSE 'found' END AS said FROM strategy_engine.project_checks WHERE hash = v.hash AND what IN ('look_ahead', 'warm_up') HAVING count(*) > 0) l ON true`;

/** Counted once for all versions asked for, not version by version. */
const COUNTS = `
  runs AS (SELECT project_id, project_version, count(*)::int AS runs FROM strategy_engine.backtests WHERE project_id IS NOT NULL AND ($1::text IS NULL OR project_id = $1) GROUP BY 1, 2),
  deployed AS (
    SELECT n.project_id, n.project_version, jsonb_agg(s.strategy_id ORDER BY s.strategy_id) AS strategies
    FROM strategy_engine.strategies s JOIN strategy_engine.strategy_versions n ON n.strategy_version_id = s.current_version_id
    WHERE s.project_id IS NOT NULL AND NOT s.is_stopped AND ($1::text IS NULL OR s.project_id = $1) GROUP BY 1, 2)`;

const JOINED = `
  LEFT JOIN runs r ON r.project_id = v.project_id AND r.project_version = v.version
  LEFT JOIN deployed d ON d.project_id = v.project_id AND d.project_version = v.version
  ${FOUND}`;

const PROJECTS = `
  WITH ${COUNTS}
  SELECT p.project_id AS "projectId", p.name, p.template_id AS "templateId", p.is_archived AS "isArchived", p.created_at AS "createdAt", p.updated_at AS "updatedAt", p.title, p.current_version AS versions, ${VERSION} AS latest
  FROM strategy_engine.projects p JOIN strategy_engine.project_versions v ON v.project_id = p.project_id AND v.version = p.current_version ${JOINED}
  WHERE ($1::text IS NULL OR p.project_id = $1) AND ($2::boolean IS NULL OR p.is_archived = $2)
  ORDER BY p.updated_at DESC, p.project_id LIMIT ${MAX_PROJECTS}`;

/** Projects, the newest change first. `isArchived` null: all of them. */
export async function readProjects(db: Db, isArchived: boolean | null): Promise<ProjectView[]> {
  const rows = await db.query(PROJECTS, [null, isArchived]);
  return rows.map((row) => projectViewSchema.parse(row));
}

/** Versions of a project, newest first. @throws AppError PROJECT_NOT_FOUND */
export async function readVersions(db: Db, projectId: string): Promise<VersionView[]> {
  const rows = await db.query<{ said: unknown }>(
    `WITH ${COUNTS} SELECT ${VERSION} AS said FROM strategy_engine.project_versions v ${JOINED} WHERE v.project_id = $1 ORDER BY v.version DESC LIMIT ${MAX_PROJECT_VERSIONS}`, [projectId],
  );
  if (rows.length === 0) throw missing(projectId, null);
  return rows.map(({ said }) => versionViewSchema.parse(said));
}

/** A version with its files; null: the newest. @throws AppError PROJECT_NOT_FOUND */
export async function readVersion(db: Db, projectId: string, version: number | null): Promise<ProjectVersion> {
  const [raw] = await db.query(PROJECTS, [projectId, null]);
  if (raw === undefined) throw missing(projectId, null);
  const project = projectViewSchema.parse(raw);
  const [row] = await db.query<{ said: unknown; files: unknown }>(
    `WITH ${COUNTS} SELECT ${VERSION} AS said, v.files FROM strategy_engine.project_versions v ${JOINED} WHERE v.project_id = $1 AND v.version = $2`, [projectId, version ?? project.latest.version],
  );
  if (row === undefined) throw missing(projectId, version);
  return { project, version: versionViewSchema.parse(row.said), files: z.array(projectFileSchema).parse(row.files) };
}

/** The profile; both null while nobody has written one. `updatedAt`: epoch ms. */
export async function readProfile(db: Db): Promise<{ profile: AuthorProfile | null; updatedAt: number | null }> {
  const [row] = await db.query<AuthorProfile & { updatedAt: number }>(`SELECT name, contact, bio, picture, updated_at AS "updatedAt" FROM strategy_engine.author_profile`);
  if (row === undefined) return { profile: null, updatedAt: null };
  const { updatedAt, ...profile } = row;
  return { profile: authorProfileSchema.parse(profile), updatedAt };
}

function missing(projectId: string, version: number | null): AppError {
  const what = version === null ? 'strategy' : `version ${version} of a strategy`;
  return new AppError('PROJECT_NOT_FOUND', `There is no ${what} "${projectId}" in this market. Load the list again`);
}
