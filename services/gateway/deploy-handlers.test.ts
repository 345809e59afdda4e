/** What pages ask of deployed strategies, and in which order other services are asked for it. */
import { expect, it } from 'vitest';
import type { CommandOutput } from '#app/contracts/commands.ts';
import { DEPLOY_ROUTES } from '#app/contracts/http-deploy.ts';
import { AppError } from '#app/domain/errors.ts';
import { deployHandlers } from './deploy-handlers.ts';
import type { HandlerParts, RequestContext } from './handler-types.ts';

type Call = { readonly name: string; readonly input: Record<string, unknown> };
type Decision = CommandOutput<'flatten'>['decisions'][number];
const request: RequestContext = { caller: { kind: 'token' } as RequestContext['caller'], actor: 'ann', idempotencyKey: 'press-1-abc' };
const deployed = { strategyId: 'mine', versionId: 'mine.v1', state: 'running' as const };

/** Handlers whose other services answer by their names; what they were asked is noted. `symbols`: of the card in the book. */
function withServices(answers: Readonly<Record<string, () => unknown>>, symbols: readonly string[] = []): { handlers: ReturnType<typeof deployHandlers>; calls: Call[] } {
  const calls: Call[] = [];
  const card = { strategyId: 'mine', symbols, isEnabled: true, isStopped: false, isWarm: true, paused: null, limits: null, versionAt: 1, projectId: 'mine', projectVersion: 1, newest: 1 };
  const ctx = {
    config: { mode: 'demo' }, clock: { now: () => 1 }, log: { debug: () => undefined, warn: () => undefined },
    db: { query: (sql: string) => Promise.resolve(sql.includes('AS "strategyId", s.name') ? [card] : []) },
    callCommand(name: string, input: Record<string, unknown>) {
      calls.push({ name, input });
      return Promise.resolve().then(() => answers[name]?.());
    },
  };
  return { handlers: deployHandlers({ ctx } as unknown as HandlerParts), calls };
}

const ask = DEPLOY_ROUTES.deployStrategy.input.parse({
  projectId: 'mine', version: 1, name: 'Mine', parameters: {}, symbols: ['AAPL', 'SPY'], timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '1000' }, isStarted: true,
  limits: { maxNotional: '1000', maxOrdersPerDay: 5, maxDailyLoss: '50', maxErrors: 3 },
});

it('lets symbols be followed before a strategy that needs their bars is deployed, by name, and those of a screen once it has said them', async () => {
  const watched = { setWatched: () => ({ changed: ['SPY'], refused: [] }) };
  const named = withServices({ ...watched, deployStrategy: () => deployed }, ['AAPL', 'SPY']);
  expect(await named.handlers.deployStrategy(ask, request)).toEqual(deployed);
  expect(named.calls.map(({ name }) => name)).toEqual(['setWatched', 'deployStrategy']);
  expect(named.calls[0]?.input).toMatchObject({ symbols: ['AAPL', 'SPY'], isWatched: true });
  expect(named.calls[1]?.input).toMatchObject({ actor: 'ann', idempotencyKey: 'press-1-abc' });
  const { symbols: _named, ...rest } = ask;
  const screened = withServices({ ...watched, deployStrategy: () => deployed }, ['MSFT', 'QQQ']);
  await screened.handlers.deployStrategy({ ...rest, screenId: 'screen-1234' }, request);
  expect(screened.calls.map(({ name }) => name)).toEqual(['deployStrategy', 'setWatched']);
  expect(screened.calls[1]?.input).toMatchObject({ symbols: ['MSFT', 'QQQ'], isWatched: true });
  const every = withServices({ deployStrategy: () => deployed }, ['*']);
  await every.handlers.deployStrategy({ ...ask, symbols: ['*'] }, request);
  expect(every.calls.map(({ name }) => name)).toEqual(['deployStrategy']);
});

it('asks for the gates of the parameters that are named in the address, and refuses what is no object', async () => {
  const gates = { projectId: 'mine', version: 1, hash: 'a', mode: 'demo' as const, isOpen: true, gates: [] };
  const { handlers, calls } = withServices({ projectGates: () => gates });
  await handlers.gates({ projectId: 'mine', version: 1, parameters: '{"fast":10}' }, request);
  await handlers.gates({ projectId: 'mine', version: 1 }, request);
  expect(calls.map(({ input }) => input)).toEqual([{ projectId: 'mine', version: 1, parameters: { fast: 10 } }, { projectId: 'mine', version: 1, parameters: {} }]);
  for (const parameters of ['{"fast"', '[1]', 'null', '7']) await expect(Promise.resolve().then(() => handlers.gates({ projectId: 'mine', version: 1, parameters }, request))).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('JSON object') as string });
});

it('lets go again what it began to follow for a deployment that was refused, and keeps it where nobody knows what became of it', async () => {
  const failing = (code: 'GATE_CLOSED' | 'INPUT_INVALID' | 'UNIT_TIMEOUT', changed: readonly string[], again?: () => never) => {
    let asked = 0;
    return withServices({
      setWatched: () => {
        asked += 1;
        return asked > 1 && again !== undefined ? again() : { changed, refused: [] };
      },
      deployStrategy: () => {
        throw new AppError(code, 'Not now');
      },
    });
  };
  const wishes = async ({ handlers, calls }: ReturnType<typeof withServices>) => {
    await expect(handlers.deployStrategy(ask, request)).rejects.toThrow('Not now');
    return calls.filter(({ name }) => name === 'setWatched').map(({ input }) => [input['symbols'], input['isWatched']]);
  };
  // AAPL was followed before, for another reason.
  expect(await wishes(failing('GATE_CLOSED', ['SPY']))).toEqual([[['AAPL', 'SPY'], true], [['SPY'], false]]);
  expect(await wishes(failing('INPUT_INVALID', []))).toEqual([[['AAPL', 'SPY'], true]]);
  expect(await wishes(failing('UNIT_TIMEOUT', ['SPY']))).toEqual([[['AAPL', 'SPY'], true]]);
  // What was refused stays the answer, also where letting go fails.
  expect(await wishes(failing('GATE_CLOSED', ['SPY'], () => { throw new AppError('UNIT_TIMEOUT', 'No answer'); }))).toHaveLength(2);
});

it('stops a strategy before what it holds is sold, its own share alone, and says what became of it', async () => {
  const stop = { strategyId: 'mine', positions: 'flatten' as const, reason: '' };
  const answer = { ...deployed, state: 'stopped' as const };
  const decisions = (found: readonly Partial<Decision>[]) => ({ stopStrategy: () => answer, flatten: () => ({ decisions: found }) });
  const sold = withServices(decisions([{ outcome: 'approved', message: '' }, { outcome: 'denied', message: 'The market is closed.' }]));
  expect((await sold.handlers.stopStrategy(stop, request)).words).toBe('It is stopped. 1 order closes what it holds. Not ordered: The market is closed.');
  expect(sold.calls.map(({ name, input }) => [name, input['strategyId'], input['idempotencyKey']])).toEqual([['stopStrategy', 'mine', 'press-1-abc'], ['flatten', 'mine', 'press-1-abc']]);
  expect(sold.calls[1]?.input).toMatchObject({ symbol: null });
  expect((await withServices(decisions([])).handlers.stopStrategy(stop, request)).words).toMatch(/held nothing/);
  const kept = withServices(decisions([]));
  expect((await kept.handlers.stopStrategy({ ...stop, positions: 'keep' }, request)).words).toMatch(/stays held/);
  expect(kept.calls.map(({ name }) => name)).toEqual(['stopStrategy']);
});

it('says that a strategy is stopped where risk management cannot be asked to sell, and sells nothing where it could not be stopped', async () => {
  const stop = { strategyId: 'mine', positions: 'flatten' as const, reason: '' };
  const away = withServices({
    stopStrategy: () => ({ ...deployed, state: 'stopped' }),
    flatten: () => {
      throw new AppError('UNIT_TIMEOUT', 'Risk management does not answer.');
    },
  });
  await expect(away.handlers.stopStrategy(stop, request)).rejects.toMatchObject({ code: 'UNIT_TIMEOUT', message: expect.stringMatching(/It is stopped, but what it holds was not sold: .* Stop it once more/) as unknown });
  const refused = withServices({
    stopStrategy: () => {
      throw new AppError('STRATEGY_NOT_FOUND', 'There is no strategy "mine"');
    },
  });
  await expect(refused.handlers.stopStrategy(stop, request)).rejects.toMatchObject({ code: 'STRATEGY_NOT_FOUND' });
  expect(refused.calls).toHaveLength(1);
});
