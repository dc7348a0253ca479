import { defineConfig } from 'vitest/config';

/** One browser, one page at a time: the tests share Chromium through tests/browser/world.ts. */
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.test.ts'],
    globalSetup: ['tests/browser/serve.ts'],
    expect: { poll: { timeout: 8_000 } },
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
