/**
 * Makes katex.css from KaTeX's own: one font format instead of three (every web view we run in reads woff2), found
 * through the package's name. `node src/markdown/katex-css.mjs` writes it again; katex-css.test.ts holds it fresh.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

export async function katexCss() {
  const css = readFileSync(createRequire(import.meta.url).resolve('katex/dist/katex.css'), 'utf8');
  const only = css.replace(
    /src: url\(fonts\/([\w-]+)\.woff2\) format\("woff2"\)[^;]*;/g,
    'src: url("katex/dist/fonts/$1.woff2") format("woff2");',
  );
  const note = "/* Made by katex-css.mjs from KaTeX's stylesheet (MIT licence). Do not edit. */";
  return format(`${note}\n${only}`, { parser: 'css', singleQuote: true, printWidth: 110 });
}

const target = fileURLToPath(new URL('./katex.css', import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, await katexCss());
