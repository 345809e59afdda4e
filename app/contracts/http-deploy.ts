/** Routes about deployed strategies. */
import * as z from 'zod';
import { versionAsk } from './author.ts';
import { deployedSchema, deployFields, deploymentCardSchema, deploymentLiveSchema, gatesSchema, parityDaySchema, strategyIdSchema, strategyLogLineSchema } from './deploy.ts';
import type { RouteContract } from './route.ts';

const session = 'session';
const one = z.object({ strategyId: strategyIdSchema });

/** Its routes. */
export const DEPLOY_ROUTES = {
  gates: { method: 'GET', path: '/api/projects/:projectId/versions/:version/gates', auth: session, movesMoney: false, summary: 'What stands between a version and the market that runs', input: versionAsk.extend({ parameters: z.string().max(8_000).optional().describe('Those that would be deployed, as a JSON object; what is left out has its default') }), output: gatesSchema },
  readVerdict: { method: 'POST', path: '/api/projects/:projectId/versions/:version/verdict-read', auth: session, movesMoney: true, summary: 'A person has read the verdict of a back-test', input: z.object(deployFields.readVerdict), output: gatesSchema },
  deployStrategy: { method: 'POST', path: '/api/deployed', auth: session, movesMoney: true, summary: 'Let a version trade in the market that runs', timeoutMs: 60_000, input: z.object(deployFields.deploy), output: deployedSchema },
  deployed: { method: 'GET', path: '/api/deployed', auth: session, movesMoney: false, summary: 'Deployed strategies with state, P&L, errors and parity', input: z.object({ projectId: versionAsk.shape.projectId.optional() }), output: z.object({ deployed: z.array(deploymentCardSchema), at: z.number().int() }) },
  deployedLive: { method: 'GET', path: '/api/deployed/:strategyId', auth: session, movesMoney: false, summary: 'What a deployed strategy does now', input: one, output: deploymentLiveSchema },
  strategyLog: { method: 'GET', path: '/api/deployed/:strategyId/log', auth: session, movesMoney: false, summary: 'What a deployed strategy wrote into its log', input: one.extend({ afterSeq: z.coerce.number().int().min(0).optional(), limit: z.coerce.number().int().min(1).max(500).default(200) }), output: z.object({ lines: z.array(strategyLogLineSchema) }) },
  strategyParity: { method: 'GET', path: '/api/deployed/:strategyId/parity', auth: session, movesMoney: false, summary: 'Days that were traded, compared with the same days run again', input: one.extend({ limit: z.coerce.number().int().min(1).max(250).default(30) }), output: z.object({ days: z.array(parityDaySchema) }) },
  startStrategy: { method: 'POST', path: '/api/deployed/:strategyId/start', auth: session, movesMoney: true, summary: 'Let a paused or stopped strategy raise signals again', input: z.object(deployFields.start), output: deployedSchema },
  pauseStrategy: { method: 'POST', path: '/api/deployed/:strategyId/pause', auth: session, movesMoney: true, summary: 'No new signals; what it holds stays held', input: z.object(deployFields.pause), output: deployedSchema },
  stopStrategy: { method: 'POST', path: '/api/deployed/:strategyId/stop', auth: session, movesMoney: true, summary: 'End a strategy, and keep or sell what it holds', input: z.object(deployFields.stop), output: deployedSchema.extend({ words: z.string() }) },
  setStrategyLimits: { method: 'POST', path: '/api/deployed/:strategyId/limits', auth: session, movesMoney: true, summary: 'New limits of one strategy', input: z.object(deployFields.limits), output: deployedSchema },
} as const satisfies Record<string, RouteContract>;
