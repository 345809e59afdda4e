/** The preload as a script that runs before the page's own: the built file, unchanged, with the two objects of Electron that it may ask for. */
import { SCHEME, toWeb } from './origin.ts';

/** Runs in the page. `__standInIpc(channel, args)` reaches the main process; Playwright tells it which frame asked. */
const BRIDGE = `
const listeners = new Map();
Object.defineProperty(globalThis, '__standInDeliver', { value: (channel, args) => {
  for (const listener of [...(listeners.get(channel) ?? [])]) listener({}, ...structuredClone(args));
} });
const ask = globalThis.__standInIpc;
const ipcRenderer = {
  async invoke(channel, ...args) {
    const answer = await ask(channel, structuredClone(args));
    if (!answer.ok) throw new Error("Error invoking remote method '" + channel + "': " + answer.error);
    return answer.value;
  },
  on(channel, listener) {
    listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
    return ipcRenderer;
  },
  removeListener(channel, listener) {
    listeners.set(channel, (listeners.get(channel) ?? []).filter((known) => known !== listener));
    return ipcRenderer;
  },
};
// What crosses between the worlds is copied; functions become new functions whose arguments and results are copied, too.
const cross = (value) => {
  if (typeof value === 'function') return (...args) => cross(value(...args.map(cross)));
  if (value instanceof Promise) return value.then(cross, (error) => Promise.reject(new Error(error instanceof Error ? error.message : String(error))));
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return Object.freeze(value.map(cross));
  if (Object.getPrototypeOf(value) === Object.prototype) return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cross(inner)])));
  return structuredClone(value);
};
const contextBridge = {
  exposeInMainWorld(name, api) {
    if (name in globalThis) throw new Error('Cannot bind an API on top of an existing property on the window object');
    Object.defineProperty(globalThis, name, { value: cross(api), enumerable: true });
  },
};
`;

/** The text of the script: silent in child frames and in pages that are not of the scheme. */
export function preloadScript(source: string): string {
  const start = toWeb(`${SCHEME}://x/`).replace('x.', '').replace('http://', '');
  return `(() => {
if (window !== window.top || !location.hostname.endsWith(${JSON.stringify(`.${start.slice(0, -1)}`)}) || location.protocol !== 'http:') return;
${BRIDGE}
const require = (name) => {
  if (name !== 'electron') throw new Error('module not found: ' + name);
  return { contextBridge, ipcRenderer };
};
const module = { exports: {} };
((require, module, exports) => {
${source}
})(require, module, module.exports);
})();`;
}
