//! How fast to speak, in the systems' own measures.

/// What a request may ask for, relative to the voice's own pace.
const RATES: std::ops::RangeInclusive<f32> = 0.5..=3.0;

fn asked(rate: f32) -> f32 {
    if rate.is_finite() { rate.clamp(*RATES.start(), *RATES.end()) } else { 1.0 }
}

/// `SpeechSynthesizerOptions.SpeakingRate`: relative to the voice's own pace, 0.5 to 6.0, as its documentation says.
pub fn windows(rate: f32) -> f64 {
    f64::from(asked(rate))
}

/// `AVSpeechUtterance.rate`, which Apple documents by a least, a usual and a largest value alone. As WebKit maps the rates of
/// the Web Speech API (`mapSpeechRateToPlatformRate` in its `PlatformSpeechSynthesizerCocoa.mm`): below 1 a part of the
/// usual value; above it, on the way to the largest one, which is reached at 2. Faster than that it does not get.
pub fn macos(rate: f32, usual: f32, largest: f32) -> f32 {
    let rate = asked(rate);
    if rate < 1.0 { rate * usual } else { (usual + (rate - 1.0) * (largest - usual)).min(largest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_takes_the_rate_as_it_is() {
        let given = [0.0, 0.5, 1.0, 1.5, 99.0, f32::NAN, f32::INFINITY].map(windows);
        assert_eq!(format!("{given:?}"), "[0.5, 0.5, 1.0, 1.5, 3.0, 1.0, 1.0]");
    }

    #[test]
    fn macos_has_a_scale_of_its_own() {
        let given = [0.1, 0.5, 1.0, 1.5, 2.0, 3.0, f32::NAN].map(|rate| macos(rate, 0.5, 1.0));
        assert_eq!(format!("{given:?}"), "[0.25, 0.25, 0.5, 0.75, 1.0, 1.0, 0.5]");
    }
}
