/** One step of the market for a run: what is due before the bar, the orders against the bar. Shared by both loops. */
import { Bookkeeper } from './book.ts';
import { worth, type Core, type MarketState } from './core.ts';
import { act, endSession, markAll, payDue } from './days.ts';
import { Matcher } from './match.ts';
import { detailOf, readStretch, wayThrough } from './path.ts';
import type { Desk } from './desk.ts';
import { openHouse } from './house-column.ts';
import { openPlainDesk } from './plain-desk.ts';
import type { Stretch } from './prices.ts';
import { slipOf } from './slippage.ts';
import { microOf } from './units.ts';

/** A run's trading floor. */
export class Floor {
  readonly desk: Desk;
  /** Whether the ends of sessions matter: rates are charged, or margin is measured by them. */
  readonly hasNights: boolean;
  private readonly core: Core;
  private readonly matcher: Matcher;
  private readonly stretches: readonly Stretch[];
  private readonly alone: MarketState[] = [];
  private readonly aloneStretch: Stretch[] = [];
  private sessionEnd = NaN;
  private readonly hasDetail: boolean;

  constructor(core: Core) {
    this.core = core;
    const books = new Bookkeeper(core);
    const { fills, account } = core.config;
    this.matcher = new Matcher(core, books, { slipped: slipOf(core), isTouchEnough: fills.limit === 'touch' });
    const { desk } = core.config;
    this.desk = desk.kind === 'house' ? openHouse(core, this.matcher, desk) : openPlainDesk(core, this.matcher, books);
    this.hasNights = desk.kind === 'house' || account.multiplier === 4 || account.borrowPercent > 0 || account.marginInterestPercent > 0;
    this.hasDetail = core.markets.some((m) => m.market.detail !== null);
    this.stretches = core.markets.map(() => ({ open: NaN, high: NaN, low: NaN, close: NaN }));
  }

  /** What is due before the bars of a step: the night behind, actions, dividends, the ends of orders. `present` have a bar; their cursors still stand before it. */
  before(present: readonly MarketState[], openTime: number): void {
    const { core } = this;
    core.openTime = openTime;
    if (this.hasNights) this.pass(present, openTime);
    if (core.openCount > 0) this.matcher.expire(openTime);
    if (core.owed.length > 0) payDue(core, openTime);
    if (!core.hasActions) return;
    for (const m of present) this.actUntil(m, openTime);
    if (core.owed.length > 0) payDue(core, openTime);
  }

  private isActionDue(m: MarketState, openTime: number): boolean {
    return (m.market.actions[m.nextAction]?.at ?? Infinity) <= openTime;
  }

  /** Matches open orders against the bars of a step; the cursors stand at them. */
  trade(present: readonly MarketState[], openTime: number, closeTime: number): void {
    const { core } = this;
    const { intrabar } = core.config.fills;
    core.openTime = openTime;
    const isPlain = intrabar === 'pessimistic' && !this.hasDetail;
    if (present.length === 1 || !isPlain) {
      for (const m of present) {
        m.taken = 0;
        if (isPlain && !core.hasGoals && this.matcher.matchPlain(m, microOf(m.bars.open[m.cursor.i] ?? NaN), openTime)) continue;
        this.tradeAlone(m, { at: openTime, ms: closeTime - openTime }, isPlain);
      }
      return;
    }
    const bars = present.map((m) => {
      m.taken = 0;
      return readStretch(m, m.cursor.i, this.stretchOf(m));
    });
    for (const [n, m] of present.entries()) this.desk.atOpen(m, bars[n]?.open ?? NaN);
    const moment = { at: openTime, ms: closeTime - openTime };
    this.matcher.match(present, bars, moment);
    for (const [n, m] of present.entries()) this.desk.afterMatch(m, bars[n]?.open ?? NaN, () => this.matcher.match([m], bars.slice(n, n + 1), moment));
  }

  private tradeAlone(m: MarketState, moment: { readonly at: number; readonly ms: number }, isPlain: boolean): void {
    const { core, alone, aloneStretch, desk } = this;
    const bar = readStretch(m, m.cursor.i, this.stretchOf(m));
    if (core.hasGoals) desk.atOpen(m, bar.open);
    alone[0] = m;
    if (isPlain) {
      aloneStretch[0] = bar;
      this.matcher.match(alone, aloneStretch, moment);
      if (core.hasGoals) desk.afterMatch(m, bar.open, () => this.matcher.match([m], [bar], moment));
      return;
    }
    const detail = detailOf(m, bar, moment.at, moment.at + moment.ms);
    const way = detail.length > 0 ? detail : core.config.fills.intrabar === 'pessimistic' ? [{ stretch: bar, ...moment }] : wayThrough(m, bar, core.config.fills.intrabar, moment.at);
    let isInside = false;
    for (const { stretch, at, ms } of way) {
      if (core.openCount === 0) return;
      const part = { at, ms, isInside };
      aloneStretch[0] = stretch;
      alone[0] = m;
      this.matcher.match(alone, aloneStretch, part);
      desk.afterMatch(m, stretch.open, () => this.matcher.match([m], [stretch], part));
      isInside = true;
    }
  }

  private stretchOf(m: MarketState): Stretch {
    return this.stretches[m.index] ?? { open: NaN, high: NaN, low: NaN, close: NaN };
  }

  private pass(present: readonly MarketState[], openTime: number): void {
    const [m] = present;
    if (m === undefined) return;
    const { list, session } = m.sessions;
    const own = list[session[m.cursor.i + 1] ?? 0];
    const end = own?.close ?? NaN;
    if (end === this.sessionEnd) return;
    const { core } = this;
    if (!Number.isNaN(this.sessionEnd)) this.endSession(openTime);
    this.sessionEnd = end;
    core.day = own?.date ?? '';
    core.dayOpen = core.lastEquity;
  }

  private endSession(openTime: number): void {
    const { core } = this;
    const { now } = core;
    core.now = this.sessionEnd;
    if (core.openCount > 0) this.matcher.expire(core.now);
    markAll(core);
    endSession(core, core.now, openTime);
    this.desk.atSessionEnd();
    core.now = now;
  }

  private actUntil(m: MarketState, openTime: number): void {
    if (!this.isActionDue(m, openTime)) return;
    m.value = worth(m.qty, m.cursor.i < 0 ? 0 : m.last);
    while (this.isActionDue(m, openTime)) {
      const dated = m.market.actions[m.nextAction];
      m.nextAction += 1;
      if (dated === undefined) continue;
      act(this.core, this.matcher, m, dated);
      if (dated.action.kind === 'split') this.desk.afterSplit(m);
    }
  }
}
