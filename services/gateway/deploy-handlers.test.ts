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
function withServices(answers: Readonly<Record<string, (input: Record<string, unknown>) => unknown>>, symbols: readonly string[] = []): { handlers: ReturnType<typeof deployHandlers>; calls: Call[] } {
  const calls: Call[] = [];
  const card = { strategyId: 'mine', symbols, isEnabled: true, isStopped: false, isWarm: true, paused: null, limits: null, versionAt: 1, projectId: 'mine', projectVersion: 1, newest: 1 };
  const ctx = {
    config: { mode: 'demo' }, clock: { now: () => 1 }, log: { debug: () => undefined, warn: () => undefined },
    db: { query: (sql: string) => Promise.resolve(sql.includes('AS "strategyId", s.name') ? [card] : []) },
    callCommand(name: string, input: Record<string, unknown>) {
      calls.push({ name, input });
      return Promise.resolve().then(() => answers[name]?.(input));
    },
  };
  return { handlers: deployHandlers({ ctx } as unknown as HandlerParts), calls };
}

const ask = DEPLOY_ROUTES.deployStrategy.input.parse({
  projectId: 'mine', version: 1, name: 'Mine', parameters: {}, symbols: ['AAPL', 'SPY'], timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '1000' }, isStarted: true,
  limits: { maxNotional: '1000', maxOrdersPerDay: 5, maxDailyLoss: '50', maxErrors: 3 },
});

it('lets the symbols of a strategy be followed once it is deployed, those that were named and those that a screen found', async () => {
  const watched = { setWatched: () => ({ changed: ['SPY'], refused: [] }) };
  const named = withServices({ ...watched, deployStrategy: () => deployed }, ['AAPL', 'SPY']);
  expect(await named.handlers.deployStrategy(ask, request)).toEqual(deployed);
  expect(named.calls.map(({ name }) => name)).toEqual(['deployStrategy', 'setWatched']);
  expect(named.calls[1]?.input).toMatchObject({ symbols: ['AAPL', 'SPY'], isWatched: true });
  expect(named.calls[0]?.input).toMatchObject({ actor: 'ann', idempotencyKey: 'press-1-abc' });
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

it('neither follows nor lets go anything for a deployment that was refused, and follows where nobody knows what became of it', async () => {
  const failing = (code: 'GATE_CLOSED' | 'INPUT_INVALID' | 'UNIT_TIMEOUT', watched: () => unknown = () => ({ changed: ['SPY'], refused: [] })) => withServices({
    setWatched: watched,
    deployStrategy: () => {
      throw new AppError(code, 'Not now');
    },
  });
  const wishes = async ({ handlers, calls }: ReturnType<typeof withServices>) => {
    await expect(handlers.deployStrategy(ask, request)).rejects.toThrow('Not now');
    return calls.filter(({ name }) => name === 'setWatched').map(({ input }) => [input['symbols'], input['isWatched']]);
  };
  expect(await wishes(failing('GATE_CLOSED'))).toEqual([]);
  expect(await wishes(failing('INPUT_INVALID'))).toEqual([]);
  expect(await wishes(failing('UNIT_TIMEOUT'))).toEqual([[['AAPL', 'SPY'], true]]);
  // The first silence stays the answer, also where following fails.
  expect(await wishes(failing('UNIT_TIMEOUT', () => { throw new AppError('UNIT_TIMEOUT', 'No answer'); }))).toHaveLength(1);
});

it('takes no symbol away from a strategy that was deployed while another one on it was judged and refused', async () => {
  const watched = new Set<string>();
  const judged = Promise.withResolvers<never>();
  let asked = 0;
  const { handlers } = withServices({
    setWatched: ({ symbols, isWatched }) => {
      const changed = (symbols as string[]).filter((symbol) => watched.has(symbol) !== isWatched);
      for (const symbol of changed) isWatched === true ? watched.add(symbol) : watched.delete(symbol);
      return { changed, refused: [] };
    },
    deployStrategy: () => {
      asked += 1;
      return asked === 1 ? judged.promise : deployed;
    },
  }, ['AAPL', 'SPY']);
  const first = handlers.deployStrategy(ask, request);
  await handlers.deployStrategy(ask, { ...request, idempotencyKey: 'press-2-abc' });
  judged.reject(new AppError('GATE_CLOSED', 'Not now'));
  await expect(first).rejects.toMatchObject({ code: 'GATE_CLOSED' });
  expect([...watched]).toEqual(['AAPL', 'SPY']);
});

it('says that a strategy is deployed where its symbols cannot be followed, and follows them when it is asked once more', async () => {
  const answers: (() => unknown)[] = [() => { throw new AppError('UNIT_TIMEOUT', 'The part data_ingestion does not answer.'); }, () => ({ changed: ['SPY'], refused: [] })];
  const { handlers, calls } = withServices({ deployStrategy: () => deployed, setWatched: () => answers.shift()?.() }, ['AAPL', 'SPY']);
  await expect(handlers.deployStrategy(ask, request)).rejects.toMatchObject({ code: 'UNIT_TIMEOUT', message: expect.stringMatching(/^It is deployed, but .* does not answer\. Deploy once more/) as unknown });
  expect(await handlers.deployStrategy(ask, request)).toEqual(deployed);
  expect(calls.map(({ name }) => name)).toEqual(['deployStrategy', 'setWatched', 'deployStrategy', 'setWatched']);
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
