/** The live connection: one socket, numbered pushes into the query cache, reconnects for ever. */
import type { QueryClient } from '@tanstack/react-query';
import { CHANGED_LISTS, LIVE_CLOSE, LIVE_PROTOCOL, livePushSchema, STALE_AFTER_MS } from '#app/contracts/live.ts';
import type { LiveBar, LiveBody, LivePrice, LiveQuote, LiveStatus } from '#app/contracts/live.ts';
import type { AccountView } from '#app/contracts/views.ts';
import { applyNewest, mergeOf } from './apply-push.ts';
import type { OrderScope } from './apply-push.ts';
import { liveAccess } from './client.ts';
import { tellThoseUnderWay } from './crossing.ts';
import { createStore, useStore } from './external-store.ts';

/** The state of the connection. `heardAt` = this computer's clock at the last push; `skewMs` = gateway's clock minus ours. */
export type LiveState = { readonly phase: 'connecting' | 'open' | 'lost' | 'signed_out'; readonly heardAt: number | null; readonly skewMs: number; readonly status: LiveStatus | null; readonly instanceId: string | null };

const RETRY_FIRST_MS = 300;
const RETRY_CAP_MS = 5_000;

const live = createStore<LiveState>({ phase: 'connecting', heardAt: null, skewMs: 0, status: null, instanceId: null });
const prices = createStore<ReadonlyMap<string, LivePrice>>(new Map());
const quotes = createStore<ReadonlyMap<string, LiveQuote>>(new Map());
const equityTrail = createStore<readonly number[]>([]);
const barListeners = new Set<(bars: readonly LiveBar[] | 'missed') => void>();
const TRAIL_POINTS = 120;

/** Query keys that pushes write to. */
export const KEYS = {
  account: ['account'], positions: ['positions'], orders: (scope: OrderScope) => ['orders', scope], olderOrders: ['orders older'], fills: ['fills'], equity: (range: string) => ['equity', range], notices: ['notices'],
} as const;

/** Answers that pushes keep fresh, hence wrong when pushes were missed; the others ask by themselves every few seconds. */
const PUSHED: ReadonlySet<string> = new Set(['account', 'positions', 'orders', 'orders older', 'fills', 'equity', 'notices', 'strategies', 'days', 'decisions', 'story', 'marks', ...CHANGED_LISTS]);

const NONE: ReadonlySet<string> = new Set();

function noteEquity(account: AccountView): void {
  equityTrail.update((trail) => [...trail, Number(account.equity)].slice(-TRAIL_POINTS));
}

function tellBars(bars: readonly LiveBar[] | 'missed'): void {
  for (const heard of barListeners) heard(bars);
}

/** Hears the minute bars of all watched symbols as they close or are corrected; 'missed': some may not have come, what is shown is to be asked for again. Returns the end of the hearing. */
export function onLiveBars(heard: (bars: readonly LiveBar[] | 'missed') => void): () => void {
  barListeners.add(heard);
  return () => void barListeners.delete(heard);
}

/** Answers that hold rows or points, by the push that changes them. */
const ROWS: Readonly<Partial<Record<LiveBody['type'], readonly string[]>>> = { orders: ['orders', 'orders older'], fills: ['fills'], equity: ['equity'], notices: ['notices'] };

/** Writes a push into the answers that it changes. Lists that nobody asked for yet stay unasked; what is told whole is an answer by itself. */
function merge(client: QueryClient, body: LiveBody): void {
  if (body.type === 'account') client.setQueryData(KEYS.account, body.account);
  if (body.type === 'positions') client.setQueryData(KEYS.positions, { positions: body.positions });
  for (const name of ROWS[body.type] ?? []) {
    for (const [key, known] of client.getQueriesData({ queryKey: [name] })) {
      if (known !== undefined) client.setQueryData(key, mergeOf(key)?.(known, body, key));
    }
  }
}

/** Keys whose answers are wrong after a push until they are asked for again. Null = all of them. */
function outdatedBy(body: LiveBody): ReadonlySet<string> | null {
  switch (body.type) {
    // What happened while we were away is asked for once, all of it.
    case 'welcome': return null;
    case 'orders': return new Set(['story']);
    case 'fills': return new Set(['strategies', 'marks']);
    case 'changed': return new Set(body.lists);
    case 'resync': return PUSHED;
    default: return NONE;
  }
}

/** Writes one push where it belongs. */
function apply(client: QueryClient, body: LiveBody): void {
  merge(client, body);
  const outdated = outdatedBy(body);
  const isOutdated = (key: readonly unknown[]): boolean => outdated === null || outdated.has(String(key[0]));
  tellThoseUnderWay({ body, isOutdated });
  if (outdated === null || outdated.size > 0) void client.invalidateQueries({ predicate: (query) => isOutdated(query.queryKey) });
  switch (body.type) {
    case 'welcome':
      live.update((now) => ({ ...now, phase: 'open', instanceId: body.instanceId }));
      tellBars('missed');
      return;
    case 'status':
      live.update((now) => ({ ...now, status: body.status }));
      return;
    case 'account':
      noteEquity(body.account);
      return;
    case 'prices':
      prices.update((known) => applyNewest(known, body.prices));
      return;
    case 'quotes':
      quotes.update((known) => applyNewest(known, body.quotes));
      return;
    case 'bars':
      tellBars(body.bars);
      return;
    case 'resync':
      tellBars('missed');
      return;
    case 'positions': case 'orders': case 'fills': case 'equity': case 'notices': case 'changed':
      return;
  }
}

/** Opens the connection and keeps it; returns its end. `onSignedOut` runs when the token is no longer good. */
export function connectLive(client: QueryClient, onSignedOut: () => void): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempts = 0;
  let isEnded = false;

  const again = (): void => {
    attempts += 1;
    timer = setTimeout(open, Math.min(RETRY_CAP_MS, RETRY_FIRST_MS * 2 ** Math.min(attempts, 8)));
  };
  const open = (): void => {
    const access = liveAccess();
    if (access === null) {
      again();
      return;
    }
    let expected = 1;
    const own = new WebSocket(access.url);
    socket = own;
    own.onopen = () => own.send(JSON.stringify({ type: 'hello', token: access.token, protocol: LIVE_PROTOCOL }));
    own.onmessage = (event: MessageEvent<string>) => {
      const parsed = livePushSchema.safeParse(JSON.parse(event.data));
      if (!parsed.success || parsed.data.seq !== expected) {
        // A number is missing or a message is not of our protocol: start over, the snapshot makes it right.
        own.close();
        return;
      }
      expected += 1;
      attempts = 0;
      const now = Date.now();
      live.update((state) => ({ ...state, heardAt: now, skewMs: parsed.data.tsSent - now }));
      apply(client, parsed.data.push);
    };
    own.onclose = (event) => {
      if (isEnded) return;
      if (event.code === LIVE_CLOSE.unauthorized) {
        live.update((state) => ({ ...state, phase: 'signed_out' }));
        onSignedOut();
      } else live.update((state) => ({ ...state, phase: 'lost' }));
      again();
    };
  };
  open();
  return () => {
    isEnded = true;
    clearTimeout(timer);
    socket?.close();
    live.update((state) => (state.phase === 'signed_out' ? state : { ...state, phase: 'lost' }));
  };
}

/** Forgets what was heard: another market is about to speak, and nothing of the last one may be shown as its own. */
export function forgetLive(): void {
  live.set({ phase: 'connecting', heardAt: null, skewMs: 0, status: null, instanceId: null });
  prices.set(new Map());
  quotes.set(new Map());
  equityTrail.set([]);
}

/** The connection. */
export function useLive<P>(select: (state: LiveState) => P): P {
  return useStore(live, select);
}
/** The pulse of the system, null before the first. */
export function useStatus(): LiveStatus | null {
  return useStore(live, (state) => state.status);
}
/** The newest price of a symbol. */
export function useLivePrice(symbol: string): LivePrice | null {
  return useStore(prices, (known) => known.get(symbol) ?? null);
}
/** The newest bid and offer of a symbol. */
export function useLiveQuote(symbol: string): LiveQuote | null {
  return useStore(quotes, (known) => known.get(symbol) ?? null);
}
/** The last equities seen on this page, oldest first. */
export function useEquityTrail(): readonly number[] {
  return useStore(equityTrail);
}
/** Is what the page shows older than the limit? `now` is this computer's clock. */
export function isStale(state: LiveState, now: number): boolean {
  return state.heardAt === null ? state.phase === 'lost' : now - state.heardAt > STALE_AFTER_MS;
}
