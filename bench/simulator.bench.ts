/** How many orders the simulated broker takes over HTTP, each on disk before it is answered. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulatorTool } from '../tests/support/simulator-tool.ts';
import { quantile, figureOf, type Figure } from './lib/measure.ts';

const CONNECTIONS = 32;
const ORDERS = 2_000;
const ROUNDS = 5;
/** Processor time is counted in hundredths of a second. */
const TICKS_A_SECOND = 100;

/** Processor seconds of a process so far; NaN where /proc does not exist. */
function processorSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
  } catch (error) {
    if (error instanceof Error) return NaN;
    throw error;
  }
}

function request(clientOrderId: string): string {
  const body = JSON.stringify({ symbol: 'KO', qty: '1', side: 'buy', type: 'limit', limit_price: '1', time_in_force: 'gtc', client_order_id: clientOrderId });
  return `POST /v2/orders HTTP/1.1\r\nHost: simulator\r\nAPCA-API-KEY-ID: PKSIMULATOR\r\nAPCA-API-SECRET-KEY: simulator-secret\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Sends one order after the other on one connection; returns the milliseconds of each. */
async function sendOrders(socket: Socket, take: () => string | null): Promise<number[]> {
  const latencies: number[] = [];
  for (let id = take(); id !== null; id = take()) {
    const began = performance.now();
    const answered = new Promise<string>((done, fail) => {
      let text = '';
      const hear = (chunk: Buffer): void => {
        text += chunk.toString('latin1');
        const head = text.indexOf('\r\n\r\n');
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
        if (head < 0 || text.length < head + 4 + length) return;
        socket.off('data', hear);
        done(text);
      };
      socket.on('data', hear);
      socket.once('error', fail);
    });
    socket.write(request(id));
    const text = await answered;
    socket.removeAllListeners('error');
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(`An order was not taken: ${text.slice(0, 400)}`);
    latencies.push(performance.now() - began);
  }
  return latencies;
}

/** Measures `npm run simulator` as a process of its own; limit from the issue: >= 1,000 orders/s. */
export async function benchSimulator(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ms-bench-simulator-'));
  const tool = await startSimulatorTool(['--rate-limit', '1000000000', '--journal', join(folder, 'journal.sqlite'), '--paused', '--quiet']);
  try {
    const sockets = Array.from({ length: CONNECTIONS }, () => connect(tool.port, '127.0.0.1'));
    const [rates, latencies, costs]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      let sent = 0;
      const take = (): string | null => (sent < ORDERS ? `bench-${round}-${(sent += 1)}` : null);
      const [began, busy] = [performance.now(), processorSeconds(tool.pid)];
      const all = (await Promise.all(sockets.map((socket) => sendOrders(socket, take)))).flat();
      rates.push((ORDERS / (performance.now() - began)) * 1_000);
      costs.push(((processorSeconds(tool.pid) - busy) * 1_000) / ORDERS);
      latencies.push(quantile(all, 0.95));
    }
    for (const socket of sockets) socket.destroy();
    return [
      figureOf({ name: `orders over HTTP, ${CONNECTIONS} clients`, unit: 'orders/s', values: rates, limit: 1_000, isFloor: true }),
      figureOf({ name: 'order answered, p95', unit: 'ms', values: latencies }), figureOf({ name: 'processor time an order', unit: 'ms', values: costs }),
    ];
  } finally {
    await tool.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
