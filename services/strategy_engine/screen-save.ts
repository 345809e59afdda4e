/** Saved screens: written by people, versioned, with those that come with the house. */
import { randomUUID } from 'node:crypto';
import { savedScreenSchema, screenDefinitionSchema, type SavedScreen, type ScreenAsk } from '#app/contracts/screener.ts';
import type { CommandInput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Db, Queryable, Tx } from '#chassis/db.ts';
import { programsOf } from '../research/screen-part.ts';

const MAX_SCREENS = 300;

type House = { readonly screenId: string; readonly name: string; readonly definition: ScreenAsk };

const filters = (...formulas: string[]) => formulas.map((formula) => ({ formula }));
const columns = (...asked: (readonly [formula: string, title: string])[]) => asked.map(([formula, title]) => ({ formula, title }));

/** Screens that a new book begins with. Texts of the formula language; a test parses and runs each of them. */
export const HOUSE_SCREENS: readonly House[] = [
  { screenId: 'house-oversold-uptrend', name: 'Oversold in an uptrend', definition: { filters: filters('rsi(14) < 35', 'close > sma(200)'), rank: { formula: 'rsi(14)', direction: 'asc' }, columns: columns(['rsi(14)', 'RSI 14'], ['close / sma(200) - 1', 'Above 200-day average'], ['rvol(20)', 'Relative volume']) } },
  { screenId: 'house-new-highs', name: 'At a 52-week high', definition: { filters: filters('close >= highest(close, 252)'), rank: { formula: 'change(63)', direction: 'desc' }, columns: columns(['change(21)', 'Change, 21 bars'], ['change(63)', 'Change, 63 bars'], ['rvol(20)', 'Relative volume']) } },
  { screenId: 'house-unusual-volume', name: 'Unusual volume', definition: { filters: filters('rvol(20) > 2'), rank: { formula: 'rvol(20)', direction: 'desc' }, columns: columns(['rvol(20)', 'Relative volume'], ['change(1)', 'Change'], ['gap', 'Gap']) } },
  { screenId: 'house-golden-cross', name: 'Golden cross, last 5 bars', definition: { filters: filters('crosses_above(sma(50), sma(200), 5)'), rank: { formula: 'change(63)', direction: 'desc' }, columns: columns(['sma(50)', 'SMA 50'], ['sma(200)', 'SMA 200'], ['change(63)', 'Change, 63 bars']) } },
  { screenId: 'house-calm-risers', name: 'Calm risers', definition: { filters: filters('change(126) > 10%', 'volatility(63) < 25%', 'close > sma(50)'), rank: { formula: 'change(126) / volatility(63)', direction: 'desc' }, columns: columns(['change(126)', 'Change, 126 bars'], ['volatility(63)', 'Volatility a year']) } },
  { screenId: 'house-gaps', name: 'Gaps of 3 % and more', definition: { filters: filters('abs(gap) > 3%'), rank: { formula: 'abs(gap)', direction: 'desc' }, columns: columns(['gap', 'Gap'], ['change(1)', 'Change'], ['rvol(20)', 'Relative volume']) } },
];

const INSERT = `INSERT INTO strategy_engine.screens (screen_id, name, definition, schedule, alerts, is_built_in) VALUES ($1, $2, $3::jsonb, $4, $5::jsonb, $6)`;

/** Writes the screens of the house into a new book: one that has no screens, and in which nobody has deleted any. What a person deleted stays deleted. Returns how many. */
export async function seedScreens(tx: Queryable): Promise<number> {
  const [known] = await tx.query<{ has: boolean }>(`SELECT EXISTS (SELECT FROM strategy_engine.screens) OR EXISTS (SELECT FROM logging.audit_log WHERE action = 'screen.deleted') AS has`);
  if (known?.has !== false) return 0;
  for (const { screenId, name, definition } of HOUSE_SCREENS) await tx.query(INSERT, [screenId, name, JSON.stringify(screenDefinitionSchema.parse(definition)), 'off', JSON.stringify({ onEntry: false, onExit: false }), true]);
  return HOUSE_SCREENS.length;
}

/** A saved screen by its id. @throws AppError SCREEN_NOT_FOUND */
export async function savedScreen(book: Queryable, screenId: string): Promise<SavedScreen> {
  const [row] = await book.query<Record<string, unknown>>(
    `SELECT screen_id AS "screenId", name, definition, schedule, alerts, version, created_at AS "createdAt", updated_at AS "updatedAt", is_built_in AS "isBuiltIn" FROM strategy_engine.screens WHERE screen_id = $1`, [screenId],
  );
  if (!row) throw new AppError('SCREEN_NOT_FOUND', 'This screen is not saved any more. Load the page again');
  return savedScreenSchema.parse({ ...row, lastRunAt: null, members: null, problem: null });
}

/** One name, one screen, whatever its capitals: told before the index tells it. */
async function checkName(tx: Tx, name: string, screenId: string | null): Promise<void> {
  const [other] = await tx.query('SELECT 1 FROM strategy_engine.screens WHERE lower(name) = lower($1) AND screen_id IS DISTINCT FROM $2', [name, screenId]);
  if (other !== undefined) throw new AppError('INPUT_INVALID', `There is a screen called "${name}" already. Choose another name`);
}

async function create(tx: Tx, input: CommandInput<'saveScreen'>): Promise<string> {
  const screenId = `screen-${randomUUID()}`;
  const [count] = await tx.query<{ n: number }>('SELECT count(*) AS n FROM strategy_engine.screens');
  if ((count?.n ?? 0) >= MAX_SCREENS) throw new AppError('INPUT_TOO_LARGE', `${MAX_SCREENS} screens are saved. Delete some that are not needed any more`);
  await checkName(tx, input.name, null);
  await tx.query(INSERT, [screenId, input.name, JSON.stringify(input.definition), input.schedule, JSON.stringify(input.alerts), false]);
  return screenId;
}

async function change(tx: Tx, screenId: string, input: CommandInput<'saveScreen'>): Promise<void> {
  const [row] = await tx.query<{ version: number }>('SELECT version FROM strategy_engine.screens WHERE screen_id = $1 FOR UPDATE', [screenId]);
  if (!row) throw new AppError('SCREEN_NOT_FOUND', 'This screen was deleted meanwhile. Save it under a new name');
  if (input.version !== null && input.version !== row.version) throw new AppError('VERSION_CONFLICT', 'This screen was changed in another window. Load it again, or save yours under another name');
  await checkName(tx, input.name, screenId);
  await tx.query(
    `UPDATE strategy_engine.screens SET name = $2, definition = $3::jsonb, schedule = $4, alerts = $5::jsonb, version = version + 1, is_built_in = false, updated_at = clock_timestamp() WHERE screen_id = $1`,
    [screenId, input.name, JSON.stringify(input.definition), input.schedule, JSON.stringify(input.alerts)],
  );
}

/** The screen that an earlier request with the same key saved, as it stands now; keys are remembered for a day. @throws AppError IDEMPOTENCY_CONFLICT when it saved another screen */
async function savedEarlier(tx: Tx, { idempotencyKey, screenId }: CommandInput<'saveScreen'>): Promise<SavedScreen | null> {
  const [row] = await tx.query<{ subject: string; isNew: boolean }>(
    `SELECT subject, coalesce((after->>'isNew')::boolean, false) AS "isNew" FROM logging.audit_log
     WHERE at > clock_timestamp() - interval '1 day' AND action = 'screen.saved' AND after->>'idempotencyKey' = $1 ORDER BY id LIMIT 1`, [idempotencyKey],
  );
  if (!row) return null;
  if (screenId === null ? !row.isNew : row.subject !== screenId) throw new AppError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for another request; use a new one');
  return savedScreen(tx, row.subject);
}

/**
 * Saves a screen, new or changed; asked twice under one key, it is saved once.
 * @throws AppError INPUT_INVALID for formulas that cannot be read or a name that is taken; VERSION_CONFLICT when another window was first; IDEMPOTENCY_CONFLICT
 */
export async function saveScreen(db: Db, input: CommandInput<'saveScreen'>): Promise<SavedScreen> {
  const { definition } = input;
  programsOf({ filters: definition.filters.map((filter) => filter.formula), rank: definition.rank, columns: definition.columns.map((column) => column.formula) });
  return db.tx(async (tx) => {
    // One after the other: two requests with one key or one name at the same moment would else both find nothing.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('strategy_engine.screens', 0))`);
    const earlier = await savedEarlier(tx, input);
    if (earlier) return earlier;
    const screenId = input.screenId ?? (await create(tx, input));
    if (input.screenId !== null) await change(tx, screenId, input);
    const { name, schedule, alerts, idempotencyKey } = input;
    await audit(tx, { actor: input.actor, action: 'screen.saved', screenId, after: { name, schedule, alerts, idempotencyKey, isNew: input.screenId === null } });
    return savedScreen(tx, screenId);
  });
}

/** Forgets a screen and its runs; one that is gone already is no error. */
export async function deleteScreen(db: Db, { screenId, actor }: CommandInput<'deleteScreen'>): Promise<{ screenId: string }> {
  return db.tx(async (tx) => {
    const gone = await tx.query('DELETE FROM strategy_engine.screens WHERE screen_id = $1 RETURNING 1', [screenId]);
    if (gone.length > 0) await audit(tx, { actor, action: 'screen.deleted', screenId, after: {} });
    return { screenId };
  });
}

async function audit(tx: Tx, { actor, action, screenId, after }: { actor: string; action: string; screenId: string; after: object }): Promise<void> {
  await tx.query(`INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, $2, $3, '{}'::jsonb, $4::jsonb)`, [actor, action, screenId, JSON.stringify(after)]);
}
