//! What goes wrong with sound and engines in the middle of a conversation: it is said, and the conversation goes on.

#![cfg(target_os = "linux")]

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::json;
use soundcard_sim::{Format, Gives, MICROPHONE, SPEAKER, Shape};
use voice_bench::{pass, tree};
use voice_tests::{Answers, PATIENCE, Scene, scene};

fn kill(scene: &Scene, worker: &str) -> anyhow::Result<()> {
    // The kernel keeps 15 characters of a name.
    let name: String = worker.chars().take(15).collect();
    let worker =
        tree::named(scene.stage.program.id(), &name).with_context(|| format!("{worker} does not run"))?;
    let killed = Command::new("kill").args(["-9", &worker.to_string()]).status()?;
    ensure!(killed.success());
    Ok(())
}

#[test]
fn a_microphone_pulled_out_in_mid_sentence_is_said_and_used_again() -> anyhow::Result<()> {
    let Some(mut scene) = scene(Answers::Model, |_| Ok(()))? else { return Ok(()) };
    let voice = scene.voice("librispeech_quilter.wav")?;
    let mark = scene.stage.program.mark();
    let speech = scene.stage.card.speak(&voice.sound, 1.0);
    ensure!(scene.stage.phase_from(mark, &["hearing"], PATIENCE)?.is_some(), "the voice is heard");
    pass(Duration::from_millis(800))?;
    scene.stage.card.unplug(MICROPHONE)?;
    scene.side(mark, "microphone", "lost")?;
    speech.cancel();
    let mark = scene.stage.program.mark();
    scene.stage.card.replug(MICROPHONE)?;
    scene.side(mark, "microphone", "open")?;
    scene.stage.rest(PATIENCE)?;
    scene.works()
}

#[test]
fn speakers_pulled_out_in_mid_reply_are_said_and_used_again() -> anyhow::Result<()> {
    let Some(mut scene) = scene(Answers::Long, |_| Ok(()))? else { return Ok(()) };
    scene.begin("cards_2.wav")?;
    pass(Duration::from_secs(2))?;
    let mark = scene.stage.program.mark();
    scene.stage.card.unplug(SPEAKER)?;
    scene.side(mark, "speaker", "lost")?;
    let mark = scene.stage.program.mark();
    scene.stage.card.replug(SPEAKER)?;
    scene.side(mark, "speaker", "open")?;
    scene.stage.program.ask("stop_speaking", &json!({}))?;
    scene.stage.rest(PATIENCE)?;
    scene.works()
}

#[test]
fn a_sound_server_that_is_killed_is_found_again() -> anyhow::Result<()> {
    let Some(mut scene) = scene(Answers::Model, |_| Ok(()))? else { return Ok(()) };
    let mark = scene.stage.program.mark();
    scene.stage.card.kill_server();
    scene.side(mark, "microphone", "lost")?;
    let mark = scene.stage.program.mark();
    scene.stage.card.restart_server()?;
    scene.side(mark, "microphone", "open")?;
    scene.side(mark, "speaker", "open")?;
    scene.stage.rest(PATIENCE)?;
    scene.works()
}

#[test]
fn a_microphone_that_gives_only_zeros_is_said() -> anyhow::Result<()> {
    // From the beginning: one that was heard before may be silent whenever nobody speaks.
    let zeros = |card: &soundcard_sim::VirtualCard| {
        card.microphone_gives(MICROPHONE, Gives::Zeros);
        Ok(())
    };
    let Some(mut scene) = scene(Answers::Model, zeros)? else { return Ok(()) };
    scene.told(0, "only silence")?;
    scene.stage.card.microphone_gives(MICROPHONE, Gives::Room);
    scene.works()
}

#[test]
fn a_microphone_that_clips_is_said() -> anyhow::Result<()> {
    let Some(scene) = scene(Answers::Model, |_| Ok(()))? else { return Ok(()) };
    let mark = scene.stage.program.mark();
    let voice = scene.voice("librispeech_quilter.wav")?;
    let _speech = scene.stage.card.speak(&voice.sound, 60.0);
    scene.told(mark, "too loud")
}

fn hears_at(rate: u32) -> anyhow::Result<()> {
    let shape = Shape { rate, channels: 1, format: Format::S16 };
    let other = |card: &soundcard_sim::VirtualCard| {
        card.unplug(MICROPHONE)?;
        card.plug_microphone(MICROPHONE, shape, Gives::Room)?;
        Ok(card.make_default(MICROPHONE)?)
    };
    let Some(mut scene) = scene(Answers::Model, other)? else { return Ok(()) };
    scene.works()
}

#[test]
fn a_microphone_of_8_khz_is_understood() -> anyhow::Result<()> {
    hears_at(8_000)
}

#[test]
fn a_microphone_of_192_khz_is_understood() -> anyhow::Result<()> {
    hears_at(192_000)
}

#[test]
fn a_recogniser_killed_in_mid_utterance_costs_nothing() -> anyhow::Result<()> {
    let Some(mut scene) = scene(Answers::Model, |_| Ok(()))? else { return Ok(()) };
    let voice = scene.voice("librispeech_quilter.wav")?;
    let mark = scene.stage.program.mark();
    let speech = scene.stage.card.speak(&voice.sound, 1.0);
    ensure!(scene.stage.phase_from(mark, &["hearing"], PATIENCE)?.is_some(), "the voice is heard");
    pass(Duration::from_millis(1_500))?;
    kill(&scene, "worker-moonshine")?;
    scene.stage.heard(&speech)?;
    ensure!(
        scene.stage.phase_from(mark, &["speaking"], PATIENCE)?.is_some(),
        "{}",
        scene.stage.program.voice()
    );
    scene.stage.rest(PATIENCE)?;
    scene.works()
}

#[test]
fn a_voice_killed_in_mid_reply_speaks_again() -> anyhow::Result<()> {
    let Some(mut scene) = scene(Answers::Long, |_| Ok(()))? else { return Ok(()) };
    scene.begin("cards_2.wav")?;
    pass(Duration::from_secs(1))?;
    kill(&scene, "worker-espeak")?;
    pass(Duration::from_secs(2))?;
    scene.stage.program.ask("stop_speaking", &json!({}))?;
    scene.stage.rest(PATIENCE)?;
    scene.works()
}
