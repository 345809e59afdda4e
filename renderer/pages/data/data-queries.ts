/** The questions of the data page: asked often while something moves, slowly otherwise. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { RouteInput, RouteOutput } from '#app/contracts/http.ts';
import { useRoute } from '../../data/queries.ts';

const BUSY_MS = 1_000;
const QUIET_MS = 10_000;
const SLOW_MS = 60_000;
/** What is running is shown moving. */
const MOVING: ReadonlySet<string> = new Set(['waiting', 'running']);

/** A year of coverage. */
export const useCoverage = (ask: RouteInput<'coverage'>): UseQueryResult<RouteOutput<'coverage'>> => useRoute('coverage', ['coverage', ask], ask, { everyMs: SLOW_MS });
/** Stored series with their coverage. */
export const useCoverageSeries = (ask: RouteInput<'coverageSeries'>): UseQueryResult<RouteOutput<'coverageSeries'>> => useRoute('coverageSeries', ['coverageSeries', ask], ask, { everyMs: SLOW_MS });
/** What the rules found. */
export const useDataFindings = (ask: RouteInput<'dataFindings'>): UseQueryResult<RouteOutput<'dataFindings'>> => useRoute('dataFindings', ['dataFindings', ask], ask, { everyMs: QUIET_MS });
/** Bars in quarantine. */
export const useQuarantine = (ask: RouteInput<'quarantine'>): UseQueryResult<RouteOutput<'quarantine'>> => useRoute('quarantine', ['quarantine', ask], ask, { everyMs: QUIET_MS });
/** Daily reports. */
export const useQualityReports = (): UseQueryResult<RouteOutput<'qualityReports'>> => useRoute('qualityReports', ['qualityReports'], { limit: 60 }, { everyMs: SLOW_MS });
/** The rules themselves. */
export const useQualityRules = (): UseQueryResult<RouteOutput<'qualityRules'>> => useRoute('qualityRules', ['qualityRules'], {}, { everyMs: 600_000 });
/** Symbols of the universe. */
export const useUniverse = (ask: RouteInput<'universe'>): UseQueryResult<RouteOutput<'universe'>> => useRoute('universe', ['universe', ask], ask, { everyMs: QUIET_MS });
/** Everything about one symbol. */
export const useSymbolDetail = (symbol: string | null): UseQueryResult<RouteOutput<'symbolDetail'>> => useRoute('symbolDetail', ['symbolDetail', symbol], { symbol: symbol ?? 'SPY' }, { isEnabled: symbol !== null, everyMs: QUIET_MS });
/** The stream. */
export const useFeedState = (): UseQueryResult<RouteOutput<'feedState'>> => useRoute('feedState', ['feedState'], {}, { everyMs: 2 * BUSY_MS });
/** Back-fills. */
export const useBackfills = (): UseQueryResult<RouteOutput<'backfills'>> => useRoute('backfills', ['backfills'], { limit: 50 }, { everyMs: (last) => (last?.backfills.some((one) => MOVING.has(one.state)) === true ? BUSY_MS : QUIET_MS) });
/** Imports. */
export const useImports = (): UseQueryResult<RouteOutput<'imports'>> => useRoute('imports', ['imports'], { limit: 50 }, { everyMs: (last) => (last?.imports.some((one) => MOVING.has(one.state)) === true ? BUSY_MS : QUIET_MS) });
/** One import with its files. */
export const useImport = (importId: string | null): UseQueryResult<RouteOutput<'import'>> => useRoute('import', ['import', importId], { importId: importId ?? '' }, { isEnabled: importId !== null, everyMs: (last) => (last !== undefined && MOVING.has(last.import.state) ? BUSY_MS : QUIET_MS) });
/** Where bars lie. */
export const useStorage = (): UseQueryResult<RouteOutput<'storage'>> => useRoute('storage', ['storage'], {}, { everyMs: QUIET_MS });
