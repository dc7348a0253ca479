/** What the scripted model says. Words in the question choose: think, fail, slow, plain; else the canned answer. */

export const CANNED = `Tides are the ocean's answer to the Moon's pull. The side of the Earth that faces the Moon is pulled a little **more** than the middle, and the far side a little *less*, so the water bulges on both sides.

## In short

1. The Moon's gravity differs across the Earth.
2. Two bulges form; the Earth turns beneath them.
3. A coast meets each bulge about once every 12 h 25 min.

| Tide | When | Range |
|---|---|---|
| Spring | new and full Moon | large |
| Neap | half Moon | small |

The difference falls off with the cube of the distance:

$$
\\Delta g \\approx \\frac{2 G M r}{d^3}
$$

A small program that does the sum:

\`\`\`python
G = 6.674e-11

def tidal(mass: float, radius: float, distance: float) -> float:
    """Difference in acceleration between the middle and the near side."""
    return 2 * G * mass * radius / distance**3

print(tidal(7.35e22, 6.371e6, 3.844e8))  # about 1.1e-6 m/s²
\`\`\`

> The Sun does the same at a little less than half the strength.

More in the [tide tables](https://example.org/tides).
`;

export const THOUGHTS =
  'The question is about tides. I should name the differential pull first.\nThen the two bulges, then the timing: 12 h 25 min.\nA formula and a short program would help.';

export interface Script {
  thinking: string;
  text: string;
  /** Characters a tick. */
  step: number;
  fails: boolean;
}

export function script(question: string): Script {
  const asks = (word: string) => new RegExp(`\\b${word}\\b`, 'i').test(question);
  return {
    thinking: asks('think') ? THOUGHTS : '',
    text: asks('slow')
      ? CANNED.repeat(40)
      : asks('plain')
        ? `You wrote: ${question}`
        : asks('long')
          ? CANNED.repeat(6)
          : CANNED,
    step: asks('slow') ? 12 : 60,
    fails: asks('fail'),
  };
}
