/** Watchlists over REST, by id and by name. */
import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { toRfc3339 } from '#app/domain/time.ts';
import type { Broker } from './broker.ts';
import type { WatchlistText } from './journal-lists.ts';
import { malformed, notFound, read } from './rest-common.ts';
import { accountIdOf } from './wire-account.ts';
import type { WireObject } from './wire-common.ts';
import { wireAsset } from './wire-reference.ts';

const MAX_LISTS = 200;
const MAX_SYMBOLS = 500;
const name = z.string().min(1).max(64);
const listBody = z.object({ name, symbols: z.array(z.string().max(20).nullable()).max(MAX_SYMBOLS).nullish() });
const symbolBody = z.object({ symbol: z.string().min(1).max(40) });

/** The lists of one account. */
class Watchlists {
  private readonly broker: Broker;

  constructor(broker: Broker) {
    this.broker = broker;
  }

  all(): readonly WireObject[] {
    return this.broker.journal.lists.watchlists().map((list) => this.head(list));
  }

  find(is: (list: WatchlistText) => boolean): WatchlistText {
    const list = this.broker.journal.lists.watchlists().find(is);
    if (!list) throw notFound('watchlist not found');
    return list;
  }

  create(raw: unknown): WireObject {
    const body = read(listBody, raw);
    if (this.broker.journal.lists.watchlists().length >= MAX_LISTS) throw malformed(`at most ${MAX_LISTS} watchlists are kept`);
    const now = this.broker.now();
    return this.store({ id: randomUUID(), name: body.name, symbols: this.known(body.symbols ?? []), createdAt: now, updatedAt: now });
  }

  change(list: WatchlistText, raw: unknown): WireObject {
    const body = read(listBody.partial(), raw);
    return this.store({ ...list, name: body.name ?? list.name, ...(body.symbols ? { symbols: this.known(body.symbols) } : {}) });
  }

  add(list: WatchlistText, raw: unknown): WireObject {
    const { symbol } = read(symbolBody, raw);
    const [found = ''] = this.known([symbol]);
    if (list.symbols.includes(found)) throw malformed('duplicate symbol');
    return this.store({ ...list, symbols: [...list.symbols, found] });
  }

  remove(list: WatchlistText, symbol: string): WireObject {
    if (!list.symbols.includes(symbol)) throw notFound(`${symbol} is not in the watchlist`);
    return this.store({ ...list, symbols: list.symbols.filter((one) => one !== symbol) });
  }

  show(list: WatchlistText): WireObject {
    const assets = list.symbols.flatMap((symbol) => {
      const [listed, said] = [this.broker.market.assets.get(symbol), this.broker.asset(symbol)];
      return listed && said ? [wireAsset(listed, said)] : [];
    });
    return { ...this.head(list), assets };
  }

  private head(list: WatchlistText): WireObject {
    return { id: list.id, account_id: accountIdOf(this.broker.config.seed), created_at: toRfc3339(list.createdAt), updated_at: toRfc3339(list.updatedAt), name: list.name };
  }

  private known(symbols: readonly (string | null)[]): readonly string[] {
    return [...new Set(symbols.flatMap((key) => {
      if (key === null) return [];
      const symbol = this.broker.symbolOf(key);
      if (symbol === null) throw malformed(`could not find asset "${key.slice(0, 20)}"`);
      return [symbol];
    }))];
  }

  private store(list: WatchlistText): WireObject {
    const next = { ...list, updatedAt: this.broker.now() };
    if (!this.broker.journal.lists.putWatchlist(next)) throw malformed('watchlist name must be unique');
    return this.show(next);
  }
}

/** Registers the routes. */
export function registerWatchlists(app: FastifyInstance, broker: Broker): void {
  const lists = new Watchlists(broker);
  type ById = { Params: { id: string; symbol: string } };
  const byId = (id: string): WatchlistText => lists.find((list) => list.id === id);
  const byName = (query: unknown): WatchlistText => {
    const wanted = read(z.object({ name }), query).name;
    return lists.find((list) => list.name === wanted);
  };
  app.get('/v2/watchlists', () => lists.all());
  app.post('/v2/watchlists', (request) => lists.create(request.body));
  app.get<ById>('/v2/watchlists/:id', (request) => lists.show(byId(request.params.id)));
  app.put<ById>('/v2/watchlists/:id', (request) => lists.change(byId(request.params.id), request.body));
  app.post<ById>('/v2/watchlists/:id', (request) => lists.add(byId(request.params.id), request.body));
  app.delete<ById>('/v2/watchlists/:id', (request, reply) => {
    broker.journal.lists.deleteWatchlist(byId(request.params.id).id);
    return reply.code(204).send();
  });
  app.delete<ById>('/v2/watchlists/:id/:symbol', (request) => lists.remove(byId(request.params.id), request.params.symbol));
  app.get('/v2/watchlists::by_name', (request) => lists.show(byName(request.query)));
  app.put('/v2/watchlists::by_name', (request) => lists.change(byName(request.query), request.body));
  app.post('/v2/watchlists::by_name', (request) => lists.add(byName(request.query), request.body));
  app.delete('/v2/watchlists::by_name', (request, reply) => {
    broker.journal.lists.deleteWatchlist(byName(request.query).id);
    return reply.code(204).send();
  });
}
