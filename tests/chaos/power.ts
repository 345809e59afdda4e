/** Experiment: the power goes out mid-write. Everything stops dead, the disk's image of that moment is started elsewhere, and nothing that was acknowledged is missing. */
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkDataFolder } from '#main/invariants/report.ts';
import { ownPorts } from '../support/fake-stack.ts';
import { seeded } from '../support/recorded-bars.ts';
import { startStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import { cloneAsPowerCut, makeDisk, noDisksBecause, unmountAll } from './disks.ts';
import { surplus, timesWithin } from './experiment.ts';
import type { Experiment, RunOptions } from './experiment.ts';
import { freeze, killAll } from './processes.ts';

const DISK_MB = 1_500;
/** When the power goes: some time while it trades, in milliseconds after it is up. */
const CUT = { least: 300, span: 15_000 } as const;

/** Where a stack lives before and after the cut. `cut` gives the folder elsewhere. */
type Place = { readonly dataDir: string; cut(): string };

/** On a disk of its own only what was flushed survives; without one, the folder as the processes left it. */
async function makePlace(): Promise<Place> {
  const settings = Object.entries(await ownPorts()).map(([key, value]) => `${key}=${value}\n`).join('');
  const isOwnDisk = noDisksBecause() === null;
  const disk = isOwnDisk ? makeDisk(DISK_MB) : null;
  const dataDir = disk === null ? mkdtempSync(path.join(tmpdir(), 'ms-power-')) : path.join(disk.folder, 'data');
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(path.join(dataDir, '.env'), settings, { flush: true });
  return {
    dataDir,
    cut() {
      if (disk !== null) return path.join(cloneAsPowerCut(disk).folder, 'data');
      const elsewhere = path.join(mkdtempSync(path.join(tmpdir(), 'ms-power-')), 'data');
      cpSync(dataDir, elsewhere, { recursive: true, preserveTimestamps: true });
      return elsewhere;
    },
  };
}

/** Everything that the book has acknowledged so far, one line each. */
function acknowledged(stack: TestStack): Promise<string[]> {
  return stack.read(async (query) => {
    const rows = await query<{ line: string }>(`
      SELECT 'event ' || order_id || ' ' || version || ' ' || status AS line FROM execution.order_events
      UNION ALL SELECT 'fill ' || fill_id || ' ' || qty || ' ' || price FROM execution.trades
      UNION ALL SELECT 'decision ' || decision_id || ' ' || outcome FROM risk_management.risk_decisions
      UNION ALL SELECT 'signal ' || signal_id FROM strategy_engine.strategy_signals`);
    return rows.map(({ line }) => line);
  });
}

type CutResult = { readonly bootMs: number; readonly lost: string[]; readonly doubled: string[]; readonly broken: readonly string[]; readonly orders: number; readonly fills: number; readonly promised: number; /** Orders that met another market than undisturbed. */ readonly late: number };

/**
 * The orders by their ids alone. Where nothing was ordered, neither the strategies' progress nor the steps of the simulator's tape wait for the disk: after a power cut the
 * tape may stand a few bars from where the book stands, and an order on its way at that moment meets another price. The same orders, once each, is what is promised.
 */
const idsOf = (lines: readonly string[]): string[] => lines.map((line) => line.split(' ')[0] ?? '');

async function cutOnce({ tape, speed, entry }: RunOptions, afterMs: number): Promise<CutResult> {
  const reference = await tape.reference();
  const how = { replay: tape.folder, ...(entry === undefined ? {} : { entry }) };
  const place = await makePlace();
  const first = startStack({ dataDir: place.dataDir, speed, ...how });
  await first.announced();
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const promised = await acknowledged(first);
  const pids = freeze(first.pid);
  const elsewhere = place.cut();
  await killAll(pids);
  await first.exited();
  const began = performance.now();
  const second = startStack({ dataDir: elsewhere, ...how });
  await second.announced();
  const bootMs = performance.now() - began;
  const kept = await acknowledged(second);
  const end = await second.finished();
  const report = await checkDataFolder(elsewhere, true);
  return {
    bootMs, promised: promised.length, orders: report.orders.length, fills: end.fills,
    lost: [...surplus(kept, promised), ...surplus(idsOf(report.orders), idsOf(reference.orders))], doubled: surplus(idsOf(reference.orders), idsOf(report.orders)), late: surplus(reference.orders, report.orders).length,
    broken: [...new Set([...end.broken, ...report.results.flatMap(({ violations }) => violations.map(({ id, subject, detail }) => `${id} ${subject}: ${detail}`))])],
  };
}

/** The power goes out. */
export const powerCut: Experiment = {
  id: 'power', what: 'everything stops dead mid-write; the image of its disk at that moment is started elsewhere', target: 'starts without a human (<= 12 s), everything acknowledged is there, 0 lost, 0 doubled', full: 30,
  async run(options) {
    const random = seeded(options.seed);
    const results: CutResult[] = [];
    try {
      for (let n = 1; n <= options.count; n += 1) {
        const afterMs = CUT.least + random() * CUT.span;
        const result = await cutOnce(options, afterMs);
        options.tell(`${String(n).padStart(4)}  cut ${Math.round(afterMs)} ms after the start with ${result.promised} acknowledged rows, up elsewhere in ${Math.round(result.bootMs)} ms: ${result.lost.length} lost, ${result.doubled.length} doubled, ${result.broken.length} violations`);
        results.push(result);
        unmountAll();
      }
    } finally {
      unmountAll();
    }
    const why = noDisksBecause();
    return {
      runs: results.length, faults: results.length, orders: results.reduce((sum, { orders }) => sum + orders, 0), fills: results.reduce((sum, { fills }) => sum + fills, 0),
      lost: results.flatMap(({ lost }) => lost), doubled: results.flatMap(({ doubled }) => doubled), broken: results.flatMap(({ broken }) => broken),
      measures: [timesWithin('up elsewhere', results.map(({ bootMs }) => bootMs), 1, 12_000)],
      notes: [`${results.reduce((sum, { promised }) => sum + promised, 0)} acknowledged rows looked for; ${results.reduce((sum, { late }) => sum + late, 0)} orders met another price than undisturbed: steps of the tape without orders are not flushed`, why === null ? 'on an ext4 disk of its own: what was not flushed is lost' : `the folder was copied as the processes left it, for ${why}: what lay in the system's memory survived`],
    };
  },
};
