/** The parameters as a part of the evidence: what was found out with some says nothing of the same files with others. */
import { createHash } from 'node:crypto';
import * as z from 'zod';

/** Values by name. */
export type EvidenceParameters = Readonly<Record<string, unknown>>;

const MAX_WORDS = 200;

/** What the check of the source keeps of the parameters. */
const knownSchema = z.object({ facts: z.object({ parameters: z.array(z.object({ name: z.string(), default: z.unknown() })) }) });

/** The defaults that the source says, by the stored check of the files; null while nothing is known of them. */
export function defaultsOf(sourceCheck: unknown): EvidenceParameters | null {
  const known = knownSchema.safeParse(sourceCheck);
  return known.success ? Object.fromEntries(known.data.facts.parameters.map((parameter) => [parameter.name, parameter.default])) : null;
}

/** A name for a set of parameters, the same however they are ordered: 32 hex digits. */
export function parametersHash(parameters: EvidenceParameters): string {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}

/** Parameters in words: "fast 10, slow 30"; "none" without any. */
export function parametersWords(parameters: EvidenceParameters): string {
  const words = Object.entries(parameters).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
  return words === '' ? 'none' : words.length <= MAX_WORDS ? words : `${words.slice(0, MAX_WORDS)}…`;
}
