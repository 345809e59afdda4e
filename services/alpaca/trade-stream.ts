/** The account's stream of order updates. */
import { streaming } from '@alpacahq/alpaca-trade-api';
import * as z from 'zod';
import { describeError } from '#app/domain/errors.ts';
import { price, quantity } from '#app/domain/numeric.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { readAs } from '#app/contracts/read.ts';
import type { CheckedAccess } from './access.ts';
import type { LiveStream, StreamListener, TradeUpdate } from './ports.ts';
import { keepStream, streamTimers, type StreamTimers } from './stream-keeper.ts';
import { isOfOtherKind, isTraded, orderFromWire, orderWire, positiveWire } from './wire.ts';

const updateWire = z.object({ event: z.string().min(1).max(64), order: orderWire, timestamp: z.date().optional(), execution_id: z.string().min(1).max(128).nullish(), price: z.string().nullish(), qty: z.string().nullish() });
const fillWire = z.object({ execution_id: z.string(), price: positiveWire, qty: positiveWire });
const FILL_EVENTS = new Set(['fill', 'partial_fill']);

/**
 * Reads one update as the SDK hands it over (it keeps the wire's own keys beside its camelCase ones; only `timestamp` became a Date).
 * Null: about something that is not a share.
 * @throws ZodError or AppError when it cannot be an update
 */
export function updateFromSdk(raw: unknown, tsSeen: EpochMs): TradeUpdate | null {
  const wire = readAs(updateWire, raw);
  if (!isTraded(wire.order.asset_class)) return null;
  const order = orderFromWire(wire.order);
  const isFill = FILL_EVENTS.has(wire.event);
  const fill = isFill ? fillWire.parse(wire) : null;
  return {
    event: wire.event, order, tsSeen, at: wire.timestamp === undefined ? order.updatedAt : epochMs(wire.timestamp.getTime()),
    execution: fill === null ? null : { id: fill.execution_id, qty: quantity(fill.qty), price: price(fill.price) },
  };
}

/** Of kinds that Mainspring does not trade, from other programs: need not be understood. */
function isForeign(raw: unknown, isOurs: (clientOrderId: string) => boolean): boolean {
  const head = z.object({ order: z.unknown() }).safeParse(raw);
  return head.success && isOfOtherKind(head.data.order, isOurs);
}

/** Creates the stream; `start()` opens it. An update of ours that cannot be read is told as trouble: the owner then asks over REST. */
export function createTradeStream(options: { readonly access: CheckedAccess; readonly nowMs: () => EpochMs; readonly isOurs: (clientOrderId: string) => boolean; readonly listener: StreamListener<TradeUpdate>; readonly timers?: StreamTimers }): LiveStream {
  const { access, listener } = options;
  return keepStream<TradeUpdate>(
    {
      name: 'trading',
      create(connection, deliver) {
        const stream = new streaming.TradingStream({ ...connection, credentials: { keyId: access.keyId, secret: access.secretKey }, url: access.tradingStreamUrl });
        stream.onTradeUpdate((raw) => {
          let update: TradeUpdate | null;
          try {
            update = updateFromSdk(raw, options.nowMs());
          } catch (error) {
            if (!isForeign(raw, options.isOurs)) listener.onTrouble(`a trade update cannot be read: ${describeError(error).slice(0, 300)}`);
            return;
          }
          if (update !== null) deliver(update);
        });
        stream.subscribeTradeUpdates();
        return stream;
      },
    },
    listener,
    options.timers ?? streamTimers(access),
  );
}
