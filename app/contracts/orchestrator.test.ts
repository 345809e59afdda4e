/** Questions to the orchestrator as HTTP carries them. */
import { describe, expect, it } from 'vitest';
import { ORCHESTRATOR, requestOf } from './orchestrator.ts';
import { HTTP, pathParameters } from './http.ts';

describe('a question to the orchestrator', () => {
  it('puts parameters into the path, the rest into the query or the body, and leaves out what is undefined', () => {
    expect(requestOf('runs', { flow: 'run_backtest', search: 'a&b', cursor: undefined })).toEqual({ method: 'GET', path: '/api/runs?flow=run_backtest&search=a%26b', body: null });
    expect(requestOf('deployments', {})).toEqual({ method: 'GET', path: '/api/deployments', body: null });
    expect(requestOf('retryRun', { runId: 'a:b/c d', fromStep: 2 })).toEqual({ method: 'POST', path: '/api/runs/a%3Ab%2Fc%20d/retry', body: { fromStep: 2 } });
    expect(requestOf('runLogs', { runId: 'x', afterSeq: 0 }).path).toBe('/api/runs/x/logs?afterSeq=0');
  });

  it('has a field for every parameter of its path, and a path of its own', () => {
    for (const [name, route] of Object.entries(ORCHESTRATOR)) for (const field of pathParameters(route.path)) expect(Object.keys(route.input.shape), name).toContain(field);
    const addresses = Object.values(ORCHESTRATOR).map((route) => `${route.method} ${route.path}`);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it('is one that the dashboard may ask too', () => {
    expect(Object.keys(ORCHESTRATOR).filter((name) => !Object.hasOwn(HTTP, name))).toEqual([]);
  });
});
