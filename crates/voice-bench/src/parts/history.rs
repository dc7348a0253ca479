//! After many interruptions: what the history has of each reply beside what was audible of it.
//!
//! Each utterance interrupts the reply to the one before. What the loudspeaker emitted of a reply is written down by the
//! recogniser and compared with the history's text at its end, where the two may part by one word: the recogniser may
//! miss half a word, and half a word counts as heard.

use std::time::Duration;

use serde_json::json;

use super::{Measured, Scenes, room, with_echo};
use crate::align::words;
use crate::pass;
use crate::sound::{Audible, frames};
use crate::stage::{ANSWERS, Message, Stage};
use crate::voices::Utterance;

/// What was audible of one reply.
struct Heard {
    sound: Vec<f32>,
}

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let count = scenes.few(10, 50);
    let cast = crate::Cast { reply_tokens: Some(160), ..scenes.cast.clone() };
    let mut stage = Stage::open(&cast, None)?;
    with_echo(&stage.card);
    let long: Vec<&Utterance> =
        scenes.utterances.iter().filter(|one| one.voiced.len() > frames(1_200)).collect();
    let mut heard: Vec<Heard> = Vec::new();
    let mut tape = stage.card.record();
    for (n, utterance) in long.iter().cycle().take(count + 1).enumerate() {
        let mark = stage.program.mark();
        let speech = stage.card.speak(&utterance.sound, utterance.as_one_person());
        stage.heard(&speech)?;
        // The reply before is on the tape until here.
        pass(Duration::from_millis(100))?;
        let before = stage.scene(tape, &speech, Vec::new())?;
        tape = stage.card.record();
        heard.extend(audible(&before.recording.speaker));
        if n == count {
            break;
        }
        if stage.phase() != "speaking" {
            stage.phase_from(mark, &["speaking"], ANSWERS)?;
        }
        // Another place each time.
        pass(Duration::from_millis(1_800 + 130 * (n as u64 % 12)))?;
    }
    stage.rest(Duration::from_secs(30))?;
    heard.extend(audible(&tape.stop().speaker));
    let history = stage.history()?;
    let Stage { program, home, card } = stage;
    drop((program, card));
    compare(scenes, &home, &heard, &history, count)
}

/// The stretches in which something was heard; a reply that went on after a cough is one.
fn audible(played: &[f32]) -> Option<Heard> {
    let audible = Audible::played(played);
    let (begin, end) = (audible.onset(0)?, audible.offset(0..played.len())?);
    Some(Heard { sound: played[begin..(end + frames(50)).min(played.len())].to_vec() })
}

fn compare(
    scenes: &Scenes,
    home: &crate::Home,
    heard: &[Heard],
    history: &[Message],
    count: usize,
) -> anyhow::Result<Vec<Measured>> {
    let replies: Vec<&Message> =
        history.iter().filter(|message| message.is_reply() && !message.text.trim().is_empty()).collect();
    let questions = history.iter().filter(|message| !message.is_reply()).count();
    let (mut wrong, mut each) = (0, Vec::new());
    for (reply, sound) in replies.iter().zip(heard) {
        let recognised = home.recognise(&sound.sound)?;
        let seen = words(&reply.text, &recognised);
        let same = seen.missing_at_end <= 1 && seen.extra_at_end <= 1;
        wrong += usize::from(!same);
        scenes.say(format!("  {:?}: {seen:?}", reply.state));
        each.push(json!({
            "words": seen.words, "recognised": seen.same, "not_heard_at_end": seen.missing_at_end,
            "not_written_at_end": seen.extra_at_end, "state": reply.state,
        }));
    }
    let conditions = json!({
        "what": "replies whose last words in the history are not the last that were audible (by more than one word), and \
                 messages too many or too few",
        "interruptions": count,
        "replies_heard": heard.len(),
        "replies_in_history": replies.len(),
        "questions_said": count + 1,
        "questions_in_history": questions,
        "wrong_ends": wrong,
        "room": room(true, None),
        "each": each,
    });
    let value = (wrong + heard.len().abs_diff(replies.len()) + questions.abs_diff(count + 1)) as f64;
    Ok(vec![Measured { name: "voice.history_mismatches", value, unit: "", samples: heard.len(), conditions }])
}
