import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockStream } from './block-stream.ts';
import type { Block } from './model.ts';
import { JOINTS, PIECES } from './samples.ts';

const documents = fc
  .array(fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...JOINTS)), { minLength: 1, maxLength: 9 })
  .map((parts) => parts.flat().join(''));
const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 });

/** The text after each chunk; chunk lengths are used again from the start when they run out. */
function* growing(text: string, lengths: number[]): Generator<string> {
  for (let at = 0, i = 0; at < text.length; i++) {
    at += lengths[i % lengths.length]!;
    yield text.slice(0, at);
  }
}

function once(text: string): readonly Block[] {
  return new BlockStream('Image').update(text, 'finished').blocks;
}

describe('BlockStream', () => {
  it('ends with the blocks of the whole text, however it came', () => {
    fc.assert(
      fc.property(documents, cuts, (text, lengths) => {
        const stream = new BlockStream('Image');
        for (const part of growing(text, lengths)) stream.update(part, 'streaming');
        expect(stream.update(text, 'finished').blocks).toEqual(once(text));
      }),
      { numRuns: 400 },
    );
  });

  it('finishes blocks as they stay: only a later link definition changes one', () => {
    fc.assert(
      fc.property(documents, cuts, (raw, lengths) => {
        const text = raw.replaceAll('[', '(').replaceAll('\\(\n', '\\[\n');
        const stream = new BlockStream('Image');
        const firm: Block[] = [];
        for (const part of growing(text, lengths)) {
          const { blocks } = stream.update(part, 'streaming');
          firm.forEach((block, i) => expect(blocks[i]).toBe(block));
          firm.splice(0, Infinity, ...blocks.slice(0, stream.finished));
        }
        const { blocks } = stream.update(text, 'finished');
        firm.forEach((block, i) => expect(blocks[i]).toBe(block));
      }),
      { numRuns: 400 },
    );
  });

  it('finishes a block when the next one has begun', () => {
    const stream = new BlockStream('Image');
    const finished = (text: string): number => {
      stream.update(text, 'streaming');
      return stream.finished;
    };
    expect(finished('one')).toBe(0);
    expect(finished('one\n')).toBe(0);
    expect(finished('one\n\ntwo')).toBe(0);
    expect(finished('one\n\ntwo\n')).toBe(1);
    expect(finished('one\n\ntwo\n\n```\nx\n')).toBe(2);
    expect(finished('one\n\ntwo\n\n```\nx\n```\n\nend\n')).toBe(3);
  });

  it('begins again when the text is another one', () => {
    const stream = new BlockStream('Image');
    stream.update('one\n\ntwo\n\nthree\n', 'streaming');
    expect(stream.update('other\n\ntwo\n\nthree', 'streaming').blocks[0]!.html).toBe('<p>other</p>\n');
  });

  it('resolves a link whose definition comes later, at the end', () => {
    const text = '[a]\n\nmiddle\n\nmore\n\n[a]: http://x.org\n';
    const stream = new BlockStream('Image');
    for (const part of growing(text, [3])) stream.update(part, 'streaming');
    expect(stream.update(text, 'finished').blocks[0]!.html).toContain('href="http://x.org"');
  });

  it.each<[string, string, string]>([
    ['an open fence is code at once', '```py\nx', 'code'],
    ['an open formula is a formula at once', '$$\nx', 'math'],
    ['an open formula holds lines that look like a list', '$$\nx\n- y\n', 'math'],
    ['an open formula in a line', 'so $x^', 'math'],
  ])('%s', (_, text, kind) => {
    const { blocks } = new BlockStream('Image').update(text, 'streaming');
    expect(blocks).toHaveLength(1);
    expect(blocks[0]!.widgets[0]!.kind).toBe(kind);
  });

  it('never shows a mark of what is half there', () => {
    const text =
      'A **bold** and *it* with `code`, [a link](http://x.org) and ~~gone~~.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$$\nx\n$$\n';
    const stream = new BlockStream('Image');
    for (const part of growing(text, [1])) {
      const shown = stream
        .update(part, 'streaming')
        .blocks.map((b) => b.html.replace(/<[^>]*>/g, ''))
        .join('');
      expect(shown).not.toMatch(/[*`~|[\]$]/);
    }
  });
});
