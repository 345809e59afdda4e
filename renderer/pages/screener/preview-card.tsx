/** The chart that a row shows while it is pointed at: daily candles, up to the day that is looked at. */
import type { JSX } from 'react';
import { Skeleton } from '@mantine/core';
import type { ScreenRow } from '#app/contracts/screener.ts';
import { useRoute } from '../../data/queries.ts';
import { marketDay, marketDayTime, price } from '../../ui/format.ts';
import { candlePicture } from './candles.ts';
import { dayEnd, dayWords } from './past.ts';
import { ChangeWords } from './cells.tsx';

const BARS = 120;
const SIZE = { width: 396, height: 190 } as const;
const CARD = { width: 424, height: 312 } as const;
const GAP = 10;

/** Where the card stands: below the row, above it where there is no room, never over the pointer. Pure. */
export function placeOf(row: { top: number; bottom: number }, x: number, view: { width: number; height: number }): { left: number; top: number } {
  const left = Math.max(GAP, Math.min(x + 28, view.width - CARD.width - GAP));
  const below = row.bottom + GAP;
  return { left, top: below + CARD.height <= view.height - GAP ? below : Math.max(GAP, row.top - GAP - CARD.height) };
}

function Candles({ symbol, asOf }: { symbol: string; asOf: string | null }): JSX.Element {
  const query = useRoute('bars', ['bars', 'preview', symbol, asOf], { symbol, timeframe: '1Day', limit: BARS, ...(asOf === null ? {} : { before: dayEnd(asOf) }) }, { everyMs: () => false });
  const view = query.data?.symbol === symbol ? query.data : undefined;
  if (view === undefined) return query.error === null ? <Skeleton height={SIZE.height + 20} radius="sm" /> : <p className="preview-none muted">{query.error.message}</p>;
  const picture = candlePicture(view.columns, SIZE.width, SIZE.height);
  if (picture === null) return <p className="preview-none muted">No daily bars are stored for {symbol}{asOf === null ? '' : ` up to ${dayWords(asOf)}`}.</p>;
  const first = view.columns.time[0] ?? 0;
  const last = view.columns.time.at(-1) ?? 0;
  return (
    <>
      <svg width={SIZE.width} height={SIZE.height} viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} role="img" aria-label={`${symbol}: ${view.columns.time.length} daily candles`}>
        <path d={picture.risingVolume} className="volume" /><path d={picture.fallingVolume} className="volume" />
        <path d={picture.rising} className="candle rising" /><path d={picture.falling} className="candle falling" />
        <line x1={0} x2={SIZE.width} y1={picture.lastY} y2={picture.lastY} className="last" />
      </svg>
      <p className="preview-foot num muted"><span>{marketDay(first)} to {marketDay(last)}</span><span>{price(picture.bottom)} – {price(picture.top)} USD, freed of splits</span></p>
      {view.sources.length > 0 && <p className="preview-time muted">From {view.sources.join(', ')}{view.isFromArchive ? ', in part out of the archive' : ''}</p>}
    </>
  );
}

/** The card; the pointer goes through it. */
export function PreviewCard({ row, asOf, isDaily, at }: { row: ScreenRow; asOf: string | null; isDaily: boolean; at: { left: number; top: number } }): JSX.Element {
  return (
    <div className="preview-card" style={at} aria-hidden data-symbol={row.symbol}>
      <header><strong>{row.symbol}</strong><span className="clip muted">{row.name === row.symbol ? '' : row.name}</span><b className="num">{price(row.close)}</b><ChangeWords value={row.change} /></header>
      <Candles key={row.symbol} symbol={row.symbol} asOf={asOf} />
      <p className="preview-time muted num">{row.sector ?? 'No sector known'} · bar of {isDaily ? marketDay(row.barTime) : `${marketDayTime(row.barTime)} New York`}</p>
    </div>
  );
}
