//! Whether a frame of sound is voice.

use std::path::Path;

use media::Probability;
use rten::NodeId;
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use crate::ModelError;
use crate::model::Network;

/// Samples in a frame: 32 ms at 16 kHz, what Silero was trained on.
pub const VAD_FRAME: usize = 512;

/// Says how likely each frame is voice. Frames are given one after the other without a hole.
pub trait VoiceActivity: Send {
    /// How likely the next frame is voice.
    fn judge(&mut self, frame: &[f32; VAD_FRAME]) -> Result<Probability, ModelError>;

    /// Forgets what was heard: the next frame does not follow the last.
    fn forget(&mut self);
}

/// Which detector is at work, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Detector {
    /// Silero, from its file.
    Silero,
    /// Earshot, from inside the program, because there is no file, or it failed.
    Earshot,
}

/// Samples of the frame before that Silero sees again (its own `utils_vad.py`, 16 kHz).
const CONTEXT: usize = 64;
const STATE: [usize; 3] = [2, 1, 128];
const STATE_LENGTH: usize = 2 * 128;

/// Silero's network for 16 kHz (`silero_vad_16k_op15.onnx`).
pub struct Silero {
    network: Network,
    input: NodeId,
    state_in: NodeId,
    rate: Option<NodeId>,
    outputs: [NodeId; 2],
    sound: Vec<f32>,
    state: Vec<f32>,
}

impl Silero {
    /// From its file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let network = Network::load(path, 1)?;
        Ok(Self {
            input: network.node("input")?,
            state_in: network.node("state")?,
            rate: network.node("sr").ok(),
            outputs: [network.node("output")?, network.node("stateN")?],
            network,
            sound: vec![0.0; CONTEXT + VAD_FRAME],
            state: vec![0.0; STATE_LENGTH],
        })
    }
}

impl VoiceActivity for Silero {
    fn judge(&mut self, frame: &[f32; VAD_FRAME]) -> Result<Probability, ModelError> {
        self.sound.copy_within(VAD_FRAME.., 0);
        self.sound[CONTEXT..].copy_from_slice(frame);
        let sound = NdTensor::from_data([1, CONTEXT + VAD_FRAME], self.sound.clone());
        let state = NdTensor::from_data(STATE, self.state.clone());
        let mut inputs = vec![(self.input, sound.into()), (self.state_in, state.into())];
        if let Some(rate) = self.rate {
            inputs.push((rate, NdTensor::from(16_000_i32).into()));
        }
        let made = self.network.run(inputs, &self.outputs)?;
        let [probability, state] = <[rten::Value; 2]>::try_from(made)
            .map_err(|_| ModelError::Run("it gave another number of results".into()))?;
        let state: NdTensor<f32, 3> = state.try_into().map_err(of_type)?;
        let probability: NdTensor<f32, 2> = probability.try_into().map_err(of_type)?;
        self.state.clear();
        self.state.extend(state.iter().copied());
        self.state.resize(STATE_LENGTH, 0.0);
        Ok(Probability::new(probability.iter().next().copied().unwrap_or(0.0)))
    }

    fn forget(&mut self) {
        self.sound.fill(0.0);
        self.state.fill(0.0);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn of_type(error: rten::TryFromValueError) -> ModelError {
    ModelError::Run(error.to_string())
}

/// The detector that is built in: good enough where Silero's file is absent.
#[derive(Default)]
pub struct Earshot {
    detector: Box<earshot::Detector>,
}

impl VoiceActivity for Earshot {
    fn judge(&mut self, frame: &[f32; VAD_FRAME]) -> Result<Probability, ModelError> {
        let mut heard = 0.0_f32;
        // It works on frames of 16 ms.
        for half in frame.chunks_exact(VAD_FRAME / 2) {
            let mut within = [0.0; VAD_FRAME / 2];
            for (to, from) in within.iter_mut().zip(half) {
                *to = from.clamp(-1.0, 1.0);
            }
            heard = heard.max(self.detector.predict_f32(&within));
        }
        Ok(Probability::new(heard))
    }

    fn forget(&mut self) {
        self.detector.reset();
    }
}
