/** The languages that are coloured: each one's grammar is its own file, fetched when a reply first uses it. */
import type { LanguageFn } from 'highlight.js';

type Load = () => Promise<{ default: LanguageFn }>;

interface Language {
  /** Shown over the block. */
  name: string;
  load: Load;
  /** Languages that occur inside this one. */
  needs?: string[];
}

const LANGUAGES: Record<string, Language> = {
  bash: { name: 'Shell', load: () => import('highlight.js/lib/languages/bash') },
  c: { name: 'C', load: () => import('highlight.js/lib/languages/c') },
  cpp: { name: 'C++', load: () => import('highlight.js/lib/languages/cpp') },
  csharp: { name: 'C#', load: () => import('highlight.js/lib/languages/csharp') },
  css: { name: 'CSS', load: () => import('highlight.js/lib/languages/css') },
  diff: { name: 'Diff', load: () => import('highlight.js/lib/languages/diff') },
  dockerfile: {
    name: 'Dockerfile',
    load: () => import('highlight.js/lib/languages/dockerfile'),
    needs: ['bash'],
  },
  go: { name: 'Go', load: () => import('highlight.js/lib/languages/go') },
  ini: { name: 'INI', load: () => import('highlight.js/lib/languages/ini') },
  java: { name: 'Java', load: () => import('highlight.js/lib/languages/java') },
  javascript: {
    name: 'JavaScript',
    load: () => import('highlight.js/lib/languages/javascript'),
    needs: ['xml', 'css'],
  },
  json: { name: 'JSON', load: () => import('highlight.js/lib/languages/json') },
  kotlin: { name: 'Kotlin', load: () => import('highlight.js/lib/languages/kotlin') },
  latex: { name: 'LaTeX', load: () => import('highlight.js/lib/languages/latex') },
  lua: { name: 'Lua', load: () => import('highlight.js/lib/languages/lua') },
  makefile: { name: 'Makefile', load: () => import('highlight.js/lib/languages/makefile') },
  markdown: { name: 'Markdown', load: () => import('highlight.js/lib/languages/markdown'), needs: ['xml'] },
  php: { name: 'PHP', load: () => import('highlight.js/lib/languages/php'), needs: ['xml'] },
  powershell: { name: 'PowerShell', load: () => import('highlight.js/lib/languages/powershell') },
  python: { name: 'Python', load: () => import('highlight.js/lib/languages/python') },
  r: { name: 'R', load: () => import('highlight.js/lib/languages/r') },
  ruby: { name: 'Ruby', load: () => import('highlight.js/lib/languages/ruby') },
  rust: { name: 'Rust', load: () => import('highlight.js/lib/languages/rust') },
  sql: { name: 'SQL', load: () => import('highlight.js/lib/languages/sql') },
  swift: { name: 'Swift', load: () => import('highlight.js/lib/languages/swift') },
  typescript: {
    name: 'TypeScript',
    load: () => import('highlight.js/lib/languages/typescript'),
    needs: ['xml', 'css'],
  },
  xml: { name: 'HTML', load: () => import('highlight.js/lib/languages/xml'), needs: ['javascript', 'css'] },
  yaml: { name: 'YAML', load: () => import('highlight.js/lib/languages/yaml') },
};

/** What models write after the fence; and, where it differs, the name to show. */
const ALIASES: Record<string, [language: string, name?: string]> = {
  sh: ['bash'],
  shell: ['bash'],
  zsh: ['bash'],
  console: ['bash'],
  'shell-session': ['bash'],
  h: ['c'],
  'c++': ['cpp'],
  cc: ['cpp'],
  hpp: ['cpp'],
  cs: ['csharp'],
  'c#': ['csharp'],
  scss: ['css', 'SCSS'],
  less: ['css', 'Less'],
  patch: ['diff'],
  docker: ['dockerfile'],
  golang: ['go'],
  toml: ['ini', 'TOML'],
  js: ['javascript'],
  mjs: ['javascript'],
  jsx: ['javascript', 'JSX'],
  jsonc: ['json'],
  json5: ['json', 'JSON5'],
  jsonl: ['json'],
  kt: ['kotlin'],
  tex: ['latex'],
  make: ['makefile'],
  md: ['markdown'],
  ps1: ['powershell'],
  pwsh: ['powershell'],
  py: ['python'],
  python3: ['python'],
  rb: ['ruby'],
  rs: ['rust'],
  sqlite: ['sql'],
  postgresql: ['sql'],
  mysql: ['sql'],
  ts: ['typescript'],
  tsx: ['typescript', 'TSX'],
  html: ['xml'],
  xml: ['xml', 'XML'],
  svg: ['xml', 'SVG'],
  vue: ['xml', 'Vue'],
  svelte: ['xml', 'Svelte'],
  yml: ['yaml'],
};

const PLAIN = new Set(['', 'text', 'txt', 'plain', 'plaintext', 'none', 'output']);

/** The grammar for the word after a fence; null when there is none. */
export function grammarOf(word: string): string | null {
  const name = ALIASES[word]?.[0] ?? word;
  return Object.hasOwn(LANGUAGES, name) ? name : null;
}

/** The name to show over a block; null when the word says nothing. */
export function nameOf(word: string): string | null {
  if (PLAIN.has(word)) return null;
  const [grammar, name] = (Object.hasOwn(ALIASES, word) && ALIASES[word]) || [word];
  return name ?? (Object.hasOwn(LANGUAGES, grammar) ? LANGUAGES[grammar]!.name : word.slice(0, 24));
}

/** A grammar with those inside it, each once. */
export function withNeeds(grammar: string): { name: string; load: Load }[] {
  const names = [grammar];
  for (const name of names)
    for (const need of LANGUAGES[name]?.needs ?? []) if (!names.includes(need)) names.push(need);
  return names.map((name) => ({ name, load: LANGUAGES[name]!.load }));
}
