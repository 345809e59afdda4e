/** The market-data stream: minute bars of the watched symbols. */
import { streaming } from '@alpacahq/alpaca-trade-api';
import { describeError } from '#app/domain/errors.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import type { CheckedAccess } from './access.ts';
import type { Feed, FeedBar, StreamListener } from './ports.ts';
import { keepStream, streamTimers, type StreamTimers } from './stream-keeper.ts';
import { barFromNumbers } from './wire.ts';

/** A bar as the SDK hands it over -> domain. @throws AppError BROKER_REPLY_INVALID when it cannot be a bar */
export function barFromSdk(bar: streaming.StreamBar, isRevision: boolean, tsSeen: EpochMs): FeedBar {
  return { ...barFromNumbers(bar.symbol, '1Min', epochMs(bar.timestamp.getTime()), bar), isRevision, tsSeen };
}

/** Creates the feed; `start()` opens it. A bar that cannot be true is told as trouble and left out. */
export function createFeed(options: { readonly access: CheckedAccess; readonly nowMs: () => EpochMs; readonly listener: StreamListener<FeedBar>; readonly timers?: StreamTimers }): Feed {
  const { access, listener } = options;
  let wished: readonly string[] = [];
  const take = (deliver: (bar: FeedBar) => void, isRevision: boolean) => (raw: streaming.StreamBar): void => {
    let bar: FeedBar;
    try {
      bar = barFromSdk(raw, isRevision, options.nowMs());
    } catch (error) {
      listener.onTrouble(describeError(error).slice(0, 300));
      return;
    }
    deliver(bar);
  };
  const kept = keepStream<FeedBar>(
    {
      name: 'market data',
      create(connection, deliver) {
        const stream = new streaming.StockDataStream({ ...connection, credentials: { keyId: access.keyId, secret: access.secretKey }, url: access.dataStreamUrl });
        stream.onBar(take(deliver, false));
        stream.onUpdatedBar(take(deliver, true));
        if (wished.length > 0) {
          stream.subscribeForBars([...wished]);
          stream.subscribeForUpdatedBars([...wished]);
        }
        return stream;
      },
      hasNoSubscription: () => wished.length === 0,
    },
    listener,
    options.timers ?? streamTimers(access),
  );
  return {
    start: () => kept.start(), state: () => kept.state(), lastMessageAgeMs: () => kept.lastMessageAgeMs(), reconnect: (reason) => kept.reconnect(reason), close: () => kept.close(),
    watch(symbols) {
      const before = wished;
      wished = [...new Set(symbols)];
      const stream = kept.current();
      if (!(stream instanceof streaming.StockDataStream)) return;
      const added = wished.filter((symbol) => !before.includes(symbol));
      const removed = before.filter((symbol) => !wished.includes(symbol));
      if (removed.length > 0) {
        stream.unsubscribeFromBars(removed);
        stream.unsubscribeFromUpdatedBars(removed);
      }
      if (added.length > 0) {
        stream.subscribeForBars(added);
        stream.subscribeForUpdatedBars(added);
      }
    },
  };
}
