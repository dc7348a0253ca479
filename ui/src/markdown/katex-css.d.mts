/** The stylesheet as it should be. */
export function katexCss(): Promise<string>;
