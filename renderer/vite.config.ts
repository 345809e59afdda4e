/** Builds the dashboard into dist/renderer: no inline script, no data URIs for fonts, all offline. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

/** The declarations of the language that strategies are written in: no page, no worker, no script host, and nothing newer than what runs them. */
const LANGUAGE_LIBRARY = /^lib\.(es5|es20(1[5-9]|2[0-3])(\.(?!full).+)?|decorators(\.legacy)?)\.d\.ts$/;

/** The editor's TypeScript carries declarations of every surrounding there is, three megabytes of them: those of the language alone stay. */
function languageLibrariesAlone(): Plugin {
  return {
    name: 'language-libraries-alone', enforce: 'pre',
    async load(id) {
      const file = id.split('?')[0] ?? id;
      if (!file.replaceAll('\\', '/').endsWith('/languages/features/typescript/lib/lib.js')) return null;
      const { libFileMap } = await import(pathToFileURL(file).href) as { libFileMap: Readonly<Record<string, string>> };
      return `export const libFileMap = ${JSON.stringify(Object.fromEntries(Object.entries(libFileMap).filter(([name]) => LANGUAGE_LIBRARY.test(name))))};`;
    },
  };
}

/** Vite demands a default export here. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  // Plotly's parts ask for the name that only Node has.
  define: { global: 'globalThis' },
  worker: { format: 'es', plugins: () => [languageLibrariesAlone()] },
  build: {
    outDir: join(import.meta.dirname, '..', 'dist', 'renderer'),
    emptyOutDir: true,
    target: 'es2023',
    // The page's policy allows fonts and scripts from its own origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8_000,
  },
});
