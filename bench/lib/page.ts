/** A page that looks on: signs in as a browser does, hears the live pushes and reads the metrics. */
import { TOKEN_HEADER } from '#app/contracts/http.ts';
import { livePushSchema, LIVE_PROTOCOL } from '#app/contracts/live.ts';

/** A signed-in onlooker. */
export type Page = {
  /** For each fill that was pushed: from the broker's message to its arrival here, milliseconds. */
  readonly fillToPushMs: readonly number[];
  /** The samples of a histogram of any part: upper bounds with cumulative counts. */
  histogram(name: string): Promise<readonly Bucket[]>;
  close(): void;
};

/** A bucket of a Prometheus histogram; `upTo` is Infinity for the last. */
export type Bucket = { readonly upTo: number; readonly count: number };

/** A signed-in caller of the gateway. With a body it posts. */
export type Session = { readonly origin: string; readonly token: string; readonly headers: Readonly<Record<string, string>>; call<T>(path: string, more?: { readonly body?: object; readonly headers?: Readonly<Record<string, string>> }): Promise<T> };

/** Signs in with the link that `mainspring start` printed, as a browser does. */
export async function signIn(loginLink: string): Promise<Session> {
  const { origin } = new URL(loginLink);
  const login = await fetch(loginLink, { redirect: 'manual' });
  const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const session = await fetch(`${origin}/api/session`, { headers: { cookie } });
  const { token } = (await session.json()) as { token: string };
  const headers = { cookie, origin, [TOKEN_HEADER]: token };
  return {
    origin, token, headers,
    async call<T>(path: string, more: { readonly body?: object; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<T> {
      const init = more.body === undefined ? { headers } : { method: 'POST', headers: { ...headers, ...more.headers, 'content-type': 'application/json' }, body: JSON.stringify(more.body) };
      const reply = await fetch(`${origin}${path}`, init);
      if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
      return (await reply.json()) as T;
    },
  };
}

/** Opens the link that `mainspring start` printed and joins the live pushes. */
export async function openPage(loginLink: string): Promise<Page> {
  const { origin, token, headers } = await signIn(loginLink);
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/live`, { headers });
  const fillToPushMs: number[] = [];
  socket.addEventListener('message', (event) => {
    const now = Date.now();
    const { push } = livePushSchema.parse(JSON.parse(String(event.data)));
    if (push.type === 'fills') for (const fill of push.fills) if (fill.source === 'stream') fillToPushMs.push(now - fill.tsSeen);
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('The live socket was refused')));
  });
  socket.send(JSON.stringify({ type: 'hello', token, protocol: LIVE_PROTOCOL }));
  return {
    fillToPushMs,
    async histogram(name) {
      const reply = await fetch(`${origin}/metrics`, { headers });
      if (!reply.ok) throw new Error(`/metrics answered ${reply.status}`);
      return readHistogram(await reply.text(), name);
    },
    close: () => socket.close(),
  };
}

function readHistogram(text: string, name: string): Bucket[] {
  const line = new RegExp(`^mainspring_${name}_bucket\\{.*le="([^"]+)".*\\} (\\d+)$`, 'gm');
  return [...text.matchAll(line)].map(([, le, count]) => ({ upTo: le === '+Inf' ? Infinity : Number(le), count: Number(count) })).sort((a, b) => a.upTo - b.upTo);
}

/** The value below which the share `p` of the samples lies, straight lines within a bucket; NaN when there are none. */
export function histogramQuantile(buckets: readonly Bucket[], p: number): number {
  const total = buckets.at(-1)?.count ?? 0;
  const index = buckets.findIndex((bucket) => bucket.count >= p * total);
  const [bucket, before] = [buckets[index], buckets[index - 1] ?? { upTo: 0, count: 0 }];
  if (total === 0 || !bucket) return NaN;
  if (bucket.upTo === Infinity) return before.upTo;
  return before.upTo + ((p * total - before.count) / Math.max(1, bucket.count - before.count)) * (bucket.upTo - before.upTo);
}
