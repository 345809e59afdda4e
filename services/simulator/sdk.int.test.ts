/** The real SDK against the simulator: REST, trade updates and market data, over real sockets. */
import { marketData, streaming, trading } from '@alpacahq/alpaca-trade-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeTestFolder, startTestSimulator, type TestSimulator } from './testing.ts';

let sim: TestSimulator;
beforeAll(async () => {
  sim = await startTestSimulator();
});
afterAll(async () => {
  await sim.close();
  removeTestFolder(sim.folder);
});

const credentials = () => ({ keyId: sim.access.keyId, secret: sim.access.secretKey });
const api = () => new trading.Configuration({ ...credentials(), basePath: sim.access.tradingUrl });
/** Waits until the list holds what is wanted. */
async function until<T>(list: readonly T[], wanted: (item: T) => boolean): Promise<T> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const found = list.find(wanted);
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`Not heard within 5 s; heard ${JSON.stringify(list).slice(0, 400)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the SDK over REST', () => {
  it('reads account, clock, calendar and assets', async () => {
    const account = await new trading.AccountsApi(api()).getAccount();
    expect(account).toMatchObject({ status: 'ACTIVE', cash: '100000', equity: '100000', buyingPower: '100000', multiplier: '1' });
    const clock = await new trading.ClockApi(api()).legacyClock();
    expect(clock.isOpen).toBe(true);
    const calendar = await new trading.CalendarApi(api()).legacyCalendar({ start: new Date('2025-07-01'), end: new Date('2025-07-07') });
    expect(calendar.map((day) => day.close)).toEqual(['16:00', '16:00', '13:00', '16:00']);
    const assets = await new trading.AssetsApi(api()).getV2Assets({});
    expect(assets.map((asset) => asset.symbol)).toContain('AAPL');
  });
  it('reads bars page by page, minutes and years of days', async () => {
    const stocks = new marketData.StockApi(new marketData.Configuration({ ...credentials(), basePath: sim.access.dataUrl }));
    // Three sessions, with a weekend between them.
    const start = new Date(sim.simulator.broker.market.startTime - 5 * 86_400_000);
    const first = await stocks.stockBars({ symbols: 'AAPL,KO', timeframe: '1Min', start, limit: 1_500 });
    expect(first.bars['AAPL']).toHaveLength(1_170);
    expect(first.bars['KO']).toHaveLength(330);
    const rest = await stocks.stockBars({ symbols: 'AAPL,KO', timeframe: '1Min', start, limit: 1_500, pageToken: first.nextPageToken ?? '' });
    expect([rest.bars['AAPL'], rest.bars['KO']?.length, rest.nextPageToken]).toEqual([undefined, 840, null]);
    const days = await stocks.stockBars({ symbols: 'KO', timeframe: '1Day', start: new Date(start.getTime() - 43_200_000) });
    expect(days.bars['KO']).toHaveLength(3);
    // The days reach back for years, symbol by symbol, page by page.
    const years = { symbols: 'KO,NVDA,PFE', timeframe: '1Day', start: new Date('2021-01-01T00:00:00Z') };
    const old = await stocks.stockBars({ ...years, limit: 2_000 });
    const page2 = await stocks.stockBars({ ...years, limit: 2_000, pageToken: old.nextPageToken ?? '' });
    const length = old.bars['KO']?.length ?? 0;
    expect(length).toBeGreaterThan(1_090);
    expect([page2.bars['PFE']?.length, (old.bars['NVDA']?.length ?? 0) + (page2.bars['NVDA']?.length ?? 0), page2.nextPageToken]).toEqual([length, length, null]);
    expect(new Date(old.bars['KO']?.[0]?.t ?? 0).toISOString()).toBe('2021-06-01T04:00:00.000Z');
    const weeks = await stocks.stockBars({ symbols: 'KO', timeframe: '1Week', start: new Date('2022-01-03T00:00:00-05:00'), end: new Date('2022-01-31T00:00:00-05:00') });
    expect(weeks.bars['KO']?.map((bar) => new Date(bar.t).toISOString().slice(0, 10))).toEqual(['2022-01-03', '2022-01-10', '2022-01-17', '2022-01-24', '2022-01-31']);
  });
  it('frees prices of splits and dividends, as wished', async () => {
    const stocks = new marketData.StockApi(new marketData.Configuration({ ...credentials(), basePath: sim.access.dataUrl }));
    const closes = async (symbol: string, adjustment: string): Promise<number[]> => (await stocks.stockBars({ symbols: symbol, timeframe: '1Day', start: new Date('2024-06-07T00:00:00-04:00'), end: new Date('2024-06-10T00:00:00-04:00'), adjustment })).bars[symbol]?.map((bar) => bar.c) ?? [];
    const [raw, split] = await Promise.all([closes('NVDA', 'raw'), closes('NVDA', 'split')]);
    expect(split[1]).toBe(raw[1]);
    expect((raw[0] ?? 0) / (split[0] ?? 1)).toBeCloseTo(10, 2);
    const [plain, bySplit, byDividend, both] = await Promise.all([closes('KO', 'raw'), closes('KO', 'split'), closes('KO', 'dividend'), closes('KO', 'all')]);
    expect(bySplit).toEqual(plain);
    expect(both).toEqual(byDividend);
    // Six dividends of some 0.7 % each lie after it.
    expect((byDividend[0] ?? 0) / (plain[0] ?? 1)).toBeGreaterThan(0.94);
    expect((byDividend[0] ?? 0) / (plain[0] ?? 1)).toBeLessThan(0.97);
  });
  it('tells what happened to companies, page by page, and who is not listed any more', async () => {
    const actions = new marketData.CorporateActionsApi(new marketData.Configuration({ ...credentials(), basePath: sim.access.dataUrl }));
    const years = { start: new Date('2021-01-01T12:00:00Z'), end: new Date('2025-12-31T12:00:00Z') };
    const first = await actions.corporateActions({ ...years, types: 'forward_split,reverse_split,name_change,cash_merger,worthless_removal', limit: 6 });
    const second = await actions.corporateActions({ ...years, types: 'forward_split,reverse_split,name_change,cash_merger,worthless_removal', limit: 6, pageToken: first.nextPageToken ?? '' });
    expect(first.corporateActions.forwardSplits?.map((one) => one.symbol)).toEqual(['NVDA', 'AMZN', 'GOOGL', 'TSLA']);
    expect(first.corporateActions.nameChanges).toMatchObject([{ oldSymbol: 'FB', newSymbol: 'META' }]);
    expect(second.corporateActions).toMatchObject({ cashMergers: [{ acquireeSymbol: 'TWTR', rate: 54.2 }], worthlessRemovals: [{ symbol: 'SIVBQ' }] });
    expect(second.nextPageToken ?? null).toBeNull();
    const gone = await new trading.AssetsApi(api()).getV2Assets({ status: 'inactive' });
    expect(gone.map((asset) => [asset.symbol, asset.tradable])).toEqual([['FB', false], ['SIVBQ', false], ['TWTR', false]]);
  });
  it('tells the latest', async () => {
    const stocks = new marketData.StockApi(new marketData.Configuration({ ...credentials(), basePath: sim.access.dataUrl }));
    await sim.step();
    const latest = await stocks.stockLatestBars({ symbols: 'AAPL' });
    expect(latest.bars['AAPL']?.t.getTime()).toBe(sim.simulator.broker.released());
  });
  it('is refused with wrong keys', async () => {
    const wrong = new trading.AccountsApi(new trading.Configuration({ keyId: 'PKWRONG', secret: 'x', basePath: sim.access.tradingUrl }));
    await expect(wrong.getAccount()).rejects.toMatchObject({ status: 401 });
  });
});

describe('the SDK over its streams', () => {
  it('hears an order from submission to fill, once, with ids that REST knows', async () => {
    const updates: { event: string; executionId?: string; qty?: string; positionQty?: string; order: { clientOrderId?: string; status?: string } }[] = [];
    const stream = new streaming.TradingStream({ credentials: credentials(), url: sim.access.tradingStreamUrl });
    stream.onTradeUpdate((update) => updates.push(update as never));
    stream.subscribeTradeUpdates();
    stream.connect();
    expect(await stream.waitForAuthentication(5_000)).toBe(true);
    const states: string[] = [];
    stream.on('subscription', () => states.push('listening'));
    await until(states, () => true);
    const orders = new trading.OrdersApi(api());
    const placed = await orders.postOrder({ postOrderRequest: { symbol: 'AAPL', qty: '3', side: 'buy', type: 'market', timeInForce: 'day', clientOrderId: 'ms-sdk-1' } as never });
    expect(placed).toMatchObject({ status: 'pending_new', qty: '3', notional: null, clientOrderId: 'ms-sdk-1' });
    await until(updates, (update) => update.event === 'new');
    await sim.step();
    const fill = await until(updates, (update) => update.event === 'fill');
    expect(fill).toMatchObject({ qty: '3', positionQty: '3', order: { clientOrderId: 'ms-sdk-1', status: 'filled' } });
    const activities = await new trading.AccountActivitiesApi(api()).getAccountActivitiesByActivityType({ activityType: 'FILL' });
    expect(activities.map((activity) => String(activity.id).split('::')[1])).toEqual([fill.executionId]);
    const found = await orders.getOrderByClientOrderId({ clientOrderId: 'ms-sdk-1' });
    expect(found).toMatchObject({ status: 'filled', filledQty: '3' });
    expect(await new trading.PositionsApi(api()).getAllOpenPositions()).toMatchObject([{ symbol: 'AAPL', qty: '3', side: 'long', qtyAvailable: '3' }]);
    await expect(orders.postOrder({ postOrderRequest: { symbol: 'AAPL', qty: '3', side: 'buy', type: 'market', timeInForce: 'day', clientOrderId: 'ms-sdk-1' } as never })).rejects.toMatchObject({ status: 422, code: 40010001 });
    const resting = await orders.postOrder({ postOrderRequest: { symbol: 'KO', qty: '1', side: 'buy', type: 'limit', limitPrice: '5', timeInForce: 'gtc', clientOrderId: 'ms-sdk-2' } as never });
    await orders.deleteOrderByOrderID({ orderId: resting.id ?? '' });
    await until(updates, (update) => update.event === 'canceled');
    await expect(orders.deleteOrderByOrderID({ orderId: resting.id ?? '' })).rejects.toMatchObject({ status: 422, code: 42210000 });
    expect(updates.filter((update) => update.event === 'fill')).toHaveLength(1);
    stream.disconnect();
  });
  it('hears the bars of each minute in msgpack, for what it subscribed', async () => {
    const bars: { symbol: string; close: number; timestamp: Date }[] = [];
    const stream = new streaming.StockDataStream({ credentials: credentials(), url: sim.access.dataStreamUrl });
    stream.onBar((bar) => bars.push(bar as never));
    stream.subscribeForBars(['AAPL', 'KO']);
    stream.connect();
    expect(await stream.waitForAuthentication(5_000)).toBe(true);
    const subscribed: string[] = [];
    stream.on('subscription', () => subscribed.push('yes'));
    await until(subscribed, () => true);
    await sim.step(2);
    await until(bars, () => bars.length === 4);
    expect(bars.map((bar) => bar.symbol)).toEqual(['AAPL', 'KO', 'AAPL', 'KO']);
    expect(bars[3]?.timestamp.getTime()).toBe(sim.simulator.broker.released());
    stream.disconnect();
  });
  it('is told about wrong keys on both', async () => {
    for (const stream of [new streaming.TradingStream({ credentials: { keyId: 'PK', secret: 'x' }, url: sim.access.tradingStreamUrl }), new streaming.StockDataStream({ credentials: { keyId: 'PK', secret: 'x' }, url: sim.access.dataStreamUrl })]) {
      stream.connect();
      expect((await stream.waitForAuthenticationResult(5_000)).authenticated).toBe(false);
    }
  });
});
