/** Does a version know the future, and does it matter where its bars begin? Run again in a sandbox with bars taken away, over stored bars. */
import type { LookAheadResult, ProjectFinding } from '#app/contracts/author.ts';
import type { CommandInput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import { BAR_FIELDS, barColumns, barCount, type BarColumns } from '#app/domain/bar-columns.ts';
import { DAY_MS, timeframeSchema, toRfc3339, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { TEMPLATES } from '#app/strategy/templates/templates.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import type { SandboxFacts, SandboxLookAnswer, SandboxPlace } from '../research/sandbox/protocol.ts';
import { openSandbox } from '../research/sandbox/sandbox.ts';
import type { WarmSandboxes } from '../research/sandbox/warm.ts';
import { placeOf, storeCheck } from './author-check.ts';
import { readProjectVersion, type StoredVersion } from './author-read.ts';
import { loadSeries, type BarSource } from './backtest-bars.ts';

/** `now`: epoch ms. */
export type LookParts = { readonly db: Db; readonly bars: BarSource; now(): number };
/** What is looked at, without its key. */
export type LookInput = Omit<CommandInput<'lookAheadCheck'>, 'idempotencyKey'>;
/** `warm`: sandboxes that wait; null = start one, so that those stay for whoever types. */
export type Looking = { readonly signal: AbortSignal; readonly warm: WarmSandboxes | null };

/** Newest bars of each symbol that are looked at: a strategy runs over all of them a hundred times. More where its warm-up asks for them: the check begins anew within the first half. */
const BARS = { '1Min': 4_000, '5Min': 4_000, '15Min': 4_000, '1Hour': 3_000, '1Day': 1_500 } as const satisfies Record<Timeframe, number>;
/** Calendar days that hold so many bars with some room. */
const DAYS = { '1Min': 25, '5Min': 100, '15Min': 270, '1Hour': 800, '1Day': 2_300 } as const satisfies Record<Timeframe, number>;
const MOST_BARS = 24_000;
const WARM_UPS = 3;
const MOST_SYMBOLS = 8;

type Wanted = { readonly symbols: readonly string[]; readonly timeframe: Timeframe };

/** What the newest back-test of the project ran over; null without one. */
async function ofNewestRun(book: Queryable, projectId: string): Promise<Wanted | null> {
  const [row] = await book.query<{ symbols: string[] | null; timeframe: string | null }>(
    `SELECT view->'symbols' AS symbols, view->>'timeframe' AS timeframe FROM strategy_engine.backtests
     WHERE project_id = $1 AND state IN ('ran', 'done') AND jsonb_array_length(CASE jsonb_typeof(view->'symbols') WHEN 'array' THEN view->'symbols' END) > 0 ORDER BY created_at DESC LIMIT 1`, [projectId],
  );
  const timeframe = timeframeSchema.safeParse(row?.timeframe);
  return row?.symbols && timeframe.success ? { symbols: row.symbols, timeframe: timeframe.data } : null;
}

/** What the template of the project shows itself on, as far as there are such bars; null without one. */
async function ofTemplate(book: Queryable, projectId: string): Promise<Wanted | null> {
  const [row] = await book.query<{ templateId: string | null }>('SELECT template_id AS "templateId" FROM strategy_engine.projects WHERE project_id = $1', [projectId]);
  const suggested = TEMPLATES.find(({ templateId }) => templateId === row?.templateId)?.suggested;
  const timeframe = timeframeSchema.safeParse(suggested?.timeframe);
  if (suggested === undefined || !timeframe.success) return null;
  const there = await book.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.ingestion_status WHERE timeframe = $1 AND symbol = ANY($2)', [timeframe.data, suggested.symbols]);
  return { symbols: suggested.symbols.filter((symbol) => there.some((row) => row.symbol === symbol)), timeframe: timeframe.data };
}

/** The first symbols that are watched and have bars of this width, as many as the strategy needs. */
async function firstWatched(book: Queryable, timeframe: Timeframe, count: number): Promise<string[]> {
  const rows = await book.query<{ symbol: string }>(
    `SELECT s.symbol FROM data_ingestion.symbols s JOIN data_ingestion.ingestion_status i USING (symbol) WHERE s.is_watched AND i.timeframe = $1 ORDER BY i.bars_total < 300, s.symbol COLLATE "C" LIMIT $2`, [timeframe, count],
  );
  return rows.map(({ symbol }) => symbol);
}

type Count = { readonly least: number; readonly most: number };

/** How many symbols a strategy is looked at over. */
function countOf({ scope, symbols }: SandboxFacts): Count {
  if (scope === 'symbol') return { least: 1, most: MOST_SYMBOLS };
  const [least, most] = symbols ?? [1, null];
  return { least, most: Math.min(most ?? Infinity, Math.max(MOST_SYMBOLS, least)) };
}

/** @throws AppError INPUT_INVALID for a width that there is none of */
async function wantedOf(book: Queryable, input: LookInput, { least, most }: Count): Promise<Wanted> {
  const asked = input.timeframe === undefined ? null : timeframeSchema.safeParse(input.timeframe);
  if (asked?.success === false) throw new AppError('INPUT_INVALID', `There are no bars of the width "${input.timeframe ?? ''}". Take one of ${timeframeSchema.options.join(', ')}`);
  const isEnough = (given: Wanted | null): given is Wanted => given !== null && given.symbols.length >= least;
  const [ran, shown] = [await ofNewestRun(book, input.projectId), await ofTemplate(book, input.projectId)];
  const known = isEnough(ran) ? ran : isEnough(shown) ? shown : null;
  const timeframe = asked?.data ?? known?.timeframe ?? '1Day';
  const symbols = input.symbols ?? known?.symbols ?? (await firstWatched(book, timeframe, least));
  return { timeframe, symbols: [...new Set(symbols.map((symbol) => symbol.toUpperCase()))].slice(0, most) };
}

/** A copy of the last bars: what crosses to another process must not be the memory that threads share. */
function newest(bars: BarColumns, count: number): BarColumns {
  const copy = barColumns(count);
  for (const field of ['time', ...BAR_FIELDS] as const) copy[field].set(bars[field].subarray(barCount(bars) - count));
  return copy;
}

/** The newest bars of each symbol; those without a bar are left out. */
async function barsOf(parts: LookParts & { readonly signal: AbortSignal }, { symbols, timeframe }: Wanted, warmUp: number): Promise<Map<string, BarColumns>> {
  const most = Math.max(BARS[timeframe], Math.min(MOST_BARS, WARM_UPS * warmUp));
  const days = Math.ceil((DAYS[timeframe] * most) / BARS[timeframe]);
  const found = new Map<string, BarColumns>();
  for (const symbol of symbols) {
    parts.signal.throwIfAborted();
    // The newest bar, not the clock on the wall, is now: the demo's market has a time of its own.
    const [row] = await parts.db.query<{ newest: number | null }>('SELECT max(last_open_time) AS newest FROM data_ingestion.ingestion_status WHERE symbol = $1 AND timeframe = $2', [symbol, timeframe]);
    if (typeof row?.newest !== 'number') continue;
    const { bars } = await loadSeries(parts.bars, { symbol, timeframe, from: row.newest - days * DAY_MS, to: row.newest + 1 });
    const count = barCount(bars);
    if (count > 0) found.set(symbol, newest(bars, Math.min(count, most)));
  }
  return found;
}

const EXPLAINED = {
  removed: 'At this bar the strategy was asked again with all later bars taken away, and said something else: it decided by bars that had not happened yet. Live there are no later bars. Look at numbers through `now` and `ago(n)` alone.',
  replaced: 'At this bar the strategy was asked again with other bars after it, and said something else: a number in it is made of the whole history at once, such as a maximum or a mean over all bars. Make it of the bars so far.',
  streamed: 'Shown the bars one by one, as it is live, the strategy said something else than over all of them at once. Keep what it remembers in `state`, and look at numbers through `now` and `ago(n)` alone.',
} as const;
const WARM_EXPLAINED = 'The same bars were begun at other places, and after the warm-up that the strategy declares it still said something else. Live it begins somewhere too: what it says must not depend on where. Say with `forgetting` how many bars its memory goes back, or bound that memory.';
const QUIET_EXPLAINED = 'The check compares what a strategy says with and without its future. This one said nothing over these bars, so nothing was compared: check it over symbols or a width of bars on which it trades.';

const SAID_NOTHING = 'The strategy said nothing over these bars, so nothing was compared.';
const SHORT_EXPLAINED = 'The check begins the same bars at other places and compares what comes after the warm-up. Load more bars on the data page, check over a narrower width of bars, or let the strategy look back less far.';

const NO_PLACE = { path: null, line: 1, column: 1, endLine: null, endColumn: null } as const;

/** What the sandbox found, in the words of findings, each where its author wrote what it is about. */
function findingsOf(said: SandboxLookAnswer): ProjectFinding[] {
  const at = (place: SandboxPlace | null | undefined): Pick<ProjectFinding, 'path' | 'line' | 'column' | 'endLine' | 'endColumn'> => (place ? { ...place, endLine: null, endColumn: null } : NO_PLACE);
  const { signals, indicators } = said.places;
  const ahead = (said.lookAhead?.findings ?? []).map((found): ProjectFinding => ({ source: 'look_ahead', rule: `look_ahead_${found.way}`, severity: 'error', ...at(signals), message: found.message, explanation: wordsOf(found) }));
  const warm = (said.warmUp?.findings ?? []).map((found): ProjectFinding => ({ source: 'warm_up', rule: `warm_up_${found.what}`, severity: 'error', ...at(found.what === 'indicator' ? (indicators.get(found.name) ?? signals) : signals), message: found.message, explanation: WARM_EXPLAINED }));
  const failed = said.problem === null ? [] : [{ source: 'look_ahead' as const, rule: 'failed', severity: 'error' as const, ...at(said.place), message: said.problem, explanation: 'The check could not be finished, because the strategy threw an error over these bars. It would throw it live as well.' }];
  const quiet: ProjectFinding[] = isQuiet(said) ? [{ source: 'look_ahead', rule: 'said_nothing', severity: 'warning', ...at(signals), message: SAID_NOTHING, explanation: QUIET_EXPLAINED }] : [];
  const short: ProjectFinding[] = isShort(said) ? [{ source: 'warm_up', rule: 'too_few_bars', severity: 'warning', ...NO_PLACE, message: tooFew(said), explanation: SHORT_EXPLAINED }] : [];
  return [...failed, ...ahead, ...warm, ...quiet, ...short];
}

const isQuiet = ({ lookAhead, problem }: SandboxLookAnswer): boolean => lookAhead?.signals === 0 && problem === null;
/** No beginning had a bar left behind its warm-up: no finding means nothing then. */
const isShort = ({ warmUp, problem }: SandboxLookAnswer): boolean => warmUp?.compared === 0 && problem === null;
const tooFew = ({ warmUp, bars }: SandboxLookAnswer): string => `The strategy asks for ${warmUp?.declared ?? 0} bars of warm-up, and ${bars} bars were there: too few to begin anew and compare.`;

type Ahead = NonNullable<SandboxLookAnswer['lookAhead']>['findings'][number];

function wordsOf({ way, symbol, openTime, withFuture, withoutFuture }: Ahead): string {
  const bar = Number.isFinite(openTime) ? `Bar of ${symbol} that opened ${toRfc3339(openTime as EpochMs)}. With the later bars it says ${withFuture ?? 'nothing'}; without them ${withoutFuture ?? 'nothing'}. ` : '';
  return `${bar}${EXPLAINED[way]}`;
}

function noBars({ hash }: StoredVersion, { symbols, timeframe }: Wanted, { least, found, at }: { readonly least: number; readonly found: readonly string[]; readonly at: number }): LookAheadResult {
  const missing = symbols.filter((symbol) => !found.includes(symbol));
  const what = found.length > 0 ? `The strategy takes ${least} symbols at least, and there are ${timeframe} bars of ${found.join(', ')} alone` : `There are no ${timeframe} bars of ${symbols.length === 0 ? 'any watched symbol' : missing.join(', ')}`;
  const problem = `${what}. Load bars on the data page, or name other symbols`;
  return { hash, symbols: missing, timeframe, from: null, to: null, bars: 0, signals: 0, cuts: 0, isClean: false, isWarmUpClean: false, findings: [], problem, tookMs: 0, checkedAt: at };
}

async function look(parts: LookParts, input: LookInput, { signal, warm }: Looking): Promise<LookAheadResult> {
  const from = performance.now();
  const version = await readProjectVersion(parts.db, input.projectId, input.version);
  using sandbox = await openSandbox(version.files, {}, warm === null ? {} : { warm });
  const count = countOf(sandbox.facts);
  const wanted = await wantedOf(parts.db, input, count);
  const bars = await barsOf({ ...parts, signal }, wanted, sandbox.facts.warmUps[wanted.timeframe]);
  const checkedAt = parts.now();
  if (bars.size < count.least) return noBars(version, wanted, { least: count.least, found: [...bars.keys()], at: checkedAt });
  const said = await sandbox.ask('look', { parameters: {}, bars, timeframe: wanted.timeframe }, signal);
  const proves = isQuiet(said) ? SAID_NOTHING : isShort(said) ? tooFew(said) : null;
  const isWhole = said.problem === null;
  const result: LookAheadResult = {
    hash: version.hash, symbols: [...said.symbols], timeframe: wanted.timeframe, from: said.from, to: said.to, bars: said.bars, signals: said.lookAhead?.signals ?? 0, cuts: said.lookAhead?.cuts ?? 0,
    isClean: isWhole && !isQuiet(said) && said.lookAhead !== null && said.lookAhead.findings.length === 0, isWarmUpClean: isWhole && !isQuiet(said) && !isShort(said) && said.warmUp !== null && said.warmUp.findings.length === 0,
    findings: findingsOf(said), problem: said.problem ?? proves, tookMs: Math.round(performance.now() - from), checkedAt,
  };
  const isTold = result.findings.some(({ severity }) => severity === 'error');
  // Where nothing could be compared, nothing is known: no gate opens by that, and what an earlier look has found stays.
  if (proves !== null && !isTold) return result;
  for (const [what, isPassed] of [['look_ahead', result.isClean], ['warm_up', result.isWarmUpClean]] as const) await storeCheck(parts.db, { hash: version.hash, what, isPassed, result, actor: input.actor });
  return result;
}

/** Looks at a version. One that cannot even be loaded knows nothing of the future: said as a finding, not stored. @throws AppError PROJECT_NOT_FOUND, INPUT_INVALID; the reason of an abort */
export async function lookAhead(parts: LookParts, input: LookInput, looking: Looking): Promise<LookAheadResult> {
  try {
    return await look(parts, input, looking);
  } catch (error) {
    if (looking.signal.aborted || !(error instanceof AppError) || !error.code.startsWith('STRATEGY_')) throw error;
    const { hash } = await readProjectVersion(parts.db, input.projectId, input.version);
    const finding: ProjectFinding = { source: 'look_ahead', rule: error.code.toLowerCase(), severity: 'error', ...placeOf(error.context), message: error.message, explanation: 'The check could not be made: the strategy did not load, or was stopped at a limit. Correct it and save it first.' };
    return { hash, symbols: [], timeframe: input.timeframe ?? '1Day', from: null, to: null, bars: 0, signals: 0, cuts: 0, isClean: false, isWarmUpClean: false, findings: [finding], problem: error.message, tookMs: 0, checkedAt: parts.now() };
  }
}
