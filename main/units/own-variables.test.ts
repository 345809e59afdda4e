/** What workers are given of our environment. */
import { afterEach, expect, it, vi } from 'vitest';
import { workerEnvironment } from './own-variables.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('gives a worker no secret and no option of the person’s shell', () => {
  for (const name of ['SMTP_PASSWORD', 'ALPACA_SECRET_KEY', 'WEBHOOK_URL', 'NODE_OPTIONS']) vi.stubEnv(name, 'planted');
  vi.stubEnv('TZ', 'Asia/Tokyo');
  const given = workerEnvironment();
  expect(Object.values(given)).not.toContain('planted');
  expect(given).toMatchObject({ TZ: 'UTC', PATH: process.env['PATH'] });
});
