/** The exchange's present day. */
import { useMarketNow, useNow } from '../../data/clock.ts';
import { marketDay } from '../../ui/format.ts';

/** The day in New York, YYYY-MM-DD: by the market's clock, by this computer's while that is not known. Who asks is drawn anew with each tick of both. */
export function useToday(): string {
  const marketNow = useMarketNow();
  const here = useNow();
  return marketDay(marketNow ?? here);
}
