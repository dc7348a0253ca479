//! The canceller of the library `aec3`, for comparison.

use ::aec3::audio_processing::ns::{NsConfig, SuppressionLevel};
use ::aec3::nodes::audio::AudioFormat;
use ::aec3::pipelines::linear::{self, LinearPipeline};
use media::{BLOCK, RATE};

use crate::echo::{EchoCanceller, NoiseSuppression, Off};

struct Aec3 {
    pipeline: LinearPipeline,
}

/// None at all, if the library refuses its own defaults.
pub(super) fn open(noise: NoiseSuppression) -> Box<dyn EchoCanceller> {
    let target_level = match noise {
        NoiseSuppression::Off | NoiseSuppression::Low => SuppressionLevel::K6dB,
        NoiseSuppression::Moderate => SuppressionLevel::K12dB,
        NoiseSuppression::High => SuppressionLevel::K18dB,
    };
    let format = AudioFormat::ten_ms(RATE, 1);
    let pipeline = linear::builder(format, format)
        .enable_gain_controller2(false)
        .enable_post_filter(false)
        .enable_noise_suppression(noise != NoiseSuppression::Off)
        .noise_suppression_config(NsConfig { target_level, ..NsConfig::default() })
        .build();
    pipeline.map_or_else(|_| Box::new(Off) as _, |pipeline| Box::new(Aec3 { pipeline }) as _)
}

impl EchoCanceller for Aec3 {
    fn process(&mut self, far: &[f32; BLOCK], near: &[f32; BLOCK], cleaned: &mut [f32; BLOCK]) {
        let rendered = self.pipeline.handle_render_frame(far);
        let captured = self.pipeline.process_capture_frame(near, cleaned);
        if rendered.is_err() || captured.is_err() {
            *cleaned = *near;
        }
    }
}
