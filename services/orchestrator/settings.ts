/** A flow's settings in force: the defaults that its service announced, or what a person put in their place. */
import { flowSettingsSchema, type Deployment, type FlowName, type FlowSettings } from '#app/contracts/flows.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { plainJson } from '#chassis/plain-text.ts';
import { inputProblemOf } from './inputs.ts';
import { readSchedule } from './triggers.ts';

/** Settings in force. `problem`: why stored settings could not be used, in words; the defaults hold then. */
export type SettingsInForce = { readonly settings: FlowSettings; readonly isCustom: boolean; readonly problem: string | null };

const MAX_KNOWN = 200;
const inForce = new Map<string, SettingsInForce>();

/** The settings of a flow's own code. */
export function defaultsOf({ schedule, onMissed, overlap, input, retries, timeoutMs }: Deployment): FlowSettings {
  return { schedule, onMissed, overlap, input, retries, timeoutMs };
}

/** Why these settings do not fit the flow, null when they do: a schedule that cannot be read, parameters that the flow would refuse. */
export function problemOf(deployment: Deployment, settings: FlowSettings): AppError | null {
  try {
    if (settings.schedule) readSchedule(settings.schedule);
    // The settings are kept as jsonb, which takes neither the letter zero nor half a letter.
    if (plainJson(settings.input) !== JSON.stringify(settings.input)) throw new AppError('FLOW_INPUT_INVALID', 'input: it holds a letter that cannot be stored', { context: { flow: deployment.name } });
    const problem = inputProblemOf(deployment, settings.input);
    return problem && new AppError('FLOW_INPUT_INVALID', `${problem.field === '' ? 'input' : `input.${problem.field}`}: ${problem.message}`, { context: { flow: deployment.name } });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** What holds for a flow, given what is stored (`flows.schedules.settings`, null = nothing). Stored settings that cannot be used give way to the defaults. */
export function settingsInForce(deployment: Deployment, stored: unknown): SettingsInForce {
  const defaults = defaultsOf(deployment);
  if (stored === null || stored === undefined) return { settings: defaults, isCustom: false, problem: null };
  const key = JSON.stringify([deployment, stored]);
  const known = inForce.get(key);
  if (known) return known;
  const parsed = flowSettingsSchema.safeParse(stored);
  const error = parsed.success ? problemOf(deployment, parsed.data) : new Error(`${parsed.error.issues[0]?.path.join('.') || 'settings'}: ${parsed.error.issues[0]?.message ?? 'not valid'}`);
  const result: SettingsInForce = parsed.success && !error
    ? { settings: parsed.data, isCustom: true, problem: null }
    : { settings: defaults, isCustom: false, problem: `Its stored settings cannot be used (${error ? describeError(error) : 'not valid'}); the defaults hold until they are saved again` };
  if (inForce.size >= MAX_KNOWN) inForce.clear();
  inForce.set(key, result);
  return result;
}

/** Stores a person's settings, or with null takes them back. A changed schedule begins now: the scheduler makes up for nothing before. */
export async function saveSettings(db: Queryable, flow: FlowName, settings: FlowSettings | null, now: EpochMs): Promise<void> {
  await db.query('UPDATE flows.schedules SET settings = $2::jsonb, changed_at = $3 WHERE flow = $1', [flow, settings === null ? null : JSON.stringify(settings), at(now)]);
}
