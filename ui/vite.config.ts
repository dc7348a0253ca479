import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Two builds: the product's, and `--mode test`, which also holds the scripted host (see src/host/index.ts). */
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  base: './',
  define: { __FAKE_HOST__: JSON.stringify(mode === 'test') },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    rollupOptions: { input: ['index.html', 'bar.html', 'region.html'] },
    // The content security policy allows files only: no module-preload script, no data: URLs for assets.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { port: 5173, strictPort: true, host: '127.0.0.1' },
  clearScreen: false,
}));
