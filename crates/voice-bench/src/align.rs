//! Where a piece of speech is in another recording of the same speech, and how much quieter it is there; and how the
//! words of two texts match.

use std::ops::Range;

use crate::sound::{WINDOW, frames};

/// Frames that are added up for a first, coarse search: 4 kHz.
const COARSE: usize = 12;

/// How alike two pieces must be to be the same speech, as a correlation coefficient.
const ALIKE: f64 = 0.5;

/// The place in `reference`, among `within`, at which `piece` is found; none if it is not there.
pub fn place(piece: &[f32], reference: &[f32], within: Range<usize>) -> Option<usize> {
    let within = within.start..within.end.min(reference.len().saturating_sub(piece.len()));
    let (small, large) = (coarse(piece), coarse(reference));
    let (_, rough) = best(&small, &large, within.start / COARSE..within.end / COARSE)?;
    let near = (rough * COARSE).saturating_sub(2 * COARSE).max(within.start)..(rough + 2) * COARSE;
    let (alike, place) = best(piece, reference, near.start..near.end.min(within.end))?;
    (alike >= ALIKE).then_some(place)
}

fn coarse(sound: &[f32]) -> Vec<f32> {
    sound.chunks(COARSE).map(|chunk| chunk.iter().sum::<f32>() / chunk.len() as f32).collect()
}

/// The place with the highest correlation coefficient.
fn best(piece: &[f32], reference: &[f32], places: Range<usize>) -> Option<(f64, usize)> {
    let own = energy(piece);
    let alike = |place: usize| {
        let other = reference.get(place..place + piece.len())?;
        Some((dot(piece, other) / (own * energy(other)).sqrt().max(1e-9), place))
    };
    places.filter_map(alike).max_by(|one, other| one.0.total_cmp(&other.0))
}

fn dot(one: &[f32], other: &[f32]) -> f64 {
    f64::from(one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>())
}

fn energy(sound: &[f32]) -> f64 {
    dot(sound, sound)
}

/// The first frame from `from` on at which `recorded` is quieter than half of `reference` (both from the same frame of
/// the same speech) in three windows of 10 ms in a row that have sound in the reference. None if the reference rests for
/// `rest` frames or more just before them: when it happened cannot be heard then. Windows may be shifted by up to 2 ms,
/// which a resampler's start may differ by.
pub fn quieter(recorded: &[f32], reference: &[f32], from: usize, rest: usize) -> Option<usize> {
    let mut quiet: Vec<usize> = Vec::new();
    let mut loud = from;
    let end = recorded.len().min(reference.len()).saturating_sub(WINDOW + frames(2));
    for at in (from..end).step_by(WINDOW) {
        let heard = energy(&recorded[at..at + WINDOW]).sqrt();
        let meant = energy(&reference[at..at + WINDOW]).sqrt();
        // -46 dB: what is quieter tells nothing.
        if meant < 0.005 * (WINDOW as f64).sqrt() {
            continue;
        }
        if heard > 0.5 * meant {
            quiet.clear();
            loud = at + WINDOW;
        } else {
            quiet.push(at);
            if quiet.len() == 3 {
                return quiet.first().copied().filter(|first| first - loud < rest);
            }
        }
    }
    None
}

/// How two texts match, word by word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordMatch {
    /// Words of the first text.
    pub words: usize,
    /// Of them, found in the second in order.
    pub same: usize,
    /// Words of the first after the last that was found.
    pub missing_at_end: usize,
    /// Words of the second after it.
    pub extra_at_end: usize,
}

/// Matches a written text with what a recogniser made of its sound.
pub fn words(written: &str, heard: &str) -> WordMatch {
    let (one, two) = (plain(written), plain(heard));
    // Longest common subsequence, from the ends, so that the last words are matched as late as possible.
    let mut table = vec![vec![0_usize; two.len() + 1]; one.len() + 1];
    for (i, left) in one.iter().enumerate() {
        for (j, right) in two.iter().enumerate() {
            table[i + 1][j + 1] =
                if alike(left, right) { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
        }
    }
    let (mut i, mut j) = (one.len(), two.len());
    let mut last = None;
    while i > 0 && j > 0 && last.is_none() {
        if alike(&one[i - 1], &two[j - 1]) && table[i][j] == table[i - 1][j - 1] + 1 {
            last = Some((i, j));
        } else if table[i - 1][j] >= table[i][j - 1] {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    let (i, j) = last.unwrap_or((0, 0));
    WordMatch {
        words: one.len(),
        same: table[one.len()][two.len()],
        missing_at_end: one.len() - i,
        extra_at_end: two.len() - j,
    }
}

/// Words without case and marks.
fn plain(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—'));
    words
        .map(|word| word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect())
        .filter(|word: &String| !word.is_empty())
        .collect()
}

/// A recogniser mishears the ending of a word that a machine speaks; the same beginning is the same word.
fn alike(one: &str, other: &str) -> bool {
    let common = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let (shorter, longer) = (one.chars().count().min(other.chars().count()), one.len().max(other.len()));
    common == shorter && longer - shorter <= 2 || common >= 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use soundcard_sim::RATE;

    /// Something with a place of its own everywhere: a tone that changes.
    fn speech(length: usize) -> Vec<f32> {
        (0..length)
            .map(|n| {
                let t = n as f32 / RATE as f32;
                0.3 * (t * (900.0 + 700.0 * (t * 3.0).sin()) * 2.0).sin()
            })
            .collect()
    }

    #[test]
    fn a_piece_is_found_where_it_was_cut_even_if_it_is_quieter() {
        let reference = speech(96_000);
        let piece: Vec<f32> = reference[40_007..50_000].iter().map(|sample| sample * 0.2).collect();
        assert_eq!(place(&piece, &reference, 30_000..60_000), Some(40_007));
        assert_eq!(place(&vec![0.0; 1000], &reference, 0..90_000), None);
    }

    #[test]
    fn a_duck_is_seen_at_its_frame() {
        let reference = speech(96_000);
        let mut recorded = reference.clone();
        recorded[48_000..].iter_mut().for_each(|sample| *sample *= 0.2);
        let at = quieter(&recorded, &reference, 10_000, 2_880).unwrap();
        assert!(at.abs_diff(48_000) <= WINDOW, "{at}");
        assert_eq!(quieter(&reference, &reference, 0, 2_880), None);
        let mut resting = reference.clone();
        resting[44_000..48_000].fill(0.0);
        assert_eq!(quieter(&recorded, &resting, 10_000, 2_880), None);
    }

    #[test]
    fn ends_of_texts_are_compared() {
        let same = WordMatch { words: 3, same: 3, missing_at_end: 0, extra_at_end: 0 };
        assert_eq!(words("Ten of clubs.", "ten of club"), same);
        assert_eq!(words("ten of clubs and more", "ten of clubs").missing_at_end, 2);
        assert_eq!(words("ten of", "ten of clubs").extra_at_end, 1);
        assert_eq!(words("", "what").extra_at_end, 1);
        assert_eq!(words("one two three", "one too three").missing_at_end, 0);
    }
}
