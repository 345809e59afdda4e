/** The screener's part of the HTTP contract. */
import * as z from 'zod';
import type { RouteContract } from './route.ts';
import { modelStateSchema, savedScreenSchema, screenAnswerSchema, screenDefinitionSchema, screenResultSchema, screenRunSchema, screenSaveSchema } from './screener.ts';

const screen = z.object({ screenId: z.string().min(1).max(64) });

/** Routes of the screener. */
export const SCREENER_ROUTES = {
  screens: { method: 'GET', path: '/api/screens', auth: 'session', movesMoney: false, summary: 'Saved screens', input: z.object({}), output: z.object({ screens: z.array(savedScreenSchema) }) },
  runScreen: { method: 'POST', path: '/api/screens/run', auth: 'session', movesMoney: false, summary: 'Find the symbols for which all filters are true, now or at the end of a past day', input: z.object({ definition: screenDefinitionSchema }), output: screenResultSchema, timeoutMs: 60_000 },
  saveScreen: { method: 'POST', path: '/api/screens', auth: 'session', movesMoney: false, summary: 'Save a screen, new or changed', input: screenSaveSchema, output: savedScreenSchema },
  deleteScreen: { method: 'POST', path: '/api/screens/:screenId/delete', auth: 'session', movesMoney: false, summary: 'Forget a saved screen', input: screen, output: z.object({ accepted: z.literal(true) }) },
  screenRuns: { method: 'GET', path: '/api/screens/:screenId/runs', auth: 'session', movesMoney: false, summary: 'Who came in and who left, newest run first', input: screen.extend({ limit: z.coerce.number().int().min(1).max(200).default(50) }), output: z.object({ runs: z.array(screenRunSchema) }) },
  askScreen: { method: 'POST', path: '/api/screens/ask', auth: 'session', movesMoney: false, summary: 'Turn a wish in plain words into filters', input: z.object({ text: z.string().trim().min(1).max(400), useModel: z.boolean().default(false) }), output: screenAnswerSchema, timeoutMs: 40_000 },
  screenModel: { method: 'GET', path: '/api/screens/model', auth: 'session', movesMoney: false, summary: 'Whether a local language model can help', input: z.object({}), output: modelStateSchema },
  screenToStrategy: {
    method: 'POST', path: '/api/screens/:screenId/universe', auth: 'session', movesMoney: true, summary: 'Let a strategy work on the symbols that a screen finds now',
    input: screen.extend({ strategyId: z.string().min(1).max(64) }), output: z.object({ strategyId: z.string(), symbols: z.array(z.string()), skipped: z.array(z.object({ symbol: z.string(), reason: z.string() })) }),
  },
} as const satisfies Record<string, RouteContract>;
