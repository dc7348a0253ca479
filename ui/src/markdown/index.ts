export { default as Markdown } from './Markdown.svelte';
export type { MarkdownLabels } from './model.ts';
