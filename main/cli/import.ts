/** `mainspring import` and `export`: at the stack that runs, or at one that is started for it and stopped again. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { setTimeout as pause } from 'node:timers/promises';
import type { ImportView } from '#app/contracts/bulk.ts';
import { EXIT } from '#app/contracts/control.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { boot } from '../boot.ts';
import { choiceOf } from '../broker-keys.ts';
import type { Layout } from '../layout.ts';
import { layoutOf } from '../store/data-folder.ts';
import type { Home } from '../store/data-folder.ts';
import { plainSealer } from '../store/secrets.ts';
import { nodeSpawner } from '../supervisor/node-spawner.ts';
import type { ExportOptions, ImportOptions } from './bulk-options.ts';
import { importText, previewText, progressText } from './bulk-text.ts';
import { clientOfRunning, clientWithToken } from './gateway-client.ts';
import type { GatewayClient } from './gateway-client.ts';
import { placeInUse, placeOfStart } from './place.ts';

const FOLLOW_EVERY_MS = 500;
const FAILED = 1;
const MAX_FILES = 500;
const READY: readonly string[] = ['ready', 'degraded', 'done'];

/** Where and with what. `home`: the one that `--data` or MAINSPRING_HOME names. */
export type BulkPlace = { readonly home: Home; readonly layout: Layout; readonly env: Readonly<Record<string, string | undefined>> };

/** What comes to an end before all parts are up. */
function untilUp(stack: Awaited<ReturnType<typeof boot>>, failed: Promise<string>): Promise<void> {
  const { supervisor } = stack;
  return Promise.race([
    supervisor.until(() => supervisor.unitIds.every((id) => READY.includes(supervisor.statusOf(id).state))),
    failed.then((why) => Promise.reject(new AppError('UNIT_START_FAILED', `Mainspring could not be started for this: ${why}`))),
  ]);
}

/** Starts the stack without a window, does the work, and stops it, whatever happens. Ctrl-C stops it, too: what was written stays, and goes on with the next start. */
async function withOwnStack<T>({ home, layout, env }: BulkPlace, options: ImportOptions | ExportOptions, work: (client: GatewayClient, dataDir: string) => Promise<T>): Promise<T> {
  const place = placeOfStart(home, false, env);
  const mode = options.mode ?? place.mode;
  const dataDir = options.mode === null ? place.dataDir : home.dataDirOf(mode);
  if (!options.isJson) process.stderr.write(`Nothing runs in ${dataDir}: Mainspring is started for this and stopped again.\n`);
  let fail: (why: string) => void = () => undefined;
  const failed = new Promise<string>((resolve) => (fail = resolve));
  const stack = await boot({
    dataDir, envFile: home.envFile, choice: await choiceOf(home, plainSealer, mode), layout, env, replay: null, spawner: nodeSpawner(),
    events: {
      onUnit: (unit) => { if (unit.state === 'failed') fail(`${unit.title}: ${unit.reasons.join('; ') || unit.lastExit?.reason || 'it ended'}`); },
      onNotice: () => undefined, onReplayDone: () => undefined, onStopAsked: () => fail('it was asked to stop'),
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => fail(`it was stopped by ${signal}`));
  try {
    await untilUp(stack, failed);
    const done = work(clientWithToken(stack.access()), dataDir);
    return await Promise.race([done, failed.then((why) => Promise.reject(new AppError('UNIT_START_FAILED', `Stopped: ${why}. What was written stays; the next start goes on with it`)))]);
  } finally {
    await stack.stop('the command ended');
  }
}

async function withGateway<T>(place: BulkPlace, options: ImportOptions | ExportOptions, work: (client: GatewayClient, dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = options.mode === null ? await placeInUse(place.home) : place.home.dataDirOf(options.mode);
  const running = await clientOfRunning(layoutOf(dataDir).door);
  return running === null ? withOwnStack(place, options, work) : work(running, dataDir);
}

/** Waits for the end of an import, telling how it goes on standard error. */
async function follow(client: GatewayClient, importId: string, isJson: boolean): Promise<ImportView> {
  let told = '';
  for (;;) {
    const { import: view } = await client.call('import', { importId, limit: 1 });
    const text = progressText(view);
    if (!isJson && text !== told) process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    told = text;
    if (!['waiting', 'running'].includes(view.state)) {
      if (!isJson && process.stderr.isTTY) process.stderr.write('\n');
      return view;
    }
    await pause(FOLLOW_EVERY_MS);
  }
}

/** `import`: exit 0 when every file came in, 1 when one could not. */
export function runImport(options: ImportOptions, place: BulkPlace): Promise<number> {
  const print = (value: unknown, text: () => string): void => void process.stdout.write(options.isJson ? `${JSON.stringify(value, null, 2)}\n` : `${text()}\n`);
  return withGateway(place, options, async (client, dataDir) => {
    if (options.isPreview) {
      const preview = await client.call('previewImport', options.wish);
      print(preview, () => previewText(preview));
      return preview.files.every((file) => file.problem === null) ? EXIT.ok : FAILED;
    }
    const started = await client.call('startImport', options.wish);
    const view = await follow(client, started.importId, options.isJson);
    const { files } = await client.call('import', { importId: view.importId, limit: MAX_FILES });
    print({ import: view, files }, () => importText(view, files, dataDir));
    return view.state === 'done' && view.problem === null ? EXIT.ok : FAILED;
  });
}

/** `export`: writes the file, or standard output. */
export function runExport(options: ExportOptions, place: BulkPlace): Promise<number> {
  return withGateway(place, options, async (client) => {
    const response = await client.get(`/exports/bars.csv?${new URLSearchParams(options.query).toString()}`);
    invariant(response.body, 'The export has a body');
    const bytes = Readable.fromWeb(response.body as WebStream);
    if (options.out === null) {
      for await (const chunk of bytes) if (!process.stdout.write(chunk as Uint8Array)) await new Promise((done) => process.stdout.once('drain', done));
    } else {
      await pipeline(bytes, createWriteStream(options.out, { mode: 0o600 }));
      process.stderr.write(`Written to ${options.out}\n`);
    }
    return EXIT.ok;
  });
}
