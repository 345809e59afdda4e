/** The history of the parts as a story: steps on the way are left out, and what many parts did together is one line. */
import type { UnitId, UnitIncident, UnitState } from '#app/contracts/health.ts';

/** One line of the story. `units` in the order of time, the newest first; `exit` where the process of a single part ended. */
export type StoryLine = { readonly at: number; readonly units: readonly UnitId[]; readonly state: UnitState; readonly reason: string; readonly exit: UnitIncident['exit'] };

/** States on the way to another one: told only while they are the last word of their part. */
const ON_THE_WAY: ReadonlySet<UnitState> = new Set(['waiting', 'starting', 'stopping']);
/** What parts do within this time of each other they do together. */
const TOGETHER_MS = 60_000;

/** Ended because it was asked to: nobody needs its last lines. */
function isQuiet({ exit }: Pick<UnitIncident, 'exit'>): boolean {
  return exit === null || (exit.code === 0 && exit.signal === null);
}

function belongs(line: StoryLine, next: UnitIncident): boolean {
  return isQuiet(line) && isQuiet(next) && line.state === next.state && line.reason === next.reason && !line.units.includes(next.unit) && line.at - next.at < TOGETHER_MS;
}

/** Folds incidents (newest first) into lines (newest first). A oneshot that did its work is as good as ready. Pure. */
export function foldStory(incidents: readonly UnitIncident[]): StoryLine[] {
  const heard = new Set<UnitId>();
  const lines: StoryLine[] = [];
  for (const told of incidents) {
    const incident = told.state === 'done' && isQuiet(told) ? { ...told, state: 'ready' as const, exit: null } : told;
    const { at, unit, state, reason, exit } = incident;
    const isLastWord = !heard.has(unit);
    heard.add(unit);
    if (ON_THE_WAY.has(state) && exit === null && !isLastWord) continue;
    const last = lines.at(-1);
    if (last && belongs(last, incident)) lines[lines.length - 1] = { ...last, units: [...last.units, unit], exit: null };
    else lines.push({ at, units: [unit], state, reason, exit });
  }
  return lines;
}
