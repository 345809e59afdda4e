/** Puts the stand-in where `electron` is asked for: `node --import tests/desktop/stand-in/register.mjs dist/main/desktop.mjs`. */
import { createRequire, registerHooks } from 'node:module';

const standIn = new URL('electron.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) => (specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context)),
});

// The same probe that a real Electron loads with `-r`.
createRequire(import.meta.url)('../probe.cjs');
