/** The promise of the wire: every event once and in order, whatever happens to Redis, relay, lane or PostgreSQL. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { openBus, type Bus } from './bus.ts';
import { startLane, type Lane } from './consumer.ts';
import { openDb, type Db, type NewEvent } from './db.ts';
import { outboxRows } from './outbox.ts';
import { startRelay, type Relay } from './relay.ts';
import { AppError } from '#app/domain/errors.ts';

const log = pino({ level: 'silent' });
let book: Book;
let wire: Wire;
const cleanUp: (() => Promise<void> | void)[] = [];

function db(role: 'risk_management' | 'execution', onLost: (error: Error) => void = () => undefined): Db {
  const opened = openDb({ access: book.access(role), database: 'trading_system', schema: role, applicationName: role, max: 3, onLost });
  cleanUp.push(() => opened.close());
  return opened;
}
function bus(name: string): Bus {
  const opened = openBus(wire.access, name, log);
  cleanUp.push(() => opened.close());
  return opened;
}
function changed(n: number): NewEvent {
  return { topic: 'order.cancel_requested', key: `c${n}`, correlationId: `c${n}`, payload: { clientOrderId: `ms-${n}`, reason: 'test' } };
}
function onFatal(error: unknown): void {
  throw error;
}
async function relay(from: Db): Promise<Relay> {
  const started = await startRelay({ db: from, bus: bus('risk_management'), service: 'risk_management', log, onFatal });
  cleanUp.push(() => started.stop());
  return started;
}
async function lane(into: Db, heard: string[], failing: () => boolean = () => false): Promise<Lane> {
  const started = await startLane([{ producer: 'risk_management', topics: ['order.cancel_requested'], batch: 7, async handle(tx, events) {
    for (const event of events) await tx.query('INSERT INTO execution.broker_cursors (name, position) VALUES ($1, $2)', [event.key, String(event.seq)]);
    if (failing()) throw new AppError('VERSION_CONFLICT', 'planted');
    tx.afterCommit(() => heard.push(...events.map((event) => event.key)));
  } }], { db: into, bus: bus('execution'), service: 'execution', log, onFatal });
  cleanUp.push(() => started.stop());
  return started;
}
async function say(from: Db, first: number, count: number): Promise<void> {
  for (let n = first; n < first + count; n += 3) {
    await from.tx(async (tx) => {
      for (let k = n; k < Math.min(n + 3, first + count); k += 1) tx.emit(changed(k));
      await tx.query('SELECT 1');
    });
  }
}
const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => `c${n + 1}`);

describe('the wire', () => {
  beforeAll(async () => {
    [book, wire] = await Promise.all([startBook(), startWire()]);
  });
  afterAll(async () => {
    await book.stop();
    await wire.stop();
  });
  beforeEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
    await book.sql(`TRUNCATE execution.inbox, execution.inbox_offset, execution.broker_cursors, risk_management.outbox; UPDATE risk_management.outbox_head SET seq = 0, sent_seq = 0`);
  });

  it('writes no event that its readers would refuse: the transaction ends, and what comes after it is read', async () => {
    const from = db('risk_management');
    const refused = { ...changed(1), payload: { clientOrderId: 'ms-1', reason: 7 } } as unknown as NewEvent;
    for (const event of [refused, { ...changed(1), key: '' }, { ...changed(1), correlationId: 'x'.repeat(257) }]) {
      await expect(from.tx((tx) => Promise.resolve(tx.emit(event)))).rejects.toMatchObject({ code: 'INVARIANT_BROKEN' });
    }
    await say(from, 1, 1);
    expect((await outboxRows(from, 'risk_management', 0, 10)).map(({ seq, key }) => [seq, key])).toEqual([[1, 'c1']]);
  });

  it('carries words that the book cannot keep as plain ones, the same from the wire and from the book', async () => {
    const from = db('risk_management');
    const committed: unknown[] = [];
    from.onCommitted((envelopes) => committed.push(...envelopes));
    await from.tx((tx) => Promise.resolve(tx.emit({ ...changed(1), payload: { clientOrderId: 'ms-1', reason: 'a\0b \ud83d' } } as NewEvent)));
    const stored = await outboxRows(from, 'risk_management', 0, 10);
    expect(stored).toMatchObject([{ payload: { clientOrderId: 'ms-1', reason: 'ab \uFFFD' } }]);
    expect(committed).toEqual(stored);
  });

  it('carries every event once and in order', async () => {
    const from = db('risk_management');
    await relay(from);
    const heard: string[] = [];
    await lane(db('execution'), heard);
    await say(from, 1, 100);
    await until(() => heard.length >= 100, 'all events');
    expect(heard).toEqual(keys(100));
    const [{ n }] = (await book.sql<{ n: number }>('SELECT count(*) AS n FROM execution.inbox')) as [{ n: number }];
    expect(n).toBe(100);
    await until(async () => (await book.sql<{ sent_seq: number }>('SELECT sent_seq FROM risk_management.outbox_head'))[0]?.sent_seq === 100, 'the relay to note what it sent');
  });

  it('numbers the outbox without gaps when transactions run at once and some roll back', async () => {
    const from = db('risk_management');
    const attempts = Array.from({ length: 40 }, (_, n) => from.tx(async (tx) => {
      tx.emit(changed(n + 1));
      if (n % 4 === 0) throw new AppError('INPUT_INVALID', 'planted');
    }));
    const results = await Promise.allSettled(attempts);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(30);
    const rows = await book.sql<{ seq: number }>('SELECT seq FROM risk_management.outbox ORDER BY seq');
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
  });

  it('loses and doubles nothing when Redis is killed and comes back empty', async () => {
    const from = db('risk_management');
    await relay(from);
    const heard: string[] = [];
    await lane(db('execution'), heard);
    await say(from, 1, 30);
    await until(() => heard.length >= 30, 'the first events');
    await wire.kill();
    await say(from, 31, 30);
    await until(() => heard.length >= 60, 'events through the book alone');
    await wire.start();
    await say(from, 61, 30);
    await until(() => heard.length >= 90, 'events after Redis is back');
    expect(heard).toEqual(keys(90));
  });

  it('rolls a failing batch back whole and handles it again', async () => {
    const from = db('risk_management');
    const heard: string[] = [];
    let failures = 3;
    await say(from, 1, 20);
    await lane(db('execution'), heard, () => failures-- > 0);
    await until(() => heard.length >= 20, 'all events after retries');
    expect(heard).toEqual(keys(20));
    const [{ n }] = (await book.sql<{ n: number }>('SELECT count(*) AS n FROM execution.broker_cursors')) as [{ n: number }];
    expect(n).toBe(20);
  });

  it('goes on where the last life ended', async () => {
    const from = db('risk_management');
    await say(from, 1, 10);
    const heard: string[] = [];
    const first = await lane(db('execution'), heard);
    await until(() => heard.length >= 10, 'the first life');
    await first.stop();
    await say(from, 11, 10);
    await lane(db('execution'), heard);
    await until(() => heard.length >= 20, 'the second life');
    expect(heard).toEqual(keys(20));
  });

  it('refuses a second handler of the same events', async () => {
    const from = db('risk_management');
    await say(from, 1, 1);
    const handled: string[] = [];
    const errors: unknown[] = [];
    for (const name of ['first', 'second']) {
      const into = db('execution');
      const started = await startLane([{ producer: 'risk_management', topics: ['order.cancel_requested'], async handle(tx, events) {
        await tx.query('SELECT 1');
        tx.afterCommit(() => handled.push(...events.map((event) => event.key)));
      } }], { db: into, bus: bus(name), service: 'execution', log, onFatal: (error) => errors.push(error) });
      cleanUp.push(() => started.stop());
    }
    await say(from, 2, 9);
    await until(() => errors.length === 1, 'the loser to give up');
    await until(() => handled.length === 10, 'the winner to handle the rest');
    expect(handled).toEqual(keys(10));
    expect(errors[0]).toMatchObject({ code: 'INVARIANT_BROKEN' });
  });

  it('lets a stuck lane hold nothing else back, hears everything there afterwards, and keeps the edge as far as its slowest lane', async () => {
    const from = db('risk_management');
    await relay(from);
    await say(from, 1, 3);
    const heard = { main: [] as string[], slow: [] as string[] };
    const gate = Promise.withResolvers<undefined>();
    const into = db('execution');
    const wanted = { producer: 'risk_management', topics: ['order.cancel_requested'] } as const;
    const first = await startLane([{ ...wanted, async handle(tx, events) {
      await tx.query('SELECT 1');
      tx.afterCommit(() => heard.main.push(...events.map((event) => event.key)));
    } }], { db: into, bus: bus('execution'), service: 'execution', log, onFatal });
    await until(() => heard.main.length === 3, 'the only lane');
    await first.stop();
    const started = await startLane([
      { ...wanted, async handle(tx, events) {
        await tx.query('SELECT 1');
        tx.afterCommit(() => heard.main.push(...events.map((event) => event.key)));
      } },
      { ...wanted, lane: 'slow', batch: 4, async handle(tx, events) {
        await gate.promise;
        await tx.query('SELECT 1');
        tx.afterCommit(() => heard.slow.push(...events.map((event) => event.key)));
      } },
    ], { db: into, bus: bus('execution'), service: 'execution', log, onFatal });
    cleanUp.push(() => started.stop());
    await say(from, 4, 9);
    await until(() => heard.main.length === 12, 'the lane beside the stuck one');
    expect(started.busyLanes().map(({ lane: name }) => name)).toEqual(['slow']);
    const edge = async (): Promise<number | undefined> => (await book.sql<{ heard_seq: number }>(`SELECT heard_seq FROM public.pipeline_watermarks WHERE consumer = 'execution' AND producer = 'risk_management'`))[0]?.heard_seq;
    expect(await edge()).toBe(3);
    gate.resolve(undefined);
    await until(() => heard.slow.length === 9, 'the slow lane');
    expect(heard.slow).toEqual(keys(12).slice(3));
    expect(heard.main).toEqual(keys(12));
    await until(async () => (await edge()) === 12, 'the edge');
  });

  it('reports a lost PostgreSQL and keeps every committed event', async () => {
    let lost = 0;
    const from = db('risk_management', () => (lost += 1));
    await say(from, 1, 9);
    await book.kill();
    // A backend outlives its postmaster for a moment, and may answer in it.
    const failure = await until(() => from.query('SELECT 1').then(() => null, (error: unknown) => ({ error })), 'the loss to be noticed');
    expect(failure.error).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(lost).toBeGreaterThan(0);
    await book.start();
    const rows = await book.sql<{ seq: number }>('SELECT seq FROM risk_management.outbox');
    expect(rows).toHaveLength(9);
  });

  it('reports a session that the server ends in mid-transaction as lost, and goes on with a fresh one', async () => {
    let lost = 0;
    const from = db('risk_management', () => (lost += 1));
    await expect(from.tx(async (tx) => {
      const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await book.sql('SELECT pg_terminate_backend($1)', [row?.pid]);
      await until(async () => (await book.sql('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [row?.pid])).length === 0, 'the session to end');
      await tx.query('SELECT 1');
    })).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(lost).toBe(1);
    expect(await from.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('lets a follower without a group hear what is said from now on, from the first event of a silent stream', async () => {
    const from = db('risk_management');
    await relay(from);
    const tailing = bus('gateway');
    await until(() => tailing.isUp(), 'Redis');
    const heard: string[] = [];
    let gaps = 0;
    const stop = tailing.tail(['risk_management', 'analytics'], (event) => heard.push(event.key), () => (gaps += 1));
    cleanUp.push(stop);
    await until(() => gaps === 1, 'the follower to be in place');
    await say(from, 1, 30);
    await until(() => heard.length >= 30, 'the follower to hear everything');
    expect(heard).toEqual(keys(30));
  });

  it('does not let a swallowed failure pass as a commit', async () => {
    const from = db('risk_management');
    await expect(from.tx(async (tx) => {
      await tx.query('SELECT 1/0').catch(() => []);
    })).rejects.toMatchObject({ code: 'INVARIANT_BROKEN' });
  });
});
