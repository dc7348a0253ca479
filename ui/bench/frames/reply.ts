/** A reply of about 5,000 tokens, the same on every run: prose, lists, code, a table, formulas. */

const PROSE = [
  'Streaming text is only pleasant when **nothing moves** that has been read already. The reader keeps a place with the eyes, and every jump costs it. That is why a finished paragraph must stay where it is, and only the *last* one may still change.',
  'There are three costs in a frame: parsing, building elements, and layout. The first grows with the text that is parsed again, the second with the elements that are made anew, the third with everything that the change could have moved. See [the rendering pipeline](https://example.org/pipeline) or https://example.org/layout for more.',
  'A price like $5 and another of $10 are not a formula, but $a^2 + b^2 = c^2$ is one, and so is \\(e^{i\\pi} + 1 = 0\\). Use `requestAnimationFrame` and never more than one update in it; ~~timers~~ are for other things.',
];

const LIST = `1. Take the text as it stands when the frame begins.
2. Find the blocks that are finished:
   - a block is finished when a line of the *next* one is complete,
   - a finished block keeps its elements.
3. Parse only what is left, and change only what differs.

- [x] frozen blocks
- [x] one parse a frame
- [ ] something we have not thought of
`;

const TABLE = `| Step | Cost before | Cost after | Remark |
|:-----|------------:|-----------:|:------:|
| parse | 11.2 ms | 0.3 ms | tail only |
| build | 24.9 ms | 0.4 ms | \`morph\` |
| layout | 9.1 ms | 0.8 ms | contained |
| paint | 2.0 ms | 1.1 ms | small area |
| **total** | 47.2 ms | 2.6 ms | $\\approx \\frac{1}{18}$ |
`;

const FORMULAS = `The mean and its error:

$$
\\bar{x} = \\frac{1}{n}\\sum_{i=1}^{n} x_i, \\qquad
\\sigma_{\\bar{x}} = \\sqrt{\\frac{1}{n(n-1)}\\sum_{i=1}^{n}\\left(x_i - \\bar{x}\\right)^2}
$$

\\[ \\int_{-\\infty}^{\\infty} e^{-x^2}\\,dx = \\sqrt{\\pi}, \\quad A = \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix} \\]
`;

function rust(functions: number): string {
  const parts = ['//! Splits growing text into blocks.\nuse std::collections::HashMap;\n'];
  for (let i = 0; i < functions; i++)
    parts.push(`/// Counts what is in line ${i}; \`None\` when there is nothing to count.
pub fn count_${i}(text: &str, limit: usize) -> Option<HashMap<String, u32>> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    for (at, word) in text.split_whitespace().enumerate() {
        if at >= limit * ${i + 1} {
            break; // enough
        }
        *seen.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    (!seen.is_empty()).then_some(seen)
}
`);
  return `\`\`\`rust\n${parts.join('\n')}\`\`\`\n`;
}

const PYTHON = `\`\`\`python
from dataclasses import dataclass

@dataclass(frozen=True)
class Frame:
    """One frame of the animation, in milliseconds."""
    start: float
    parse: float = 0.0

    def late(self, budget: float = 16.7) -> bool:
        return self.parse > budget  # the budget of a 60 Hz screen

print([f for f in map(Frame, range(10)) if f.late()])
\`\`\`
`;

function section(n: number): string {
  return [
    `## ${n}. What a frame costs`,
    PROSE[0],
    LIST,
    PROSE[1],
    TABLE,
    FORMULAS,
    PROSE[2],
    PYTHON,
    '> ' + PROSE[0],
    '',
  ].join('\n\n');
}

/** Pieces the size of a model's tokens: words with their leading space, split when long; marks by themselves. */
export function tokens(text: string): string[] {
  return text.match(/ ?[\p{L}]{1,7}| ?\p{N}{1,3}|\n+| {2,}|[^\p{L}\p{N}]{1,2}/gu) ?? [];
}

/** The reply that is streamed. */
export function reply(): string {
  let text = `# Smooth streaming\n\n${section(1)}\n${rust(22)}\n${section(2)}`;
  for (let n = 3; tokens(text).length < 5_000; n++) text += `\n${section(n)}`;
  return tokens(text).slice(0, 5_000).join('');
}

/** One of the messages above it. */
export function earlier(i: number): string {
  return [PROSE[i % 3], i % 4 === 0 ? TABLE : LIST, i % 3 === 0 ? PYTHON : FORMULAS, PROSE[(i + 1) % 3]].join(
    '\n\n',
  );
}
