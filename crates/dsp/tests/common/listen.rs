//! Runs the listening chain over scenes of sound.

use std::path::Path;
use std::time::Instant;

use dsp::{Frontend, FrontendConfig, Out, VoiceEvent};
use media::{Batch, Level, RATE, SamplePos};

/// What was heard, and how long it took.
pub struct Heard {
    pub events: Vec<(SamplePos, VoiceEvent)>,
    /// CPU seconds per second of sound.
    pub load: f32,
    pub frontend: Frontend,
}

impl Heard {
    /// Places of the speech events from `from` seconds on.
    pub fn speech_after(&self, from: f32) -> Vec<f32> {
        let speech = |event: &VoiceEvent| matches!(event, VoiceEvent::Speech { .. });
        self.places(speech).into_iter().filter(|at| *at >= from).collect()
    }

    /// Seconds at which such events were told.
    pub fn places(&self, such: impl Fn(&VoiceEvent) -> bool) -> Vec<f32> {
        self.events.iter().filter(|(_, event)| such(event)).map(|(at, _)| seconds(*at)).collect()
    }
}

pub fn seconds(at: SamplePos) -> f32 {
    at.0 as f32 / RATE as f32
}

/// Listens to `mic` while `far` is played; both at `rate`, in pieces of 10 ms.
pub fn listen(config: &FrontendConfig, mic: &[f32], far: &[f32], rate: u32) -> Heard {
    let mut frontend = Frontend::new(config).unwrap();
    let mut events = Vec::new();
    let piece = (rate / 100) as usize;
    let begun = Instant::now();
    let mut batch = Batch { mic_rate: rate, far_rate: rate, ..Batch::default() };
    for (n, heard) in mic.chunks(piece).enumerate() {
        batch.mic.clear();
        batch.mic.extend_from_slice(heard);
        batch.far.clear();
        let played = far.get(n * piece..((n + 1) * piece).min(far.len())).unwrap_or_default();
        batch.far.extend_from_slice(played);
        batch.far.resize(heard.len(), 0.0);
        frontend.push(&batch, &mut |out| {
            if let Out::Voice { at, event } = out {
                events.push((at, event));
            }
        });
    }
    let load = begun.elapsed().as_secs_f32() * rate as f32 / mic.len() as f32;
    Heard { events, load, frontend }
}

pub fn with_silero(voice: &Path) -> FrontendConfig {
    FrontendConfig { vad: Some(voice.join("silero_vad_16k_op15.onnx")), ..FrontendConfig::default() }
}

/// Seconds at which the voiced sound of a clean recording begins and ends: within 25 dB of its mean.
pub fn voiced_span(clean: &[f32]) -> (f32, f32) {
    let loud = |piece: &[f32]| Level::of(piece).db();
    let top = clean.chunks(160).map(loud).fold(-120.0, f32::max);
    let voiced: Vec<usize> =
        clean.chunks(160).enumerate().filter(|(_, piece)| loud(piece) > top - 30.0).map(|(n, _)| n).collect();
    let first = voiced.windows(3).find(|three| three[2] - three[0] == 2).map_or(0, |three| three[0]);
    let last = voiced.last().copied().unwrap_or(0);
    (first as f32 / 100.0, (last + 1) as f32 / 100.0)
}

/// English recordings, -26 dB, and their names.
pub fn sentences(data: &Path) -> Vec<(String, Vec<f32>)> {
    let names = [
        "harvard_1",
        "harvard_2",
        "harvard_3",
        "harvard_4",
        "harvard_5",
        "harvard_6",
        "cards_1",
        "cards_2",
        "cards_3",
        "librivox_0870",
        "librivox_0880",
        "librispeech_quilter",
        "spanish",
        "mandarin",
        "jfk",
    ];
    let read = |name: &str| {
        let sound = super::wav(&data.join(format!("speech/{name}.wav")));
        (name.to_owned(), super::at_level(&sound, -26.0))
    };
    names.iter().map(|name| read(name)).collect()
}

pub fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}

pub fn percentile(mut values: Vec<f32>, part: f32) -> f32 {
    values.sort_by(f32::total_cmp);
    let at = (values.len().saturating_sub(1)) as f32 * part;
    values.get(at.round() as usize).copied().unwrap_or(f32::NAN)
}
