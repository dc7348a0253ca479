//! Takes the sound of the own loudspeaker out of what the microphone heard.
//!
//! The canceller is `sonora`, a port of AEC3, the one of WebRTC: it finds the delay itself, follows when it changes, and
//! adds nothing to the latency but the 4 ms of its block framing. `aec3`, another port, was measured beside it
//! (`examples/aec.rs` prints the table with the feature `aec3`): as good in simulated rooms, 3 dB less on a recorded
//! laptop (27.6 and 30.8 dB), the same cost (0.55 % of a core), and it cannot move to another thread.

use media::{BLOCK, RATE};
use sonora::config::{EchoCanceller as SonoraEcho, NoiseSuppression as SonoraNoise, NoiseSuppressionLevel};
use sonora::{AudioProcessing, Config, StreamConfig};

/// Cancels echo, 10 ms at a time, at 16 kHz mono.
pub trait EchoCanceller {
    /// Puts what is left of `near` without the echo of `far` into `cleaned`. `far` is what the loudspeaker was given
    /// in the same 10 ms; its echo comes later, at most some 250 ms.
    fn process(&mut self, far: &[f32; BLOCK], near: &[f32; BLOCK], cleaned: &mut [f32; BLOCK]);
}

/// Which canceller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Canceller {
    /// The `sonora` port of AEC3.
    #[default]
    Sonora,
    /// None: for headphones, and to measure what the other is worth.
    Off,
}

/// How much of the steady noise is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NoiseSuppression {
    /// None. Silero hears the onset 30 ms later and the end in office noise 20-30 ms later with it (15 sentences), and
    /// recognisers were trained on noisy speech, not on what suppression leaves.
    #[default]
    Off,
    /// About 6 dB.
    Low,
    /// About 12 dB.
    Moderate,
    /// About 18 dB.
    High,
}

/// Opens a canceller.
pub fn open_canceller(which: Canceller, noise: NoiseSuppression) -> Box<dyn EchoCanceller + Send> {
    match which {
        Canceller::Sonora => Box::new(Sonora::new(noise)),
        Canceller::Off => Box::new(Off),
    }
}

pub(crate) struct Off;

impl EchoCanceller for Off {
    fn process(&mut self, _far: &[f32; BLOCK], near: &[f32; BLOCK], cleaned: &mut [f32; BLOCK]) {
        *cleaned = *near;
    }
}

/// The port in the library `sonora`.
pub struct Sonora {
    processing: AudioProcessing,
    unused: [f32; BLOCK],
}

impl Sonora {
    /// With this much noise suppression behind it.
    pub fn new(noise: NoiseSuppression) -> Self {
        let level = match noise {
            NoiseSuppression::Off => None,
            NoiseSuppression::Low => Some(NoiseSuppressionLevel::Low),
            NoiseSuppression::Moderate => Some(NoiseSuppressionLevel::Moderate),
            NoiseSuppression::High => Some(NoiseSuppressionLevel::High),
        };
        let config = Config {
            echo_canceller: Some(SonoraEcho::default()),
            noise_suppression: level.map(|level| SonoraNoise { level, ..SonoraNoise::default() }),
            ..Config::default()
        };
        let stream = StreamConfig::new(RATE, 1);
        let processing =
            AudioProcessing::builder().config(config).capture_config(stream).render_config(stream).build();
        Self { processing, unused: [0.0; BLOCK] }
    }
}

impl EchoCanceller for Sonora {
    fn process(&mut self, far: &[f32; BLOCK], near: &[f32; BLOCK], cleaned: &mut [f32; BLOCK]) {
        // Only a block of another length could be refused.
        let rendered = self.processing.process_render_f32(&[far], &mut [&mut self.unused]);
        let captured = self.processing.process_capture_f32(&[near], &mut [cleaned]);
        if rendered.and(captured).is_err() {
            *cleaned = *near;
        }
    }
}
