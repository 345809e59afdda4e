/** data_ingestion as a process before a broker that refuses its keys. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WorkerHealthSchema } from '#app/contracts/health.ts';
import { startStandIn, type StandIn } from '../../tests/support/alpaca-stand-in.ts';
import { startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { freePorts, startWorker, testConfig } from '../../tests/support/worker.ts';

let book: Book;
let wire: Wire;
let standIn: StandIn;
beforeAll(async () => {
  [book, wire, standIn] = await Promise.all([startBook(), startWire(), startStandIn()]);
});
afterAll(async () => {
  await standIn.close();
  await wire.stop();
  await book.stop();
});

it.each([[401, 'unauthorized.'], [403, 'forbidden.']])('comes up degraded with the remedy on %i, and asks the broker a handful of times', async (status, message) => {
  standIn.answer = () => ({ status, body: { message } });
  standIn.seen.length = 0;
  const units = await freePorts();
  const worker = startWorker(testConfig('data_ingestion', { book, wire }, units, { mode: 'paper', alpaca: standIn.access }));
  await worker.ready(30_000);
  await until(() => worker.messages.filter(({ type }) => type === 'beat').length >= 6, 'six seconds');
  const health = WorkerHealthSchema.parse(await (await fetch(`http://127.0.0.1:${units.data_ingestion?.port}/health`)).json());
  expect(health.ready).toBe(true);
  expect(health.reasons.join()).toContain('The broker refused the keys. Enter them again');
  expect(standIn.seen.length).toBeLessThanOrEqual(3);
  expect(worker.output()).not.toContain(standIn.access.secretKey);
  expect(await worker.stop()).toBe(0);
});
