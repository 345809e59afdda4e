/** What a person has changed on the settings page and not saved yet: it outlives a look at another page, and nothing counts before it is saved. */
import type { SettingChanges, WritableKey } from '#app/contracts/configuration.ts';
import type { RiskLimits } from '#app/domain/limits.ts';
import { createStore, useStore } from '../../data/external-store.ts';

/** Limits as they are written: text, or yes and no. */
export type LimitKey = keyof RiskLimits;
/** Changed limits. */
export type LimitChanges = { readonly [K in LimitKey]?: string | boolean };

/** `settings`: text by key, null = back to the default. `limits`: what differs from those in force. `confirmedOver`: the version of the limits in force over which a person has said that wider ones are meant; null = not said. */
export type SettingsDraft = { readonly settings: SettingChanges; readonly limits: LimitChanges; readonly confirmedOver: number | null };

const NOTHING: SettingsDraft = { settings: {}, limits: {}, confirmedOver: null };
const draft = createStore<SettingsDraft>(NOTHING);

/** The draft. */
export const useDraft = (): SettingsDraft => useStore(draft);
/** The draft at this moment, for those who do not draw it. */
export const draftNow = (): SettingsDraft => draft.get();

function without<T extends object>(from: T, key: PropertyKey): T {
  const next = { ...from };
  Reflect.deleteProperty(next, key);
  return next;
}

/** Notes a changed setting; `undefined` takes the change back. */
export function changeSetting(key: WritableKey, value: string | null | undefined): void {
  draft.update((now) => ({ ...now, settings: value === undefined ? without(now.settings, key) : { ...now.settings, [key]: value } }));
}
/** Notes a changed limit; `undefined` takes the change back. What was confirmed, was confirmed of other numbers. */
export function changeLimit(key: LimitKey, value: string | boolean | undefined): void {
  draft.update((now) => ({ ...now, confirmedOver: null, limits: value === undefined ? without(now.limits, key) : { ...now.limits, [key]: value } }));
}
/** A person says that wider limits than those of a version are meant, or takes that back (null): wider than others is another question. */
export function confirmLoose(version: number | null): void {
  draft.update((now) => ({ ...now, confirmedOver: version }));
}
/** Forgets all changes. */
export function discard(): void {
  draft.set(NOTHING);
}

/** What does not stand in a draft as it was sent. */
function unsent<T extends SettingChanges | LimitChanges>(now: T, sent: T): T {
  return Object.fromEntries(Object.entries(now).filter(([key, value]) => !Object.hasOwn(sent, key) || Reflect.get(sent, key) !== value)) as T;
}
/** Forgets changed settings that are saved as `sent`. What was typed while they were on their way is a change of its own, and stays. */
export function forgetSettings(sent: SettingChanges): void {
  draft.update((now) => ({ ...now, settings: unsent(now.settings, sent) }));
}
/** The same of limits. What was confirmed is done with. */
export function forgetLimits(sent: LimitChanges): void {
  draft.update((now) => ({ ...now, limits: unsent(now.limits, sent), confirmedOver: null }));
}
/** Replaces the draft, for an imported file. */
export function fillDraft(next: Pick<SettingsDraft, 'settings' | 'limits'>): void {
  draft.set({ ...NOTHING, ...next });
}
