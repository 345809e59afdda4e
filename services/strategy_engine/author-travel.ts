/** Brings book and library folder together: at the start both ways, and after each save from the book to the folder. */
import * as z from 'zod';
import { MAX_PROJECTS } from '#app/contracts/author.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { at, type Db, type Tx } from '#chassis/db.ts';
import { inOrder } from '#chassis/project-files.ts';
import { listShelves, readTravelling, readTravellingProfile, travellingSchema, writeProfile, writeVersion, type Shelf, type Travelling } from './author-library.ts';
import { storeProfile } from './author-profile.ts';

/** `report` hears of everything that was left alone, in words for people; an empty list when all is well. */
export type TravelParts = { readonly db: Db; readonly folder: string; report(problems: readonly string[]): void };

/** What a look at both brought: versions taken into the book, versions written into the folder, and what was left alone. */
export type Travelled = { readonly taken: number; readonly written: number; readonly problems: readonly string[] };

const MAX_PROBLEMS = 20;

const SELECT_VERSION = `
  SELECT 'mainspring-version' AS format, 1 AS "formatVersion", v.project_id AS "projectId", v.version, p.name, p.template_id AS "templateId", v.hash, v.note, v.restored_from AS "restoredFrom", v.signature, v.saved_by AS "savedBy",
    v.saved_at AS "savedAt", v.files
  FROM strategy_engine.project_versions v JOIN strategy_engine.projects p USING (project_id)`;

async function write(db: Db, folder: string, { projectId, version }: { readonly projectId: string; readonly version: number }): Promise<void> {
  const [row] = await db.query(`${SELECT_VERSION} WHERE v.project_id = $1 AND v.version = $2`, [projectId, version]);
  if (row !== undefined) await writeVersion(folder, travellingSchema.parse(row));
}

/** Takes a version into this market's book. @returns why it was left alone, null when it was taken */
async function take(tx: Tx, given: Travelling): Promise<string | null> {
  const { projectId, version, name } = given;
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('strategy_engine.projects', 0))`);
  const [known] = await tx.query<{ latest: number }>('SELECT current_version AS latest FROM strategy_engine.projects WHERE project_id = $1 FOR UPDATE', [projectId]);
  const [other] = await tx.query<{ projectId: string }>(`SELECT project_id AS "projectId" FROM strategy_engine.projects WHERE lower(name) = lower($1) AND project_id <> $2`, [name, projectId]);
  if (known === undefined && other !== undefined) return `"${name}" of another market is not shown here, because another strategy of this market has that name. Rename one of them`;
  if (known === undefined) {
    const [count] = await tx.query<{ n: number }>('SELECT count(*) AS n FROM strategy_engine.projects');
    if ((count?.n ?? 0) >= MAX_PROJECTS) return `"${name}" of another market is not shown here: there are ${MAX_PROJECTS} strategies already`;
    await tx.query('INSERT INTO strategy_engine.projects (project_id, name, template_id, current_version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)', [projectId, name, given.templateId, version, at(given.savedAt)]);
  } else if (version > known.latest) {
    // A newer version of another market brings its name along, unless it is taken here.
    await tx.query('UPDATE strategy_engine.projects SET current_version = $2, name = CASE WHEN $3 THEN name ELSE $4 END, updated_at = $5 WHERE project_id = $1', [projectId, version, other !== undefined, name, at(given.savedAt)]);
  }
  const { files, hash, note, restoredFrom, signature, savedBy, savedAt } = given;
  await tx.query(
    `INSERT INTO strategy_engine.project_versions (project_id, version, files, characters, hash, note, restored_from, signature, saved_by, saved_at) VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7, $8::jsonb, $9, $10) ON CONFLICT DO NOTHING`,
    [projectId, version, JSON.stringify(inOrder(files)), files.reduce((sum, { text }) => sum + text.length, 0), hash, note, restoredFrom, signature === null ? null : JSON.stringify(signature), savedBy, at(savedAt)],
  );
  return null;
}

const keyOf = ({ projectId, version }: { readonly projectId: string; readonly version: number }): string => `${projectId} ${version}`;

/** The versions that the book has, without their files. */
async function versionsOf(db: Db): Promise<Map<string, { projectId: string; version: number; hash: string; name: string }>> {
  const rows = await db.query<{ projectId: string; version: number; hash: string; name: string }>(`SELECT v.project_id AS "projectId", v.version, v.hash, p.name FROM strategy_engine.project_versions v JOIN strategy_engine.projects p USING (project_id)`);
  return new Map(rows.map((row) => [keyOf(row), row]));
}

/** Takes what the book lacks. A file that is damaged, or clashes with what is here, is told of and left alone. */
async function takeMissing({ db }: TravelParts, shelves: readonly Shelf[], problems: string[]): Promise<number> {
  const known = await versionsOf(db);
  let taken = 0;
  const inTurn = [...shelves].sort((a, b) => (a.projectId < b.projectId ? -1 : a.projectId > b.projectId ? 1 : a.version - b.version || (a.hashStart < b.hashStart ? -1 : 1)));
  for (const shelf of inTurn) {
    const here = known.get(keyOf(shelf));
    if (here !== undefined) {
      if (!here.hash.startsWith(shelf.hashStart)) problems.push(`Version ${shelf.version} of "${here.name}" was saved differently in two markets. This market keeps its own; the other one lies in ${shelf.file}`);
      continue;
    }
    try {
      const found = await readTravelling(shelf);
      if (found === null) continue;
      const problem = await db.tx((tx) => take(tx, found));
      if (problem !== null) problems.push(problem);
      else {
        taken += 1;
        known.set(keyOf(found), found);
      }
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'JOURNAL_CORRUPT') throw error;
      problems.push(error.message);
    }
  }
  return taken;
}

/** What the folder lacks: versions that were saved when it could not be written, or the process ended between the commit and the file. */
async function writeMissing({ db, folder }: TravelParts, shelves: readonly Shelf[]): Promise<number> {
  const there = new Set(shelves.map((shelf) => `${keyOf(shelf)} ${shelf.hashStart}`));
  let written = 0;
  for (const version of (await versionsOf(db)).values()) {
    if (there.has(`${keyOf(version)} ${version.hash.slice(0, 12)}`)) continue;
    await write(db, folder, version);
    written += 1;
  }
  return written;
}

const ownProfile = z.object({ name: z.string(), contact: z.string(), bio: z.string(), picture: z.string().nullable(), updatedAt: z.number() });

/** The newer of the two profiles is the one. */
async function syncProfile({ db, folder }: TravelParts, problems: string[]): Promise<void> {
  const [row] = await db.query(`SELECT name, contact, bio, picture, updated_at AS "updatedAt" FROM strategy_engine.author_profile`);
  const own = row === undefined ? null : ownProfile.parse(row);
  try {
    const there = await readTravellingProfile(folder);
    if (there !== null && there.updatedAt > (own?.updatedAt ?? 0)) await storeProfile(db, there.profile, there.updatedAt);
    else if (own !== null && own.updatedAt > (there?.updatedAt ?? 0)) {
      const { updatedAt, ...profile } = own;
      await writeProfile(folder, { profile, updatedAt });
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'JOURNAL_CORRUPT') throw error;
    problems.push(error.message);
  }
}

/** Brings both together. What cannot be read or written is told of; the engine runs on without it. @throws only for the book */
export async function syncLibrary(parts: TravelParts): Promise<Travelled> {
  const problems: string[] = [];
  let [taken, written] = [0, 0];
  try {
    const { shelves, strange } = await listShelves(parts.folder);
    problems.push(...strange.map((file) => `${file} is none of our files; it is left alone`));
    taken = await takeMissing(parts, shelves, problems);
    written = await writeMissing(parts, shelves);
    await syncProfile(parts, problems);
  } catch (error) {
    if (!isOfFolder(error)) throw error;
    problems.push(folderProblem(parts.folder, error));
  }
  // A project whose name is taken says the same of each of its versions.
  const told = [...new Set(problems)].slice(0, MAX_PROBLEMS);
  parts.report(told);
  return { taken, written, problems: told };
}

function isOfFolder(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && typeof error.syscall === 'string' && !('severity' in error);
}

function folderProblem(folder: string, error: unknown): string {
  return `Strategies cannot be carried between markets: ${folder} cannot be used (${describeError(error)}). What was saved is safe in this market; mend the folder and restart`;
}

/** Carries what is saved, one after the other and in the background: a save never waits for the folder. */
export type Carrier = {
  /** Both ways, at the start. */
  sync(): Promise<Travelled>;
  saved(version: { readonly projectId: string; readonly version: number }): void;
  profileSaved(): void;
  /** Until everything that was told so far is done. */
  settled(): Promise<void>;
};

/** Opens it. What fails here is told of, and made up for at the next start. */
export function createCarrier(parts: TravelParts): Carrier {
  let queue: Promise<unknown> = Promise.resolve();
  const after = (act: () => Promise<unknown>): void => {
    queue = queue.then(act).catch((error: unknown) => parts.report([isOfFolder(error) ? folderProblem(parts.folder, error) : `A saved strategy was not carried to the other markets (${describeError(error)}); it is tried again at the next start`]));
  };
  return {
    async sync() {
      const done = queue.then(() => syncLibrary(parts));
      queue = done.catch(() => undefined);
      return done;
    },
    saved: (version) => after(() => write(parts.db, parts.folder, version)),
    profileSaved: () => after(async () => {
      const problems: string[] = [];
      await syncProfile(parts, problems);
      if (problems.length > 0) parts.report(problems);
    }),
    async settled() {
      await queue;
    },
  };
}
