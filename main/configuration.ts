/** The settings as the application changes them: shown with their origin, checked before they are saved, and counted at once where that can be. */
import { settingChangesSchema, settingDefault, settingFacts, WRITABLE_KEYS } from '#app/contracts/configuration.ts';
import type { ChangeOutlook, Configuration, SettingChanges, SettingView, WritableKey } from '#app/contracts/configuration.ts';
import type { MarketChoice } from '#app/contracts/broker-keys.ts';
import type { SettingEntry } from '#app/contracts/env-text.ts';
import type { UnitId } from '#app/contracts/health.ts';
import { parseSettings } from '#app/contracts/settings.ts';
import type { Settings } from '#app/contracts/settings.ts';
import { AppError } from '#app/domain/errors.ts';
import { entriesOf, problemLine } from './store/read-settings.ts';
import { readSaved, savedFileOf, savedMeanwhile, writeSaved } from './store/saved-settings.ts';
import type { Sealer } from './store/secrets.ts';

/** What it works with. `env`: beside the file. `apply`: takes settings over that count at once, and starts parts again. */
export type ConfigurationPorts = {
  readonly envFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly sealer: Sealer;
  readonly choice: MarketChoice | undefined;
  readonly isWithoutBroker: boolean;
  readonly now: () => number;
  /** `isLevelChanged`: how much is logged counts at once. `restarts`: parts that start again for it. */
  apply(settings: Settings, change: { readonly isLevelChanged: boolean; readonly restarts: readonly UnitId[] }): void;
  /** Tells people and the record what was changed: never a secret. */
  note(text: string): void;
};

/** A change that somebody wants saved. `base`: of the outlook that was agreed to. `actor`: who, for the record. */
export type WantedSave = { readonly changes: SettingChanges; readonly base: number | null; readonly actor: string };

/** The open settings of a running stack. */
export type ConfigurationKeeper = {
  view(): Promise<Configuration>;
  /** What a change would do. @throws AppError INPUT_INVALID for a key that cannot be written here */
  check(changes: SettingChanges): Promise<ChangeOutlook>;
  /** Saves a change and lets it count; one that changes nothing any more is done already. @throws AppError INPUT_INVALID with all problems, VERSION_CONFLICT when others were saved since its base, FILE_HELD */
  save(wanted: WantedSave): Promise<ChangeOutlook>;
};

const MASK = '••••••';
const isSecret = (key: string): boolean => (WRITABLE_KEYS as readonly string[]).includes(key) && settingFacts(key as WritableKey).kind === 'secret';

type Now = { readonly entries: readonly SettingEntry[]; readonly values: Readonly<Record<string, string>>; readonly savedAt: number | null };
type Origin = Pick<SettingView, 'origin' | 'place' | 'isLocked'> & { readonly value: string | null };

function originOf(key: string, { entries }: Now, savedFile: string): Origin {
  // The last entry of a key counts; an empty one counts as not set.
  const entry = entries.findLast((one) => one.key === key && one.value !== '');
  if (entry === undefined) return { origin: 'default', place: null, isLocked: false, value: null };
  if (entry.source === savedFile) return { origin: 'saved', place: null, isLocked: false, value: entry.value };
  const isEnvironment = entry.source === 'environment';
  return { origin: isEnvironment ? 'environment' : 'file', place: isEnvironment ? 'the environment' : entry.source, isLocked: true, value: entry.value };
}

function shown(key: WritableKey, value: string | null): string {
  if (value === null) return settingDefault(key);
  return isSecret(key) ? MASK : value;
}

/** The values after a change: empty text and null take a setting back. */
function changed(values: Readonly<Record<string, string>>, changes: SettingChanges): Record<string, string> {
  const next = { ...values };
  for (const [key, value] of Object.entries(changes)) {
    const text = value?.trim() ?? '';
    if (text === '') Reflect.deleteProperty(next, key);
    else next[key] = text;
  }
  return next;
}

/** Opens the settings of a stack that runs. `started`: what its parts were started with. */
export function openConfiguration(ports: ConfigurationPorts, started: readonly SettingEntry[]): ConfigurationKeeper {
  const { envFile, env, sealer, choice, isWithoutBroker } = ports;
  const savedFile = savedFileOf(envFile);
  /** The values that count now, by key: those of the start, and what counted at once since. */
  const counting = new Map<string, string | null>(WRITABLE_KEYS.map((key) => [key, originOf(key, { entries: started, values: {}, savedAt: null }, savedFile).value]));
  let queue: Promise<unknown> = Promise.resolve();

  const readNow = async (): Promise<Now> => {
    const { entries, values, savedAt } = await readSaved(envFile, sealer);
    return { entries: entriesOf({ envFile, env, saved: entries, isWithoutBroker }).entries, values, savedAt };
  };
  const withSaved = (values: Readonly<Record<string, string>>): readonly SettingEntry[] =>
    entriesOf({ envFile, env, saved: Object.entries(values).map(([key, value]) => ({ key, value, source: savedFile })), isWithoutBroker }).entries;

  const outlook = (now: Now, changes: SettingChanges): { outlook: ChangeOutlook; values: Record<string, string>; settings: Settings; entries: readonly SettingEntry[] } => {
    const values = changed(now.values, changes);
    const entries = withSaved(values);
    const { settings, problems } = parseSettings(entries, isWithoutBroker ? undefined : choice);
    const locked = Object.keys(changes).flatMap((key) => {
      const { isLocked, place } = originOf(key, now, savedFile);
      return isLocked ? [{ key, problem: `is set in ${place ?? 'another place'}, which wins`, remedy: 'change it there, or delete it there first' }] : [];
    });
    const keys = WRITABLE_KEYS.filter((key) => now.values[key] !== values[key]);
    const waiting = keys.map((key) => settingFacts(key).restarts);
    return {
      values, settings, entries,
      outlook: {
        base: now.savedAt,
        problems: [...locked, ...problems.map(({ key, problem, remedy }) => ({ key, problem, remedy }))],
        diff: keys.map((key) => ({ key, before: shown(key, now.values[key] ?? null), after: shown(key, values[key] ?? null) })),
        restarts: [...new Set(waiting.flatMap((units) => (units === 'everything' ? [] : units)))], needsRestart: waiting.includes('everything'),
      },
    };
  };

  const save = async ({ changes, base, actor }: WantedSave): Promise<ChangeOutlook> => {
    const now = await readNow();
    const next = outlook(now, parse(changes));
    // What nobody has looked at is not overwritten, nor judged by words about other settings; what stands so already, does.
    if (next.outlook.diff.length > 0 && base !== now.savedAt) throw savedMeanwhile();
    if (next.outlook.problems.length > 0) throw new AppError('INPUT_INVALID', next.outlook.problems.map((problem) => problemLine({ source: 'settings', ...problem })).join('\n'));
    if (next.outlook.diff.length === 0) return next.outlook;
    await writeSaved(envFile, next.values, { sealer, isSecret, before: now.savedAt, at: ports.now() });
    const atOnce = next.outlook.diff.filter(({ key }) => settingFacts(key).restarts !== 'everything');
    for (const { key } of atOnce) counting.set(key, originOf(key, { ...now, entries: next.entries }, savedFile).value);
    ports.note(`${actor} changed ${next.outlook.diff.map(({ key, before, after }) => `${key} from ${before} to ${after}`).join(', ')}`);
    ports.apply(next.settings, { isLevelChanged: atOnce.some(({ key }) => key === 'LOG_LEVEL'), restarts: next.outlook.restarts });
    return next.outlook;
  };

  return {
    async view() {
      const now = await readNow();
      return {
        keptBy: sealer.keptBy, savedAt: now.savedAt,
        settings: WRITABLE_KEYS.map((key) => {
          const { value, ...origin } = originOf(key, now, savedFile);
          return { key, value: isSecret(key) ? null : value, isSet: value !== null, ...origin, isPending: counting.get(key) !== value };
        }),
      };
    },
    check: async (changes) => outlook(await readNow(), parse(changes)).outlook,
    save(wanted) {
      // One after the other: each looks at what the one before has left.
      const work = queue.then(() => save(wanted), () => save(wanted));
      queue = work;
      return work;
    },
  };
}

function parse(raw: SettingChanges): SettingChanges {
  const parsed = settingChangesSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError('INPUT_INVALID', `${issue?.path.join('.') ?? 'The change'}: ${issue?.message ?? 'cannot be read'}`);
}
