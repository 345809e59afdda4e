/** The account over REST: what configuration forbids, what corporate actions and cash do to the books, how history is told, how orders are listed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeTestFolder, startTestSimulator, type TestSimulator } from './testing.ts';

let sim: TestSimulator;
beforeAll(async () => {
  sim = await startTestSimulator({ options: { account: { multiplier: 2, isShortingEnabled: true } } });
  await sim.step(2);
});
afterAll(async () => {
  await sim.close();
  removeTestFolder(sim.folder);
});
const read = async <T>(target: string): Promise<T> => (await (await sim.get(target)).json()) as T;
const post = async (body: object): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> => {
  const response = await sim.send('POST', '/v2/orders', { symbol: 'KO', qty: '1', side: 'buy', type: 'market', time_in_force: 'day', ...body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const configure = async (body: object): Promise<unknown> => (await sim.send('PATCH', '/v2/account/configurations', body)).json();
const dayAfter = (days: number): string => new Date(sim.simulator.broker.now() + days * 86_400_000).toISOString().slice(0, 10);
/** Lets the tape pass to the next session's first minute. */
const nextDay = async (): Promise<void> => {
  const before = new Date(sim.simulator.broker.now()).toISOString().slice(0, 10);
  while (new Date(sim.simulator.broker.now()).toISOString().slice(0, 10) === before) await sim.step(130);
};

describe('configuration', () => {
  it('suspends trading, forbids shorts and fractions, lowers the margin, and is kept', async () => {
    expect(await configure({ suspend_trade: true })).toMatchObject({ suspend_trade: true });
    expect((await post({})).status).toBe(403);
    expect(await read('/v2/account')).toMatchObject({ trade_suspended_by_user: true });
    await configure({ suspend_trade: false, no_shorting: true, fractional_trading: false, max_margin_multiplier: '1', trade_confirm_email: 'all' });
    expect((await post({ side: 'sell', symbol: 'XOM' })).status).toBe(403);
    expect((await post({ qty: '0.5' })).status).toBeGreaterThanOrEqual(403);
    expect(await read('/v2/account')).toMatchObject({ multiplier: '1', buying_power: '100000', shorting_enabled: false });
    expect(await read('/v2/account/configurations')).toMatchObject({ no_shorting: true, fractional_trading: false, max_margin_multiplier: '1', trade_confirm_email: 'all' });
    await configure({ no_shorting: false, fractional_trading: true, max_margin_multiplier: '2' });
    expect(await read('/v2/account')).toMatchObject({ multiplier: '2', buying_power: '200000', shorting_enabled: true });
    expect((await sim.send('PATCH', '/v2/account/configurations', { max_margin_multiplier: '4' })).status).toBe(422);
  });
});

describe('lists of orders', () => {
  it('roll legs up when asked, and find them by side, symbol and place', async () => {
    const { body: bracket } = await post({ type: 'limit', limit_price: '5', order_class: 'bracket', take_profit: { limit_price: '6' }, stop_loss: { stop_price: '4' }, client_order_id: 'group' });
    const { body: plain } = await post({ type: 'limit', limit_price: '4.5', symbol: 'XOM', client_order_id: 'plain' });
    expect((bracket['legs'] as { status: string }[]).map((leg) => leg.status)).toEqual(['held', 'held']);
    type Row = { readonly client_order_id: string; readonly legs: unknown[] | null };
    const names = async (query: string): Promise<string[]> => (await read<Row[]>(`/v2/orders?${query}`)).map((order) => (/^(group|plain)$/.test(order.client_order_id) ? order.client_order_id : 'leg'));
    expect(await names('nested=true')).toEqual(['plain', 'group']);
    expect(await names('direction=asc')).toEqual(['group', 'leg', 'leg', 'plain']);
    expect(await names('side=sell')).toEqual(['leg', 'leg']);
    expect(await names('symbols=XOM')).toEqual(['plain']);
    expect(await names(`after_order_id=${String(bracket['id'])}&nested=true`)).toEqual(['plain']);
    expect(await names(`before_order_id=${String(plain['id'])}&limit=1&direction=asc`)).toEqual(['group']);
    expect(await names('asset_class=crypto')).toEqual([]);
    expect((await read<Row>(`/v2/orders/${String(bracket['id'])}?nested=true`)).legs).toHaveLength(2);
    expect((await read<Row>(`/v2/orders/${String(bracket['id'])}`)).legs).toBeNull();
    const gone = await sim.send('DELETE', '/v2/orders');
    expect([gone.status, ((await gone.json()) as object[]).length]).toEqual([207, 2]);
    expect(await names('status=open')).toEqual([]);
  });
});

describe('a closed entry', () => {
  it('shows the exit that has taken the place of another', async () => {
    const { body: entry } = await post({ order_class: 'bracket', take_profit: { limit_price: '900' }, stop_loss: { stop_price: '4' } });
    await sim.step();
    type Row = { readonly id: string; readonly status: string; readonly type: string; readonly stop_price: string | null; readonly replaces: string | null };
    const legs = async (): Promise<readonly Row[]> => (await read<{ readonly legs: readonly Row[] }>(`/v2/orders/${String(entry['id'])}?nested=true`)).legs;
    const stop = (await legs()).find((leg) => leg.type === 'stop');
    expect((await read<Row>(`/v2/orders/${String(entry['id'])}`)).status).toBe('filled');
    const moved = (await (await sim.send('PATCH', `/v2/orders/${stop?.id}`, { stop_price: '5' })).json()) as Row;
    expect((await legs()).map((leg) => [leg.type, leg.status, leg.stop_price])).toEqual([['limit', 'new', null], ['stop', 'held', '5']]);
    expect((await legs())[1]).toMatchObject({ id: moved.id, replaces: stop?.id });
    await sim.send('DELETE', `/v2/orders/${moved.id}`);
    await sim.send('DELETE', '/v2/positions/KO');
    await sim.step();
    expect(await read('/v2/positions')).toEqual([]);
  });
});

describe('corporate actions, cash and history', () => {
  it('pays out no more cash than there is, and says so', async () => {
    await expect(sim.control('transfer', { amount: '-900000' })).rejects.toMatchObject({ context: { answer: { code: 40310000, message: 'insufficient funds for the transfer' } } });
    expect(await read('/v2/account/activities/TRANS')).toEqual([]);
  });
  it('splits shares and prices, pays dividends, and tells all of it in the activities', async () => {
    await post({ qty: '10', client_order_id: 'held' });
    await sim.step();
    const [before, equity] = [await read<{ current_price: string }>('/v2/positions/KO'), Number((await read<{ equity: string }>('/v2/account')).equity)];
    expect(Number(before.current_price)).toBeGreaterThan(30);
    await sim.control('corporate-actions', { kind: 'split', symbol: 'KO', oldRate: '1', newRate: '2', exDate: dayAfter(1) });
    await sim.control('corporate-actions', { kind: 'cash_dividend', symbol: 'KO', cash: '0.5', exDate: dayAfter(1) });
    await sim.control('transfer', { amount: '500' });
    await nextDay();
    await sim.step(2);
    const after = await read<{ qty: string; current_price: string }>('/v2/positions/KO');
    expect(after.qty).toBe('20');
    expect(Number(after.current_price)).toBeLessThan(Number(before.current_price) * 0.7);
    // Neither the split nor the market's little walk makes anybody rich.
    expect(Math.abs(Number((await read<{ equity: string }>('/v2/account')).equity) - equity - 510)).toBeLessThan(60);
    type Activity = { readonly id: string; readonly activity_type: string; readonly qty?: string; readonly net_amount?: string };
    const all = await read<Activity[]>('/v2/account/activities?direction=asc');
    const list = all.slice(all.findIndex((one) => one.activity_type === 'FILL' && one.qty === '10'));
    expect(list.map((one) => `${one.activity_type} ${one.qty ?? ''} ${one.net_amount ?? ''}`.trim())).toEqual(['FILL 10', 'CSD  500', 'SPLIT 10 0', 'DIV 20 10']);
    expect((await read<Activity[]>('/v2/account/activities/TRANS')).map((one) => one.activity_type)).toEqual(['CSD']);
    expect((await read<Activity[]>('/v2/account/activities?category=non_trade_activity')).length).toBe(3);
    expect((await read<Activity[]>(`/v2/account/activities?direction=asc&page_size=2&page_token=${list[1]?.id}`)).map((one) => one.id)).toEqual(list.slice(2).map((one) => one.id));
    expect(await read(`/v1/corporate-actions?symbols=KO&start=${dayAfter(-7)}&end=2035-01-01`)).toMatchObject({ corporate_actions: { forward_splits: [{ symbol: 'KO', new_rate: 2 }], cash_dividends: [{ rate: 0.5 }] }, next_page_token: null });
    const [raw, adjusted] = await Promise.all(['raw', 'split'].map((kind) => read<{ bars: { c: number }[] }>(`/v2/stocks/KO/bars?timeframe=1Day&start=${dayAfter(-6)}&adjustment=${kind}`)));
    expect((raw?.bars[0]?.c ?? 0) / (adjusted?.bars[0]?.c ?? 1)).toBeCloseTo(2, 2);
  });
  it('tells portfolio history by the day and by the minute', async () => {
    type History = { readonly timestamp: number[]; readonly equity: number[]; readonly profit_loss: number[]; readonly base_value: number; readonly base_value_asof?: string; readonly timeframe: string; readonly cashflow?: Record<string, number[]> };
    const days = await read<History>('/v2/account/portfolio/history?period=1W&timeframe=1D&cashflow_types=ALL');
    expect([days.timeframe, days.equity[0], days.profit_loss[0], days.base_value]).toEqual(['1D', days.base_value, 0, days.base_value]);
    expect(days.cashflow?.['CSD']?.reduce((sum, value) => sum + value, 0)).toBe(500);
    const minutes = await read<History>('/v2/account/portfolio/history?period=1D&timeframe=5Min');
    expect(minutes.timestamp.length).toBeGreaterThan(0);
    expect(minutes.timestamp.every((at, n) => n === 0 || at - (minutes.timestamp[n - 1] ?? 0) === 300)).toBe(true);
    expect(minutes.base_value_asof).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(minutes.equity.at(-1)).toBe(Math.round(Number((await read<{ equity: string }>('/v2/account')).equity) * 100) / 100);
    expect((await read<History>('/v2/account/portfolio/history?period=3D')).timeframe).toBe('1Min');
    expect((await sim.get('/v2/account/portfolio/history?period=3M&timeframe=5Min')).status).toBe(422);
  });
});

describe('positions', () => {
  it('close by part, by all, and say why when their shares are held', async () => {
    expect(await (await sim.send('DELETE', '/v2/positions/KO?percentage=50')).json()).toMatchObject({ qty: '10', side: 'sell', position_intent: 'sell_to_close' });
    await sim.step();
    await post({ side: 'sell', qty: '10', type: 'limit', limit_price: '900', client_order_id: 'holds' });
    const held = await sim.send('DELETE', '/v2/positions');
    expect([held.status, await held.json()]).toEqual([207, [{ symbol: 'KO', status: 403, body: { code: 40310000, message: 'insufficient qty available for order (requested: 10, available: 0)', available: '0', existing_qty: '10', held_for_orders: '10', symbol: 'KO' } }]]);
    expect((await sim.send('DELETE', '/v2/positions?cancel_orders=true')).status).toBe(207);
    await sim.step();
    expect(await read('/v2/positions')).toEqual([]);
  });
});

describe('the rate limit', () => {
  it('counts the two APIs apart', async () => {
    await sim.control('rate-limit', { limit: 1 });
    const trading = [await sim.get('/v2/clock'), await sim.get('/v2/clock')];
    const data = await sim.get('/v2/stocks/KO/bars/latest');
    await sim.control('rate-limit', { limit: 1_000_000 });
    expect(trading.at(-1)?.status).toBe(429);
    expect(data.headers.get('x-ratelimit-limit')).toBe('1');
  });
});
