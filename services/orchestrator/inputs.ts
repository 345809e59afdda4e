/** Parameters of a flow against the schema that its service announced: what is wrong, and with which of them. */
import * as z from 'zod';
import type { Deployment } from '#app/contracts/flows.ts';

/** What is wrong with parameters. `field`: which one, '' for all of them. */
export type InputProblem = { readonly field: string; readonly message: string };

/** The first thing that the flow would refuse, null when it takes them all. */
export function inputProblemOf(deployment: Deployment, input: unknown): InputProblem | null {
  const schema = z.fromJSONSchema(deployment.inputJsonSchema as Parameters<typeof z.fromJSONSchema>[0]);
  const issue = schema.safeParse(input).error?.issues[0];
  if (!issue) return null;
  if (issue.code !== 'unrecognized_keys') return { field: issue.path.join('.'), message: issue.message };
  const known = Object.keys((deployment.inputJsonSchema['properties'] as Record<string, unknown> | undefined) ?? {});
  const rest = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`;
  return { field: [...issue.path, issue.keys[0] ?? ''].join('.'), message: issue.path.length > 0 ? 'is not known there' : `the flow has no such parameter; ${rest}` };
}
