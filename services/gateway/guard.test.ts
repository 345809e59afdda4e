/** Whose allowance a request takes from: what other pages load in the person's browser leaves that of our own pages alone. */
import type { IncomingHttpHeaders } from 'node:http';
import { expect, it } from 'vitest';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import { createGuard } from './guard.ts';
import type { Guard } from './guard.ts';
import { createSessions } from './sessions.ts';

const PORT = 8_000;
const HOST = { host: `127.0.0.1:${PORT}` };
const ATTEMPTS = 1_000;

/** A guard whose clock stands still: no allowance grows again. */
const guard = (): Guard => createGuard({ port: PORT, apiToken: 'a'.repeat(64), sessions: createSessions('s'.repeat(64), PORT), now: () => 0, monotonic: () => 0 });

/** The code of the refusal; null when it was let in. */
function refusal(act: () => unknown): unknown {
  try {
    act();
    return null;
  } catch (error) {
    return Reflect.get(Object(error), 'code');
  }
}
const image = { ...HOST, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
const link = { ...HOST, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

it.each<[string, IncomingHttpHeaders]>([
  ['pictures of another site', { ...image, 'sec-fetch-site': 'cross-site' }],
  ['pictures of a page on another port of this computer', { ...image, 'sec-fetch-site': 'same-site' }],
  ['frames of another site', { ...link, 'sec-fetch-dest': 'iframe' }],
])('refuses %s before they count: a person can still sign in', (_what, headers) => {
  const { admit } = guard();
  const refused = new Set(Array.from({ length: ATTEMPTS }, () => refusal(() => admit(headers, 'public'))));
  expect([...refused]).toEqual(['AUTH_INVALID']);
  expect([refusal(() => admit(link, 'public')), refusal(() => admit(HOST, 'public'))]).toEqual([null, null]);
});

it('lets in what our own pages load, a followed link, and programs, which name no site', () => {
  const { admit } = guard();
  const ours: IncomingHttpHeaders[] = [
    { ...image, 'sec-fetch-site': 'same-origin' }, { ...HOST, 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, link, { ...link, 'sec-fetch-site': 'same-site' },
    { ...HOST, origin: SHELL_ORIGIN, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, HOST,
  ];
  expect(ours.map((headers) => admit(headers, 'public').kind)).toEqual(ours.map(() => 'anonymous'));
});

it('counts the preflights of our pages apart: a flood of what needs no token does not take them, nor the other way round', () => {
  const { admit } = guard();
  const preflight = { ...HOST, origin: SHELL_ORIGIN, 'access-control-request-method': 'GET' };
  const flood = (headers: IncomingHttpHeaders, access: 'public' | 'preflight'): unknown => Array.from({ length: ATTEMPTS }, () => refusal(() => admit(headers, access))).at(-1);
  expect(flood(HOST, 'public')).toBe('RATE_LIMITED');
  expect(refusal(() => admit(preflight, 'preflight'))).toBeNull();
  // A question without an Origin is none of a page, and takes from what everybody shares.
  expect(refusal(() => admit(HOST, 'preflight'))).toBe('RATE_LIMITED');
  expect(refusal(() => admit({ ...preflight, origin: 'https://evil.example' }, 'preflight'))).toBe('AUTH_INVALID');
  expect(flood(preflight, 'preflight')).toBe('RATE_LIMITED');
  expect(refusal(() => admit({ ...preflight, origin: `http://127.0.0.1:${PORT}` }, 'preflight'))).toBeNull();
});
