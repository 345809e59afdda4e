/** Saved screens and what their runs found. */
import { savedScreenSchema, screenDefinitionSchema, type SavedScreen, type screenRunSchema } from '#app/contracts/screener.ts';
import type * as z from 'zod';
import type { Db } from '#chassis/db.ts';

const MAX_SCREENS = 500;

/** Every saved screen, those of the house first, then by name. */
export async function readScreens(db: Db): Promise<SavedScreen[]> {
  const rows = await db.query<Record<string, unknown>>(
    `SELECT s.screen_id AS "screenId", s.name, s.definition, s.schedule, s.alerts, s.version, s.created_at AS "createdAt", s.updated_at AS "updatedAt", s.is_built_in AS "isBuiltIn", r.at AS "lastRunAt",
       cardinality(r.members) AS members, r.problem
     FROM strategy_engine.screens s LEFT JOIN LATERAL (SELECT at, members, problem FROM strategy_engine.screen_runs WHERE screen_id = s.screen_id ORDER BY at DESC LIMIT 1) r ON true
     ORDER BY s.is_built_in DESC, lower(s.name), s.screen_id LIMIT $1`, [MAX_SCREENS],
  );
  return rows.map((row) => savedScreenSchema.parse({ ...row, definition: screenDefinitionSchema.parse(row['definition']), lastRunAt: row['lastRunAt'] ?? null, members: row['members'] ?? null, problem: row['problem'] ?? null }));
}

/** Runs of one screen, newest first. */
export async function readScreenRuns(db: Db, screenId: string, limit: number): Promise<z.infer<typeof screenRunSchema>[]> {
  return db.query(
    `SELECT run_id AS "runId", at, cardinality(members) AS matched, entered, left_symbols AS "left", problem FROM strategy_engine.screen_runs WHERE screen_id = $1 ORDER BY at DESC, run_id LIMIT $2`, [screenId, limit],
  );
}
