/** `npm run simulator`: the simulated broker on its own, for any program that speaks Alpaca's API. No supervisor, no database, no Redis. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError, describeError } from '#app/domain/errors.ts';
import { toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { VenueEvent } from '#app/backtest/venue-types.ts';
import { writeConformance } from './conformance.ts';
import { openSimulator, type Simulator } from './simulator.ts';
import { HELP, OptionError, readOptions, type ToolOptions } from './tool-options.ts';
import { newYorkText } from './wire-common.ts';

const EXIT_USAGE = 64;
const EXIT_FAILED = 1;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** One line for each thing that happens to an order. */
function tellEvents(events: readonly VenueEvent[]): void {
  for (const { kind, at, order, fill } of events) {
    const size = fill ? `${toText(fill.qty)} of ${order.qty === null ? `$${toText(order.notional ?? fill.price)}` : toText(order.qty)} at ${toText(fill.price)}` : order.qty === null ? `$${order.notional === null ? '?' : toText(order.notional)}` : toText(order.qty);
    say(`${newYorkText(at).slice(0, 16).replace('T', ' ')}  ${kind.padEnd(22)} ${order.side} ${size} ${order.symbol} ${order.type}  ${order.clientOrderId}`);
  }
}

/** What other programs need to be told. */
function welcome(options: ToolOptions, port: number, journal: string | null): string {
  const url = `http://127.0.0.1:${port}`;
  const redirect = pathToFileURL(path.resolve(import.meta.dirname, '../../scripts/simulator-redirect.mjs')).href;
  return `
The simulator answers at ${url}
  trading and market data   ${url}
  trade updates             ws://127.0.0.1:${port}/stream
  market-data stream        ws://127.0.0.1:${port}/v2/iex   (also /v2/sip, /v2/delayed_sip, /v2/test)
  account                   ${journal === null ? 'new; gone when this ends (--journal FILE keeps it)' : journal}

Programs that read their addresses from the environment:
  export APCA_API_KEY_ID=${options.keyId} APCA_API_SECRET_KEY=${options.secretKey}
  export APCA_API_BASE_URL=${url} APCA_API_DATA_URL=${url} APCA_API_STREAM_URL=ws://127.0.0.1:${port}/stream APCA_API_DATA_STREAM_URL=ws://127.0.0.1:${port}/v2/iex
Node programs that have the broker's addresses built in (its own SDK, for example), unchanged:
  export ALPACA_SIMULATOR_URL=${url} NODE_OPTIONS="--import ${redirect}"

Faults, time and cash: POST ${url}/sim/{faults,pause,resume,step,speed,rate-limit,corporate-actions,transfer}
  with "Authorization: Bearer ${options.secretKey}"; see docs/simulator.md. Ctrl-C ends it.
`;
}

async function open(options: ToolOptions, journal: string, signal: AbortSignal): Promise<Simulator> {
  const isMargin = options.margin > 1;
  return openSimulator({
    settings: { seed: options.seed, startingCash: options.cash, speed: options.speed === 'max' ? 100_000 : options.speed, journalFile: journal, keyId: options.keyId, secretKey: options.secretKey },
    replay: options.replay === null ? null : { folder: options.replay, speed: options.speed }, internalToken: options.secretKey, today: Date.now() as EpochMs, book: null, signal,
    ...(options.start === null ? {} : { marketStart: options.start }),
    account: { multiplier: options.margin, isShortingEnabled: isMargin, partialFillPercent: options.partialFills, isOpenCollared: true }, strictness: { requestsPerMinute: options.rateLimit, plan: options.plan },
    log: {
      info: () => undefined, warn: (fields, message) => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`), error: (fields, message) => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
    },
    health: () => ({ unit: 'simulator', version: 'standalone', instanceId: 'standalone', live: true, ready: true, uptimeMs: Math.round(process.uptime() * 1_000), reasons: [], detail: {} }),
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    onFatal: (error) => {
      process.stderr.write(`${describeError(error)}\n`);
      process.exit(EXIT_FAILED);
    },
  });
}

async function run(options: ToolOptions): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const folder = options.journal === null ? mkdtempSync(path.join(os.tmpdir(), 'simulator-')) : null;
  try {
    const simulator = await open(options, options.journal ?? path.join(folder ?? '', 'simulator.sqlite'), stop.signal);
    try {
      await simulator.server.listen({ port: options.port, host: '127.0.0.1' });
      for (const fault of options.faults) simulator.faults.arm(fault);
      if (options.isPaused) simulator.pause();
      if (!options.isQuiet) simulator.broker.onEvents(tellEvents);
      say(welcome(options, (simulator.server.server.address() as AddressInfo).port, options.journal));
      const ended = new Promise<null>((resolve) => stop.signal.addEventListener('abort', () => resolve(null), { once: true }));
      const summary = await Promise.race([simulator.start(), ended]);
      if (summary !== null) say(`The tape has ended: ${summary.bars} bars, ${summary.brokerOrders} orders, ${summary.brokerFills} fills, equity ${summary.brokerEquity}. The account can still be read; Ctrl-C ends.`);
      await ended;
    } finally {
      await simulator.close();
    }
    say('The simulator has ended.');
    return 0;
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

/** What went wrong, for a person. */
function failureText(error: unknown): string {
  if (error instanceof AppError) return error.message;
  if (error instanceof Error && Reflect.get(error, 'code') === 'EADDRINUSE') return 'The port is in use: another simulator may be running. Choose another with --port N';
  return describeError(error);
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const asked = readOptions(args);
    if (asked.kind === 'help') {
      process.stdout.write(HELP);
      return 0;
    }
    if (asked.kind === 'conformance') {
      const { message, isGood } = writeConformance(asked.openapi, asked.isCheck);
      say(message);
      return isGood ? 0 : EXIT_FAILED;
    }
    return await run(asked.options);
  } catch (error) {
    const isUsage = error instanceof OptionError;
    process.stderr.write(isUsage ? `${error.message}\nnpm run simulator -- --help shows all options.\n` : `${failureText(error)}\n`);
    return isUsage ? EXIT_USAGE : EXIT_FAILED;
  }
}

process.exitCode = await main(process.argv.slice(2));
