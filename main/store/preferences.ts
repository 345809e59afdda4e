/** What a person chose about the application: the market, the window, what is told. One small file in the home. */
import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { ModeSchema } from '#app/contracts/config.ts';
import { PreferencesSchema } from '#app/contracts/shell.ts';
import { renamePatiently, writeFileAtomically } from './atomic-file.ts';

const whole = z.number().int();

/** Where the window was, in pixels of the screen. */
const WindowPlaceSchema = z.object({ x: whole, y: whole, width: whole.positive(), height: whole.positive(), isMaximized: z.boolean() });

const StoredSchema = z.object({
  mode: ModeSchema,
  isWelcomeDone: z.boolean(),
  isCloseExplained: z.boolean(),
  application: PreferencesSchema,
  window: WindowPlaceSchema.nullable(),
});
/** Everything that is kept. `isCloseExplained`: it was said once that trading goes on when the window is closed. */
export type Stored = z.infer<typeof StoredSchema>;

/** Before anybody chose: demo, nothing starts or updates by itself, everything that matters is told. */
export const DEFAULTS: Stored = {
  mode: 'demo',
  isWelcomeDone: false,
  isCloseExplained: false,
  application: { startWithSystem: false, updates: false, notifyFills: true, notifyRisk: true, notifyFailures: true },
  window: null,
};

/** The open preferences. `warning` tells of a damaged file that was set aside; null when all was well. */
export type PreferencesStore = {
  readonly warning: string | null;
  read(): Stored;
  /** Replaces the named parts; what is in the file afterwards. @throws when it cannot be written. */
  update(change: Partial<Stored>): Stored;
};

/** What is chosen, for those who only look: nothing is touched, and a damaged file counts as none. */
export function peekPreferences(file: string): Stored {
  return existsSync(file) ? (parse(readFileSync(file, 'utf8')) ?? DEFAULTS) : DEFAULTS;
}

/** Opens the preferences; a missing file is all defaults. A damaged one is set aside and the defaults come back. */
export function openPreferences(file: string): PreferencesStore {
  const { stored: first, warning } = load(file);
  let stored = first;
  return {
    warning,
    read: () => stored,
    update: (change) => {
      // The command line may have written meanwhile.
      const next = StoredSchema.parse({ ...load(file).stored, ...change });
      writeFileAtomically(file, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
      stored = next;
      return stored;
    },
  };
}

function load(file: string): { stored: Stored; warning: string | null } {
  if (!existsSync(file)) return { stored: DEFAULTS, warning: null };
  const parsed = parse(readFileSync(file, 'utf8'));
  if (parsed !== null) return { stored: parsed, warning: null };
  const aside = `${file}.damaged-${Date.now()}`;
  renamePatiently(file, aside);
  return { stored: DEFAULTS, warning: `The preferences were damaged and begin anew, in the demo; the old file is ${aside}` };
}

/** A part that a later version added gets its default. */
function parse(text: string): Stored | null {
  try {
    const raw = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    const application = z.record(z.string(), z.unknown()).parse(raw['application'] ?? {});
    return StoredSchema.parse({ ...DEFAULTS, ...raw, application: { ...DEFAULTS.application, ...application } });
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}
