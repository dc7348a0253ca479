//! The voice, with a network that stands in for Kokoro's: it gives each token back as a hundred samples of
//! token x mean of the style / speed (see `stand_in.py`).

use std::path::{Path, PathBuf};

use engine::{
    EngineError, JobError, Language, SpeakRequest, SpeechChunk, SpeechLoad, Spoken, TextToSpeech, WordMark,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use worker_host::protocols::{SpeakTask, Tts, TtsOutput, TtsRequest, WordPhonemes};
use worker_host::{SpeakWorker, Supervisor, WorkerCommand};

use crate::setup::{library, limits, models};

fn program() -> WorkerCommand {
    WorkerCommand::new(env!("CARGO_BIN_EXE_worker-kokoro"))
}

/// Files in `folder`: a vocabulary, and two voices whose style for n tokens is n thousandths, and n.
fn load(folder: &Path, library: PathBuf) -> SpeechLoad {
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let style = |unit: f32| -> Vec<u8> {
        (0..510_u16).flat_map(|row| [f32::from(row) * unit; 256]).flat_map(f32::to_le_bytes).collect()
    };
    let vocabulary =
        br#"{"model": {"vocab": {"$": 0, ".": 4, " ": 16, "a": 43, "b": 44, "c": 45, "d": 46}}}"#;
    let files = [
        ("weights", Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workers/stand_in.onnx")),
        ("voice", file("af_heart.bin", &style(0.001))),
        ("voice", file("ef_dora.bin", &style(1.0))),
        ("tokenizer", file("tokenizer.json", vocabulary)),
        ("library", library),
    ];
    SpeechLoad {
        name: "Kokoro".into(),
        files: files.map(|(role, path)| (role.to_owned(), path)).into(),
        threads: Some(1),
    }
}

fn request(voice: Option<&str>) -> SpeakRequest {
    SpeakRequest {
        text: "ab cd.".into(),
        language: Language("en".into()),
        voice: voice.map(Into::into),
        rate: 2.0,
    }
}

fn phonemes() -> Vec<WordPhonemes> {
    let word = |text, phonemes: &str| WordPhonemes { text, phonemes: phonemes.into() };
    vec![word(0..2, "ab"), word(3..6, "cd.")]
}

struct Bench {
    worker: Supervisor<Tts>,
    /// Holds the files while the worker needs them.
    folder: tempfile::TempDir,
}

impl Bench {
    async fn of(library: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let worker = Supervisor::new(program(), limits());
        let bench = Self { worker, folder };
        let load = load(bench.folder.path(), library);
        let loaded = bench.ask(TtsRequest::Load(load)).await.0.unwrap();
        let TtsOutput::Loaded(info) = loaded else { panic!("{loaded:?}") };
        assert_eq!((info.rate, info.voices.len()), (24_000, 2));
        bench
    }

    async fn ask(&self, request: TtsRequest) -> (Result<TtsOutput, JobError>, Vec<SpeechChunk>) {
        let (events, mut heard) = mpsc::channel(64);
        let result = self.worker.call(request, events, CancellationToken::new()).await.unwrap();
        let mut chunks = Vec::new();
        while let Ok(chunk) = heard.try_recv() {
            chunks.push(chunk);
        }
        (result, chunks)
    }

    async fn speak(
        &self,
        voice: Option<&str>,
        phonemes: Option<Vec<WordPhonemes>>,
    ) -> (Result<Spoken, JobError>, Vec<SpeechChunk>) {
        let task = SpeakTask { request: request(voice), phonemes };
        let (result, chunks) = self.ask(TtsRequest::Speak(task)).await;
        let spoken = result.map(|output| match output {
            TtsOutput::Spoken(spoken) => spoken,
            other => panic!("{other:?}"),
        });
        (spoken, chunks)
    }
}

#[tokio::test]
async fn the_network_gets_tokens_style_and_speed_and_its_sound_comes_back() {
    let Some(models) = models() else { return };
    let bench = Bench::of(library(&models)).await;
    let (spoken, chunks) = bench.speak(None, Some(phonemes())).await;
    assert_eq!(spoken.unwrap().samples, 800);
    let [chunk] = &*chunks else { panic!("{chunks:?}") };
    // Six tokens between two of padding, the style of six tokens, twice as fast.
    let tokens = [0.0, 43.0, 44.0, 16.0, 45.0, 46.0, 4.0, 0.0];
    for (got, token) in chunk.pcm.0.chunks(100).zip(tokens) {
        assert!(got.iter().all(|sample| (sample - token * 0.006 / 2.0).abs() < 1e-5), "{got:?} {token}");
    }
    assert_eq!(chunk.marks, [WordMark { text: 0..2, at: 100 }, WordMark { text: 3..6, at: 400 }]);
    let (_, other) = bench.speak(Some("ef_dora"), Some(phonemes())).await;
    assert!((other[0].pcm.0[100] - 43.0 * 6.0 / 2.0).abs() < 1e-2);
}

#[tokio::test]
async fn a_long_text_comes_in_stretches_that_add_up() {
    let Some(models) = models() else { return };
    let bench = Bench::of(library(&models)).await;
    let words: Vec<WordPhonemes> =
        (0..200).map(|at| WordPhonemes { text: at..at + 1, phonemes: "abcd.".into() }).collect();
    let (spoken, chunks) = bench.speak(None, Some(words)).await;
    assert!(chunks.len() > 2 && chunks[0].pcm.0.len() < chunks[1].pcm.0.len());
    assert_eq!(spoken.unwrap().samples, chunks.iter().map(|chunk| chunk.pcm.0.len() as u64).sum::<u64>());
    let marks: Vec<&WordMark> = chunks.iter().flat_map(|chunk| &chunk.marks).collect();
    assert!(marks.len() == 200 && marks.is_sorted_by_key(|mark| mark.at));
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let Some(models) = models() else { return };
    let bench = Bench::of(library(&models)).await;
    let sentence = |result: Result<Spoken, JobError>| result.unwrap_err().to_string();
    assert!(sentence(bench.speak(None, None).await.0).contains("espeak-ng"));
    assert!(sentence(bench.speak(Some("nobody"), Some(phonemes())).await.0).contains("“nobody”"));
    let ask = TtsRequest::Phonemes { text: "ab".into(), language: Language("en".into()) };
    assert!(matches!(bench.ask(ask).await.0, Err(JobError::BadRequest { .. })));
    assert_eq!(bench.speak(None, Some(vec![])).await.0.unwrap().samples, 0);
}

/// Needs no library: the weights are looked for first.
#[tokio::test]
async fn absent_weights_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut load = load(folder.path(), folder.path().join("no-library"));
    load.files[0].1 = folder.path().join("kokoro.onnx");
    let voice = SpeakWorker::new(program(), limits(), load);
    match voice.ready().await {
        Err(EngineError::Job(JobError::BadModel { reason })) => {
            assert!(reason.contains("kokoro.onnx is missing"));
        }
        other => panic!("{other:?}"),
    }
}
