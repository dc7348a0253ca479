//! Prints what the listening chain hears in a WAV file: `frontend MIC.wav [--vad silero.onnx] [--far PLAYED.wav]
//! [--turn smart-turn.onnx]`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use dsp::{EndOfTurn, Frontend, FrontendConfig, Out, VoiceEvent};
use media::{Batch, RATE};

#[path = "../tests/common/mod.rs"]
mod common;

fn main() -> Result<(), dsp::ModelError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).map(PathBuf::from)
    };
    let Some(mic) = arguments.first().map(PathBuf::from) else {
        eprintln!("usage: frontend MIC.wav [--vad silero.onnx] [--far PLAYED.wav] [--turn smart-turn.onnx]");
        return Ok(());
    };
    let mic = common::wav(&mic);
    let far = option("--far").map(|path| common::wav(&path)).unwrap_or_default();
    let mut judge = option("--turn").map(|path| EndOfTurn::load(&path, 1)).transpose()?;
    let mut frontend = Frontend::new(&FrontendConfig { vad: option("--vad"), ..FrontendConfig::default() })?;
    let begun = Instant::now();
    let mut judging = Duration::ZERO;
    let mut onset = media::SamplePos::START;
    for (n, heard) in mic.chunks(160).enumerate() {
        let played = far.get(n * 160..((n + 1) * 160).min(far.len())).unwrap_or_default().to_vec();
        let batch =
            Batch { mic: heard.to_vec(), mic_rate: RATE, far: played, far_rate: RATE, ..Batch::default() };
        let mut events = Vec::new();
        frontend.push(&batch, &mut |out| {
            if let Out::Voice { at, event } = out {
                events.push((at, event));
            }
        });
        for (at, event) in events {
            let seconds = at.0 as f64 / f64::from(RATE);
            println!("{seconds:8.3}  {event:?}");
            match event {
                VoiceEvent::Onset { .. } => onset = at - media::Ms(500),
                VoiceEvent::Pause { .. } => {
                    if let Some(judge) = &mut judge {
                        let begun = Instant::now();
                        let ended = judge.judge(&frontend.judge_input(onset, at))?;
                        judging += begun.elapsed();
                        println!("{:8}  the turn has ended: {:.2}", "", ended.get());
                    }
                }
                _ => {}
            }
        }
    }
    let took = begun.elapsed().saturating_sub(judging).as_secs_f64();
    let length = mic.len() as f64 / f64::from(RATE);
    println!("{length:.1} s of sound took {took:.3} s: {:.1} % of a core", took / length * 100.0);
    Ok(())
}
