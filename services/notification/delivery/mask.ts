/** A receiver may repeat what it was given: what it says is kept without our secrets. */
import type { Outcome } from './store.ts';

const MASK = '[secret]';
/** Shorter words would tear holes into every sentence. */
const LEAST_LENGTH = 4;

/** An outcome whose words have none of these secrets, neither as they are nor as base64. Long ones go first. */
export function masked(outcome: Outcome, secrets: readonly (string | null)[]): Outcome {
  const known = secrets.filter((secret) => secret !== null && secret.length >= LEAST_LENGTH).flatMap((secret) => (secret === null ? [] : [secret, Buffer.from(secret).toString('base64')])).sort((a, b) => b.length - a.length);
  const safe = (text: string): string => known.reduce((words, secret) => words.replaceAll(secret, MASK), text);
  if (outcome.status === 'sent') return { ...outcome, response: outcome.response === null ? null : safe(outcome.response) };
  return { ...outcome, reason: safe(outcome.reason) };
}
