/** The price that a ticket is written against, with its age. */
import type { JSX } from 'react';
import { useLivePrice, useStatus } from '../../../data/live.ts';
import { usePositions, useSymbols } from '../../../data/queries.ts';
import type { PositionView } from '#app/contracts/views.ts';
import { Age, LiveNumber } from '../../../ui/kit.tsx';
import { price, quantity } from '../../../ui/format.ts';
import { barLimitMs } from '../freshness.ts';

/** Last price of a symbol, when it was seen, and its name; nulls while nothing is known of it. */
export type QuoteView = { readonly symbol: string; readonly last: string | null; readonly seenAt: number | null; readonly name: string | null; readonly held: PositionView | null };

/** Watches a symbol: the live price, or the stored one until the first tick. */
export function useQuote(typed: string): QuoteView {
  const symbol = typed.trim().toUpperCase();
  const live = useLivePrice(symbol);
  const stored = useSymbols(symbol, symbol !== '').data?.symbols.find((row) => row.symbol === symbol);
  const held = usePositions().data?.positions.find((row) => row.symbol === symbol && Number(row.qty) !== 0) ?? null;
  return { symbol, last: live?.price ?? stored?.lastPrice ?? null, seenAt: live?.tsSeen ?? stored?.priceSeenAt ?? null, name: stored?.name ?? null, held };
}

/** Name, price, age, and what is held of it. */
export function Quote({ quote }: { quote: QuoteView }): JSX.Element {
  const market = useStatus()?.market;
  const { held } = quote;
  return (
    <div className="quote">
      <span>{quote.name ?? (quote.symbol === '' ? 'Choose a symbol' : 'Not a stored symbol')}{held !== null && <span className="quote-held"> · you hold <b className="num">{quantity(held.qty)}</b> at {price(held.avgPrice)}</span>}</span>
      {quote.last !== null && <span className="quote-price"><LiveNumber value={quote.last}><b>{price(quote.last)}</b></LiveNumber> <small>USD</small> <Age at={quote.seenAt} limitMs={market?.session === 'open' ? barLimitMs(market) : undefined} source="last close" /></span>}
    </div>
  );
}
