/** Puts the simulation's stand-ins in the place of everything outside, and plants defects, while modules are loaded: production code stays as it is. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { invariant } from '#app/domain/errors.ts';
import type { Planted } from './planted.ts';

const HERE = new URL('./', import.meta.url).href;
const ROOT = new URL('../../', import.meta.url).href;
/** Loaded in place of a file of the product, by its path. */
const IN_PLACE_OF: Readonly<Record<string, string>> = {
  'services/alpaca/broker.ts': 'broker.ts',
  'services/alpaca/trade-stream.ts': 'trade-stream.ts',
  'services/chassis/crash-point.ts': 'crash-points.ts',
  'services/chassis/service.ts': 'registered.ts',
};
const DRIVER = 'simulation:pg';
const TIMERS = 'simulation:timers';
const TIMERS_SOURCE = `
  const late = (reason) => Object.assign(new Error('The operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR', cause: reason });
  export const setTimeout = (ms, value, options = {}) => new Promise((resolve, reject) => {
    const { signal } = options;
    if (signal?.aborted) return reject(late(signal.reason));
    const end = () => { signal?.removeEventListener('abort', stop); resolve(value); };
    const timer = globalThis.setTimeout(end, ms);
    const stop = () => { clearTimeout(timer); reject(late(signal.reason)); };
    signal?.addEventListener('abort', stop, { once: true });
  });`;

/** One of the replacements of a planted defect, made in the source of its file. @throws when the source is not as the defect expects it */
function withDefect(planted: Planted, path: string, source: string): string {
  let text = source;
  for (const { file, find, replace } of planted.changes) {
    if (file !== path) continue;
    invariant(text.split(find).length === 2, 'A planted defect fits its source exactly once', { defect: planted.name, file, find });
    text = text.replace(find, () => replace);
  }
  return text;
}

/** From now on imports are answered by the simulation. Call it before the first service is imported. */
export function installHooks(planted: Planted | null): void {
  registerHooks({
    resolve(specifier, context, next) {
      const isFromSimulation = context.parentURL?.startsWith(HERE) === true;
      if (!isFromSimulation && specifier === 'pg') return { url: DRIVER, shortCircuit: true };
      if (!isFromSimulation && specifier === 'node:timers/promises' && context.parentURL?.startsWith(ROOT) === true && !context.parentURL.includes('/node_modules/')) return { url: TIMERS, shortCircuit: true };
      const resolved = next(specifier, context);
      const stand = resolved.url.startsWith(ROOT) ? IN_PLACE_OF[resolved.url.slice(ROOT.length)] : undefined;
      return stand === undefined ? resolved : { ...resolved, url: HERE + stand };
    },
    load(url, context, next) {
      if (url === DRIVER) return { format: 'module', source: `import { simulatedPg } from '${HERE}book-driver.ts'; export default simulatedPg;`, shortCircuit: true };
      if (url === TIMERS) return { format: 'module', source: TIMERS_SOURCE, shortCircuit: true };
      const path = url.startsWith(ROOT) ? url.slice(ROOT.length) : '';
      if (planted?.changes.some((change) => change.file === path) !== true) return next(url, context);
      return { format: 'module-typescript', source: withDefect(planted, path, readFileSync(fileURLToPath(url), 'utf8')), shortCircuit: true };
    },
  });
}
