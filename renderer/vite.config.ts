/** Builds the dashboard into dist/renderer: no inline script, no data URIs for fonts, all offline. */
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Vite demands a default export here. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  // Plotly's parts ask for the name that only Node has.
  define: { global: 'globalThis' },
  build: {
    outDir: join(import.meta.dirname, '..', 'dist', 'renderer'),
    emptyOutDir: true,
    target: 'es2023',
    // The page's policy allows fonts and scripts from its own origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_500,
  },
});
