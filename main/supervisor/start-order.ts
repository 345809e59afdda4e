/** The graph of who needs whom, and who only waits for whom: checked once, asked often. */
import type { UnitId, UnitState } from '#app/contracts/health.ts';
import { invariant } from '#app/domain/errors.ts';

/**
 * `needs`: cannot run without; losing one stops the unit (rest-for-one). `after`: started later than these, but lives on without them.
 * Ids of units that are not part of this run are ignored in `after` and refused in `needs`.
 */
export type Relations = { readonly id: UnitId; readonly needs: readonly UnitId[]; readonly after: readonly UnitId[] };

/** The questions asked of the graph. */
export type StartOrder = {
  /** Ids so that everything comes after what it needs or follows. */
  readonly ids: readonly UnitId[];
  needsOf(id: UnitId): readonly UnitId[];
  predecessorsOf(id: UnitId): readonly UnitId[];
  /** Units, near and far, that must be down before this one is stopped in an orderly stop. */
  followersOf(id: UnitId): readonly UnitId[];
};

/**
 * Builds the order.
 * @throws AppError INVARIANT_BROKEN for an unknown need or a circle: both are defects of the unit list.
 */
export function startOrderOf(units: readonly Relations[]): StartOrder {
  const known = new Map(units.map((unit) => [unit.id, unit]));
  invariant(known.size === units.length, 'Two units share one id', { ids: units.map((unit) => unit.id) });
  const needs = new Map<UnitId, readonly UnitId[]>();
  const before = new Map<UnitId, readonly UnitId[]>();
  for (const unit of units) {
    for (const need of unit.needs) invariant(known.has(need), 'A unit needs one that does not exist', { unit: unit.id, need });
    needs.set(unit.id, unit.needs);
    before.set(unit.id, [...new Set([...unit.needs, ...unit.after.filter((id) => known.has(id))])]);
  }
  const ids: UnitId[] = [];
  const placed = new Set<UnitId>();
  while (ids.length < units.length) {
    const next = units.filter((unit) => !placed.has(unit.id) && (before.get(unit.id) ?? []).every((id) => placed.has(id)));
    invariant(next.length > 0, 'Units wait for each other in a circle', { left: units.filter((unit) => !placed.has(unit.id)).map((unit) => unit.id) });
    for (const unit of next) {
      placed.add(unit.id);
      ids.push(unit.id);
    }
  }
  // Everything that must be there before a unit, near and far: a oneshot in between has no process that would hold the order.
  const reach = new Map<UnitId, ReadonlySet<UnitId>>();
  for (const id of ids) {
    const near = before.get(id) ?? [];
    reach.set(id, new Set(near.flatMap((other) => [other, ...(reach.get(other) ?? [])])));
  }
  return {
    ids,
    needsOf: (id) => needs.get(id) ?? [],
    predecessorsOf: (id) => before.get(id) ?? [],
    followersOf: (id) => ids.filter((other) => reach.get(other)?.has(id) === true),
  };
}

const UNDECIDED: ReadonlySet<UnitState> = new Set(['waiting', 'starting', 'stopping']);

/** True when a unit that only follows another need not wait for it any longer: it serves, or it has had its chance. */
export function isDecided(state: UnitState): boolean {
  return !UNDECIDED.has(state);
}
