import { describe, expect, it } from 'vitest';
import { outline, parseBlocks, TABLE_ROWS } from './parser.ts';

function parse(text: string) {
  return parseBlocks(text, { streaming: false, references: {}, imageLabel: 'Image', tableRows: TABLE_ROWS });
}

function html(text: string): string {
  return parse(text)
    .map((b) => b.html.trim())
    .join('\n');
}

/** The formulas found in a text, display ones in brackets. */
function formulas(text: string): string[] {
  return parse(text)
    .flatMap((b) => b.widgets)
    .flatMap((w) => (w.kind === 'math' ? [w.display ? `[${w.tex}]` : w.tex] : []));
}

describe('formulas', () => {
  it.each<[string, string[]]>([
    ['$x$', ['x']],
    ['so $a_1 * b_2$ and $c$.', ['a_1 * b_2', 'c']],
    ['\\(a+b\\) and \\[c\\]', ['a+b', '[c]']],
    ['text $$x^2$$ text', ['[x^2]']],
    ['$$\nx\n$$', ['[x]']],
    ['$$x = 1\n  + 2$$', ['[x = 1\n+ 2]']],
    ['\\[\na\n- b\n\\]', ['[a\n- b]']],
    ['- item\n  $$\n  x\n  $$\n- more', ['[x]']],
    ['> $$\n> x\n> $$', ['[x]']],
    ['before\n$$\nx\n$$\nafter', ['[x]']],
    ['| a |\n|---|\n| $x$ |', ['x']],
    ['$5 and $10', []],
    ['$5-$10, or US$20 and 30$', []],
    ['from $1,000 to $2,000 a year', []],
    ['it costs $5, or about 10$ here', []],
    ['$HOME and $PATH', []],
    ['`$x$` and \\$x$', []],
    ['$ x $', []],
    ['$20$', ['20']],
    ['$2n+1$ is odd', ['2n+1']],
    ['a\\\\(b\\\\)', []],
    ['$$\nno end', []],
    ['$$\na\n\nb\n$$', []],
    ['\\( no end', []],
    ['$$$$', []],
    ['```\n$$\nx\n$$\n```', []],
  ])('%j', (text, expected) => expect(formulas(text)).toEqual(expected));
});

describe('what a model must not do', () => {
  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <b onclick="x()">b</b>',
    '<svg/onload=alert(1)>',
    '<!-- x --><iframe src="//e.org"></iframe>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](java\tscript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vbscript:x)',
    '[x](file:///etc/passwd)',
    '[x](//example.org/x)',
    '<javascript:alert(1)>',
    '![x](javascript:alert(1))',
    '![x](data:image/svg+xml;base64,AAAA)',
    '[x]\n\n[x]: javascript:alert(1)',
    '[x](http://a.b "t\\" onmouseover=alert(1) x=\\"")',
    '![a" onerror="alert(1)](http://a.b/c.png)',
    '```"><script>alert(1)</script>\nx\n```',
    '| <script> |\n|---|\n| <img src=x> |',
  ])('%j is harmless', (text) => {
    const out = html(text);
    expect(out).not.toMatch(/<(?:script|img|svg|iframe|b)\b/i);
    expect(out.replace(/"[^"]*"/g, '""')).not.toMatch(/\son\w+\s*=[^"]*""/i);
    expect(out).not.toMatch(/href="(?!https?:|mailto:)/i);
    expect(out).not.toMatch(/\sstyle=/);
  });

  it('keeps the words of a link it does not make', () => {
    expect(html('[words](javascript:alert)')).toBe('<p><span class="md-dead">words</span></p>');
  });

  it('shows a picture as a link, or as words when the target is not safe', () => {
    expect(html('![a cat](https://x.org/c.png)')).toContain('href="https://x.org/c.png"');
    expect(html('![a cat](https://x.org/c.png)')).toContain('>Image: a cat</a>');
    expect(html('![a cat](c.png)')).toBe('<p><span class="md-image">Image: a cat</span></p>');
    expect(html('[![a](http://a.b/i)](http://a.b)').match(/<a /g)).toHaveLength(1);
  });
});

describe('flavour', () => {
  it.each<[string, string]>([
    ['~~x~~', '<p><s>x</s></p>'],
    ['a\nb', '<p>a<br>\nb</p>'],
    ['main.rs and README.md', '<p>main.rs and README.md</p>'],
    [
      'see https://x.org/a_b.',
      '<p>see <a href="https://x.org/a_b" title="https://x.org/a_b">https://x.org/a_b</a>.</p>',
    ],
    ['www.x.org', '<p><a href="http://www.x.org" title="http://www.x.org">www.x.org</a></p>'],
    ['me@x.org <me@x.org>', '<p>me@x.org <a href="mailto:me@x.org" title="mailto:me@x.org">me@x.org</a></p>'],
    ['- [x] a', '<ul>\n<li class="md-task"><input type="checkbox" disabled checked> a</li>\n</ul>'],
    ['# a\n---', '<h1>a</h1>\n<hr>'],
    ['**重点。**后面', '<p><strong>重点。</strong>后面</p>'],
    ['他说**“好”**了，*是*的', '<p>他说<strong>“好”</strong>了，<em>是</em>的</p>'],
    ['~~删除。~~后', '<p><s>删除。</s>后</p>'],
    ['**注意**：** 不是', '<p><strong>注意</strong>：** 不是</p>'],
    ['a**b.**c', '<p>a**b.**c</p>'],
  ])('%j', (text, expected) => expect(html(text)).toBe(expected));

  it('gives code its language, and text as it is', () => {
    expect(parse('```Rust,ignore\n<b>\n```')[0]!.widgets).toEqual([
      { kind: 'code', lang: 'rust', code: '<b>\n', open: false },
    ]);
  });

  it('aligns columns without style attributes', () => {
    expect(html('|a|b|\n|:-:|-:|\n|1|2|')).toMatch(/class="md-center"[\s\S]*class="md-right"/);
  });
});

describe('size', () => {
  const big: [string, string][] = [
    ['a line of 1 MB', 'x'.repeat(1 << 20)],
    ['1 MB of stars', '*'.repeat(1 << 20)],
    ['1 MB of words', 'word '.repeat(1 << 18)],
    ['1,000 quotes', '> '.repeat(1_000) + 'x'],
    ['1,000 lists', Array.from({ length: 1_000 }, (_, i) => `${'  '.repeat(i)}- x`).join('\n')],
    ['open brackets', '['.repeat(20_000)],
    ['open links', '[a]('.repeat(10_000)],
    ['pictures in pictures', '!['.repeat(20_000)],
    ['formulas without end', '\\('.repeat(40_000) + '$a '.repeat(10_000)],
    ['display formulas without end', '$$\nx\n\n'.repeat(5_000)],
    ['emphasis', 'a**b'.repeat(10_000) + '_a __b '.repeat(5_000)],
    ['backticks', Array.from({ length: 400 }, (_, i) => '`'.repeat(i)).join(' ')],
    ['entities', '&'.repeat(90_000)],
    ['autolinks', 'http://'.repeat(10_000) + ' www.'.repeat(10_000)],
    ['fences', '```\n'.repeat(10_000)],
    ['definitions', Array.from({ length: 5_000 }, (_, i) => `[${i}]: /x`).join('\n')],
    ['columns', `|${'a|'.repeat(2_000)}\n|${'-|'.repeat(2_000)}\n${'|x|\n'.repeat(200)}`],
  ];
  it.each(big)('%s', (_, text) => {
    parse(text);
    outline(text);
  });

  it('shortens a table of 10,000 rows, and says how many are hidden', () => {
    const table = '|a|b|\n|-|-|\n' + '|1|2|\n'.repeat(10_000);
    const [block] = parse(table);
    expect(block!.html.match(/<tr>/g)).toHaveLength(TABLE_ROWS + 1);
    expect(block!.widgets).toEqual([{ kind: 'more', hidden: 10_000 - TABLE_ROWS }]);
  });
});
