/** Sends a Node program's calls to Alpaca's hosts to the simulator: `NODE_OPTIONS="--import .../simulator-redirect.mjs" ALPACA_SIMULATOR_URL=http://127.0.0.1:8787`. */
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

const ALPACA = /(^|\.)alpaca\.markets$/;
const target = new URL(process.env['ALPACA_SIMULATOR_URL'] ?? 'http://127.0.0.1:8787');

/**
 * The same address at the simulator, or null when it is not one of Alpaca's.
 * @param {URL} url
 */
function atSimulator(url) {
  return ALPACA.test(url.hostname) ? new URL(`${url.pathname}${url.search}`, target) : null;
}

const realFetch = globalThis.fetch;
/** @type {typeof fetch} */
globalThis.fetch = (input, init) => {
  const url = atSimulator(new URL(input instanceof Request ? input.url : input));
  if (url === null) return realFetch(input, init);
  return realFetch(input instanceof Request ? new Request(url, input) : url, init);
};

const realRequest = https.request;
/**
 * WebSocket libraries and older clients come this way.
 * @param {any[]} args
 */
function request(...args) {
  const callback = args.find((arg) => typeof arg === 'function');
  const [first, second] = args;
  const url = typeof first === 'string' || first instanceof URL ? new URL(first) : null;
  const options = url === null ? first : typeof second === 'object' && second !== null ? second : {};
  const host = url?.hostname ?? options.hostname ?? options.host ?? '';
  if (!ALPACA.test(String(host).replace(/:\d+$/, ''))) return Reflect.apply(realRequest, https, args);
  const plain = { ...options };
  // What belongs to the encrypted connection.
  for (const key of ['createConnection', 'agent', 'host', 'servername']) delete plain[key];
  return http.request({
    ...plain, protocol: 'http:', hostname: target.hostname, port: target.port, path: url === null ? options.path : `${url.pathname}${url.search}`, agent: false,
    headers: { ...options.headers, host: target.host },
  }, callback);
}

https.request = /** @type {typeof https.request} */ (request);
https.get = /** @type {typeof https.get} */ ((/** @type {any[]} */ ...args) => {
  const made = request(...args);
  made.end();
  return made;
});
syncBuiltinESMExports();
