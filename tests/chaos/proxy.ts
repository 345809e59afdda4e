/** A wire between a client and the broker that can be cut: a TCP proxy whose connections break, or stay open and lose what one side says. */
import { createServer, connect, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/**
 * What the wire does. `cut`: connections break, new ones are refused by a reset; `lose_requests`, `lose_replies`: connections stay open, what one side says never
 * arrives; `silent`: nothing arrives on either side; `refuse_keys`: every request is answered 403. Connections that lost something stay mute after that: they are of no use.
 */
export type WireState = 'open' | 'cut' | 'lose_requests' | 'lose_replies' | 'silent' | 'refuse_keys';

/** The wire. */
export type CutWire = { readonly port: number; turn(state: WireState): void; close(): Promise<void> };

const REFUSAL_BODY = '{"code":40310000,"message":"forbidden."}';
const REFUSAL = `HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: ${REFUSAL_BODY.length}\r\nconnection: close\r\n\r\n${REFUSAL_BODY}`;

type Pair = { readonly client: Socket; readonly broker: Socket; isMute: { up: boolean; down: boolean } };

/** Opens a wire to `target` (port on this computer). */
export async function openWire(target: number): Promise<CutWire> {
  let state: WireState = 'open';
  const pairs = new Set<Pair>();
  const drop = (pair: Pair): void => {
    pairs.delete(pair);
    pair.client.destroy();
    pair.broker.destroy();
  };
  const pass = (pair: Pair, way: 'up' | 'down', chunk: Buffer): void => {
    if (state === 'silent' || state === (way === 'up' ? 'lose_requests' : 'lose_replies')) pair.isMute[way] = true;
    // What follows a hole makes no sense: it is lost too.
    if (!pair.isMute[way]) (way === 'up' ? pair.broker : pair.client).write(chunk);
  };
  const server: Server = createServer((client) => {
    client.on('error', () => undefined);
    if (state === 'cut') return void client.resetAndDestroy();
    if (state === 'refuse_keys') return void client.once('data', () => client.end(REFUSAL));
    const pair: Pair = { client, broker: connect(target, '127.0.0.1'), isMute: { up: false, down: false } };
    pairs.add(pair);
    pair.broker.on('error', () => drop(pair));
    client.on('data', (chunk) => pass(pair, 'up', chunk));
    pair.broker.on('data', (chunk) => pass(pair, 'down', chunk));
    client.on('close', () => drop(pair));
    // Whoever has lost the other side's words does not hear it hang up either.
    pair.broker.on('close', () => (pair.isMute.down || state === 'silent' ? undefined : drop(pair)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    turn(next) {
      state = next;
      if (next === 'cut' || next === 'refuse_keys') for (const pair of [...pairs]) drop(pair);
    },
    async close() {
      for (const pair of [...pairs]) drop(pair);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
