/** A small drawing of what a template does: a price, and where it buys and sells. Told by its words, so that every template has one. */
import type { JSX } from 'react';
import type { StrategyTemplate } from '#app/contracts/author.ts';

type Drawing = { readonly lines: readonly { readonly points: string; readonly tone: 'price' | 'second' | 'band' }[]; readonly bars?: readonly number[]; readonly steps?: readonly (readonly [number, number])[]; readonly buys: readonly (readonly [number, number])[]; readonly sells: readonly (readonly [number, number])[] };

const RISING = '0,44 12,40 22,42 34,34 46,36 58,28 70,30 82,20 94,22 106,14 120,10';
const DRAWINGS: Readonly<Record<string, Drawing>> = {
  dip: { lines: [{ points: '0,40 14,34 26,30 38,26 48,36 56,44 66,36 78,28 92,20 106,16 120,12', tone: 'price' }, { points: '0,46 30,41 60,36 90,30 120,24', tone: 'second' }], buys: [[57, 44]], sells: [[93, 20]] },
  cross: { lines: [{ points: '0,20 14,28 28,36 42,40 56,36 70,26 84,16 98,14 112,20 120,28', tone: 'price' }, { points: '0,26 20,30 40,33 60,34 80,29 100,22 120,20', tone: 'second' }], buys: [[63, 33]], sells: [[112, 21]] },
  breakout: { lines: [{ points: '0,34 12,26 22,34 34,26 46,33 58,27 68,30 78,18 92,14 104,18 120,8', tone: 'price' }, { points: '0,24 72,24 72,14 120,10', tone: 'band' }, { points: '0,38 72,38 72,28 120,24', tone: 'band' }], buys: [[74, 23]], sells: [] },
  reversion: { lines: [{ points: '0,28 12,18 24,28 36,42 46,30 58,16 70,26 82,42 94,30 106,18 120,28', tone: 'price' }, { points: '0,16 120,16', tone: 'band' }, { points: '0,42 120,42', tone: 'band' }], buys: [[36, 42], [82, 42]], sells: [[58, 16], [106, 18]] },
  rotation: { lines: [], bars: [12, 30, 20, 42, 16, 36, 8], buys: [[57, 10], [93, 16]], sells: [[111, 46]] },
  pairs: { lines: [{ points: '0,18 20,22 36,12 52,20 68,26 84,22 104,18 120,20', tone: 'price' }, { points: '0,30 20,28 36,40 52,36 68,30 84,30 104,34 120,32', tone: 'second' }], buys: [[36, 40]], sells: [[36, 12]] },
  stop: { lines: [{ points: RISING, tone: 'price' }, { points: '20,52 46,46 70,40 94,32 120,22', tone: 'band' }], buys: [[22, 42]], sells: [[120, 22]] },
  falls: { lines: [{ points: '0,14 14,12 26,10 38,20 50,30 62,40 76,34 90,26 106,20 120,16', tone: 'price' }], steps: [[38, 20], [50, 30], [62, 40]], buys: [[62, 40]], sells: [[106, 20]] },
  wider: { lines: [{ points: '0,46 30,46 30,36 60,36 60,26 90,26 90,16 120,16', tone: 'second' }, { points: '0,40 10,44 20,36 30,40 40,30 52,38 62,26 72,24 82,30 92,18 106,14 120,8', tone: 'price' }], buys: [[52, 38]], sells: [[106, 14]] },
  bid: { lines: [{ points: '0,18 14,14 28,20 42,24 54,34 66,40 78,32 92,22 106,16 120,12', tone: 'price' }, { points: '0,32 16,32 16,34 34,34 34,38 54,38 54,40 66,40', tone: 'band' }, { points: '66,50 120,50', tone: 'band' }], buys: [[66, 40]], sells: [] },
  volatility: { lines: [{ points: '0,20 10,18 20,19 30,16 40,18 46,10 52,26 58,8 64,28 70,12 76,24 84,16 96,15 108,12 120,13', tone: 'price' }], bars: [20, 20, 18, 8, 7, 14, 18], buys: [], sells: [] },
  channel: { lines: [{ points: '0,30 10,38 20,28 32,40 44,30 54,36 64,14 76,10 86,18 100,36 110,42 120,46', tone: 'price' }, { points: '0,24 58,24 58,16 92,16', tone: 'band' }, { points: '0,42 90,42 90,34 120,34', tone: 'band' }], buys: [[60, 24]], sells: [[98, 33]] },
  hold: { lines: [{ points: RISING, tone: 'price' }], buys: [[6, 42]], sells: [] },
};
const BY_WORDS: readonly (readonly [RegExp, string])[] = [
  [/volatility target/i, 'volatility'], [/falls in a row/i, 'falls'], [/with the days|wider/i, 'wider'], [/patient bid/i, 'bid'], [/donchian/i, 'channel'],
  [/pair|spread|belong together/i, 'pairs'], [/rotat|portfolio|momentum rank|strongest|best and worst|weight/i, 'rotation'], [/break|channel|donchian|turtle|opening range/i, 'breakout'], [/revers|bollinger|mean|oversold|band/i, 'reversion'],
  [/cross|macd|average/i, 'cross'], [/stop|target|trail/i, 'stop'], [/dip|pullback/i, 'dip'],
];

function drawingOf(template: Pick<StrategyTemplate, 'templateId' | 'title' | 'description' | 'scope'>): Drawing | undefined {
  const words = `${template.templateId} ${template.title} ${template.description}`;
  const byName = BY_WORDS.find(([pattern]) => pattern.test(`${template.templateId} ${template.title}`)) ?? BY_WORDS.find(([pattern]) => pattern.test(words));
  return DRAWINGS[byName?.[1] ?? (template.scope === 'portfolio' ? 'rotation' : 'hold')];
}

/** The drawing. */
export function Sketch({ template }: { template: StrategyTemplate }): JSX.Element {
  const { lines = [], bars = [], steps = [], buys = [], sells = [] } = drawingOf(template) ?? {};
  return (
    <svg className="ed-sketch" viewBox="0 0 124 56" aria-hidden preserveAspectRatio="xMidYMid meet">
      {bars.map((height, n) => <rect key={n} className="bar" x={4 + n * 17} y={52 - height} width={11} height={height} rx={1.5} />)}
      {lines.map(({ points, tone }, n) => <polyline key={n} className={tone} points={points} />)}
      {steps.map(([x, y]) => <circle key={x} className="step" cx={x} cy={y} r={2.6} />)}
      {buys.map(([x, y], n) => <path key={`b${n}`} className="buy" d={`M${x} ${y + 3} l-3.6 6 h7.2 z`} />)}
      {sells.map(([x, y], n) => <path key={`s${n}`} className="sell" d={`M${x} ${y - 3} l-3.6 -6 h7.2 z`} />)}
    </svg>
  );
}
