/** One socket to the gateway at a time: numbered pushes, no silence, and back again after each end. */
import { WebSocket } from 'ws';
import { BUFFERED_BYTES_MAX, LIVE_CLOSE, LIVE_PROTOCOL, livePushSchema, STALE_AFTER_MS } from '#app/contracts/live.ts';
import type { LiveBody, LivePush } from '#app/contracts/live.ts';
import { describeError } from '#app/domain/errors.ts';

const RETRY_FIRST_MS = 300;
const RETRY_CAP_MS = 5_000;
const HANDSHAKE_MS = 5_000;
/** The gateway speaks each second; a socket that is silent for so long is dead, whatever TCP thinks. */
const SILENCE_MS = 2 * STALE_AFTER_MS;

/** Where the gateway is, and the token of this launch. */
export type GatewayAccess = { readonly baseUrl: string; readonly token: string };

/** What the socket is made of. */
export type SocketPorts = {
  /** Null while there is no gateway to speak to. */
  readonly access: () => GatewayAccess | null;
  readonly onPush: (push: LiveBody) => void;
  readonly log: (level: 'info' | 'warn', text: string) => void;
};

/** The socket, present or to come. */
export type LiveSocket = {
  /** Connects if there is a gateway now, hangs up if there is none any more. */
  follow(): void;
  /** Hangs up and comes back at once for a fresh snapshot. */
  renew(): void;
  close(): void;
};

function readPush(data: Buffer): LivePush | null {
  try {
    const parsed = livePushSchema.safeParse(JSON.parse(data.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** One connection from its beginning to its end. `onEnd` comes exactly once. */
function dial({ baseUrl, token }: GatewayAccess, { onPush, log }: SocketPorts, on: { readonly heard: () => void; readonly ended: () => void }): WebSocket {
  const socket = new WebSocket(`${baseUrl.replace(/^http/, 'ws')}/live`, { handshakeTimeout: HANDSHAKE_MS, maxPayload: 4 * BUFFERED_BYTES_MAX, followRedirects: false, perMessageDeflate: false });
  let expected = 1;
  let silence: NodeJS.Timeout | undefined;
  const hear = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => socket.terminate(), SILENCE_MS);
  };
  socket.on('open', () => {
    hear();
    socket.send(JSON.stringify({ type: 'hello', token, protocol: LIVE_PROTOCOL }));
  });
  socket.on('message', (data: Buffer) => {
    hear();
    const push = readPush(data);
    // A number is missing or a message is not of our protocol: begin anew, the snapshot makes it right.
    if (push === null || push.seq !== expected) {
      socket.close();
      return;
    }
    expected += 1;
    on.heard();
    onPush(push.push);
  });
  socket.on('error', (error) => log('info', `The shell does not reach the gateway: ${describeError(error)}`));
  socket.on('close', (code) => {
    clearTimeout(silence);
    if (code === LIVE_CLOSE.unauthorized) log('warn', 'The gateway refused the shell; it is asked again');
    on.ended();
  });
  return socket;
}

/** Keeps a socket to the gateway of whatever stack runs. */
export function keepLiveSocket(ports: SocketPorts): LiveSocket {
  let socket: WebSocket | null = null;
  let retry: NodeJS.Timeout | undefined;
  let attempts = 0;
  let isClosed = false;

  const connect = (): void => {
    retry = undefined;
    const access = ports.access();
    if (isClosed || socket !== null || access === null) return;
    socket = dial(access, ports, {
      heard: () => (attempts = 0),
      ended: () => {
        socket = null;
        attempts += 1;
        if (!isClosed && ports.access() !== null) retry = setTimeout(connect, Math.min(RETRY_CAP_MS, RETRY_FIRST_MS * 2 ** Math.min(attempts - 1, 8)));
      },
    });
  };
  return {
    follow() {
      if (ports.access() !== null) {
        if (retry === undefined) connect();
        return;
      }
      clearTimeout(retry);
      retry = undefined;
      attempts = 0;
      socket?.close();
    },
    renew: () => socket?.close(),
    close() {
      isClosed = true;
      clearTimeout(retry);
      socket?.terminate();
    },
  };
}
