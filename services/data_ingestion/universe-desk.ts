/** Everything about the universe that runs: what is followed, what is asked of the broker about it, and what a person is told of the feed. */
import type { CommandOutput } from '#app/contracts/commands.ts';
import { describeError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { CommandHandlers, ServiceContext } from '#chassis/service.ts';
import type { Feed, MarketHistory } from '../alpaca/ports.ts';
import { refreshActions } from './actions.ts';
import type { FetchStep } from './flows.ts';
import type { Quotes } from './quotes.ts';
import { turnstile } from './turnstile.ts';
import { wantDays, readDays } from './universe-days.ts';
import { byImportance, refreshUniverse, watchedSymbols } from './universe.ts';
import { QUOTES_LIMIT, setSectors, setWatched } from './universe-wishes.ts';

/** What was bought without being followed is followed this soon; quotes that rest are asked for again by and by. */
const FOLLOW_EVERY_MS = 15_000;
/** The past is asked for when the other services have started too: nothing of it is in a hurry, and all share the computer. */
const REST_MS = 2_000;

/** What the desk works with. `feed` is null before it is opened; `wake`: days were wished; `onActions`: corporate actions, or the closes that they are worked out with, have changed; `onFollowed`: symbols are followed from now on that were not. */
export type DeskParts = {
  readonly ctx: ServiceContext; readonly history: MarketHistory; readonly quotes: Quotes; readonly isReplay: boolean;
  readonly feed: () => Feed | null; readonly counts: () => { readonly bars: number; readonly updatedBars: number; readonly troubles: number }; readonly wake: () => void; readonly onActions: () => void; readonly onFollowed: (symbols: readonly string[]) => void;
};

/** The running desk. */
export type UniverseDesk = {
  watched(): readonly string[];
  /** Reads the broker's list anew and follows what is to be followed. @returns how many symbols that are. @throws what reading throws */
  refresh(): Promise<number>;
  /** The market has come to an instant: with a new day, the one before it is wished. */
  marketAt(now: EpochMs): void;
  /** What the feed cannot give, in words; null = it gives all. */
  limit(reason: string | null): void;
  streamState(state: string, reason: string): void;
  /** The service runs: what is missing is wished, corporate actions are read, and from time to time looked at what is to be followed. */
  begin(): void;
  /** Bars of past days have come: their corporate actions are read, so that no adjusted chart shows a split as a fall until the next fetch. */
  pastFilled(): void;
  readonly steps: readonly FetchStep[];
  readonly commands: CommandHandlers;
  stop(): void;
};

class Desk implements UniverseDesk {
  readonly steps: readonly FetchStep[];
  readonly commands: CommandHandlers;
  readonly #parts: DeskParts;
  #timer: NodeJS.Timeout | null = null;
  #rest: NodeJS.Timeout | undefined;
  #watched: readonly string[] = [];
  #day = '';
  #limit: string | null = null;
  #half: string | null = null;
  #stream = { state: 'idle', reason: '' };
  readonly #followInTurn = turnstile(1);
  #actionsWanted = false;
  #actionsSoon: Promise<void> | null = null;
  readonly #actionsInTurn = turnstile(1);

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { db } = parts.ctx;
    this.steps = parts.isReplay ? [] : [
      { name: 'read corporate actions', run: (signal) => this.#readActions(signal) },
      { name: 'want missing days', run: async () => this.#wantDays((await parts.history.clock()).at) },
    ];
    this.commands = {
      setWatched: async (input) => {
        const reply = await setWatched(db, input);
        if (reply.changed.length > 0) await this.#follow();
        if (reply.changed.length > 0 && input.isWatched) this.#wantDaysSoon();
        return reply;
      },
      setSectors: async (input) => {
        const reply = await setSectors(db, input);
        if (reply.changed.length > 0) this.#wantDaysSoon();
        return reply;
      },
      feedState: () => this.#state(),
    };
  }

  readonly watched = (): readonly string[] => this.#watched;

  readonly refresh = async (): Promise<number> => {
    const { ctx, history, isReplay } = this.#parts;
    const { watched, gone, back, problem, listed, unreadable } = await refreshUniverse(ctx.db, await history.assets(), { mode: ctx.config.mode, isReplay });
    if (gone.length > 0) ctx.log.warn({ gone: gone.slice(0, 50), count: gone.length }, 'Symbols are no longer listed at the broker; what is stored of them stays');
    if (back.length > 0) ctx.log.info({ back: back.slice(0, 50) }, 'Symbols are listed again');
    if (problem !== null) ctx.log.warn({ problem }, 'The list of symbols is not believed');
    ctx.log.debug({ listed, unreadable, watched: watched.length }, 'The list of symbols was read');
    this.#half = problem;
    await this.#follow();
    return watched.length;
  };

  begin(): void {
    if (this.#parts.isReplay) return;
    this.#rest = setTimeout(() => {
      this.#wantDaysSoon();
      this.#readActionsSoon();
    }, REST_MS);
    // Positions open and close, and what rested may be asked for again.
    this.#timer = setInterval(() => void this.#follow().catch((error: unknown) => this.#parts.ctx.log.warn({ error: describeError(error) }, 'What is followed could not be looked up')), FOLLOW_EVERY_MS);
  }

  pastFilled(): void {
    if (!this.#parts.isReplay) this.#readActionsSoon();
  }

  marketAt(now: EpochMs): void {
    const day = exchangeDay(now);
    if (this.#parts.isReplay || day === this.#day) return;
    const isFirst = this.#day === '';
    this.#day = day;
    if (!isFirst) this.#wantDaysSoon(now);
  }

  limit(reason: string | null): void {
    this.#limit = reason;
    this.#parts.ctx.health.degraded('quotes', reason);
    if (reason !== null) this.#parts.ctx.log.warn({ reason }, 'The broker gives fewer quotes than were asked for');
  }

  streamState(state: string, reason: string): void {
    this.#stream = { state, reason };
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    clearTimeout(this.#rest);
  }

  /** Brings the stream to what the book wishes: one after the other, so that what was read before a wish does not undo it. */
  #follow(): Promise<void> {
    return this.#followInTurn(() => this.#followNow());
  }

  async #followNow(): Promise<void> {
    const { ctx, isReplay } = this.#parts;
    if (ctx.signal.aborted) return;
    const watched = await watchedSymbols(ctx.db);
    const dearest = isReplay ? [] : (await byImportance(ctx.db, watched)).slice(0, QUOTES_LIMIT);
    const begun = watched.filter((symbol) => !this.#watched.includes(symbol));
    this.#watched = watched;
    const feed = this.#parts.feed();
    feed?.watch(watched);
    feed?.watchTicks(dearest);
    // In the same breath: its history must be there before the stream's first bar of it. What is followed at the start is read when the stream is live.
    if (begun.length > 0 && this.#timer !== null) this.#parts.onFollowed(begun);
  }

  async #wantDays(now: EpochMs): Promise<Awaited<ReturnType<typeof wantDays>>> {
    const wish = await wantDays(this.#parts.ctx.db, now);
    if (wish.wished > 0) this.#parts.wake();
    return wish;
  }

  /** In the background: whoever caused it need not wait, and the hourly fetch wishes again. */
  #wantDaysSoon(now: EpochMs | null = null): void {
    const wish = async (): Promise<unknown> => this.#wantDays(now ?? (await this.#parts.history.clock()).at);
    wish().catch((error: unknown) => {
      if (!this.#parts.ctx.signal.aborted) this.#parts.ctx.log.warn({ error: describeError(error) }, 'Missing days could not be wished; the next fetch does it');
    });
  }

  /** In the background; asked again meanwhile, once more afterwards. What fails is read by the next fetch. */
  #readActionsSoon(): void {
    this.#actionsWanted = true;
    if (this.#actionsSoon !== null) return;
    const { signal, log } = this.#parts.ctx;
    const turn = async (): Promise<void> => {
      while (this.#actionsWanted && !signal.aborted) {
        this.#actionsWanted = false;
        await this.#readActions(signal);
        // Dividends are worked out with closes: those may be new though no action is.
        this.#parts.onActions();
      }
    };
    this.#actionsSoon = turn().catch((error: unknown) => {
      if (!signal.aborted) log.warn({ error: describeError(error) }, 'Corporate actions could not be read; the next fetch does it');
    }).finally(() => {
      this.#actionsSoon = null;
    });
  }

  /** One after the other: the flow and the start may ask at the same time, and a rename is told once. */
  #readActions(signal: AbortSignal): Promise<Awaited<ReturnType<typeof refreshActions>>> {
    return this.#actionsInTurn(() => this.#readActionsNow(signal));
  }

  async #readActionsNow(signal: AbortSignal): Promise<Awaited<ReturnType<typeof refreshActions>>> {
    const { ctx, history } = this.#parts;
    const result = await refreshActions({ db: ctx.db, history }, (await history.clock()).at, signal);
    for (const { from, to } of result.renames) ctx.log.info({ from, to }, 'A company has another symbol now');
    if (result.withdrawn > 0 || result.changed > 0) ctx.log.warn({ withdrawn: result.withdrawn, changed: result.changed }, 'The broker tells corporate actions differently than before; what was there is in the quality log');
    if (result.problem !== null) ctx.log.warn({ problem: result.problem }, 'An answer about corporate actions is not believed');
    if (result.renames.length > 0) await this.#follow();
    return result;
  }

  async #state(): Promise<CommandOutput<'feedState'>> {
    const { ctx, feed, quotes, counts } = this.#parts;
    const stream = feed();
    const own = quotes.state();
    const notes = [this.#limit, this.#half, this.#watched.length > QUOTES_LIMIT ? `The broker's free plan gives quotes and trades for ${QUOTES_LIMIT} symbols; the other followed ones have minute bars.` : null].filter((note) => note !== null);
    return {
      ...this.#stream, lastMessageAgeMs: stream?.lastMessageAgeMs() ?? null, watched: this.#watched.length, barsFor: this.#watched.length, quotesFor: [...(stream?.ticksFor() ?? [])], quotesLimit: QUOTES_LIMIT, notes,
      counts: { ...own.counts, ...counts() }, halts: own.halts, daily: await readDays(ctx.db),
    };
  }
}

/** Opens the desk. Nothing is asked before `refresh`. */
export function openUniverseDesk(parts: DeskParts): UniverseDesk {
  return new Desk(parts);
}
