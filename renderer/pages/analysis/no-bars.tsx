/** What stands in the place of the chart when there is nothing to draw, and what fills it. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, Progress, Select } from '@mantine/core';
import type { ChartSymbol } from '#app/contracts/charts.ts';
import type { ChartTimeframe } from '#app/contracts/market-data.ts';
import { useAction, useRoute } from '../../data/queries.ts';
import { marketDay, percent } from '../../ui/format.ts';
import { Empty } from '../../ui/kit.tsx';

const YEARS = ['1', '2', '5', '10'] as const;
const DAY_MS = 86_400_000;
const WIDTHS: Readonly<Record<ChartTimeframe, '1Min' | '5Min' | '1Hour' | '1Day'>> = { '1Min': '1Min', '5Min': '5Min', '15Min': '5Min', '30Min': '5Min', '1Hour': '1Hour', '1Day': '1Day', '1Week': '1Day', '1Month': '1Day' };

/** How far a back-fill is. */
function Filling({ backfillId, onDone }: { backfillId: string; onDone(): void }): JSX.Element {
  const query = useRoute('backfill', ['backfill', backfillId], { backfillId }, { everyMs: (last) => (last?.backfill.endedAt === null || last === undefined ? 1_500 : false) });
  const now = query.data?.backfill;
  if (now === undefined) return <p className="muted">Asked for.</p>;
  return (
    <div className="filling">
      <Progress value={now.fraction * 100} aria-label="Back-fill" />
      <p className="muted">{now.problem ?? now.waitsFor ?? (now.endedAt === null ? `${percent(now.fraction, { signed: false, decimals: 0 })} read, ${now.stored} bars stored` : `Done: ${now.stored} bars stored`)}</p>
      {now.endedAt !== null && <Button size="compact-sm" onClick={onDone}>Show them</Button>}
    </div>
  );
}

/** No bars of this symbol in this width: offers to read them from the broker. */
export function NoBars({ symbol, timeframe, known, onFilled, onSymbol }: { symbol: string; timeframe: ChartTimeframe; known: ChartSymbol | null | undefined; onFilled(): void; onSymbol(symbol: string): void }): JSX.Element {
  const [years, setYears] = useState<string>('5');
  const start = useAction('startBackfill');
  const width = WIDTHS[timeframe];
  if (known === null) return <Empty title={`${symbol} is not known`}>Neither the broker's list nor the book has a symbol with these letters. Look for it by name, or import a file with its bars.</Empty>;
  const others = (known?.series ?? []).map((series) => series.timeframe);
  return (
    <Empty
      title={`No ${timeframe} bars of ${symbol} are stored`}
      action={(
        <div className="no-bars">
          {known?.renamedTo && <Button variant="default" onClick={() => onSymbol(known.renamedTo ?? symbol)}>It is called {known.renamedTo} now: show that</Button>}
          {start.data === undefined ? (
            <div className="no-bars-row">
              <Select size="sm" w={110} aria-label="How far back" value={years} data={YEARS.map((one) => ({ value: one, label: one === '1' ? '1 year' : `${one} years` }))} allowDeselect={false} onChange={(value) => setYears(value ?? '5')} />
              <Button loading={start.isPending} onClick={() => start.mutate({ symbols: [symbol], timeframe: width, from: marketDay(Date.now() - Number(years) * 365.25 * DAY_MS), why: 'asked for on the analysis page' })}>Read {width} bars from the broker</Button>
            </div>
          ) : <Filling backfillId={start.data.backfillId} onDone={onFilled} />}
          {start.error !== null && <p className="switch-error" role="alert">{start.error.message}</p>}
        </div>
      )}
    >
      {known?.status === 'inactive' ? `${symbol} is no longer traded; its past may still be at the broker. ` : ''}{others.length > 0 ? `Stored of it: ${others.join(', ')}.` : 'The chart appears here once they are read.'}
    </Empty>
  );
}
