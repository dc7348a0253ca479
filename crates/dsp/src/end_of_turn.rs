//! Whether the speaker has finished: Smart Turn v3, a small network on Whisper's features of the last 8 s. It hears
//! intonation and breath, not words. Runs apart from the listening chain: in a worker, which is given the features made here,
//! or where there is none on a thread of its own.

use std::path::Path;

use media::Probability;
use rten::NodeId;
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use crate::ModelError;
use crate::mel::{BANDS, FRAMES, LogMel, WINDOW};
use crate::model::Network;

/// The sound to be judged: at most 8 s at 16 kHz, from before the utterance up to the pause. May go to another thread.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeInput {
    sound: Vec<f32>,
}

impl JudgeInput {
    /// Of this sound; of a longer one its last 8 s count.
    pub fn new(mut sound: Vec<f32>) -> Self {
        sound.drain(..sound.len().saturating_sub(WINDOW));
        Self { sound }
    }

    /// What a network looks at: 80 mel bands, each of 800 frames of 10 ms.
    pub fn spectrogram(&self, mel: &mut LogMel) -> Vec<f32> {
        mel.of(&self.sound)
    }
}

/// Judges whether turns have ended.
pub struct EndOfTurn {
    network: Network,
    input: NodeId,
    output: NodeId,
    mel: LogMel,
}

impl EndOfTurn {
    /// From its file (`smart-turn-v3.2-cpu.onnx`), on so many threads.
    pub fn load(path: &Path, threads: usize) -> Result<Self, ModelError> {
        let network = Network::load(path, threads)?;
        Ok(Self {
            input: network.node("input_features")?,
            output: network.node("logits")?,
            network,
            mel: LogMel::new(),
        })
    }

    /// How likely it is that the speaker has finished. The network's output is called `logits`, but is a probability
    /// already (the publisher's code compares it with 0.5 and calls it so).
    pub fn judge(&mut self, input: &JudgeInput) -> Result<Probability, ModelError> {
        let spectrogram = input.spectrogram(&mut self.mel);
        self.judge_spectrogram(spectrogram)
    }

    /// The same of what [`JudgeInput::spectrogram`] made.
    pub fn judge_spectrogram(&mut self, spectrogram: Vec<f32>) -> Result<Probability, ModelError> {
        if spectrogram.len() != BANDS * FRAMES {
            return Err(ModelError::Run("a spectrogram has 80 bands of 800 frames".into()));
        }
        let features = NdTensor::from_data([1, BANDS, FRAMES], spectrogram);
        let made = self.network.run(vec![(self.input, features.into())], &[self.output])?;
        let value = made.into_iter().next().ok_or_else(|| ModelError::Run("it gave no result".into()))?;
        let value: NdTensor<f32, 2> =
            value.try_into().map_err(|error: rten::TryFromValueError| ModelError::Run(error.to_string()))?;
        Ok(Probability::new(value.iter().next().copied().unwrap_or(0.0)))
    }
}
