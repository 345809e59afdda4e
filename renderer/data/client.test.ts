/** Requests are built from the contract alone. */
import { describe, expect, it } from 'vitest';
import { HTTP } from '#app/contracts/http.ts';
import { buildRequest } from './client.ts';

describe('buildRequest', () => {
  it('fills the path, puts the rest of a GET into the query and leaves out what is undefined', () => {
    expect(buildRequest(HTTP.orders, { scope: 'open', limit: 50, before: undefined })).toEqual({ url: '/api/orders?scope=open&limit=50', body: null });
    expect(buildRequest(HTTP.run, { runId: 'fetch_market_data:2026-01-02T15:00' })).toEqual({ url: '/api/runs/fetch_market_data%3A2026-01-02T15%3A00', body: null });
  });
  it('sends the rest of a POST as JSON', () => {
    expect(buildRequest(HTTP.setStrategyEnabled, { strategyId: 'sma_cross', isEnabled: false })).toEqual({ url: '/api/strategies/sma_cross/enabled', body: '{"isEnabled":false}' });
  });
});
