/** The stand of the experiments at the broker's wire: execution between a real book and the simulator, with a wire that can be cut, and a checker at the end. */
import { brokenInvariants, startStack, type Stack } from '../support/execution-stack.ts';
import { until } from '../support/servers.ts';
import type { TestWorker } from '../support/worker.ts';
import { openWire, type CutWire } from './proxy.ts';
import type { Outcome } from './experiment.ts';

const READY_MS = 60_000;
const AT_BROKER_MS = 120_000;

/** A desk: orders are approved, the wire is cut, and what came of each order is counted. */
export type Desk = {
  readonly stack: Stack; readonly wire: CutWire;
  /** Approves an order for three shares and gives its id. A resting one is a limit far below the market. */
  order(kind: 'market' | 'resting'): Promise<string>;
  /** Waits until the order is filled in the book. */
  filled(id: string, limitMs?: number): Promise<void>;
  /** Does execution wait for the broker, by its own word? */
  isWaiting(): Promise<boolean>;
  /** Waits until nothing is unknown and nothing waits. */
  settled(): Promise<void>;
  /** Compares book and broker, order by order. */
  verdict(): Promise<Pick<Outcome, 'orders' | 'fills' | 'lost' | 'doubled' | 'broken'>>;
  close(): Promise<void>;
};

type Counted = Awaited<ReturnType<Desk['verdict']>>;

async function compare(stack: Stack, ids: readonly string[]): Promise<Counted> {
  const [lost, doubled]: [string[], string[]] = [[], []];
  let fills = 0;
  for (const id of ids) {
    const [local, atBroker] = [await stack.order(id), await stack.atBroker(id)];
    const [one] = atBroker;
    if (local === null) lost.push(`${id}: approved, and not in the book`);
    if (atBroker.length > 1) doubled.push(`${id}: ${atBroker.length} orders at the broker`);
    if (local !== null && local.broker_order_id !== null && one === undefined) lost.push(`${id}: the book says that the broker has it`);
    if (local !== null && one !== undefined && Number(one.filled_qty) !== Number(local.filled_qty)) lost.push(`${id}: ${one.filled_qty} filled at the broker, ${local.filled_qty} in the book`);
    if (Number(one?.filled_qty ?? 0) > 0) fills += 1;
  }
  const broken = (await brokenInvariants(stack.book)).map((flaw) => JSON.stringify(flaw));
  return { orders: ids.length, fills, lost, doubled, broken };
}

/** Opens a desk; execution is ready and its stream is live. */
export async function openDesk(): Promise<Desk> {
  const stack = await startStack();
  const wire = await openWire(stack.units.simulator?.port ?? 0);
  const address = `127.0.0.1:${wire.port}`;
  const worker: TestWorker = stack.start(undefined, { access: { tradingUrl: `http://${address}`, dataUrl: `http://${address}`, tradingStreamUrl: `ws://${address}/stream`, dataStreamUrl: `ws://${address}/v2/iex` } });
  await worker.ready(READY_MS);
  const ids: string[] = [];
  const isWaiting = async (): Promise<boolean> => (await stack.health()).reasons.length > 0;
  return {
    stack, wire, isWaiting,
    async order(kind) {
      const id = `chaos-${ids.length + 1}`;
      ids.push(id);
      await stack.approve(id, kind === 'resting' ? { type: 'limit', limitPrice: '1', timeInForce: 'gtc', referencePrice: '1', reservedNotional: '3' } : {});
      return id;
    },
    async filled(id, limitMs = AT_BROKER_MS) {
      await until(async () => (await stack.atBroker(id)).length > 0, `${id} at the broker`, limitMs);
      await stack.sim('step', { count: 1 });
      await stack.reaches(id, 'filled', limitMs);
    },
    settled: async () => {
      await until(async () => !(await isWaiting()) && (await stack.book.sql('SELECT 1 FROM execution.orders WHERE unknown_since IS NOT NULL AND NOT is_closed')).length === 0, 'nothing to be unknown', AT_BROKER_MS);
    },
    verdict: () => compare(stack, ids),
    async close() {
      if (worker.child.exitCode === null && worker.child.signalCode === null) await worker.stop();
      await wire.close();
      await stack.stop();
    },
  };
}
