/** Test support: projects whose gates to play money are open, without the checks and back-tests that opened them. */
import type { CommandInput } from '#app/contracts/commands.ts';
import type { ProjectFile } from '#app/contracts/author.ts';
import { hashOfFiles } from '#chassis/project-files.ts';

/** The book as the owner of its tables. */
type Book = { sql<Row>(text: string, params?: readonly unknown[]): Promise<Row[]> };

/** Writes the next version of a project, judged fit for demo with these parameters (all of them: a gate asks for the very same). */
export async function writeProject(book: Book, projectId: string, text: string | readonly ProjectFile[], parameters: Readonly<Record<string, unknown>> = {}): Promise<number> {
  const files = typeof text === 'string' ? [{ path: 'strategy.ts', text }] : text;
  const hash = hashOfFiles(files);
  const [row] = await book.sql<{ version: number }>(
    `INSERT INTO strategy_engine.projects (project_id, name, current_version) VALUES ($1, $1, 1) ON CONFLICT (project_id) DO UPDATE SET current_version = projects.current_version + 1 RETURNING current_version AS version`, [projectId],
  );
  const version = row?.version ?? 1;
  await book.sql(`INSERT INTO strategy_engine.project_versions (project_id, version, files, hash, saved_by) VALUES ($1, $2, $3::jsonb, $4, 'test')`, [projectId, version, JSON.stringify(files), hash]);
  for (const what of ['source', 'look_ahead', 'warm_up']) {
    await book.sql(`INSERT INTO strategy_engine.project_checks (hash, what, is_passed, result, actor) VALUES ($1, $2, true, '{}', 'test') ON CONFLICT DO NOTHING`, [hash, what]);
  }
  const view = { parameters, trips: 200, from: Date.UTC(2024, 0, 2), to: Date.UTC(2024, 5, 28), belief: 'believe', headline: 'Written by a test' };
  await book.sql(`INSERT INTO strategy_engine.backtests (backtest_id, strategy_version_id, request, view, project_id, project_version, state) VALUES ($1, $1, '{}', $2::jsonb, $3, $4, 'done')`, [`${projectId}-${version}`, JSON.stringify(view), projectId, version]);
  return version;
}

/** What a person would ask for. */
export function deployAsk(projectId: string, version: number, more: Partial<CommandInput<'deployStrategy'>> = {}): CommandInput<'deployStrategy'> {
  return {
    projectId, version, name: projectId, parameters: {}, symbols: ['*'], timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '1000' }, isStarted: true,
    limits: { maxNotional: '20000', maxOrdersPerDay: 1_000, maxDailyLoss: '1000', maxErrors: 3 }, actor: 'ann', idempotencyKey: `deploy-${projectId}-${version}`, ...more,
  };
}
