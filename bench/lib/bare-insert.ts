/** What PostgreSQL alone does with the same bars: the reference for the pipeline, taken in the same run. */
import type { BenchStack } from './stack.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2001, 0, 2, 14, 30);

/** Inserts `minutes` batches of `symbols` bars, one transaction each, into a table like market_data; bars a second. */
export async function bareInsertRate(stack: BenchStack, symbols: number, minutes: number): Promise<number> {
  const book = await stack.book();
  try {
    await book.query('CREATE TABLE public.bench_bars (symbol text, timeframe text, open_time timestamptz, open numeric(24,9), high numeric(24,9), low numeric(24,9), close numeric(24,9), volume numeric(24,9), PRIMARY KEY (symbol, timeframe, open_time))');
    const names = Array.from({ length: symbols }, (_, index) => `S${index}`);
    const began = performance.now();
    for (let minute = 0; minute < minutes; minute += 1) {
      await book.tx((tx) => tx.query(
        "INSERT INTO public.bench_bars SELECT s, '1Min', to_timestamp($2::bigint / 1000.0), 100.01, 100.05, 99.98, 100.02, 1234 FROM unnest($1::text[]) AS s",
        [names, START_MS + minute * MINUTE_MS],
      ));
    }
    const seconds = (performance.now() - began) / 1_000;
    await book.query('DROP TABLE public.bench_bars');
    return (symbols * minutes) / seconds;
  } finally {
    await book.close();
  }
}
