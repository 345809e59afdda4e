/** Commands about deployed strategies. */
import * as z from 'zod';
import { deployedSchema, deployFields, deploymentLiveSchema, gatesSchema, resourceSchema, strategyIdSchema } from './deploy.ts';
import { projectIdSchema } from './author.ts';
import { request, type CommandContract } from './request.ts';

const service = 'strategy_engine';

/** Its commands. */
export const DEPLOY_COMMANDS = {
  /** Refused with GATE_CLOSED and the gates that are not passed. */
  deployStrategy: { service, input: z.object({ ...request, ...deployFields.deploy }), output: deployedSchema, timeoutMs: 60_000 },
  startStrategy: { service, input: z.object({ ...request, ...deployFields.start }), output: deployedSchema },
  pauseStrategy: { service, input: z.object({ ...request, ...deployFields.pause }), output: deployedSchema },
  stopStrategy: { service, input: z.object({ ...request, ...deployFields.stop }), output: deployedSchema },
  setStrategyLimits: { service, input: z.object({ ...request, ...deployFields.limits }), output: deployedSchema },
  readVerdict: { service, input: z.object({ ...request, ...deployFields.readVerdict }), output: gatesSchema },
  /** The gates of a version in the market that runs. `parameters`: that would be deployed; what is left out has its default. */
  projectGates: { service, input: z.object({ projectId: projectIdSchema, version: z.number().int().min(1), parameters: deployFields.deploy.parameters.optional() }), output: gatesSchema },
  /** What the processes of authored strategies cost, and which strategies cannot run at all (why, in words); by strategy. */
  strategyResources: { service, input: z.object({}), output: z.object({ resources: z.record(z.string(), resourceSchema), problems: z.record(z.string(), z.string()) }) },
  /** What the engine knows of a running strategy: its cells and what its process costs. */
  strategyLive: { service, input: z.object({ strategyId: strategyIdSchema }), output: deploymentLiveSchema.pick({ cells: true, cellsLeftOut: true }).extend({ resource: deploymentLiveSchema.shape.card.shape.resource, state: deploymentLiveSchema.shape.card.shape.state, problem: z.string().nullable() }) },
} as const satisfies Record<string, CommandContract>;
