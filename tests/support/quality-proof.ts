/** The proof of the quality rules: faults are planted into right bars, one at a time; each must be found, and nothing else. */
import { parseFactors } from '../../services/research/load-factors.ts';
import { existsSync, readFileSync } from 'node:fs';
import type { EpochMs } from '#app/domain/time.ts';
import { isRegularBar } from '#app/market/calendar.ts';
import { checkBars } from '#app/market/quality/check.ts';
import type { Finding, ToldAction } from '#app/market/quality/finding.ts';
import { cleanRows, columnsOf, FAULTS, rowsOf, type Fault, type Frame, type Row } from './planted-faults.ts';
import { rawBars } from './raw-bars.ts';
import { sharedPath } from './recorded.ts';
import { seeded } from './recorded-bars.ts';

/** What came of one kind of fault. `missed`, `wrong`: where, for a person. */
export type ProofRow = { readonly name: string; readonly finds: string; planted: number; found: number; readonly missed: string[]; readonly wrong: string[] };
/** The whole proof: the kinds, and what was found in bars that are right. */
export type Proof = { readonly rows: readonly ProofRow[]; readonly clean: { readonly series: number; readonly bars: number; readonly wrong: string[] } };

/** Bars that faults are planted in. */
type Ground = { readonly name: string; readonly frame: Frame; /** All of it, and the part that faults are planted in: regular trading. */ readonly all: readonly Row[]; readonly rows: readonly Row[]; readonly actions: readonly ToldAction[] };

/** Seeds of the synthetic ground. */
const PROOF_SEEDS = [1, 2, 3, 4, 5, 6] as const;
/** Positions within a series: near its beginning, in the middle, near its end. */
const PROOF_POSITIONS = [0.08, 0.37, 0.61, 0.86] as const;

const iso = (time: number): string => new Date(time).toISOString().slice(0, 16);
const told = (finding: Finding): string => `${finding.kind} ${iso(finding.openTime)}`;
const keyOf = (finding: Finding): string => `${finding.kind} ${finding.openTime}`;

/** Synthetic ground. */
export function syntheticGround(seeds: readonly number[] = PROOF_SEEDS): Ground[] {
  return (['1Day', '1Min'] as const).flatMap((frame) => seeds.map((seed) => {
    const rows = cleanRows(frame, seed);
    return { name: `synthetic ${frame} ${seed}`, frame, all: rows, rows, actions: [] };
  }));
}

/** Recorded bars that have no defect of their own: the files and the days of them. */
const RECORDED = [
  { file: 'daily/spy.csv.gz', frame: '1Day', from: '2012-01-01', to: '2018-12-31', factors: 'spy' }, { file: 'daily/ibm.csv.gz', frame: '1Day', from: '2005-01-01', to: '2012-12-31', factors: 'ibm' },
  { file: 'daily/aapl.csv.gz', frame: '1Day', from: '2011-02-01', to: '2019-12-31', factors: 'aapl' }, { file: 'minute/ibm.trade.csv.gz', frame: '1Min', from: '2013-01-01', to: '2030-01-01', factors: null },
  { file: 'minute/spy.trade.csv.gz', frame: '1Min', from: '2013-01-01', to: '2014-01-01', factors: null },
] as const;

/** Splits and payouts as a factor file tells them. */
export function toldByFactors(file: string): ToldAction[] {
  if (!existsSync(file)) return [];
  const factors = parseFactors(readFileSync(file, 'utf8'));
  return factors.slice(0, -1).map((factor, n) => {
    const next = factors[n + 1] ?? { price: 1, split: 1 };
    return { exDay: factor.day + 1, split: factor.split / next.split, price: factor.price / next.price };
  });
}

/** Recorded ground, as far as the files are at hand. */
export function recordedGround(): Ground[] {
  return RECORDED.flatMap(({ file, frame, from, to, factors }) => {
    const path = sharedPath(`data/equity/${file}`);
    if (!existsSync(path)) return [];
    const bars = rawBars(path).get('');
    if (!bars) return [];
    const rows = rowsOf(bars).filter((row) => iso(row.time) >= from && iso(row.time) <= to);
    return [{ name: file, frame, all: rows, rows: rows.filter((row) => isRegularBar(row.time as EpochMs, frame)), actions: factors === null ? [] : toldByFactors(sharedPath(`data/equity/factors/${factors}.csv`)) }];
  });
}

/** Plants one fault and looks. */
function plantOne(fault: Fault, ground: Ground, given: { readonly share: number; readonly known: ReadonlySet<string>; readonly seed: number }): { isFound: boolean; wrong: string[] } {
  const rows = ground.rows.map((row) => ({ ...row }));
  const planted = fault.plant(rows, Math.floor(rows.length * given.share), seeded(given.seed));
  const bars = columnsOf(planted.rows);
  const seen = planted.seen ? Float64Array.from(planted.rows, planted.seen) : null;
  const { findings } = checkBars(bars, { timeframe: ground.frame, actions: [...ground.actions, ...(planted.actions ?? [])], now: planted.now ?? null, seen });
  const isMine = (finding: Finding): boolean => finding.kind === fault.finds && finding.openTime <= planted.until && finding.untilTime >= planted.from;
  // The edge of the fault may be a night later: what the same fault may show is told with it.
  const wrong = findings.filter((finding) => !isMine(finding) && !given.known.has(keyOf(finding)) && !(fault.also ?? []).includes(finding.kind));
  return { isFound: findings.some(isMine), wrong: wrong.map(told) };
}

/** Plants every kind into every ground at every position. */
export function prove(grounds: readonly Ground[], positions: readonly number[] = PROOF_POSITIONS): Proof {
  const clean = { series: grounds.length, bars: 0, wrong: [] as string[] };
  const known = grounds.map((ground) => {
    const { findings } = checkBars(columnsOf(ground.all), { timeframe: ground.frame, actions: ground.actions });
    clean.bars += ground.all.length;
    clean.wrong.push(...findings.map((finding) => `${ground.name}: ${told(finding)}`));
    return new Set(findings.map(keyOf));
  });
  const rows = FAULTS.map((fault): ProofRow => {
    const row: ProofRow = { name: fault.name, finds: fault.finds, planted: 0, found: 0, missed: [], wrong: [] };
    grounds.forEach((ground, g) => {
      if (!fault.frames.includes(ground.frame)) return;
      positions.forEach((share, p) => {
        const { isFound, wrong } = plantOne(fault, ground, { share, known: known[g] ?? new Set(), seed: g * 10 + p });
        const where = `${ground.name} at ${share}`;
        row.planted += 1;
        if (isFound) row.found += 1;
        else row.missed.push(where);
        row.wrong.push(...wrong.map((text) => `${where}: ${text}`));
      });
    });
    return row;
  });
  return { rows, clean };
}
