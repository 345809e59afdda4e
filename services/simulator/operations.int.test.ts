/** Every served operation answers as the broker's description says, takes or refuses each of its parameters; every other one is refused with its reason. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differences, openapiFolder, OPENAPI_FILES, readOperations, reportText, writeConformance, type Described } from './conformance.ts';
import { check, type OpenApiSchema, type OpenApiSchemas } from './openapi-check.ts';
import { operationExamples, type Example, type ExampleIds } from './operation-examples.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import { legsIn } from './rest-orders.ts';
import { UPDATE_EVENTS } from './stream-messages.ts';
import { removeTestFolder, startTestSimulator, type TestSimulator } from './testing.ts';
import { wireTradeUpdate } from './wire-order.ts';

type Responses = Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: OpenApiSchema }>> }>>;
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses?: Responses }>>>>; readonly components: { readonly schemas: OpenApiSchemas } };
/** The broker's own descriptions, when they are at hand. */
const official = openapiFolder(null);
const documents = official === null ? [] : OPENAPI_FILES.map((file) => JSON.parse(readFileSync(path.join(official, file), 'utf8')) as Document);
function schemaOf(operation: Operation, status: number): { readonly schemas: OpenApiSchemas; readonly schema: OpenApiSchema } | null {
  for (const document of documents) {
    const schema = document.paths[operation.path]?.[operation.method.toLowerCase()]?.responses?.[String(status)]?.content?.['application/json']?.schema;
    if (schema) return { schemas: document.components.schemas, schema };
  }
  return null;
}

let sim: TestSimulator;
/** Everything that the trade_updates stream had to say. */
const updates: { readonly event: string; readonly order: unknown }[] = [];
let ids: ExampleIds;
let examples: Readonly<Record<string, Example>>;
const idOf = async (response: Promise<Response>): Promise<string> => ((await (await response).json()) as { id: string }).id;
const resting = (clientOrderId: string): Promise<string> => idOf(sim.send('POST', '/v2/orders', { symbol: 'KO', qty: '2', side: 'buy', type: 'limit', limit_price: '5.25', time_in_force: 'day', client_order_id: clientOrderId }));
beforeAll(async () => {
  sim = await startTestSimulator({ options: { account: { multiplier: 2, isShortingEnabled: true } } });
  const { broker } = sim.simulator;
  broker.onEvents((events) => updates.push(...events.map((event) => wireTradeUpdate(event, legsIn(broker), 0)['data'] as (typeof updates)[number])));
  await sim.step(2);
  await sim.send('POST', '/v2/orders', { symbol: 'AAPL', qty: '50', side: 'buy', type: 'market', time_in_force: 'day', client_order_id: 'filled' });
  await sim.step(2);
  const watchlist = await idOf(sim.send('POST', '/v2/watchlists', { name: 'mine', symbols: [] }));
  const day = new Date(sim.simulator.broker.now()).toISOString().slice(0, 10);
  const action = await sim.control('corporate-actions', { kind: 'split', symbol: 'KO', oldRate: '1', newRate: '2', exDate: '2033-03-01' });
  ids = { order: await resting('resting'), replaceable: [], watchlist, action: String(action['id']), day, start: new Date(sim.simulator.broker.market.startTime).toISOString() };
  examples = operationExamples(ids);
});
afterAll(async () => {
  await sim.close();
  removeTestFolder(sim.folder);
});

let made = 0;
/** Sends an example with some of its values replaced. */
async function ask(operation: Operation, example: Example, fields: Readonly<Record<string, unknown>>): Promise<{ readonly status: number; readonly body: unknown }> {
  made += 1;
  const given = { ...example.path };
  // Orders that are changed or canceled are made for it.
  if (given['order_id'] === '') given['order_id'] = await resting(`made-${made}`);
  const where = operation.path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(given[name] ?? 'missing'));
  const values = Object.fromEntries(Object.entries({ ...example.base, ...fields }).filter(([, value]) => value !== undefined));
  const hasBody = operation.method === 'POST' || operation.method === 'PUT' || operation.method === 'PATCH';
  const query = new URLSearchParams(hasBody ? example.query : (values as Record<string, string>)).toString();
  const response = await sim.send(operation.method, query === '' ? where : `${where}?${query}`, hasBody ? values : undefined);
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}
const merged = (name: string, value: unknown): Record<string, unknown> =>
  (typeof value === 'object' && value !== null && !Array.isArray(value) && name !== 'advanced_instructions' ? (value as Record<string, unknown>) : { [name]: value });

/** In the order of the examples, so that what is deleted is deleted last. */
const served = Object.keys(operationExamples({ order: '', replaceable: [], watchlist: '', action: '', day: '', start: '' })).map((id) => OPERATIONS.find((operation) => operation.id === id)).filter((operation) => operation !== undefined);

describe('served operations', () => {
  it('all have an example', () => {
    const wanted = OPERATIONS.filter((operation) => operation.parameters !== null).map((operation) => operation.id);
    expect([...wanted].sort()).toEqual(served.map((operation) => operation.id).sort());
  });
  it.each(served.map((operation) => [operation.id, operation] as const))('%s', async (id, operation) => {
    const example = examples[id] ?? {};
    await Promise.all(Object.entries(example.bad ?? {}).filter(([, value]) => value !== undefined).map(async ([name, value]) => {
      const answer = await ask(operation, example, merged(name, value));
      expect([name, answer.status >= 400 && answer.status < 500, answer.body]).toEqual([name, true, expect.objectContaining({ message: expect.any(String) as unknown })]);
    }));
    const answers = [];
    if (!id.startsWith('delete') || example.base || !example.good) answers.push(await ask(operation, example, {}));
    for (const [name, value] of Object.entries(example.good ?? {})) if (value !== undefined) answers.push(await ask(operation, example, { ...merged(name, value), ...(id === 'postOrder' && name !== 'client_order_id' ? { client_order_id: `p-${name}` } : {}) }));
    for (const { status, body } of answers) {
      expect([status < 300, body]).toEqual([true, body]);
      const described = schemaOf(operation, status);
      if (described) expect(check(described.schemas, described.schema, body)).toEqual([]);
    }
    for (const name of Object.keys(operation.parameters ?? {})) expect([name, Object.hasOwn(example.good ?? {}, name) || Object.hasOwn(example.bad ?? {}, name)]).toEqual([name, true]);
  });
});

describe('trade updates', () => {
  it('carry orders as REST does, in the events that the report lists', async () => {
    await sim.step(2);
    const schemas = documents[0]?.components.schemas ?? (JSON.parse(readFileSync(path.join(import.meta.dirname, 'alpaca-schemas.fixture.json'), 'utf8')) as OpenApiSchemas);
    expect(updates.length).toBeGreaterThan(60);
    for (const update of updates) expect(check(schemas, { $ref: 'Order' }, update.order)).toEqual([]);
    const kinds = new Set(updates.map((update) => update.event));
    expect([...kinds].filter((kind) => !(UPDATE_EVENTS as readonly string[]).includes(kind))).toEqual([]);
    for (const kind of ['new', 'held', 'fill', 'canceled', 'replaced']) expect(kinds).toContain(kind);
  });
});

describe('refused operations', () => {
  it('say why, in the broker\'s form, and do nothing', async () => {
    const before = sim.simulator.broker.venue.state.orderSeq;
    for (const operation of OPERATIONS.filter((one) => one.parameters === null)) {
      const response = await sim.send(operation.method, operation.path.replace(/\{\w+\}/g, 'x'), operation.method === 'GET' || operation.method === 'DELETE' ? undefined : {});
      expect([operation.id, response.status, await response.json()]).toEqual([operation.id, 403, { code: 40310000, message: `not simulated: ${operation.note}` }]);
    }
    expect(sim.simulator.broker.venue.state.orderSeq).toBe(before);
  });
});

describe('the conformance report', () => {
  it('is up to date, and agrees with the broker\'s descriptions where they are at hand', () => {
    expect(writeConformance(null, true)).toMatchObject({ isGood: true });
    expect(reportText()).toContain(`Operations: ${OPERATIONS.length}`);
  });
  it('would notice an operation or a parameter that nobody has thought of', () => {
    const described: readonly Described[] = official === null ? OPERATIONS.map(({ id, method, path: where, parameters }) => ({ id, method, path: where, parameters: Object.keys(parameters ?? {}) })) : readOperations(official);
    expect(differences(described)).toEqual([]);
    expect(differences([...described, { id: 'new', method: 'GET', path: '/v9/new', parameters: [] }])).toEqual(['GET /v9/new (new) is neither served nor refused']);
    expect(differences(described.map((one) => (one.id === 'getAllOrders' ? { ...one, parameters: [...one.parameters, 'mood'] } : one)))).toEqual(['GET /v2/orders: parameter mood is neither honoured nor refused']);
    expect(differences(described.filter((one) => one.id !== 'News'))).toEqual(['GET /v1beta1/news is not the broker\'s']);
  });
});
