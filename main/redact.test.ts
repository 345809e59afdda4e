/** Nothing that is a secret, or looks like one, comes through; what helps to find a fault does. */
import { describe, expect, it } from 'vitest';
import { processorMs } from '../tests/support/processor-time.ts';
import { MASK, redactor } from './redact.ts';

describe('what is known', () => {
  const safe = redactor(['correct horse "battery"', 'hunter2', 'hunter2-and-more', 'p@ss/w:rd', 'abc']);

  it.each([
    ['as it is', 'the password is correct horse "battery", it says'],
    ['within JSON', JSON.stringify({ msg: 'correct horse "battery"' })],
    ['within an address', 'GET /login?x=p%40ss%2Fw%3Ard HTTP/1.1'],
    ['as base64', `x ${Buffer.from('correct horse "battery"').toString('base64')}`],
    ['twice in a line', 'hunter2 hunter2'],
  ])('is taken out %s', (_how, text) => {
    const out = safe(text);
    expect(out).toContain(MASK);
    for (const secret of ['correct horse', 'hunter2', 'p@ss', 'p%40ss', Buffer.from('correct horse "battery"').toString('base64')]) expect(out).not.toContain(secret);
  });

  it('leaves nothing of a longer secret that begins like a shorter one', () => {
    expect(safe('x hunter2-and-more y')).toBe(`x ${MASK} y`);
  });
});

describe('what looks like a secret', () => {
  const safe = redactor([]);
  const secret = 'wJalrXUtnFEMI8K7MDENG0bPxRfiCYzEXAMPLE12';

  it.each([
    ['a key id of the broker', 'key PKABCDEFGHIJKLMNOPQR was refused', 'PKABCDEFGHIJKLMNOPQR'],
    ['a secret key of the broker', `refused ${secret}.`, secret],
    ['a header', 'apca-api-secret-key: abc123def', 'abc123def'],
    ['a setting', 'ALPACA_SECRET_KEY=abc123', 'abc123'],
    ['a short password', 'POSTGRES_PASSWORD=ab1', 'ab1'],
    ['a quoted one with spaces', `{"password":"two words","a":1}`, 'two words'],
    ['JSON within JSON', JSON.stringify({ msg: JSON.stringify({ secretKey: 'inner words', b: 2 }) }), 'inner words'],
    ['an authorization', 'authorization: Bearer abc.def-123', 'abc.def-123'],
    ['an address with a password', 'redis://user:pa55@10.0.0.1:6379/0', 'pa55'],
    ['a token of ours', `x ${'a1'.repeat(32)} y`, 'a1'.repeat(32)],
    ['a login link', 'http://127.0.0.1:8000/login?token=Zm9vYmFyLWJhei0xMjM0NTY', 'Zm9vYmFyLWJhei0xMjM0NTY'],
    ['a stored password of PostgreSQL', "PASSWORD 'SCRAM-SHA-256$4096:abc=$def=:ghi='", '4096:abc'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----', 'MIIabc'],
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_def', 'eyJhbGciOiJIUzI1NiJ9'],
  ])('is taken out: %s', (_what, text, planted) => {
    expect(safe(text)).not.toContain(planted);
    expect(safe(text)).toContain(MASK);
  });

  it.each([
    '2026-03-04T10:00:00Z order 01JNP7Z5WQ8E9R2T4Y6U8I0O1P of AAPL filled at 187.25',
    'instance 7f9c24e8-3b12-4d9a-9c3e-0a1b2c3d4e5f version 0.1.0',
    '{"level":"info","unit":"execution","msg":"Ready","tookMs":412}',
    'C:\\Users\\anna\\AppData\\Local\\Mainspring\\demo\\logs\\execution.log',
    'at file:///opt/Mainspring/resources/app.asar/dist/services/execution.mjs:1204:17',
    'checkpoint complete: wrote 41 buffers (1.0%); 0 WAL file(s) added',
  ])('but not what only helps: %s', (text) => {
    expect(safe(text)).toBe(text);
  });

  it('is found in reasonable time in the worst of lines', () => {
    const began = processorMs();
    for (const piece of ['x', 'a-', 'A1b', 'password', 'http://a:', '"\\"', 'token=']) safe(piece.repeat(16_384 / piece.length));
    expect(processorMs() - began).toBeLessThan(1_000);
  });

  it('keeps the form of JSON', () => {
    const text = JSON.stringify({ token: 'abc', secretKey: 'def', n: 1, list: [{ password: 'x y z' }], last: true });
    expect(JSON.parse(safe(text))).toEqual({ token: MASK, secretKey: MASK, n: 1, list: [{ password: MASK }], last: true });
  });
});
