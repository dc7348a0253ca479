//! The model, the recordings, and a worker that listens to them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::{Hypothesis, ListenRequest, Pcm, SoundIn, SpeechLoad, SpeechTask, SpeechToText, Transcript};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use worker_host::{Limits, SttWorker, WorkerCommand};

/// A folder of the environment; `None` where it is absent, which is said.
fn folder(variable: &str, default: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(default));
    if !folder.is_dir() {
        println!("skipped: {} is absent ({variable})", folder.display());
        return None;
    }
    Some(folder)
}

pub(crate) fn models() -> Option<PathBuf> {
    folder("HARK_TEST_VOICE", "../shared/voice")
}

/// Real recordings.
pub(crate) fn speech() -> Option<PathBuf> {
    folder("HARK_TEST_DATA", "../shared/testdata").map(|folder| folder.join("speech"))
}

/// ONNX Runtime's library, under whatever version.
pub(crate) fn library(models: &Path) -> PathBuf {
    let library = std::fs::read_dir(models)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("libonnxruntime"));
    library.unwrap_or_else(|| models.join("libonnxruntime.so"))
}

pub(crate) fn load(models: &Path) -> SpeechLoad {
    let files = [
        ("weights", models.join("encoder_model.ort")),
        ("decoder", models.join("decoder_model_merged.ort")),
        ("tokenizer", models.join("tokenizer.bin")),
        ("library", library(models)),
    ];
    SpeechLoad {
        name: "Moonshine".into(),
        files: files.map(|(role, path)| (role.to_owned(), path)).into(),
        threads: Some(1),
    }
}

pub(crate) fn command() -> WorkerCommand {
    WorkerCommand::new(env!("CARGO_BIN_EXE_worker-moonshine"))
}

pub(crate) fn worker(load: SpeechLoad) -> SttWorker {
    worker_of(command(), load)
}

pub(crate) fn worker_of(command: WorkerCommand, load: SpeechLoad) -> SttWorker {
    SttWorker::new(command, limits(), load)
}

/// A machine that runs all tests at once is slow, and no test here is about impatience.
pub(crate) fn limits() -> Limits {
    Limits { quiet: Duration::from_mins(1), cancel_grace: Duration::from_mins(1), ..Limits::default() }
}

pub(crate) fn request() -> ListenRequest {
    ListenRequest { language: None, task: SpeechTask::Transcribe, word_times: true }
}

/// The samples of a WAV file of 16-bit mono at 16 kHz.
pub(crate) fn wav(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    let data = bytes.windows(4).position(|tag| tag == b"data").unwrap() + 8;
    bytes[data..].as_chunks::<2>().0.iter().map(|two| f32::from(i16::from_le_bytes(*two)) / 32768.0).collect()
}

pub(crate) fn silence(milliseconds: usize) -> Vec<f32> {
    vec![0.0; milliseconds * 16]
}

/// What an utterance of these pieces came to.
pub(crate) async fn listen(worker: &SttWorker, pieces: Vec<SoundIn>) -> (Transcript, Vec<Hypothesis>) {
    let (sound, sounds) = mpsc::channel(8);
    let (heard, mut hypotheses) = mpsc::channel(8);
    let feed = async move {
        for piece in pieces {
            sound.send(piece).await.unwrap();
        }
    };
    let gather = async {
        let mut all = Vec::new();
        while let Some(hypothesis) = hypotheses.recv().await {
            all.push(hypothesis);
        }
        all
    };
    let job = worker.listen(request(), sounds, heard, CancellationToken::new());
    let (transcript, (), all) = tokio::join!(job, feed, gather);
    (transcript.unwrap(), all)
}

/// Sound in pieces of 30 ms.
pub(crate) fn pieces(sound: &[f32]) -> Vec<SoundIn> {
    sound.chunks(480).map(|piece| SoundIn::Sound(Pcm(piece.to_vec()))).collect()
}
