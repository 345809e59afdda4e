/** Joined expositions stay valid: one HELP and TYPE per family. */
import { describe, expect, it } from 'vitest';
import { mergeMetrics } from './merge-metrics.ts';
import { openApi } from './openapi.ts';
import { ROUTE_NAMES } from '#app/contracts/http.ts';

describe('mergeMetrics', () => {
  it('keeps one head per family and all samples', () => {
    const part = (unit: string): string => `# HELP a first\n# TYPE a gauge\na{unit="${unit}"} 1\n# HELP b second\n# TYPE b histogram\nb_bucket{unit="${unit}",le="1"} 2\nb_sum{unit="${unit}"} 3\n`;
    expect(mergeMetrics([part('x'), '', part('y')])).toBe('# HELP a first\n# TYPE a gauge\na{unit="x"} 1\na{unit="y"} 1\n# HELP b second\n# TYPE b histogram\nb_bucket{unit="x",le="1"} 2\nb_sum{unit="x"} 3\nb_bucket{unit="y",le="1"} 2\nb_sum{unit="y"} 3\n');
  });
});

describe('openApi', () => {
  it('has every route once with its parameters', () => {
    const document = openApi('1') as { paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string }[] }>> };
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(operations.map((operation) => operation.operationId).sort()).toEqual([...ROUTE_NAMES].sort());
    expect(document.paths['/api/runs/{runId}']?.['get']?.parameters).toEqual([expect.objectContaining({ name: 'runId', in: 'path' })]);
    expect(document.paths['/api/orders']?.['post']?.parameters).toEqual([expect.objectContaining({ name: 'idempotency-key', in: 'header' })]);
  });
});
