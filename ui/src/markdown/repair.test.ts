import { describe, expect, it } from 'vitest';
import { closeInline, growingView } from './repair.ts';

describe('closeInline', () => {
  it.each<[string, string]>([
    ['plain', 'plain'],
    ['**bold', '**bold**'],
    ['**bold*', '**bold**'],
    ['**bold**', '**bold**'],
    ['**bold ', '**bold**'],
    ['a *it', 'a *it*'],
    ['***both', '***both***'],
    ['**bold *it', '**bold *it***'],
    ['~~gone', '~~gone~~'],
    ['_it', '_it_'],
    ['snake_case_name', 'snake_case_name'],
    ['中文**粗', '中文**粗**'],
    ['中文**', '中文'],
    ['中文**粗体**', '中文**粗体**'],
    ['2 * 3', '2 * 3'],
    ['2*3', '2*3'],
    ['a **', 'a '],
    ['a _', 'a '],
    ['`co', '`co`'],
    ['a `', 'a '],
    ['``a`b', '``a`b``'],
    ['`a` **b', '`a` **b**'],
    ['`**`', '`**`'],
    ['[te', 'te'],
    ['[text](htt', 'text'],
    ['see [text]', 'see text'],
    ['[text](http://x)', '[text](http://x)'],
    ['**see [te', '**see te**'],
    ['![al', 'al'],
    ['![alt](http', 'alt'],
    ['a \\', 'a '],
    ['\\*x', '\\*x'],
    ['cost $', 'cost '],
    ['**n = $x', '**n = $x**'],
    ['\\(x_1 * y', '\\(x_1 * y'],
    ['$a_1 b_2$ _c', '$a_1 b_2$ _c_'],
    ['$$x_1', '$$x_1'],
    ['[ ] a', '[ ] a'],
    ['[x]', '[x]'],
  ])('%j -> %j', (text, expected) => expect(closeInline(text)).toBe(expected));
});

describe('growingView', () => {
  it.each<[string, string]>([
    ['a\n-', 'a\n'],
    ['a\n##', 'a\n'],
    ['a\n1.', 'a\n'],
    ['a\n``', 'a\n'],
    ['a\n=', 'a\n'],
    ['- a\n- ', '- a\n'],
    ['a\n**b', 'a\n**b'],
    ['| a | b', '| a | b\n|---|---|'],
    ['| a | b |\n', '| a | b |\n|---|---|'],
    ['| a | b |\n|--', '| a | b |\n|---|---|'],
    ['| a | b |\n|---|---|\n', '| a | b |\n|---|---|\n'],
    ['| a |\n|---|\n| 1', '| a |\n|---|\n| 1'],
    ['> | a', '> | a\n> |---|'],
    ['|', ''],
  ])('%j -> %j', (text, expected) => expect(growingView(text, false)).toBe(expected));

  it.each<[string, string]>([
    ['```\na\n``', '```\na\n'],
    ['```\n| a |\n', '```\n| a |\n'],
    ['```\n-', '```\n-'],
  ])('in code %j -> %j', (text, expected) => expect(growingView(text, true)).toBe(expected));

  it('takes its time for no text', () => {
    for (const text of [
      '*a '.repeat(6_000),
      '['.repeat(20_000),
      '`'.repeat(19_999) + ' `',
      '\\('.repeat(9_000),
    ])
      closeInline(text);
  });
});
