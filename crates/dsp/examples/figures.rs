//! Measures the listening chain: `cargo run --release -p dsp --example figures -- RECORDINGS MODELS`.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "measures for developers"
)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use common::listen::{listen, median, percentile, seconds, sentences, voiced_span, with_silero};
use dsp::bench::{EchoScene, Room};
use dsp::{EndOfTurn, FrontendConfig, JudgeInput, NoiseSuppression, VoiceEvent};
use media::{Ms, RATE, SamplePos};

#[path = "../tests/common/mod.rs"]
mod common;

fn main() {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let (Some(data), Some(voice)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: figures RECORDINGS MODELS");
        return;
    };
    let noise = common::mp3(&data.join("speech/noise_office.mp3"));
    let silero = with_silero(&voice);
    for suppression in [NoiseSuppression::Off, NoiseSuppression::Low, NoiseSuppression::Moderate] {
        println!("\nSilero, noise suppression {suppression:?}");
        latencies(&FrontendConfig { noise: suppression, ..silero.clone() }, &data, &noise);
    }
    println!("\nEarshot");
    latencies(&FrontendConfig::default(), &data, &noise);
    println!();
    alone(&silero, &data, &noise);
    self_hearing(&silero, &data, &voice, &noise);
    cost(&silero, &data, &voice, &noise);
    turns(&data, &voice);
}

/// Onset and tail of single sentences, in silence and in noise 10 dB below them.
fn latencies(config: &FrontendConfig, data: &Path, noise: &[f32]) {
    for (name, snr) in [("clean", None), ("10 dB office noise", Some(10.0))] {
        let (mut onset, mut speech, mut tail, mut since) = (vec![], vec![], vec![], vec![]);
        let (mut missed, mut utterances) = (0, 0);
        for (_, sentence) in sentences(data) {
            let (begin, end) = voiced_span(&sentence);
            let mut scene = common::silence(2.0);
            scene.extend(&sentence);
            scene.extend(common::silence(1.5));
            if let Some(snr) = snr {
                scene = common::mixed(&scene, &common::at_level(noise, -26.0 - snr));
            }
            let heard = listen(config, &scene, &[], RATE);
            let first = |such: fn(&VoiceEvent) -> bool| {
                heard.places(such).into_iter().find(|at| *at > 2.0 + begin - 0.05)
            };
            match first(|event| matches!(event, VoiceEvent::Speech { .. })) {
                Some(at) => speech.push((at - 2.0 - begin) * 1_000.0),
                None => missed += 1,
            }
            let onsets = first(|event| matches!(event, VoiceEvent::Onset { .. }));
            onset.extend(onsets.map(|at| (at - 2.0 - begin) * 1_000.0));
            let mut pauses = heard.events.iter().filter_map(|(at, event)| match event {
                VoiceEvent::Pause { since, .. } => Some((seconds(*at), seconds(*since))),
                _ => None,
            });
            if let Some((at, ended)) = pauses.next_back() {
                tail.push((at - 2.0 - end) * 1_000.0);
                since.push((ended - 2.0 - end) * 1_000.0);
            }
            utterances += heard.places(|event| matches!(event, VoiceEvent::Onset { .. })).len();
        }
        println!(
            "{name:20} onset {:4.0} / {:4.0}   speech {:4.0} / {:4.0}   pause told {:4.0} / {:4.0}   its `since` {:4.0}   ms median / p90; missed {missed}, onsets {utterances} in 15",
            median(onset.clone()),
            percentile(onset, 0.9),
            median(speech.clone()),
            percentile(speech, 0.9),
            median(tail.clone()),
            percentile(tail, 0.9),
            median(since),
        );
    }
}

/// What is heard where nobody speaks.
fn alone(config: &FrontendConfig, data: &Path, noise: &[f32]) {
    let other = ["noise_2", "noise_3"].map(|name| common::wav(&data.join(format!("rooms/{name}.wav"))));
    let sounds = [("office noise", noise), ("room noise 2", &other[0]), ("room noise 3", &other[1])];
    for (name, sound) in sounds {
        for level in [-36.0, -50.0] {
            let sound: Vec<f32> =
                common::at_level(sound, level).into_iter().cycle().take(60 * RATE as usize).collect();
            let heard = listen(config, &sound, &[], RATE);
            let onsets = heard.places(|event| matches!(event, VoiceEvent::Onset { .. })).len();
            println!("{name} at {level} dB, 60 s: {onsets} onsets, {} speech", heard.speech_after(0.0).len());
        }
    }
}

/// Its own speech, through a room; then a person over it.
fn self_hearing(config: &FrontendConfig, data: &Path, voice: &Path, noise: &[f32]) {
    let noise = common::at_level(noise, -55.0);
    let far = common::at_level(&common::wav(&voice.join("two_cities.wav")), -20.0);
    let near = common::at_level(&common::wav(&data.join("speech/librivox_0870.wav")), -26.0);
    println!(
        "\nself-hearing, {:.0} s of its own speech; a person for 7.1 s from 20 s on",
        far.len() as f32 / 16e3
    );
    for impulse in 1..=4 {
        let impulse_response = common::wav(&data.join(format!("rooms/impulse_{impulse}.wav")));
        for delay in [40, 80, 120, 250] {
            let room = Room { impulse: &impulse_response, delay: Ms(delay), gain: 0.3, noise: &noise };
            let mut talk = common::silence(20.0);
            talk.extend(&near);
            let alone = EchoScene::simulated(&far, None, &room);
            let both = EchoScene::simulated(&far, Some(&talk), &room);
            let heard = listen(config, &alone.mic, &alone.far, RATE);
            let onsets = heard.places(|event| matches!(event, VoiceEvent::Onset { .. }));
            let person = listen(config, &both.mic, &both.far, RATE);
            let within = person.speech_after(20.0).into_iter().filter(|at| *at < 27.3).collect::<Vec<_>>();
            println!(
                "room {impulse} {delay:3} ms: alone {:2} onsets ({:2} after 3 s), {:2} speech ({:2} after 3 s); person: {:2} speech, first after {:4.0} ms",
                onsets.len(),
                onsets.iter().filter(|at| **at > 3.0).count(),
                heard.speech_after(0.0).len(),
                heard.speech_after(3.0).len(),
                within.len(),
                within.first().map_or(f32::NAN, |at| (at - 20.0) * 1e3),
            );
        }
    }
    let recorded = |name: &str| {
        let wav = |end: &str| common::wav(&data.join(format!("echo/{name}_{end}.wav")));
        listen(config, &wav("mic"), &wav("speaker"), RATE)
    };
    println!("recorded far end: {:?}", recorded("farend").events);
    println!("recorded both: speech at {:?}", recorded("doubletalk").speech_after(0.0));
}

fn cost(config: &FrontendConfig, data: &Path, voice: &Path, noise: &[f32]) {
    println!();
    let upsampled = |sound: &[f32]| {
        let mut out = Vec::new();
        let mut resampler = dsp::Resampler::new(RATE, 48_000).unwrap();
        resampler.push(sound, &mut out);
        resampler.finish(&mut out);
        out
    };
    let noise: Vec<f32> =
        common::at_level(noise, -55.0).into_iter().cycle().take(30 * RATE as usize).collect();
    let far = common::at_level(&common::wav(&voice.join("two_cities.wav")), -20.0);
    let impulse = common::wav(&data.join("rooms/impulse_1.wav"));
    let room = Room { impulse: &impulse, delay: Ms(80), gain: 0.3, noise: &noise };
    let scene = EchoScene::simulated(&far, None, &room);
    let quiet = listen(config, &upsampled(&noise), &[], 48_000);
    println!("cost at 48 kHz in a quiet room: {:.2} % of a core", quiet.load * 100.0);
    let echo = listen(config, &upsampled(&scene.mic), &upsampled(&scene.far), 48_000);
    println!("cost at 48 kHz with echo: {:.2} % of a core", echo.load * 100.0);
    let quiet = listen(&FrontendConfig::default(), &upsampled(&noise), &[], 48_000);
    println!("cost at 48 kHz in a quiet room, Earshot: {:.2} % of a core", quiet.load * 100.0);
}

fn turns(data: &Path, voice: &Path) {
    println!();
    let model = voice.join("smart-turn-v3.2-cpu.onnx");
    for threads in [1, 2] {
        let mut judge = EndOfTurn::load(&model, threads).unwrap();
        let input = JudgeInput::new(sentences(data).remove(14).1);
        judge.judge(&input).unwrap();
        let begun = Instant::now();
        for _ in 0..20 {
            judge.judge(&input).unwrap();
        }
        println!("a judgement on {threads} thread(s): {:.1} ms", begun.elapsed().as_secs_f64() * 50.0);
    }
    let mut judge = EndOfTurn::load(&model, 1).unwrap();
    let config = with_silero(voice);
    for (name, sentence) in sentences(data) {
        let mut at_pause = |sound: &[f32]| {
            let mut scene = common::silence(1.0);
            scene.extend(sound);
            scene.extend(common::silence(0.3));
            let scene = common::mixed(&scene, &[1e-4, -1e-4]);
            let heard = listen(&config, &scene, &[], RATE);
            let pauses = heard.events.iter().filter(|(_, event)| matches!(event, VoiceEvent::Pause { .. }));
            let at = pauses.map(|(at, _)| *at).next_back().unwrap_or_else(|| heard.frontend.now());
            judge.judge(&heard.frontend.judge_input(SamplePos(8_000), at)).unwrap().get()
        };
        let cut = |part: f32| &sentence[..(sentence.len() as f32 * part) as usize];
        println!(
            "{name:20} whole {:.2}   cut at 40 % {:.2}, 60 % {:.2}, 75 % {:.2}",
            at_pause(&sentence),
            at_pause(cut(0.4)),
            at_pause(cut(0.6)),
            at_pause(cut(0.75))
        );
    }
}
