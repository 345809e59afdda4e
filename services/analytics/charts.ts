/** Saved looks of charts and what people drew on them: kept by id, so that saving twice is saving once. */
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { DRAWINGS_MAX, LAYOUTS_MAX } from '#app/contracts/charts.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Db, Tx } from '#chassis/db.ts';

async function refuseOver(tx: Tx, limit: number, [text, params]: readonly [text: string, params: readonly unknown[]], words: string): Promise<void> {
  const [row] = await tx.query<{ others: number }>(text, params);
  if ((row?.others ?? 0) >= limit) throw new AppError('INPUT_INVALID', `There are ${limit} ${words} already; erase some that are no longer needed`);
}

/** Keeps a look. A default takes the place of the one before. @throws AppError VERSION_CONFLICT when another of its kind has the name, INPUT_INVALID over LAYOUTS_MAX */
export function saveChartLayout(db: Db, { layout }: CommandInput<'saveChartLayout'>): Promise<CommandOutput<'saveChartLayout'>> {
  const { layoutId, kind, name, look, isDefault } = layout;
  return db.tx(async (tx) => {
    // Two windows that save at once: one after the other.
    await tx.query('LOCK TABLE analytics.chart_layouts IN SHARE ROW EXCLUSIVE MODE');
    await refuseOver(tx, LAYOUTS_MAX, ['SELECT count(*) AS others FROM analytics.chart_layouts WHERE layout_id <> $1', [layoutId]], 'layouts and templates');
    const [namesake] = await tx.query('SELECT 1 FROM analytics.chart_layouts WHERE kind = $1 AND lower(name) = lower($2) AND layout_id <> $3', [kind, name, layoutId]);
    if (namesake) throw new AppError('VERSION_CONFLICT', `There is a ${kind} called "${name}" already; give this one another name, or save into that one`);
    if (isDefault) await tx.query('UPDATE analytics.chart_layouts SET is_default = false, updated_at = clock_timestamp() WHERE is_default AND layout_id <> $1', [layoutId]);
    await tx.query(
      `INSERT INTO analytics.chart_layouts (layout_id, kind, name, look, is_default) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (layout_id) DO UPDATE SET kind = excluded.kind, name = excluded.name, look = excluded.look, is_default = excluded.is_default, updated_at = clock_timestamp()`,
      [layoutId, kind, name, JSON.stringify(look), isDefault && kind === 'layout'],
    );
    return { ...layout, isDefault: isDefault && kind === 'layout' };
  });
}

/** Forgets a look; one that is not there is forgotten already. */
export async function deleteChartLayout(db: Db, { layoutId }: CommandInput<'deleteChartLayout'>): Promise<CommandOutput<'deleteChartLayout'>> {
  await db.query('DELETE FROM analytics.chart_layouts WHERE layout_id = $1', [layoutId]);
  return { layoutId };
}

/** Keeps a drawing, new or moved. @throws AppError INPUT_INVALID over DRAWINGS_MAX of one symbol */
export function saveDrawing(db: Db, { drawing }: CommandInput<'saveDrawing'>): Promise<CommandOutput<'saveDrawing'>> {
  const { drawingId, symbol, kind, points, colour, text } = drawing;
  return db.tx(async (tx) => {
    await refuseOver(tx, DRAWINGS_MAX, ['SELECT count(*) AS others FROM analytics.chart_drawings WHERE symbol = $1 AND drawing_id <> $2', [symbol, drawingId]], `drawings on ${symbol}`);
    await tx.query(
      `INSERT INTO analytics.chart_drawings (drawing_id, symbol, kind, points, colour, words) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (drawing_id) DO UPDATE SET symbol = excluded.symbol, kind = excluded.kind, points = excluded.points, colour = excluded.colour, words = excluded.words, updated_at = clock_timestamp()`,
      [drawingId, symbol, kind, JSON.stringify(points), colour, text],
    );
    return drawing;
  });
}

/** Erases a drawing; one that is not there is erased already. */
export async function deleteDrawing(db: Db, { drawingId }: CommandInput<'deleteDrawing'>): Promise<CommandOutput<'deleteDrawing'>> {
  await db.query('DELETE FROM analytics.chart_drawings WHERE drawing_id = $1', [drawingId]);
  return { drawingId };
}
