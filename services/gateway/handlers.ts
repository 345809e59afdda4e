/** One handler per route of the contract; a missing one does not compile. */
import { randomUUID } from 'node:crypto';
import type { CommandAsk, CommandName, CommandOutput } from '#app/contracts/commands.ts';
import { invariant } from '#app/domain/errors.ts';
import { REDIS_DB } from '#chassis/bus.ts';
import type { ServiceContext } from '#chassis/service.ts';
import type { Caller } from './guard.ts';
import type { HandlerParts, Handlers, RequestContext } from './handler-types.ts';
import type { Orchestrator } from './orchestrator.ts';
import { alertHandlers } from './alert-handlers.ts';
import { authorHandlers } from './author-handlers.ts';
import { bulkHandlers } from './bulk-handlers.ts';
import { chartHandlers } from './chart-handlers.ts';
import { accountHandlers } from './account-handlers.ts';
import { configurationHandlers } from './configuration-handlers.ts';
import { deployHandlers } from './deploy-handlers.ts';
import { explainHandlers } from './explain-handlers.ts';
import { feedHandlers } from './feed-handlers.ts';
import { qualityHandlers } from './quality-handlers.ts';
import { screenerHandlers } from './screener-handlers.ts';
import { storageHandlers } from './storage-handlers.ts';
import { studioHandlers } from './studio-handlers.ts';
import { readAccount } from './queries/account.ts';
import { readFindings, readLedgerEntries, readReconciliations } from './queries/books.ts';
import { readLogs } from './queries/logs.ts';
import { readInvariants, readNotices, readSymbols, readTradingState, readWatermarks } from './queries/control.ts';
import { readCurve } from './queries/curve.ts';
import { readDeliveries } from './queries/deliveries.ts';
import { readDecisions, readFills, readOrders, readStory } from './queries/orders.ts';
import { readDays, readStrategies } from './queries/performance.ts';
import { readPositions } from './queries/positions.ts';
import { readProof } from './proof.ts';
import { readReports } from './reports-door.ts';

const UI_STATE_KEY = 'ui-state';
const UI_STATE_LIFE_MS = 365 * 86_400_000;
const accepted = { accepted: true } as const;

/** The name under which a caller's acts are written down. */
export function actorOf(caller: Caller): string {
  return caller.kind === 'browser' ? `browser:${caller.session.id.slice(0, 8)}` : caller.kind;
}

type CommandRoute =
  | 'sendTest' | 'placeOrder' | 'previewOrder' | 'replaceOrder' | 'previewReplaceOrder' | 'reducePosition' | 'reversePosition' | 'cancelOrder' | 'flatten' | 'setTradingState' | 'setRiskLimits' | 'setStrategyEnabled' | 'applyRemedy' | 'dismissFinding';

/** Routes that ask the service which owns the matter. */
function commandHandlers(ctx: ServiceContext): Pick<Handlers, CommandRoute> {
  type Body<N extends CommandName> = Omit<CommandAsk<N>, 'idempotencyKey' | 'actor'>;
  const command = <N extends CommandName>(name: N, body: Body<N>, request: RequestContext): Promise<CommandOutput<N>> =>
    ctx.callCommand(name, { ...body, idempotencyKey: request.idempotencyKey, actor: request.actor } as unknown as CommandAsk<N>);
  return {
    placeOrder: (input, request) => command('manualOrder', input, request),
    previewOrder: (input, request) => command('previewOrder', input, request),
    replaceOrder: (input, request) => command('replaceOrder', input, request),
    previewReplaceOrder: (input, request) => command('previewReplace', input, request),
    reducePosition: (input, request) => command('reducePosition', input, request),
    reversePosition: (input, request) => command('reversePosition', input, request),
    applyRemedy: (input, request) => command('applyRemedy', input, request),
    dismissFinding: (input, request) => command('dismissFinding', input, request),
    cancelOrder: (input, request) => command('cancelOrder', input, request),
    flatten: (input, request) => command('flatten', input, request),
    setTradingState: (input, request) => command('setTradingState', input, request),
    setRiskLimits: (input, request) => command('setRiskLimits', input, request),
    setStrategyEnabled: (input, request) => command('setStrategyEnabled', input, request),
    sendTest: (input, request) => command('sendTest', input, request),
  };
}

type FlowRoute = 'deployments' | 'flowDays' | 'flowChanges' | 'runs' | 'run' | 'runLogs' | 'runFlow' | 'pauseFlow' | 'resumeFlow' | 'saveFlowSettings' | 'previewSchedule' | 'cancelRun' | 'retryRun';

/** Routes that ask the orchestrator. */
function flowHandlers({ ask }: Orchestrator): Pick<Handlers, FlowRoute> {
  return {
    deployments: (input) => ask('deployments', input),
    flowDays: (input) => ask('flowDays', input),
    flowChanges: (input) => ask('flowChanges', input),
    runs: (input) => ask('runs', input),
    run: (input) => ask('run', input),
    runLogs: (input) => ask('runLogs', input),
    runFlow: ({ flow, input }, { actor, idempotencyKey }) => ask('runFlow', { flow, input, idempotencyKey, actor }),
    pauseFlow: (input, { actor }) => ask('pauseFlow', { ...input, actor }),
    resumeFlow: (input, { actor }) => ask('resumeFlow', { ...input, actor }),
    saveFlowSettings: (input, { actor }) => ask('saveFlowSettings', { ...input, actor }),
    previewSchedule: (input) => ask('previewSchedule', input),
    cancelRun: (input, { actor }) => ask('cancelRun', { ...input, actor }),
    retryRun: (input, { actor, idempotencyKey }) => ask('retryRun', { ...input, actor, idempotencyKey }),
  };
}

/** What the supervisor is asked. */
function unitHandlers(ctx: HandlerParts['ctx']): Pick<Handlers, 'startUnit' | 'stopUnit' | 'restartUnit' | 'unitLogs' | 'unitHistory' | 'loginLink'> {
  return {
    startUnit: (input) => ctx.request('startUnit', { unitId: input.unitId }),
    stopUnit: (input) => ctx.request('stopUnit', { unitId: input.unitId }),
    restartUnit: (input) => ctx.request('restartUnit', { unitId: input.unitId }),
    unitLogs: (input) => ctx.request('unitLogs', { unitId: input.unitId, lines: input.lines, ...(input.afterSeq === undefined ? {} : { afterSeq: input.afterSeq }) }),
    unitHistory: (input) => ctx.request('unitHistory', { unitId: input.unitId ?? null, limit: input.limit }),
    loginLink: () => ctx.request('loginLink', {}),
  };
}

/** Builds the table of handlers. */
export function createHandlers(parts: HandlerParts): Handlers {
  const { ctx, sessions, status, orchestrator } = parts;
  const { db } = ctx;
  const uiState = ctx.bus.cache(REDIS_DB.session);

  return {
    async session(_input, request) {
      const { caller } = request;
      invariant(ctx.config.gateway, 'The gateway has its secrets');
      const saved: unknown = await uiState.get(UI_STATE_KEY);
      return {
        token: caller.kind === 'browser' ? sessions.headerToken(caller.session) : ctx.config.gateway.apiToken,
        mode: ctx.config.mode, version: ctx.config.version, instanceId: ctx.config.instanceId, actor: request.actor,
        uiState: typeof saved === 'object' && saved !== null && !Array.isArray(saved) ? (saved as Record<string, unknown>) : {}, serverTime: ctx.clock.now(),
      };
    },
    async saveUiState(input) {
      await uiState.set(UI_STATE_KEY, input.uiState, UI_STATE_LIFE_MS);
      return accepted;
    },
    account: () => readAccount(db),
    equity: async (input) => ({ range: input.range, ...(await readCurve(db, input.range, input.benchmark)) }),
    positions: async () => ({ positions: await readPositions(db) }),
    orders: (input) => readOrders(db, input),
    orderStory: (input) => readStory(db, input.decisionId),
    decisions: (input) => readDecisions(db, input),
    fills: (input) => readFills(db, input),
    pnlByDay: async (input) => ({ days: await readDays(db, input.limit) }),
    strategies: () => readStrategies(db),
    tradingState: () => readTradingState(db),
    symbols: async (input) => ({ symbols: await readSymbols(db, input.query.trim(), input.limit) }),
    notices: async (input) => ({ notices: await readNotices(db, input.limit) }),
    deliveries: (input) => readDeliveries(db, input, ctx.clock.now()),
    market: async () => (await status.read()).market,
    reports: async (input) => ({ reports: await readReports(db, input.limit) }),

    reconciliations: async (input) => ({ reconciliations: await readReconciliations(db, input) }),
    findings: async (input) => ({ findings: await readFindings(db, input) }),
    ledgerEntries: async (input) => ({ entries: await readLedgerEntries(db, input.limit) }),
    proof: async () => ({ proof: await readProof() }),
    kill: (input, { actor, idempotencyKey }) => ctx.request('kill', { ...input, actor, key: idempotencyKey }),

    ...commandHandlers(ctx),

    async stack() {
      const now = await status.read();
      return { stack: now.stack, verdict: now.verdict, market: now.market };
    },
    pipeline: async () => ({ watermarks: await readWatermarks(db), at: ctx.clock.now() }),
    async invariants() {
      const began = performance.now();
      return { invariants: await readInvariants(db), tookMs: performance.now() - began, at: ctx.clock.now() };
    },
    logs: (input) => readLogs(db, input),
    ...unitHandlers(ctx),
    ...flowHandlers(orchestrator),
    ...alertHandlers(parts),
    ...authorHandlers(parts),
    ...bulkHandlers(parts),
    ...chartHandlers(parts),
    ...configurationHandlers(parts),
    ...accountHandlers(parts),
    ...deployHandlers(parts),
    ...explainHandlers(parts),
    ...feedHandlers(parts),
    ...qualityHandlers(parts),
    ...screenerHandlers(parts),
    ...storageHandlers(parts),
    ...studioHandlers(parts),
  };
}

/** A key for requests that need none from the caller. */
export function freshKey(): string {
  return `gateway-${randomUUID()}`;
}
