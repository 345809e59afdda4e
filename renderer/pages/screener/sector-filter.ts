/** Sector chips and the filter that they stand for: one `sector in (...)` line. Pure. */
import { sectorKey } from '#app/screener/sectors.ts';
import { changeFilter, withFilter, withoutFilter } from './draft.ts';
import type { FilterLine, ScreenDraft } from './draft.ts';
import { checkFormula } from './checks.ts';

/** Sectors of a line that only asks for sectors; null for every other line. */
export function sectorsOf(formula: string): readonly string[] | null {
  const tree = checkFormula(formula, 'condition').formula?.tree;
  if (tree?.kind === 'among' && !tree.isNot && tree.of.kind === 'fact' && tree.of.name === 'sector') return tree.values;
  if (tree?.kind !== 'compare' || tree.signs.length !== 1 || tree.signs[0] !== '=') return null;
  const [left, right] = tree.parts;
  return left?.kind === 'fact' && left.name === 'sector' && right?.kind === 'text' ? [right.value] : null;
}

/** The line that the chips stand for: the first enabled one that asks for sectors. */
export function sectorLine(draft: ScreenDraft): FilterLine | null {
  return draft.filters.find((line) => line.isEnabled && sectorsOf(line.formula) !== null) ?? null;
}

/** Is a sector asked for? */
export function hasSector(draft: ScreenDraft, name: string): boolean {
  const line = sectorLine(draft);
  return line !== null && (sectorsOf(line.formula) ?? []).some((one) => sectorKey(one) === sectorKey(name));
}

function written(names: readonly string[]): string {
  return names.length === 1 ? `sector = "${names[0] ?? ''}"` : `sector in (${names.map((name) => `"${name}"`).join(', ')})`;
}

/** Asks for one more sector, or one less; without any the line goes. */
export function toggleSector(draft: ScreenDraft, name: string): ScreenDraft {
  const line = sectorLine(draft);
  if (line === null) return withFilter(draft, written([name]));
  const now = sectorsOf(line.formula) ?? [];
  const next = hasSector(draft, name) ? now.filter((one) => sectorKey(one) !== sectorKey(name)) : [...now, name];
  return next.length === 0 ? withoutFilter(draft, line.id) : changeFilter(draft, line.id, { formula: written(next) });
}
