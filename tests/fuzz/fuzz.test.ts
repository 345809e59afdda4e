/** The short form of `npm run fuzz`: twenty thousand cases over all families, and proof that the inputs reach beyond the first check. */
import { describe, expect, it } from 'vitest';
import { HTTP, type RouteName } from '#app/contracts/http.ts';
import { parseEnvelope, TOPICS } from '#app/contracts/events.ts';
import { nearly, nasty, randomOf } from './inputs.ts';
import { fuzzFamily } from './run.ts';
import { FAMILIES, parses, type Family } from './target.ts';

const CASES = 20_000;
const SERVER_CASES = 1_200;
const SERVERS: ReadonlySet<Family> = new Set(['http', 'simulator']);
const EACH = Math.ceil((CASES - SERVER_CASES * SERVERS.size) / (FAMILIES.length - SERVERS.size));
const SEED = 20_260_105;

describe('any input', () => {
  it.each(FAMILIES)('to %s ends as a value or a typed error, in time', async (family) => {
    const { wrong, cases } = await fuzzFamily(family, SERVERS.has(family) ? SERVER_CASES : EACH, SEED);
    expect(wrong).toEqual([]);
    expect(cases).toBeGreaterThan(1_000);
  }, 60_000);
});

describe('the inputs', () => {
  it('are often enough right to reach what lies behind the schema', () => {
    const share = (accepts: (random: () => number) => boolean): number => Array.from({ length: 1_000 }, (_, n) => accepts(randomOf(1, n))).filter(Boolean).length / 1_000;
    const bar = nearly(TOPICS['bar.closed'].payload);
    expect(share((random) => {
      try {
        parseEnvelope({ producer: 'data_ingestion', seq: 1, topic: 'bar.closed', key: 'k', correlationId: 'c', tsWritten: 1, payload: bar(random) });
        return true;
      } catch {
        return false;
      }
    })).toBeGreaterThan(0.02);
    const settings = nearly(HTTP['saveUiState' satisfies RouteName].input);
    expect(share((random) => HTTP.saveUiState.input.safeParse(settings(random)).success)).toBeGreaterThan(0.02);
  });

  it('are the same for the same seed', () => {
    const list = (): string[] => Array.from({ length: 200 }, (_, n) => typeof nasty(randomOf(5, n)));
    expect(list()).toEqual(list());
  });

  it('are noticed when a parser falls over', async () => {
    expect(await parses(() => { throw new TypeError('x'); })(1)).toBe('threw TypeError: x');
  });
});
