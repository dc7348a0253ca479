//! Measures echo cancellers on recordings and on simulated rooms. Here because whoever prints the figures (an example, a
//! command) must not know the cancellers.

#[cfg(feature = "aec3")]
mod aec3;

use std::time::Instant;

use media::{BLOCK, Level, Ms, RATE, samples_of_ms};

use crate::echo::{Canceller, EchoCanceller, NoiseSuppression, open_canceller};

/// Blocks of the far end that are louder than this are voiced.
const VOICED: f32 = -45.0;
/// Time the canceller has to learn the room before anything counts: 2 s.
const LEARNS: usize = 2 * RATE as usize;
/// A far-end block is counted together with this much after it, so that its echo is in the measure.
const SPREAD: usize = 30;

/// A canceller that was considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Candidate {
    /// None at all: what the others are worth.
    Off,
    /// The one that is used.
    Sonora,
    /// Another port of AEC3.
    #[cfg(feature = "aec3")]
    Aec3,
}

impl Candidate {
    /// Those that are built in.
    pub const ALL: &[Self] = &[
        Self::Off,
        Self::Sonora,
        #[cfg(feature = "aec3")]
        Self::Aec3,
    ];

    fn open(self, noise: NoiseSuppression) -> Box<dyn EchoCanceller> {
        match self {
            Self::Off => open_canceller(Canceller::Off, noise),
            Self::Sonora => open_canceller(Canceller::Sonora, noise),
            #[cfg(feature = "aec3")]
            Self::Aec3 => aec3::open(noise),
        }
    }
}

/// What a microphone heard while a loudspeaker played; 16 kHz mono, on one clock.
#[derive(Debug, Clone, Default)]
pub struct EchoScene {
    /// What was played.
    pub far: Vec<f32>,
    /// What the microphone heard.
    pub mic: Vec<f32>,
    /// What of it was a person, where that is known.
    pub near: Option<Vec<f32>>,
}

/// A room with a loudspeaker in it.
#[derive(Debug, Clone, Copy)]
pub struct Room<'a> {
    /// Its impulse response, 16 kHz; brought to unit energy.
    pub impulse: &'a [f32],
    /// From handing sound over to its first echo.
    pub delay: Ms,
    /// How loud the echo is beside what was played.
    pub gain: f32,
    /// Sound of the room, repeated as needed.
    pub noise: &'a [f32],
}

impl EchoScene {
    /// What a microphone in this room hears of `far` and of a person saying `near`.
    pub fn simulated(far: &[f32], near: Option<&[f32]>, room: &Room<'_>) -> Self {
        let delay = usize::try_from(samples_of_ms(room.delay)).unwrap_or(0);
        let mut mic = vec![0.0; far.len()];
        let echo = reverberated(far, room.impulse);
        for (to, from) in mic.iter_mut().skip(delay).zip(echo) {
            *to = from * room.gain;
        }
        for (to, noise) in mic.iter_mut().zip(room.noise.iter().cycle()) {
            *to += noise;
        }
        let near = near.map(|near| {
            let mut near = near.to_vec();
            near.resize(far.len(), 0.0);
            near
        });
        for (to, voice) in mic.iter_mut().zip(near.iter().flatten()) {
            *to += voice;
        }
        Self { far: far.to_vec(), mic, near }
    }
}

/// How a canceller did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EchoFigures {
    /// Echo return loss enhancement: by how much the echo got quieter, over voiced far-end blocks after 2 s, leaving
    /// out those in which a person speaks. ITU-T G.168 calls the blockwise power ratio so.
    pub erle_db: f32,
    /// The median change of the person's level while both speak, where the scene knows the person: 0 is all of it.
    pub near_db: Option<f32>,
    /// CPU seconds per second of sound.
    pub load: f32,
}

/// Runs a canceller over a scene.
pub fn cleaned(which: Candidate, noise: NoiseSuppression, scene: &EchoScene) -> Vec<f32> {
    let mut canceller = which.open(noise);
    let mut out = Vec::with_capacity(scene.mic.len());
    let mut block = [0.0; BLOCK];
    let (far, _) = scene.far.as_chunks::<BLOCK>();
    let (mic, _) = scene.mic.as_chunks::<BLOCK>();
    for (far, mic) in far.iter().zip(mic) {
        canceller.process(far, mic, &mut block);
        out.extend_from_slice(&block);
    }
    out
}

/// Runs a canceller over a scene and measures it.
pub fn echo(which: Candidate, scene: &EchoScene) -> EchoFigures {
    let begun = Instant::now();
    let out = cleaned(which, NoiseSuppression::Off, scene);
    let load = begun.elapsed().as_secs_f32() * RATE as f32 / scene.mic.len().max(1) as f32;
    let echoing = echoing(&scene.far);
    let person =
        |block: usize| scene.near.as_ref().map_or(Level::SILENCE, |near| Level::of(piece(near, block))).db();
    let (mut before, mut after, mut kept) = (0.0_f64, 0.0_f64, Vec::new());
    let counted = echoing.iter().enumerate().take(out.len() / BLOCK).skip(LEARNS / BLOCK);
    for (block, _) in counted.filter(|(_, echoing)| **echoing) {
        if person(block) > VOICED {
            kept.push(Level::of(piece(&out, block)).db() - person(block));
        } else if person(block.saturating_sub(SPREAD)) <= VOICED {
            before += energy(piece(&scene.mic, block));
            after += energy(piece(&out, block));
        }
    }
    kept.sort_by(f32::total_cmp);
    #[expect(clippy::cast_possible_truncation, reason = "decibels")]
    let erle_db = (10.0 * (before.max(1e-12) / after.max(1e-12)).log10()) as f32;
    EchoFigures { erle_db, near_db: kept.get(kept.len() / 2).copied(), load }
}

/// For each block whether the echo of something voiced may be in it.
fn echoing(far: &[f32]) -> Vec<bool> {
    let voiced: Vec<bool> = far.chunks(BLOCK).map(|block| Level::of(block).db() > VOICED).collect();
    (0..voiced.len()).map(|at| voiced[at.saturating_sub(SPREAD)..=at].contains(&true)).collect()
}

fn piece(sound: &[f32], block: usize) -> &[f32] {
    &sound[block * BLOCK..(block + 1) * BLOCK]
}

fn energy(sound: &[f32]) -> f64 {
    sound.iter().map(|sample| f64::from(*sample).powi(2)).sum()
}

/// `sound` in a room, by convolution with its impulse response at unit energy.
fn reverberated(sound: &[f32], impulse: &[f32]) -> Vec<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
    let scale = energy(impulse).max(1e-12).sqrt().recip() as f32;
    let length = (sound.len() + impulse.len()).next_power_of_two();
    let mut planner = realfft::RealFftPlanner::<f32>::new();
    let forward = planner.plan_fft_forward(length);
    let inverse = planner.plan_fft_inverse(length);
    let spectrum = |samples: &[f32]| {
        let mut input = forward.make_input_vec();
        input[..samples.len()].copy_from_slice(samples);
        let mut output = forward.make_output_vec();
        // The lengths are the plan's own, so that it cannot refuse them.
        let _ = forward.process(&mut input, &mut output);
        output
    };
    let mut product = spectrum(sound);
    for (bin, other) in product.iter_mut().zip(spectrum(impulse)) {
        *bin *= other * (scale / length as f32);
    }
    let mut out = inverse.make_output_vec();
    let _ = inverse.process(&mut product, &mut out);
    out.truncate(sound.len());
    out
}
