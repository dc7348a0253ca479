import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  // Components are mounted as in a browser.
  resolve: { conditions: ['browser'] },
  define: { __FAKE_HOST__: 'true' },
  test: { include: ['tests/unit/**/*.test.ts', 'src/**/*.test.ts'], maxWorkers: 2 },
});
