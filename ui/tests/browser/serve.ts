/**
 * Where the window is served from: HARK_TEST_URL (the real application, its token in the hash), or a build of its own
 * with the scripted host, under the product's content security policy.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, preview } from 'vite';
import type { TestProject } from 'vitest/node';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

export default async function serve(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const real = process.env['HARK_TEST_URL'];
  if (real) {
    project.provide('url', real);
    project.provide('real', true);
    return undefined;
  }
  const outDir = mkdtempSync(join(tmpdir(), 'hark-ui-'));
  await build({ mode: 'test', logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  const server = await preview({
    build: { outDir },
    preview: { port: 0, host: '127.0.0.1', headers: { 'Content-Security-Policy': POLICY } },
    logLevel: 'warn',
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('The preview server has no port.');
  project.provide('url', `http://127.0.0.1:${address.port}/?host=fake`);
  project.provide('real', false);
  return async () => {
    await server.close();
    rmSync(outDir, { recursive: true });
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
    real: boolean;
  }
}
