/** Settings: what is accepted, what is refused with which words, and what is never repeated in a message. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEnvText } from './env-text.ts';
import { SETTING_KEYS } from './setting-reader.ts';
import { parseSettings } from './settings.ts';

const from = (text: string): ReturnType<typeof parseSettings> => parseSettings(parseEnvText(text, '.env').entries);
const problemsOf = (text: string): string[] => [...parseEnvText(text, '.env').problems, ...from(text).problems].map((problem) => `${problem.source} ${problem.key} ${problem.problem}`);

describe('the text of a .env file', () => {
  it('knows comments, export, quotes and Windows line ends', () => {
    const { entries, problems } = parseEnvText('\uFEFF# mine\r\nexport LOG_LEVEL="debug" # loud\r\n\r\nREDIS_HOST=cache.lan # there\r\nPOSTGRES_PASSWORD=\'a #b\'\r\n', '.env');
    expect(problems).toEqual([]);
    expect(entries.map(({ key, value }) => [key, value])).toEqual([['LOG_LEVEL', 'debug'], ['REDIS_HOST', 'cache.lan'], ['POSTGRES_PASSWORD', 'a #b']]);
  });

  it('names the line of everything that is wrong', () => {
    expect(problemsOf('LOG_LEVEL\n9X=1\nA="b\nREDIS_PORT=1\nREDIS_PORT=2')).toEqual([
      '.env line 1 LOG_LEVEL has no "="',
      '.env line 2 9X is not a valid name',
      '.env line 3 A has a quote that is not closed',
      '.env line 5 REDIS_PORT was set before in line 4',
    ]);
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const { entries } = parseEnvText(text, '.env');
        parseSettings(entries);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(SETTING_KEYS)), fc.string({ maxLength: 120 }), (key, value) => {
        const { problems, settings } = parseSettings([{ key, value, source: 'test' }]);
        for (const problem of problems) expect(problem.remedy.length).toBeGreaterThan(5);
        for (const port of Object.values(settings.ports)) expect(Number.isInteger(port) && port > 0 && port < 65_536).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('settings', () => {
  it('make the demo account what the broker\'s paper accounts are, or a cash account', () => {
    expect(from('').settings.simulator.margin).toBe(2);
    expect(from('SIMULATOR_MARGIN=1').settings.simulator.margin).toBe(1);
    expect(problemsOf('SIMULATOR_MARGIN=3')).toEqual([expect.stringMatching(/SIMULATOR_MARGIN/)]);
  });
  it('are complete without any: demo mode, own servers, the ports of the manual', () => {
    const { settings, problems, warnings } = parseSettings([]);
    expect([problems, warnings]).toEqual([[], []]);
    expect(settings).toMatchObject({ mode: 'demo', alpaca: null, postgres: { externalHost: null, tradingDb: 'trading_system' }, ports: { gateway: 8000, orchestrator: 4200, postgres: 5432, redis: 6379, notification: 8006 } });
  });

  it('warn about keys that mean nothing', () => {
    expect(from('POSTGRES_HOTS=x').warnings[0]).toMatchObject({ key: 'POSTGRES_HOTS', source: '.env line 1' });
  });

  it('let a later entry win, and take an empty value as none', () => {
    const { settings } = parseSettings([{ key: 'LOG_LEVEL', value: 'debug', source: '.env' }, { key: 'LOG_LEVEL', value: 'warn', source: 'environment' }, { key: 'REDIS_PORT', value: '', source: '.env' }]);
    expect([settings.logLevel, settings.ports.redis]).toEqual(['warn', 6379]);
  });

  it('take loopback as our own server and any other host as external', () => {
    for (const host of ['localhost', '127.0.0.1', '::1']) expect(from(`POSTGRES_HOST=${host}`).settings.postgres.externalHost).toBeNull();
    expect(from('POSTGRES_HOST=db.lan\nPOSTGRES_PASSWORD=x').settings.postgres.externalHost).toBe('db.lan');
    expect(problemsOf('POSTGRES_HOST=db.lan')[0]).toContain('POSTGRES_PASSWORD is missing');
    expect(from('REDIS_URL=rediss://me:p%40ss@cache.lan:7000').settings).toMatchObject({ redis: { externalHost: 'cache.lan', username: 'me', password: 'p@ss', tls: true }, ports: { redis: 7000 } });
  });

  it('refuse two parts on one port', () => {
    expect(problemsOf('EXECUTION_PORT=8001')[0]).toContain('gives execution the port 8001, which data_ingestion has');
  });

  it('send keys to the broker or this computer only, each to its own account', () => {
    const keys = 'ALPACA_API_KEY=PKTEST123\nALPACA_SECRET_KEY=secret123\n';
    expect(from(keys).settings).toMatchObject({ mode: 'paper', alpaca: { tradingUrl: 'https://paper-api.alpaca.markets', dataStreamUrl: 'wss://stream.data.alpaca.markets/v2/iex' } });
    expect(from(`${keys}ALPACA_BASE_URL=https://paper-api.alpaca.markets/v2/`).settings.alpaca?.tradingUrl).toBe('https://paper-api.alpaca.markets');
    expect(from(`${keys}ALPACA_BASE_URL=http://127.0.0.1:9000`).settings.alpaca?.tradingStreamUrl).toBe('ws://127.0.0.1:9000/stream');
    expect(problemsOf(`${keys}ALPACA_BASE_URL=https://evil.example`)[0]).toContain('your keys would be sent there');
    expect(problemsOf(`${keys}ALPACA_BASE_URL=http://paper-api.alpaca.markets`)[0]).toContain('your keys would be sent there');
    expect(problemsOf(`${keys}ALPACA_BASE_URL=https://paper-api.alpaca.markets.evil.example`)[0]).toContain('your keys would be sent there');
    expect(problemsOf(`${keys}ALPACA_BASE_URL=https://api.alpaca.markets`)[0]).toContain('not a key for live trading');
    expect(problemsOf(`${keys}ALPACA_BASE_URL=https://user:secret@paper-api.alpaca.markets`)[0]).toContain('is not an address');
    expect(problemsOf('ALPACA_API_KEY=AKLIVE123\nALPACA_SECRET_KEY=secret123')[0]).toContain('begins with AK');
    expect(problemsOf('ALPACA_API_KEY=PKTEST123')[0]).toContain('ALPACA_SECRET_KEY is missing');
  });

  it('are live with the address and a key of the real account, and only then', () => {
    const keys = 'ALPACA_API_KEY=AKLIVE123\nALPACA_SECRET_KEY=secret123\n';
    expect(from(`${keys}ALPACA_BASE_URL=https://api.alpaca.markets/v2`)).toMatchObject({ problems: [], settings: { mode: 'live', alpaca: { tradingUrl: 'https://api.alpaca.markets', tradingStreamUrl: 'wss://api.alpaca.markets/stream', keyId: 'AKLIVE123' } } });
    expect(problemsOf(`${keys}ALPACA_BASE_URL=http://127.0.0.1:9000`)[0]).toContain('begins with AK');
    expect(problemsOf(`${keys}ALPACA_BASE_URL=http://api.alpaca.markets`)[0]).toContain('your keys would be sent there');
  });

  it('follow the chosen market with the keys kept for it, unless they hold keys themselves', () => {
    const paper = { mode: 'paper', keys: { keyId: 'PKKEPT1234', secretKey: 'kept-secret' } } as const;
    const live = { mode: 'live', keys: { keyId: 'AKKEPT1234', secretKey: 'kept-secret' } } as const;
    expect(parseSettings([], paper)).toMatchObject({ problems: [], settings: { mode: 'paper', alpaca: { tradingUrl: 'https://paper-api.alpaca.markets', keyId: 'PKKEPT1234' } } });
    expect(parseSettings([], live)).toMatchObject({ problems: [], settings: { mode: 'live', alpaca: { tradingUrl: 'https://api.alpaca.markets', keyId: 'AKKEPT1234' } } });
    expect(parseSettings([], { mode: 'demo', keys: live.keys }).settings).toMatchObject({ mode: 'demo', alpaca: null });
    const own = parseEnvText('ALPACA_API_KEY=PKOWN12345\nALPACA_SECRET_KEY=own-secret', '.env').entries;
    expect(parseSettings(own, live).settings).toMatchObject({ mode: 'paper', alpaca: { keyId: 'PKOWN12345' } });
    // Half a pair is a mistake to be mended, never a reason to trade another market.
    expect(parseSettings(own.slice(0, 1), live).problems).not.toEqual([]);
  });

  it('say what to do when keys are missing, or lie on the wrong side', () => {
    const wordsOf = (choice: Parameters<typeof parseSettings>[1], text = ''): string => parseSettings(parseEnvText(text, '.env').entries, choice).problems.map(({ key, problem, remedy }) => `${key} ${problem} (${remedy})`).join('\n');
    expect(wordsOf({ mode: 'paper', keys: null })).toContain('mainspring keys set paper');
    expect(wordsOf({ mode: 'paper', keys: { keyId: 'AKplanted', secretKey: 'planted' } })).toMatch(/kept for paper is a key for live trading/);
    expect(wordsOf({ mode: 'live', keys: { keyId: 'PKplanted', secretKey: 'planted' } })).toMatch(/kept for live is not a key for live trading/);
    expect(wordsOf({ mode: 'paper', keys: { keyId: 'PKplanted', secretKey: 'planted' } }, 'ALPACA_BASE_URL=https://api.alpaca.markets')).toContain('is not the address of the paper account');
    expect(wordsOf({ mode: 'live', keys: { keyId: 'AKplanted', secretKey: 'planted' } }, 'ALPACA_BASE_URL=https://paper-api.alpaca.markets')).toContain('is not the address of the live account');
    expect(wordsOf({ mode: 'live', keys: { keyId: 'AKplanted', secretKey: 'planted' } }, 'ALPACA_BASE_URL=https://evil.example')).not.toContain('planted');
  });

  it('never repeat a secret in a message', () => {
    const text = 'ALPACA_API_KEY=PK#planted!key\nALPACA_SECRET_KEY="planted secret"\nPOSTGRES_PASSWORD=planted\nREDIS_URL=redis://u:planted%zz@h:1';
    expect(JSON.stringify([...from(text).problems, ...from(text).warnings])).not.toContain('planted');
  });
});
