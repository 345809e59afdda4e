/** Looks at versions one after the other: those that a person asks for at once, and by itself the newest version of each project that nobody has looked at yet. */
import type { LookAheadResult } from '#app/contracts/author.ts';
import type { CommandInput } from '#app/contracts/commands.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { Logger } from '#chassis/log.ts';
import type { WarmSandboxes } from '../research/sandbox/warm.ts';
import { lookAhead, type LookInput, type LookParts } from './author-look.ts';

/** `check`: looks over the text first; false = it does not load. `tickMs`, `restMs`: how often it is looked for versions of which nothing is known, and how long after a save. */
export type LookTurnsParts = LookParts & {
  readonly warm: WarmSandboxes; readonly signal: AbortSignal; readonly log: Pick<Logger, 'warn'>; check(projectId: string, version: number): Promise<boolean>; readonly tickMs?: number; readonly restMs?: number;
};

/** The looks. Dispose of it when the worker drains. */
export type LookTurns = AsyncDisposable & {
  /** The same key gets the same answer; the same question while it is at work waits for that answer. @throws AppError PROJECT_NOT_FOUND, INPUT_INVALID, RATE_LIMITED, IDEMPOTENCY_CONFLICT */
  ask(input: CommandInput<'lookAheadCheck'>): Promise<LookAheadResult>;
  /** From now on new versions are looked at by themselves, while no back-test runs and no person waits. */
  begin(): void;
  /** Something was saved. */
  poke(): void;
};

const MAX_WAITING = 4;
const MAX_KEYS = 200;
const MAX_TRIED = 2_000;
const TICK_MS = 20_000;
/** Whoever saves often waits for the last one. */
const REST_MS = 2_000;
/** What could not be told (no bars, nothing said) is tried again after a while, or as soon as there is another back-test to take symbols of. */
const AGAIN_MS = 3_600_000;

type Unknown = { readonly projectId: string; readonly version: number; readonly hash: string; readonly run: string | null };

/** The newest version of each project whose text is not known to be broken, and of which a check is missing; what was saved last comes first. */
const UNKNOWN = `
  SELECT p.project_id AS "projectId", v.version, v.hash,
    (SELECT b.backtest_id FROM strategy_engine.backtests b WHERE b.project_id = p.project_id AND b.state IN ('ran', 'done') ORDER BY b.created_at DESC LIMIT 1) AS run
  FROM strategy_engine.projects p JOIN strategy_engine.project_versions v ON v.project_id = p.project_id AND v.version = p.current_version
  WHERE NOT p.is_archived AND (SELECT count(*) FROM strategy_engine.project_checks c WHERE c.hash = v.hash AND c.what IN ('look_ahead', 'warm_up')) < 2
    AND NOT EXISTS (SELECT FROM strategy_engine.project_checks c WHERE c.hash = v.hash AND c.what = 'source' AND NOT c.is_passed)
  ORDER BY p.updated_at DESC, p.project_id LIMIT 500`;

const questionOf = ({ projectId, version, symbols, timeframe }: LookInput): string => JSON.stringify([projectId, version, symbols ?? null, timeframe ?? null]);

function dropOldest(kept: Map<string, unknown>, most: number): void {
  for (const old of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(old);
  }
}

class Turns implements LookTurns {
  readonly #parts: LookTurnsParts;
  readonly #atWork = new Map<string, Promise<LookAheadResult>>();
  readonly #keys = new Map<string, { readonly question: string; readonly turn: Promise<LookAheadResult> }>();
  /** When which files were tried, epoch ms, by their hash and the back-test whose symbols were taken. */
  readonly #tried = new Map<string, number>();
  #queue: Promise<unknown> = Promise.resolve();
  #asked = 0;
  /** The look that nobody asked for. */
  #own: { readonly question: string; readonly abort: AbortController } | null = null;
  #timers: { readonly tick: NodeJS.Timeout; soon: NodeJS.Timeout | null } | null = null;
  #round: Promise<void> | null = null;

  constructor(parts: LookTurnsParts) {
    this.#parts = parts;
  }

  ask(input: CommandInput<'lookAheadCheck'>): Promise<LookAheadResult> {
    const { idempotencyKey, ...wanted } = input;
    const question = questionOf(wanted);
    const known = this.#keys.get(idempotencyKey);
    if (known !== undefined) return known.question === question ? known.turn : Promise.reject(new AppError('IDEMPOTENCY_CONFLICT', 'This idempotency key was used for another request; use a new one'));
    const turn = this.#forPerson(wanted, question);
    this.#keys.set(idempotencyKey, { question, turn });
    dropOldest(this.#keys, MAX_KEYS);
    // What failed may be asked again; whoever asked hears of the error.
    turn.catch(() => this.#keys.delete(idempotencyKey));
    return turn;
  }

  begin(): void {
    if (this.#timers !== null || this.#parts.signal.aborted) return;
    this.#timers = { tick: setInterval(() => this.#start(), this.#parts.tickMs ?? TICK_MS).unref(), soon: null };
    this.poke();
  }

  poke(): void {
    if (this.#timers === null) return;
    if (this.#timers.soon !== null) clearTimeout(this.#timers.soon);
    this.#timers.soon = setTimeout(() => this.#start(), this.#parts.restMs ?? REST_MS).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timers?.tick);
    if (this.#timers?.soon) clearTimeout(this.#timers.soon);
    this.#timers = null;
    this.#own?.abort.abort();
    await Promise.allSettled([this.#round, this.#queue]);
  }

  async #forPerson(input: LookInput, question: string): Promise<LookAheadResult> {
    if (this.#own !== null) {
      // What the person wants is at work: it is the person's from now on. Anything else makes room.
      if (this.#own.question !== question) this.#own.abort.abort();
      this.#own = null;
    }
    const running = this.#atWork.get(question);
    if (running !== undefined) return running;
    if (this.#asked >= MAX_WAITING) throw new AppError('RATE_LIMITED', 'Several look-ahead checks wait already; ask again when they are done');
    this.#asked += 1;
    try {
      return await this.#inTurn(input, question, async () => {
        await this.#parts.check(input.projectId, input.version);
        return lookAhead(this.#parts, input, { signal: this.#parts.signal, warm: this.#parts.warm });
      });
    } finally {
      this.#asked -= 1;
    }
  }

  /** Each look fills a processor for some seconds. */
  #inTurn(input: LookInput, question: string, act: () => Promise<LookAheadResult>): Promise<LookAheadResult> {
    const turn = this.#queue.then(act).finally(() => this.#atWork.delete(question));
    this.#atWork.set(question, turn);
    // Whoever asked hears of an error; the next one in the queue is not concerned.
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #start(): void {
    this.#round ??= this.#lookAtNew()
      .catch((error: unknown) => {
        if (!this.#parts.signal.aborted) this.#parts.log.warn({ error: describeError(error) }, 'New versions could not be looked at; it is tried again soon');
      })
      .finally(() => (this.#round = null));
  }

  async #lookAtNew(): Promise<void> {
    for (let next = await this.#next(); next !== null; next = await this.#next()) {
      const { projectId, version, hash, run } = next;
      const tried = `${hash} ${run ?? ''}`;
      this.#tried.set(tried, this.#parts.now());
      dropOldest(this.#tried, MAX_TRIED);
      if (!(await this.#parts.check(projectId, version))) continue;
      if (!(await this.#lookByItself({ projectId, version, actor: 'strategy_engine' }))) this.#tried.delete(tried);
    }
  }

  /** False when a person came between. */
  async #lookByItself(input: LookInput): Promise<boolean> {
    const question = questionOf(input);
    if (this.#asked > 0 || this.#atWork.has(question)) return false;
    const own = { question, abort: new AbortController() };
    this.#own = own;
    try {
      await this.#inTurn(input, question, () => lookAhead(this.#parts, input, { signal: AbortSignal.any([this.#parts.signal, own.abort.signal]), warm: null }));
    } catch (error) {
      if (own.abort.signal.aborted || this.#parts.signal.aborted) return false;
      this.#parts.log.warn({ error: describeError(error), projectId: input.projectId, version: input.version }, 'A new version could not be looked at; it is tried again later');
    } finally {
      if (this.#own === own) this.#own = null;
    }
    return true;
  }

  /** The next version to look at; null when there is none, or others need the processor. */
  async #next(): Promise<Unknown | null> {
    const { db, signal, now } = this.#parts;
    if (signal.aborted || this.#timers === null || this.#asked > 0) return null;
    const [busy] = await db.query(`SELECT FROM strategy_engine.backtests WHERE state IN ('running', 'ran') LIMIT 1`);
    if (busy !== undefined) return null;
    const unknown = await db.query<Unknown>(UNKNOWN);
    return unknown.find(({ hash, run }) => now() - (this.#tried.get(`${hash} ${run ?? ''}`) ?? -Infinity) > AGAIN_MS) ?? null;
  }
}

/** Opens it; nothing is looked at by itself before `begin`. */
export function openLookTurns(parts: LookTurnsParts): LookTurns {
  return new Turns(parts);
}
