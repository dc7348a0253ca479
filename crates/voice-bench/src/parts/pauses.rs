//! Sentences with a pause inside: which are answered before their end, and what becomes of the halves.

use std::time::Duration;

use serde_json::json;

use super::reply::{Answered, answered};
use super::{Measured, Scenes, rate, room, rounded, with_echo};
use crate::align::words;
use crate::pass;
use crate::sound::frames;
use crate::stage::Stage;
use crate::voices::Utterance;

pub(super) const PAUSES: [usize; 5] = [300, 500, 700, 900, 1_200];
/// An answer so long after a pause was made for it: words that go on take some time to be told from a cough.
const IN_FLIGHT: usize = 400;

/// Whether an answer so long before the end of a paused sentence was one to its pause, and not to one of the reader's own.
pub(super) fn is_in_pause(early: f64, paused: &Utterance, cut: usize, pause: usize) -> bool {
    let behind_cut = paused.voiced.end as f64 - early * frames(1) as f64 - cut as f64;
    (0.0..frames(pause + IN_FLIGHT) as f64).contains(&behind_cut)
}

pub(super) fn measure(scenes: &Scenes) -> anyhow::Result<Vec<Measured>> {
    let cast = crate::Cast { reply_tokens: Some(24), ..scenes.cast.clone() };
    let mut stage = Stage::open(&cast, None)?;
    with_echo(&stage.card);
    anyhow::ensure!(!scenes.clauses.is_empty(), "no recording has a word boundary in mid-clause");
    let count = scenes.few(10, scenes.clauses.len().max(40));
    let (mut cut, mut elsewhere, mut joined, mut judged, mut total) = (Vec::new(), Vec::new(), 0, 0, 0);
    for (n, clause) in scenes.clauses.iter().cycle().take(count).enumerate() {
        let pause = PAUSES[n % PAUSES.len()];
        let paused = clause.utterance.with_pause(clause.cut, pause);
        let reply = stage.ask(&paused, Duration::from_secs(15))?;
        total += 1;
        let answered = answered(&reply, &paused);
        if let Answered::Before(early) = answered {
            let in_pause = is_in_pause(early, &paused, clause.cut, pause);
            if in_pause { &mut cut } else { &mut elsewhere }.push(early);
            if let Some(text) = &paused.text {
                let history = stage.history()?;
                let last = history.iter().rev().find(|message| !message.is_reply());
                let said = last.map(|message| words(text, &message.text)).unwrap_or_default();
                judged += 1;
                joined += usize::from(said.same * 10 >= said.words * 7);
            }
        }
        scenes.say(format!("  {}: {answered:?}; {}", paused.name, reply.story(&paused)));
        pass(Duration::from_millis(600))?;
    }
    let conditions = json!({
        "what": "sentences with a pause at a word boundary in mid-clause, where the sound is weak and the words until there \
                 are the sentence's, answered audibly in it or at once behind it",
        "pauses_ms": PAUSES,
        "room": room(true, None),
        "cut_off_ms_before_the_end": rounded(&cut),
        "left_out_answered_in_a_pause_of_the_reader_ms_before_the_end": rounded(&elsewhere),
        "halves_joined_in_one_message": format!("{joined} of {judged} with a known text"),
    });
    Ok(vec![Measured {
        name: "voice.cutoff_rate",
        value: rate(cut.len(), total - elsewhere.len()),
        unit: "",
        samples: total - elsewhere.len(),
        conditions,
    }])
}
