export const POLICY: string;
/** Builds and serves the page; `close` stops the server and removes the build. */
export function servePage(): Promise<{ url: string; outDir: string; close: () => Promise<void> }>;
