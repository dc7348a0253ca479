//! Kokoro.
use engine::JobError;
use worker_kit::protocols::{Tts, TtsOutput, TtsRequest};
use worker_kit::{Job, Worker};
/// Speaks.
#[derive(Default)]
pub struct KokoroWorker {}
impl Worker<Tts> for KokoroWorker {
    fn run(&mut self, _: TtsRequest, _: &Job<Tts>) -> Result<TtsOutput, JobError> {
        Err(JobError::NoModel)
    }
}
