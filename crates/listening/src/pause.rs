//! Where to cut a long utterance.

use std::ops::Range;

/// Samples of the stretch that has to be quiet: 160 ms, a short pause between two phrases and longer than the closure
/// of a plosive.
const QUIET: usize = 2_560;
/// Samples from one stretch that is looked at to the next: 20 ms.
const STEP: usize = 320;
/// A stretch with less than this part of the mean power is a pause (-14 dB).
const PART: f64 = 0.04;

/// Places with up to so many times the least power are as quiet as that (3 dB).
const ALIKE: f64 = 2.0;

/// The quietest place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pause {
    /// Its middle.
    pub(crate) at: usize,
    /// Whether it is much quieter than the rest, so that no word is cut there.
    pub(crate) kind: PauseKind,
}

/// See [`Pause::kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PauseKind {
    /// Nobody speaks there.
    Silence,
    /// Only the least loud.
    Quietest,
}

/// The quietest place of `sound` whose middle is within `range`, to a step.
pub(crate) fn quietest(sound: &[f32], range: Range<usize>) -> Pause {
    let energies: Vec<f64> = sound
        .chunks(STEP)
        .map(|step| step.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum())
        .collect();
    let steps = QUIET / STEP;
    let places: Vec<(usize, f64)> = energies
        .windows(steps)
        .enumerate()
        .map(|(first, window)| (first * STEP + QUIET / 2, window.iter().sum::<f64>() / QUIET as f64))
        .filter(|(middle, _)| range.contains(middle))
        .collect();
    let least = places.iter().map(|place| place.1).min_by(f64::total_cmp).unwrap_or_default();
    // Of places as quiet as that the last: the more is behind it.
    let quietest = places.into_iter().rfind(|(_, power)| *power <= ALIKE * least);
    let mean = energies.iter().sum::<f64>() / sound.len().max(1) as f64;
    match quietest {
        Some((at, least)) if least <= PART * mean => Pause { at, kind: PauseKind::Silence },
        Some((at, _)) => Pause { at, kind: PauseKind::Quietest },
        None => Pause { at: range.end.min(sound.len()), kind: PauseKind::Quietest },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(samples: usize, gap: Range<usize>) -> Vec<f32> {
        (0..samples).map(|at| if gap.contains(&at) { 0.001 } else { 0.3 * (at as f32 * 0.1).sin() }).collect()
    }

    #[test]
    fn a_pause_is_found() {
        let pause = quietest(&tone(160_000, 90_000..95_000), 50_000..140_000);
        assert_eq!(pause.kind, PauseKind::Silence);
        assert!((90_000..95_000).contains(&pause.at), "{pause:?}");
    }

    #[test]
    fn speech_without_a_pause_says_so() {
        let pause = quietest(&tone(160_000, 0..0), 50_000..140_000);
        assert_eq!(pause.kind, PauseKind::Quietest);
        assert!((50_000..140_000).contains(&pause.at));
        assert_eq!(quietest(&[], 0..0).at, 0);
    }
}
