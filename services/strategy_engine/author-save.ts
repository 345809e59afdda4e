/** Projects as people change them: begun, saved as versions, taken up again, named, put away. Nothing is ever deleted. */
import { randomBytes } from 'node:crypto';
import { MAX_PROJECT_VERSIONS, MAX_PROJECTS, type ProjectFile, type ProjectSource, type Signature } from '#app/contracts/author.ts';
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { templateOf } from '#app/strategy/templates/templates.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import { hashOfFiles, inOrder } from '#chassis/project-files.ts';
import { onceAsked } from './author-asked.ts';
import { readProjectVersion } from './author-read.ts';
import { readSignature } from './author-profile.ts';

/** What changing projects works with. `saved` hears of each new version after its commit: it is checked and handed to the other markets there. */
export type SaveParts = { readonly db: Db; saved(version: { readonly projectId: string; readonly version: number }): void };

type Project = { readonly projectId: string; readonly name: string; readonly latest: number; readonly isArchived: boolean };
type NewVersion = { readonly projectId: string; readonly version: number; readonly files: readonly ProjectFile[]; readonly note: string; readonly restoredFrom: number | null; readonly signature: Signature | null; readonly actor: string };

/** Writes a version; the files are put into the order of their paths. Returns their hash. */
export async function insertVersion(tx: Queryable, { projectId, version, files, note, restoredFrom, signature, actor }: NewVersion): Promise<string> {
  const hash = hashOfFiles(files);
  await tx.query(
    `INSERT INTO strategy_engine.project_versions (project_id, version, files, characters, hash, note, restored_from, signature, saved_by) VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7, $8::jsonb, $9)`,
    [projectId, version, JSON.stringify(inOrder(files)), files.reduce((sum, { text }) => sum + text.length, 0), hash, note, restoredFrom, signature === null ? null : JSON.stringify(signature), actor],
  );
  return hash;
}

/** `Buy the dip!` is `buy_the_dip_3f9a1c`: readable in lists and files, and another one in each market that begins a project of that name. */
export function projectIdOf(name: string, random: string): string {
  const words = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+/, '').slice(0, 30).replace(/_+$/, '');
  return `${words === '' ? 'strategy' : words}_${random}`;
}

/** One name, one project, whatever its capitals: told before the index tells it. Held until the end of the transaction. */
async function claimName(tx: Tx, name: string, projectId: string | null): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('strategy_engine.projects', 0))`);
  const [other] = await tx.query<{ name: string; isArchived: boolean }>(
    `SELECT name, is_archived AS "isArchived" FROM strategy_engine.projects WHERE lower(name) = lower($1) AND project_id IS DISTINCT FROM $2`, [name, projectId],
  );
  if (other) throw new AppError('INPUT_INVALID', `There is a strategy called "${other.name}" already${other.isArchived ? ', put away in the archive' : ''}. Choose another name`);
}

async function lockProject(tx: Tx, projectId: string): Promise<Project> {
  const [row] = await tx.query<Project>(`SELECT project_id AS "projectId", name, current_version AS latest, is_archived AS "isArchived" FROM strategy_engine.projects WHERE project_id = $1 FOR UPDATE`, [projectId]);
  if (!row) throw new AppError('PROJECT_NOT_FOUND', `There is no strategy "${projectId}". Load the page again`);
  return row;
}

/** The files that a new project begins with. @throws AppError TEMPLATE_NOT_FOUND, PROJECT_NOT_FOUND */
async function filesOf(tx: Tx, source: ProjectSource): Promise<readonly ProjectFile[]> {
  if (source.from === 'files') return source.files;
  if (source.from === 'template') return templateOf(source.templateId).files;
  return (await readProjectVersion(tx, source.projectId, source.version)).files;
}

/**
 * Begins a project with its first version.
 * @throws AppError INPUT_INVALID for a name that is taken; INPUT_TOO_LARGE, TEMPLATE_NOT_FOUND, PROJECT_NOT_FOUND, IDEMPOTENCY_CONFLICT
 */
export async function createProject({ db, saved }: SaveParts, input: CommandInput<'createProject'>): Promise<CommandOutput<'createProject'>> {
  const { name, source, note, actor } = input;
  return db.tx((tx) => onceAsked(tx, 'author.created', input, async () => {
    await claimName(tx, name, null);
    const [count] = await tx.query<{ n: number }>('SELECT count(*) AS n FROM strategy_engine.projects');
    if ((count?.n ?? 0) >= MAX_PROJECTS) throw new AppError('INPUT_TOO_LARGE', `There are ${MAX_PROJECTS} strategies, those of the archive included; more are not kept. Save this one as a version of another`);
    const files = await filesOf(tx, source);
    const projectId = projectIdOf(name, randomBytes(4).toString('hex'));
    await tx.query('INSERT INTO strategy_engine.projects (project_id, name, template_id, current_version) VALUES ($1, $2, $3, 1)', [projectId, name, source.from === 'template' ? source.templateId : null]);
    const hash = await insertVersion(tx, { projectId, version: 1, files, note, restoredFrom: null, signature: await readSignature(tx), actor });
    const answer = { projectId, version: 1 };
    tx.afterCommit(() => saved(answer));
    return { subject: projectId, before: {}, after: { name, from: source.from, hash }, answer };
  }));
}

/** Adds a version to a project that is locked. @throws AppError INPUT_INVALID, INPUT_TOO_LARGE */
async function append(parts: SaveParts, tx: Tx, project: Project, given: Pick<NewVersion, 'files' | 'note' | 'restoredFrom' | 'actor'>): Promise<{ readonly version: number; readonly hash: string }> {
  const { projectId, latest } = project;
  if (project.isArchived) throw new AppError('INPUT_INVALID', `"${project.name}" is put away. Take it out of the archive first, or save a copy of it`);
  const version = latest + 1;
  if (version > MAX_PROJECT_VERSIONS) throw new AppError('INPUT_TOO_LARGE', `"${project.name}" has ${MAX_PROJECT_VERSIONS} versions; more are not kept. Save a copy of it and go on there`);
  const hash = await insertVersion(tx, { ...given, projectId, version, signature: await readSignature(tx) });
  await tx.query('UPDATE strategy_engine.projects SET current_version = $2, updated_at = clock_timestamp() WHERE project_id = $1', [projectId, version]);
  tx.afterCommit(() => parts.saved({ projectId, version }));
  return { version, hash };
}

/**
 * Saves files as a new version. Files that are those of the newest version make none.
 * @throws AppError VERSION_CONFLICT when another window saved meanwhile: it says who, when and what; INPUT_INVALID, INPUT_TOO_LARGE, PROJECT_NOT_FOUND, IDEMPOTENCY_CONFLICT
 */
export async function saveProject(parts: SaveParts, input: CommandInput<'saveProject'>): Promise<CommandOutput<'saveProject'>> {
  const { projectId, files, note, base, isOver, actor } = input;
  return parts.db.tx((tx) => onceAsked<CommandOutput<'saveProject'>>(tx, 'author.saved', input, async () => {
    const project = await lockProject(tx, projectId);
    const newest = await readNewest(tx, project);
    if (newest.hash === hashOfFiles(files)) return { subject: projectId, before: { version: project.latest }, after: { version: project.latest }, answer: { projectId, version: project.latest, isNew: false } };
    if (base !== project.latest && !isOver) throw conflict(project, newest, base);
    const { version, hash } = await append(parts, tx, project, { files, note, restoredFrom: null, actor });
    return { subject: projectId, before: { version: project.latest }, after: { version, hash, note, base }, answer: { projectId, version, isNew: true } };
  }));
}

type Newest = { readonly hash: string; readonly note: string; readonly savedBy: string; readonly savedAt: number; readonly signedBy: string | null };

async function readNewest(tx: Tx, { projectId, latest }: Project): Promise<Newest> {
  const [row] = await tx.query<Newest>(
    `SELECT hash, note, saved_by AS "savedBy", saved_at AS "savedAt", signature->>'name' AS "signedBy" FROM strategy_engine.project_versions WHERE project_id = $1 AND version = $2`, [projectId, latest],
  );
  if (!row) throw new AppError('PROJECT_NOT_FOUND', `Version ${latest} of the strategy "${projectId}" is missing in the book`);
  return row;
}

function conflict({ projectId, name, latest }: Project, { note, savedBy, savedAt, signedBy, hash }: Newest, base: number): AppError {
  const who = signedBy === null || signedBy === '' ? savedBy : `${signedBy} (${savedBy})`;
  const what = note === '' ? '' : `, "${note.slice(0, 120)}",`;
  const context = { projectId, latest, base, savedBy, savedAt, note, hash };
  if (base > latest) return new AppError('VERSION_CONFLICT', `"${name}" has ${latest} versions in this market, and yours was begun from version ${base}. Load the page again`, { context });
  return new AppError('VERSION_CONFLICT', `Version ${latest} of "${name}"${what} was saved by ${who} at ${toRfc3339(savedAt as EpochMs)}, while you edited version ${base}. Look at the difference; then take theirs, save over it, or save yours as a copy`, { context });
}

/** Takes an old version up again, as a new one that says where it comes from. The newest itself makes no new one. @throws AppError PROJECT_NOT_FOUND, INPUT_INVALID, INPUT_TOO_LARGE, IDEMPOTENCY_CONFLICT */
export async function restoreVersion(parts: SaveParts, input: CommandInput<'restoreVersion'>): Promise<CommandOutput<'restoreVersion'>> {
  const { projectId, version: wanted, note, actor } = input;
  return parts.db.tx((tx) => onceAsked(tx, 'author.restored', input, async () => {
    const project = await lockProject(tx, projectId);
    const old = await readProjectVersion(tx, projectId, wanted);
    const isNewest = (await readNewest(tx, project)).hash === old.hash;
    const version = isNewest ? project.latest : (await append(parts, tx, project, { files: old.files, note, restoredFrom: wanted, actor })).version;
    return { subject: projectId, before: { version: project.latest }, after: { version, restoredFrom: wanted, hash: old.hash }, answer: { projectId, version } };
  }));
}

/** Gives a project another name. @throws AppError INPUT_INVALID for one that is taken; PROJECT_NOT_FOUND, IDEMPOTENCY_CONFLICT */
export async function renameProject({ db }: SaveParts, input: CommandInput<'renameProject'>): Promise<CommandOutput<'renameProject'>> {
  const { projectId, name } = input;
  return db.tx((tx) => onceAsked(tx, 'author.renamed', input, async () => {
    await claimName(tx, name, projectId);
    const project = await lockProject(tx, projectId);
    await tx.query('UPDATE strategy_engine.projects SET name = $2, updated_at = clock_timestamp() WHERE project_id = $1', [projectId, name]);
    return { subject: projectId, before: { name: project.name }, after: { name }, answer: { projectId, name } };
  }));
}

/** Puts a project away, or takes it out again; what runs of it runs on. @throws AppError PROJECT_NOT_FOUND, IDEMPOTENCY_CONFLICT */
export async function archiveProject({ db }: SaveParts, input: CommandInput<'archiveProject'>): Promise<CommandOutput<'archiveProject'>> {
  const { projectId, isArchived } = input;
  return db.tx((tx) => onceAsked(tx, 'author.archived', input, async () => {
    const project = await lockProject(tx, projectId);
    await tx.query('UPDATE strategy_engine.projects SET is_archived = $2, updated_at = clock_timestamp() WHERE project_id = $1', [projectId, isArchived]);
    return { subject: projectId, before: { isArchived: project.isArchived }, after: { isArchived }, answer: { projectId, isArchived } };
  }));
}
