//! After many interruptions: what the history has of each reply beside what was audible of it.
//!
//! Each utterance interrupts the reply to the one before, which is a long text from a scripted server. What the
//! loudspeaker emitted of it until then is written down by the recogniser and compared with the history's text at its end:
//! behind the last word that both have, there may be one word more in one than in the other. (The recogniser may miss half
//! a word, and half a word counts as heard; and it mishears many a word of a machine's voice, so words are counted there
//! and not compared.)

use std::time::Duration;

use serde_json::json;

use super::barge_in::{Scripted, scripted};
use super::{Measured, Scenes, room};
use crate::align::words;
use crate::pass;
use crate::sound::{Audible, frames};
use crate::stage::{ANSWERS, Message, Stage};
use crate::voices::Utterance;

/// A reply is left alone for longer than this: speech that comes sooner goes on with the question before and takes the
/// reply back, so that none of it stays (`went_on_within` of the machine of turns).
const ALONE: u64 = 3_000;

/// A reply that was interrupted.
struct Interrupted {
    /// As it was told when it ended.
    message: Message,
    /// What was audible of it.
    sound: Vec<f32>,
}

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let count = scenes.few(10, 50);
    let mut scripted = scripted(scenes)?;
    let stage = &mut scripted.stage;
    let long: Vec<&Utterance> =
        scenes.utterances.iter().filter(|one| one.voiced.len() > frames(1_200)).collect();
    let (mut interrupted, mut not_taken) = (Vec::new(), 0);
    for (n, utterance) in long.iter().cycle().take(count).enumerate() {
        // Another place each time.
        let alone = Duration::from_millis(ALONE + 370 * (n as u64 % 12));
        match interrupt(stage, utterance, alone)? {
            Some(one) => interrupted.push(one),
            None => not_taken += 1,
        }
    }
    let history = stage.history()?;
    let Scripted { stage: Stage { program, home, card }, .. } = scripted;
    drop((program, card));
    compare(scenes, &home, &interrupted, not_taken, &history)
}

/// Has a reply begin, and interrupts it after so long. Nothing if it was not taken for an interruption.
fn interrupt(stage: &mut Stage, by: &Utterance, alone: Duration) -> anyhow::Result<Option<Interrupted>> {
    let mark = stage.program.mark();
    let tape = stage.card.record();
    stage.type_in("Tell me more.")?;
    stage.phase_from(mark, &["speaking"], ANSWERS)?;
    pass(alone)?;
    let mark = stage.program.mark();
    let speech = stage.card.speak(&by.sound, by.as_one_person());
    stage.heard(&speech)?;
    // Long enough for a silence to be seen, too short for the next reply.
    pass(Duration::from_millis(100))?;
    let scene = stage.scene(tape, &speech, stage.program.since(mark))?;
    stage.rest(Duration::from_secs(1))?;
    let ended = scene.lines.iter().filter(|line| line.is("message"));
    let ended = ended.map(|line| Message::of(&line.value["message"]));
    let message = ended.into_iter().find(|one| one.is_reply() && one.state == "interrupted");
    Ok(message.zip(audible(&scene.recording.speaker)).map(|(message, sound)| Interrupted { message, sound }))
}

/// From the first audible frame to the last.
fn audible(played: &[f32]) -> Option<Vec<f32>> {
    let audible = Audible::played(played);
    let (begin, end) = (audible.onset(0)?, audible.offset(0..played.len())?);
    Some(played[begin..(end + frames(50)).min(played.len())].to_vec())
}

fn compare(
    scenes: &Scenes,
    home: &crate::Home,
    interrupted: &[Interrupted],
    not_taken: usize,
    history: &[Message],
) -> anyhow::Result<Vec<Measured>> {
    let (mut wrong, mut each) = (0, Vec::new());
    for Interrupted { message, sound } in interrupted {
        let seen = words(&message.text, &home.recognise(sound)?);
        let apart = seen.extra_at_end.cast_signed() - seen.missing_at_end.cast_signed();
        wrong += usize::from(apart.abs() > 1);
        scenes.say(format!("  {apart:+} words of {}; {seen:?}", seen.words));
        each.push(json!({ "words": seen.words, "recognised": seen.same, "audible_but_not_written": apart }));
    }
    // What was told when it ended is what is kept, each once and in this order.
    let kept: Vec<&Message> =
        history.iter().filter(|message| message.is_reply() && message.state == "interrupted").collect();
    let told: Vec<&Message> = interrupted.iter().map(|one| &one.message).collect();
    let lost = if told.iter().all(|one| kept.contains(one)) {
        kept.len() - told.len().min(kept.len())
    } else {
        told.len()
    };
    let alone = history.windows(2).filter(|two| two[0].is_reply() == two[1].is_reply()).count();
    let conditions = json!({
        "what": "interrupted replies whose text in the history ends more than one word from where the sound ended, replies that \
                 are not in it as they were told, and messages without their counterpart",
        "interruptions": interrupted.len(),
        "not_taken": not_taken,
        "wrong_ends": wrong,
        "replies_lost_or_doubled": lost,
        "messages_without_counterpart": alone,
        "room": room(true, None),
        "each": each,
    });
    let value = (wrong + lost + alone) as f64;
    Ok(vec![Measured {
        name: "voice.history_mismatches",
        value,
        unit: "",
        samples: interrupted.len(),
        conditions,
    }])
}
