/** The comparison of a day: matched by decision, scored by the share of trades that are the same, each difference of its kind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDay, tradeWords, worseBps, type ParityReasons, type ParityTrade } from './parity.ts';

const trade = (key: string, changes: Partial<ParityTrade> = {}): ParityTrade => ({ key, decisionId: key, symbol: 'AAPL', side: 'buy', qty: 50, ordered: 50, price: 100, at: 60_000, ...changes });
const reasons: ParityReasons = {
  missing: ({ key }) => ({ isDenied: key.startsWith('denied'), reason: `missing ${key}` }), extra: ({ key }) => ({ isDenied: key.startsWith('denied'), reason: `extra ${key}` }),
  size: (live, replayed) => `${live.qty} of ${replayed.qty}`, time: () => 'later',
};
const compare = (live: readonly ParityTrade[], replayed: readonly ParityTrade[]) => compareDay(live, replayed, { barMs: 60_000, reasons });

describe('two days', () => {
  it('are the same when every trade is: 100; without any trade there is nothing to score', () => {
    expect(compare([trade('a'), trade('b')], [trade('b'), trade('a')])).toEqual({ score: 100, trades: 2, same: 2, findings: [] });
    expect(compare([], [])).toEqual({ score: null, trades: 0, same: 0, findings: [] });
  });

  it('differ by what one side alone has (the worked number)', () => {
    const both = ['a', 'b', 'c'].map((key) => trade(key));
    expect(compare([...both, trade('x')], both)).toMatchObject({ score: 75, trades: 4, same: 3, findings: [{ kind: 'extra', live: 'buy 50 AAPL at $100.00', replayed: null, reason: 'extra x' }] });
    expect(compare(both, [...both, trade('denied y')])).toMatchObject({ score: 75, findings: [{ kind: 'denied', live: null, reason: 'missing denied y' }] });
  });

  it('differ by shares, then by time, then by price; a basis point is no difference', () => {
    const kinds = (live: Partial<ParityTrade>) => compare([trade('a', live)], [trade('a')]).findings.map(({ kind, reason, cost }) => [kind, reason, cost === null ? null : Number(cost.toFixed(6))]);
    expect(kinds({ qty: 20, ordered: 20, price: 101, at: 600_000 })).toEqual([['size', '20 of 50', 20]]);
    expect(kinds({ qty: 20 }), 'the same order, of which a part filled').toEqual([['partial', '20 of 50', 0]]);
    expect(kinds({ qty: 20, ordered: 40 }), 'another order, of which a part filled').toEqual([['size', '20 of 50', 0]]);
    expect(kinds({ qty: 20, side: 'sell' }).map(([kind]) => kind)).toEqual(['size']);
    expect(kinds({ price: 101, at: 600_000 })).toEqual([['time', 'later', 50]]);
    expect(kinds({ price: 100.1 })).toEqual([['price', 'Live filled at $100.10, the replay at $100.00 by the recorded bars: 10.0 basis points worse.', 5]]);
    expect(kinds({ price: 99.9 })).toEqual([['price', expect.stringContaining('10.0 basis points better'), -5]]);
    expect(kinds({ price: 100.01, at: 120_000 })).toEqual([]);
    expect(kinds({ side: 'sell' })).toHaveLength(1);
  });

  it('say how much worse live was from the side of who traded, and trades in words', () => {
    expect([worseBps(trade('a', { price: 100.1 }), trade('a')), worseBps(trade('a', { price: 100.1, side: 'sell' }), trade('a', { side: 'sell' }))].map((one) => Math.round(one))).toEqual([10, -10]);
    expect(tradeWords(trade('a', { side: 'sell', qty: 0.1 + 0.2, price: 0.5 }))).toBe('sell 0.3 AAPL at $0.5000');
  });
});

describe('any two days', () => {
  const day = fc.uniqueArray(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), qty: fc.integer({ min: 1, max: 3 }), price: fc.constantFrom(100, 100.005, 102) }).map(({ key, ...rest }) => trade(key, rest)), { selector: ({ key }) => key });
  it('have a score between 0 and 100 that counts each trade once, is 100 of a day with itself, and the same from either side', () => {
    fc.assert(fc.property(day, day, (one, other) => {
      const { score, trades, same, findings } = compare(one, other);
      expect(same + findings.length).toBe(trades);
      expect(trades).toBe(new Set([...one, ...other].map(({ key }) => key)).size);
      expect(score === null ? trades : score >= 0 && score <= 100).toBe(score === null ? 0 : true);
      expect(compare(other, one)).toMatchObject({ score, trades, same });
      expect(compare(one, one).same).toBe(one.length);
    }));
  });
});
