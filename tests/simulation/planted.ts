/** The planted defects: each is one way to lose or double an order or money, made in the source while it is loaded. */

/** A defect: in `file`, `find` (which must be there exactly once) becomes `replace`. */
export type Planted = { readonly name: string; readonly what: string; readonly changes: readonly { readonly file: string; readonly find: string; readonly replace: string }[] };

const CONSUMER = 'services/chassis/consumer.ts';
const SUBMITTER = 'services/execution/submitter.ts';
const MARK_UNKNOWN = 'else await markUnknown(order, outcome.cause, outcome.message);';
const asRejected = (cause: string): string =>
  `else if (outcome.cause === '${cause}') await booking.change(order.orderId, (tx, current) => closeUnheard(tx, current, { kind: 'rejected', source: 'local', detail: {}, patch: { reason: 'planted' } }));\n    ${MARK_UNKNOWN}`;

/** All of them. */
export const PLANTED: readonly Planted[] = [
  {
    name: 'inbox_dropped', what: 'events that were heard before are heard again',
    changes: [
      { file: CONSUMER, find: 'heard.filter((envelope) => envelope.seq > offset)', replace: 'heard.filter(() => true)' },
      { file: CONSUMER, find: 'const isGapless = fresh.every((envelope, n) => envelope.seq === offset + 1 + n);', replace: 'const isGapless = true;' },
      { file: CONSUMER, find: 'WHERE producer = $1 AND seq = $2 RETURNING 1', replace: 'WHERE producer = $1 AND $2::bigint IS NOT NULL RETURNING 1' },
      { file: CONSUMER, find: 'WHERE EXISTS (SELECT FROM moved)\n  )', replace: 'WHERE EXISTS (SELECT FROM moved) ON CONFLICT DO NOTHING\n  )' },
    ],
  },
  {
    name: 'offset_before_effect', what: 'an event counts as heard before its effects are in the book',
    changes: [{
      file: CONSUMER, find: 'if (wanted.length > 0) await spec.handle(tx, wanted);', replace: '});\n    this.offsets.set(spec.producer, upTo);\n    await db.tx(async (tx) => {\n      if (wanted.length > 0) await spec.handle(tx, wanted);',
    }],
  },
  {
    name: 'event_after_commit', what: 'events are written to the outbox after the transaction that they tell of',
    changes: [{
      file: 'services/chassis/db.ts', find: 'const envelopes = events.length > 0 ? await this.append(client, events) : [];',
      replace: "if (events.length > 0) await client.query('COMMIT; BEGIN');\n    const envelopes = events.length > 0 ? await this.append(client, events) : [];",
    }],
  },
  {
    name: 'post_before_commit', what: 'the broker hears of an order before the book says that it was submitted',
    changes: [{
      file: 'services/execution/submit-lane.ts', find: 'const passed = await pass(parts, row.order_id, armingNow);',
      replace: `const { readOrders } = await import('./orders.ts');
    const [early] = await readOrders(parts.db, { by: 'order_id', ids: [row.order_id] });
    if (early) await broker.submit({ clientOrderId: early.clientOrderId, symbol: early.symbol, side: early.side, qty: early.state.qty, terms: early.terms }, permit);
    const passed = await pass(parts, row.order_id, armingNow);`,
    }],
  },
  {
    name: 'new_id_on_timeout', what: 'an order without an answer is posted again under a new id',
    changes: [{
      file: SUBMITTER, find: "crashPoint('execution.after-post');",
      replace: "crashPoint('execution.after-post');\n    if (outcome.kind === 'unknown' && outcome.cause === 'timeout') await broker.submit({ ...ticketOf(order), clientOrderId: order.clientOrderId + '-again' }, permit);",
    }],
  },
  { name: 'timeout_as_rejected', what: 'no answer is taken for a refusal', changes: [{ file: SUBMITTER, find: MARK_UNKNOWN, replace: asRejected('timeout') }] },
  { name: 'duplicate_as_rejected', what: 'the answer that an id was used before is taken for a refusal', changes: [{ file: SUBMITTER, find: MARK_UNKNOWN, replace: asRejected('duplicate') }] },
  { name: 'float_money', what: 'cash is added up in floating point', changes: [{ file: 'services/execution/ledger.ts', find: 'toText(cashDelta(fill))', replace: 'String(Math.fround(Number(toText(cashDelta(fill)))))' }] },
  {
    name: 'execution_twice', what: 'an execution that was told before is booked again',
    changes: [{ file: 'app/execution/news.ts', find: 'if (local.fills.some((known) => isSameExecution(known, execution))) return NOTHING;', replace: '' }],
  },
  {
    name: 'late_fill_ignored', what: 'a fill that is told after the order was closed is left out',
    changes: [{ file: 'app/execution/news.ts', find: 'function planFill(local: LocalOrder, execution: Execution): Plan {', replace: 'function planFill(local: LocalOrder, execution: Execution): Plan {\n  if (isClosed(local.state.status)) return NOTHING;' }],
  },
  { name: 'halt_ignored', what: 'the lane does not look at the trading state', changes: [{ file: 'services/execution/gate.ts', find: 'tradingState: stricterState(tradingStateSchema.parse(row.state), senses.latch()?.state ?? null)', replace: "tradingState: 'ACTIVE'" }] },
  { name: 'halt_forgotten', what: 'an entry that waited goes out after the resume, as if trading had not been stopped', changes: [{ file: 'services/execution/gate.ts', find: "row.states_since.map((state) => tradingStateSchema.parse(state)).reduce(stricterState, 'ACTIVE')", replace: "'ACTIVE'" }] },
  {
    name: 'reservation_ignored', what: 'what is approved and not yet filled does not count against the limits',
    changes: [{ file: 'services/risk_management/load-book.ts', find: 'reserved: reservationLeft(money(row.reserved), qty, filled)', replace: 'reserved: ZERO_MONEY' }],
  },
  { name: 'reconnect_without_comparison', what: 'after the stream was down orders go out without a comparison of the books', changes: [{ file: 'services/execution/broker-link.ts', find: "missed('reconnect');", replace: "holds.set('stream', null);" }] },
];
