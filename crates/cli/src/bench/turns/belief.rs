//! When the turn machine believes that a turn is over, by a clock that only counts.

use std::collections::VecDeque;

use media::{Level, Ms, Probability, SamplePos};
use turn::{Effect, Input, Silence, Text, TurnConfig, Turns, Utt, Voice};

use super::super::hearing::Paused;

/// Speech that any sentence is longer than.
const VOICED: Ms = Ms(600);
/// Nobody waits longer.
const PATIENCE: Ms = Ms(10_000);

/// The silence after which the turn is believed to be over; none: never.
pub(super) fn believed(pause: &Paused, config: &TurnConfig) -> Option<Ms> {
    let utt = Utt(1);
    let since = SamplePos::START + Ms(1_000);
    let told = since + Ms(pause.told_ms);
    let text =
        Text { utt, committed: String::new(), tentative: pause.words.clone(), through: told, settled: true };
    let level = Level::from_db(-25.0);
    let mut inputs = vec![
        (since - Ms(800), Input::Voice(Voice::Onset { utt })),
        (since - Ms(200), Input::Voice(Voice::Speech { utt, voiced: VOICED, level })),
        (told, Input::Voice(Voice::Pause { utt, since })),
        (told + Ms(pause.words_after_ms), Input::Text(text)),
    ];
    if let Some(probability) = pause.judged {
        let probability = Probability::new(probability);
        inputs.push((told + Ms(pause.judged_after_ms), Input::EndOfTurn { utt, pause: since, probability }));
    }
    inputs.sort_by_key(|(at, _)| *at);
    run(config, inputs, pause, since + PATIENCE).map(|at| at.since(since))
}

fn run(
    config: &TurnConfig,
    inputs: Vec<(SamplePos, Input)>,
    pause: &Paused,
    until: SamplePos,
) -> Option<SamplePos> {
    let mut turns = Turns::new(config.clone());
    let mut inputs: VecDeque<_> = inputs.into();
    let mut wish: Option<SamplePos> = None;
    loop {
        let next = inputs.front().map(|(at, _)| *at);
        let (at, input) = match (wish, next) {
            (Some(wake), next) if next.is_none_or(|next| wake < next) => {
                wish = None;
                (wake, Input::Wake)
            }
            _ => inputs.pop_front()?,
        };
        if at > until {
            return None;
        }
        for effect in turns.step(at, input) {
            match effect {
                Effect::Release { .. } => return Some(at),
                Effect::WakeAt(at) => wish = Some(at),
                Effect::NoWake => wish = None,
                Effect::Draft { r#gen, .. } => {
                    if let Some(share) = pause.weighed {
                        let probability = Probability::new(share);
                        let known = at + Ms(pause.weighed_after_ms);
                        let place = inputs.partition_point(|(at, _)| *at <= known);
                        inputs.insert(place, (known, Input::Weighed { r#gen, probability }));
                    }
                }
                _ => {}
            }
        }
    }
}

/// All silences times a factor.
pub(super) fn scaled(config: &TurnConfig, factor: f64) -> TurnConfig {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds at most")]
    let times = |ms: Ms| Ms((f64::from(ms.0) * factor) as u32);
    let silence = |Silence { sure, likely, unlikely }: Silence| Silence {
        sure: times(sure),
        likely: times(likely),
        unlikely: times(unlikely),
    };
    TurnConfig {
        after_weighed: silence(config.after_weighed),
        after_sentence: silence(config.after_sentence),
        after_open: silence(config.after_open),
        after_unfinished: silence(config.after_unfinished),
        ..config.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::hearing::Kind;
    use super::*;

    fn pause(words: &str, judged: f32) -> Paused {
        Paused {
            name: "test".into(),
            kind: Kind::Whole,
            told_ms: 64,
            seen_ms: 100,
            judged: Some(judged),
            judged_after_ms: 60,
            words: words.into(),
            words_after_ms: 40,
            weighed: None,
            weighed_after_ms: 30,
            judged_later: Vec::new(),
        }
    }

    #[test]
    fn it_waits_as_the_configuration_says() {
        let config = TurnConfig::default();
        let sure = believed(&pause("What time is it?", 0.9), &config);
        assert_eq!(sure, Some(config.after_sentence.sure));
        let unlikely = believed(&pause("What time is it?", 0.1), &config);
        assert_eq!(unlikely, Some(config.after_sentence.unlikely));
        assert_eq!(believed(&pause("I went to the", 0.9), &config), Some(config.after_unfinished.sure));
    }

    #[test]
    fn words_are_weighed() {
        let config = TurnConfig::default();
        let weighed =
            |share| believed(&Paused { weighed: Some(share), ..pause("Ten of clubs", 0.97) }, &config);
        assert_eq!(weighed(0.5), Some(config.after_weighed.sure));
        assert_eq!(weighed(0.0), Some(config.after_weighed.unlikely));
    }

    #[test]
    fn it_cannot_be_believed_before_the_words_are_there() {
        let hasty = scaled(&TurnConfig::default(), 0.0);
        assert_eq!(believed(&pause("What time is it?", 0.9), &hasty), Some(Ms(104)));
    }
}
