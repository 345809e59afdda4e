/** Formulas at random, of every kind of part and of the right types. */
import type * as fc from 'fast-check';
import { INDICATOR_NAMES, mainOutput } from '#app/screener/names.ts';

type Check = typeof fc;
const FIELDS = ['open', 'high', 'low', 'close', 'volume', 'dollar_volume', 'hl2', 'hlc3', 'ohlc4'];
const FACTS = ['tradable', 'shortable', 'fractionable', 'watched'];

/** Indicators with a usual output, shortened so that a hundred bars settle most of them. */
const INDICATORS = ['sma(3)', 'ema(4)', 'rsi(3)', 'atr(3)', 'macd(3, 5, 2).signal', 'bbands(5, 2).upper', 'roc(2)', 'rvol(4)', 'sma(4, high)', 'ema(3, hlc3)', 'natr(3)', 'max(5)', 'median(4)', 'obv', 'cdlengulfing', 'stoch(4, 2, 2).d', 'wma(3)', 'linearreg(4)', 'histvol(4, 252)'];

const whole = (check: Check, min: number, max: number): fc.Arbitrary<string> => check.integer({ min, max }).map(String);

/** Texts of formulas: numbers, conditions, or either. */
export function formulas(check: Check): { readonly number: fc.Arbitrary<string>; readonly condition: fc.Arbitrary<string> } {
  const { letrec, oneof, constantFrom, tuple } = check;
  const { number, condition } = letrec<{ number: string; condition: string }>((tie) => {
    const [x, c] = [tie('number'), tie('condition')];
    const literal = oneof(whole(check, 0, 50), constantFrom('1.5M', '10k', '0.25', '5%', '-2%', '$20', '2.5', '1e3'));
    return {
      number: oneof({ maxDepth: 4, depthSize: 'small' },
        constantFrom(...FIELDS), literal, constantFrom(...INDICATORS), constantFrom('gap', 'change(2)', 'volatility(4)', 'atr_percent(3)', 'change'),
        tuple(x, constantFrom('+', '-', '*', '/'), x).map(([a, sign, b]) => `(${a} ${sign} ${b})`), tuple(x, constantFrom('+', '-', '*', '/'), x).map(([a, sign, b]) => `(${a}) ${sign} (${b})`).map((text) => `(${text})`),
        x.map((a) => `(-${a})`), tuple(x, whole(check, 0, 6)).map(([a, n]) => `(${a})[${n}]`),
        tuple(constantFrom('highest', 'lowest', 'avg', 'sum', 'median'), x, whole(check, 1, 6)).map(([name, a, n]) => `${name}(${a}, ${n})`).map((text) => text.replace(/^median\((\d)/, 'median(0 + $1')), tuple(x, whole(check, 2, 6)).map(([a, n]) => `stdev(${a}, ${n})`),
        tuple(constantFrom('abs', 'sqrt', 'log', 'exp', 'sign'), x).map(([name, a]) => `${name}(${a})`), tuple(x, whole(check, 0, 4)).map(([a, n]) => `round(${a}, ${n})`),
        tuple(constantFrom('min', 'max'), x, x).map(([name, a, b]) => `${name}(${a}, ${b})`), tuple(c, x, x).map(([a, b, d]) => `if(${a}, ${b}, ${d})`),
        tuple(c, whole(check, 1, 6)).map(([a, n]) => `count(${a}, ${n})`), tuple(c, whole(check, 1, 8)).map(([a, n]) => `since(${a}, ${n})`)),
      condition: oneof({ maxDepth: 4, depthSize: 'small' },
        tuple(x, constantFrom('<', '<=', '>', '>=', '=', '!='), x).map(([a, sign, b]) => `${a} ${sign} ${b}`).map((text) => `(${text})`), constantFrom(...FACTS, 'true', 'false', 'sector = "Energy"', 'industry contains "oil"', 'exchange not in ("NYSE", "ARCA")', 'name not contains "x"', 'symbol != "B"'),
        tuple(x, x, x).map(([a, b, d]) => `(${a} < ${b} <= ${d})`), tuple(x, x, x).map(([a, b, d]) => `(${a} between ${b} and ${d})`), tuple(c, constantFrom('and', 'or'), c).map(([a, word, b]) => `(${a} ${word} ${b})`), c.map((a) => `not ${a}`).map((text) => `(${text})`),
        tuple(constantFrom('any', 'all'), c, whole(check, 1, 6)).map(([name, a, n]) => `${name}(${a}, ${n})`), tuple(constantFrom('rising', 'falling'), x, whole(check, 1, 4)).map(([name, a, n]) => `${name}(${a}, ${n})`),
        tuple(constantFrom('crosses_above', 'crosses_below'), x, x, whole(check, 1, 4)).map(([name, a, b, n]) => `${name}(${a}, ${b}, ${n})`), tuple(c, whole(check, 1, 3)).map(([a, n]) => `(${a})[${n}]`)),
    };
  });
  return { number, condition };
}

/** Every indicator with its defaults, each of its outputs. */
export function everyIndicator(): readonly string[] {
  return [...INDICATOR_NAMES].flatMap(([name, indicator]) => {
    const numbers = indicator.parameters.map((parameter) => parameter.default).join(', ');
    const start = `${name}${numbers === '' ? '' : `(${numbers})`}`;
    return indicator.outputs.length === 1 && mainOutput(indicator) !== null ? [start] : indicator.outputs.map((output) => `${start}.${output}`);
  });
}
