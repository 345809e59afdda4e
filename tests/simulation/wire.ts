/** The wire of a simulation: streams in memory that lose, double, reorder and delay, and are away at times. */
import type { Bus, GroupReader } from '#chassis/bus.ts';
import type { EventEnvelope } from '#app/contracts/events.ts';
import { AppError } from '#app/domain/errors.ts';
import type { ServiceId } from '#app/domain/ids.ts';
import { never, world } from './world.ts';
import type { Life } from './unit.ts';

/** A reader that waits asks the book when it has heard nothing; here it waits longer, which loses nothing but time. */
const PATIENCE = 5;

/** All streams. */
export class Wire {
  readonly #streams = new Map<ServiceId, EventEnvelope[]>();
  readonly #bells = new Set<() => void>();
  isAway = false;

  stream(producer: ServiceId): EventEnvelope[] {
    const known = this.#streams.get(producer);
    if (known) return known;
    const fresh: EventEnvelope[] = [];
    this.#streams.set(producer, fresh);
    return fresh;
  }

  #append(envelope: EventEnvelope): void {
    const { faults } = world();
    const stream = this.stream(envelope.producer);
    if (faults.strikes('wire_drop')) return;
    if (stream.length > 0 && faults.strikes('wire_reorder')) stream.splice(stream.length - 1, 0, envelope);
    else stream.push(envelope);
    if (faults.strikes('wire_double')) stream.push(envelope);
    for (const ring of [...this.#bells]) ring();
  }

  put(envelope: EventEnvelope): void {
    const { faults, time } = world();
    if (faults.strikes('wire_delay')) time.after(faults.between(20, 3_000), () => this.#append(envelope));
    else this.#append(envelope);
  }

  /** Everything that streams held is gone, as after the loss of Redis' memory. */
  goAway(forMs: number): void {
    this.isAway = true;
    for (const stream of this.#streams.values()) stream.length = 0;
    world().time.after(forMs, () => {
      this.isAway = false;
    });
  }

  /** Waits for the next entry. */
  async next(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const ring = (): void => {
        clearTimeout(timer);
        this.#bells.delete(ring);
        resolve();
      };
      const timer = setTimeout(ring, ms);
      this.#bells.add(ring);
    });
  }

  /** The wire as one life of a worker sees it. */
  open(life: Life): Bus {
    return {
      publish: async (envelopes) => {
        if (life.isDead || life.mayDie('crash_before_publish', `${life.name} before publish`)) return never();
        await world().time.wait(world().delays.next() * 2);
        if (life.isDead) return never();
        if (this.isAway) throw new AppError('BUS_UNREACHABLE', 'The wire is away');
        for (const envelope of envelopes) this.put(envelope);
        if (life.mayDie('crash_after_publish', `${life.name} after publish`)) return never();
      },
      openGroup: (_group, producers) => this.#reader(life, producers),
      tail: () => () => undefined,
      cache: () => ({ get: () => Promise.resolve(null), set: () => Promise.resolve() }),
      broadcast: () => Promise.resolve(),
      listen: () => () => undefined,
      ping: () => Promise.resolve(1),
      isUp: () => !this.isAway,
      close: () => undefined,
    };
  }

  #reader(life: Life, producers: readonly ServiceId[]): GroupReader {
    let position: Map<ServiceId, number> | null = null;
    return {
      read: async (blockMs, count) => {
        await world().time.wait(0.2 + world().delays.next());
        if (life.isDead) return never();
        if (this.isAway) {
          position = null;
          // As the real one is asked again after a pause of the caller's; the wait keeps the book from being asked too often.
          await world().time.wait(blockMs);
          return life.isDead ? never() : null;
        }
        if (position === null) {
          position = new Map(producers.map((producer) => [producer, this.stream(producer).length]));
          return null;
        }
        const reached = position;
        const hasMore = (): boolean => producers.some((producer) => this.stream(producer).length > (reached.get(producer) ?? 0));
        if (!hasMore()) await this.next(blockMs * PATIENCE);
        if (life.isDead) return never();
        const found = new Map<ServiceId, EventEnvelope[]>();
        for (const producer of producers) {
          const stream = this.stream(producer);
          const from = Math.min(reached.get(producer) ?? 0, stream.length);
          const entries = stream.slice(from, from + count);
          reached.set(producer, from + entries.length);
          if (entries.length > 0) found.set(producer, entries);
        }
        return found;
      },
      close: () => undefined,
    };
  }
}
