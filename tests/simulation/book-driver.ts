/** In the place of the driver `pg`: the pool and the connections that the chassis opens, over the book of the simulation, with its delays and deaths. */
import pg from 'pg';
import { never, unitOf, world } from './world.ts';
import type { Answer } from './book.ts';
import type { Life } from './unit.ts';

type Parser = (oid: number, format?: 'text') => (text: string) => unknown;
type PoolOptions = { readonly application_name: string; readonly types: { readonly getTypeParser: Parser } };
type Query = string | { readonly text: string; readonly values?: readonly unknown[] };

const SLOW_MS = 3_000;

/** Every answer takes a moment, some take long: that is where others come in between. */
async function pause(life: Life): Promise<void> {
  const { time, delays, faults } = world();
  if (faults.strikes('slow_book')) await time.wait(faults.between(50, SLOW_MS));
  else if (delays.next() < 0.3) await time.wait(delays.next() * 3);
  if (life.isDead) await never();
}

function conflict(): Error {
  return Object.assign(new Error('deadlock detected'), { code: '40P01' });
}

class Connection {
  readonly #life: Life;
  readonly #parser: Parser;

  constructor(life: Life, parser: Parser) {
    this.#life = life;
    this.#parser = parser;
  }

  on(): this {
    return this;
  }
  off(): this {
    return this;
  }

  async query(query: Query): Promise<Answer | Answer[]> {
    const life = this.#life;
    if (life.isDead) return never();
    const { book, session, faults } = world();
    if (typeof query !== 'string') {
      // The other side of a deadlock, when something was there to deadlock on.
      if (/FOR UPDATE|^\s*UPDATE/.test(query.text) && faults.strikes('commit_conflict')) throw conflict();
      return book.run(query.text, query.values ?? [], this.#parser);
    }
    const ends = query.includes('COMMIT');
    if (ends && life.mayDie('crash_before_commit', `${life.name} before commit`)) return never();
    const answers = book.script(query);
    if (query.startsWith('BEGIN')) session.noteTransaction(true);
    if (ends || query.startsWith('ROLLBACK')) session.noteTransaction(false);
    if (ends && life.mayDie('crash_after_commit', `${life.name} after commit`)) return never();
    return answers.length === 1 && answers[0] ? answers[0] : answers;
  }

  release(): void {
    if (!this.#life.isDead) world().session.free(this.#life);
  }
}

/** A pool of one. */
export class SimulatedPool {
  readonly #life: Life;
  readonly #parser: Parser;

  constructor(options: PoolOptions) {
    this.#life = unitOf(options.application_name.split('.')[0] ?? '').present();
    this.#parser = options.types.getTypeParser;
  }

  on(): this {
    return this;
  }

  async connect(): Promise<Connection> {
    const { session } = world();
    await pause(this.#life);
    await session.take(this.#life);
    if (this.#life.isDead) return never();
    return new Connection(this.#life, this.#parser);
  }

  async query(query: Query): Promise<Answer | Answer[]> {
    const connection = await this.connect();
    try {
      return await connection.query(query);
    } finally {
      connection.release();
    }
  }

  async end(): Promise<void> {
    await Promise.resolve();
  }
}

/** What `import pg from 'pg'` gives in a simulation. */
export const simulatedPg = { Pool: SimulatedPool, Client: SimulatedPool, types: pg.types };
