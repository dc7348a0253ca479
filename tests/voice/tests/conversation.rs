//! A conversation as it should be: answered, interrupted, not derailed.

#![cfg(target_os = "linux")]

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::json;
use voice_bench::sound::{Audible, frames};
use voice_bench::voices::{cough, spoken};
use voice_bench::{align, pass};
use voice_tests::{Answers, PATIENCE, scene};

#[test]
fn a_spoken_question_gets_an_audible_reply_and_both_are_in_the_history() -> anyhow::Result<()> {
    let Some(mut scene) = scene(Answers::Model, |_| Ok(()))? else { return Ok(()) };
    let question = scene.voice("harvard_3.wav")?;
    let reply = scene.stage.ask(&question, Duration::from_secs(40))?;
    let onset = Audible::played(&reply.recording.speaker).onset(reply.spoken);
    ensure!(onset.is_some(), "nothing was heard; {}", reply.story(&question));
    let history = scene.stage.history()?;
    ensure!(history.len() == 2 && !history[0].is_reply() && history[1].is_reply(), "{history:?}");
    let said = align::words(question.text.as_deref().unwrap_or_default(), &history[0].text);
    ensure!(said.same * 2 > said.words, "the words of the question: {said:?}");
    ensure!(!history[1].text.trim().is_empty(), "the words of the reply");
    Ok(())
}

#[test]
fn an_interruption_stops_the_reply_and_the_history_has_what_was_heard() -> anyhow::Result<()> {
    let Some(mut scene) = scene(Answers::Long, |card| {
        card.echo(Duration::from_millis(80), 0.3);
        Ok(())
    })?
    else {
        return Ok(());
    };
    let tape = scene.stage.card.record();
    scene.begin("cards_2.wav")?;
    pass(Duration::from_secs(5))?;
    let (mark, voice) = (scene.stage.program.mark(), scene.voice("librispeech_quilter.wav")?);
    let speech = scene.stage.card.speak(&voice.sound, 1.0);
    scene.stage.heard(&speech)?;
    let ended = scene.stage.program.wait(mark, PATIENCE, |line| {
        let message = &line.value["message"];
        (line.is("message") && message["speaker"] == "assistant").then(|| message.clone())
    })?;
    let reply = ended.context("the reply goes on")?;
    ensure!(reply["state"]["kind"] != "complete", "{}", reply["state"]);
    let recording = scene.stage.scene(tape, &speech, Vec::new())?;
    let played = &recording.recording.speaker;
    let audible = Audible::played(played);
    let onset = recording.spoken + voice.voiced.start;
    let silent = audible.silence(onset, frames(300)).context("the loudspeaker was never silent")?;
    ensure!(silent < recording.spoken + voice.voiced.end, "silent before the user has ended");
    let begin = audible.onset(0).context("nothing was heard")?;
    let recognised = scene.stage.home.recognise(&played[begin..silent])?;
    let words = align::words(reply["text"].as_str().unwrap_or_default(), &recognised);
    // The recogniser makes something of half a word, or nothing.
    ensure!(
        words.missing_at_end <= 2 && words.extra_at_end <= 2,
        "{words:?}: {} / {recognised}",
        reply["text"]
    );
    Ok(())
}

#[test]
fn a_cough_or_okay_does_not_end_a_reply() -> anyhow::Result<()> {
    let Some(mut scene) = scene(Answers::Long, |_| Ok(()))? else { return Ok(()) };
    scene.begin("cards_2.wav")?;
    // A machine's "uh-huh" would be "Better." to the starter recogniser, which says nothing about the conversation.
    for distraction in [cough(1).context("a cough")?, spoken("okay", "en-us")?] {
        pass(Duration::from_secs(4))?;
        let mark = scene.stage.program.mark();
        let speech = scene.stage.card.speak(&distraction.sound, 1.0);
        scene.stage.heard(&speech)?;
        pass(Duration::from_secs(3))?;
        let tape = scene.stage.card.record();
        pass(Duration::from_secs(1))?;
        let heard = Audible::played(&tape.stop().speaker).onset(0);
        ensure!(heard.is_some(), "{}: the reply is silent", distraction.name);
        let lines = scene.stage.program.since(mark);
        let heard: Vec<_> = lines.iter().filter_map(|line| line.voice()?["caption"].as_object()).collect();
        let ended = lines.iter().any(|line| line.is("message"));
        ensure!(!ended, "{}: the reply has ended; heard as {heard:?}", distraction.name);
    }
    Ok(())
}

#[test]
fn a_typed_message_is_answered_aloud() -> anyhow::Result<()> {
    let Some(mut scene) = scene(Answers::Model, |_| Ok(()))? else { return Ok(()) };
    scene.works()?;
    let mark = scene.stage.program.mark();
    scene.stage.type_in("And now?")?;
    let spoken = scene.stage.phase_from(mark, &["speaking"], PATIENCE)?;
    ensure!(spoken.is_some(), "{}", scene.stage.program.voice());
    scene.stage.program.ask("stop_speaking", &json!({}))?;
    Ok(())
}
