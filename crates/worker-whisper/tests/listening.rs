//! The built program with models that have no weights: it loads, listens, settles, is cancelled; it hears nothing.
//! `HARK_TEST_DATA` names the folder of test data; `HARK_TEST_WHISPER` a real multilingual model, where there is one.
#![allow(clippy::unwrap_used)]

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use engine::{
    Hypothesis, JobError, Language, ListenRequest, Pcm, RecogniserInfo, SoundIn, SpeechLoad, SpeechTask,
    Transcript,
};
use worker_kit::protocols::{Stt, SttOutput, SttRequest};
use worker_kit::{JobId, Protocol, ToHost, ToWorker, frame};

struct Host {
    worker: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    jobs: u64,
}

impl Host {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_worker-whisper"));
        let mut worker = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let to = worker.stdin.take();
        let from = BufReader::new(worker.stdout.take().unwrap());
        let mut host = Self { worker, to, from, jobs: 0 };
        host.send(&ToWorker::Hello { protocol: Stt::NAME.into(), version: Stt::VERSION });
        assert!(matches!(host.next(), ToHost::Hello(hello) if hello.name == "worker-whisper"));
        host
    }

    fn send(&mut self, message: &ToWorker<Stt>) {
        frame::write(self.to.as_mut().unwrap(), message).unwrap();
    }

    fn next(&mut self) -> ToHost<Stt> {
        loop {
            match frame::decode(&frame::read(&mut self.from).unwrap().unwrap()).unwrap() {
                ToHost::Beat { .. } => {}
                message => return message,
            }
        }
    }

    fn begin(&mut self, request: SttRequest) -> JobId {
        self.jobs += 1;
        self.send(&ToWorker::Start { job: JobId(self.jobs), request });
        JobId(self.jobs)
    }

    fn finish(&mut self) -> (Vec<Hypothesis>, Result<SttOutput, JobError>) {
        let mut told = Vec::new();
        loop {
            match self.next() {
                ToHost::Event { event, .. } => told.push(event),
                ToHost::Done { result, .. } => return (told, result),
                _ => panic!("something else"),
            }
        }
    }

    fn load(&mut self, files: &[(&str, PathBuf)]) -> Result<RecogniserInfo, JobError> {
        let files = files.iter().map(|(role, path)| ((*role).to_owned(), path.clone())).collect();
        self.begin(SttRequest::Load(SpeechLoad { name: "Whisper".into(), files, threads: Some(1) }));
        match self.finish().1? {
            SttOutput::Loaded(info) => Ok(info),
            SttOutput::Heard(_) => panic!("not a load"),
        }
    }

    fn sound(&mut self, job: JobId, sound: &[f32]) {
        for piece in sound.chunks(1600) {
            self.send(&ToWorker::Input { job, input: SoundIn::Sound(Pcm(piece.to_vec())) });
        }
    }

    /// The whole of an utterance.
    fn hear(
        &mut self,
        request: ListenRequest,
        sound: &[f32],
    ) -> Result<(Vec<Hypothesis>, Transcript), JobError> {
        let job = self.begin(SttRequest::Listen(request));
        self.sound(job, sound);
        self.send(&ToWorker::EndInput { job });
        match self.finish() {
            (told, Ok(SttOutput::Heard(transcript))) => Ok((told, transcript)),
            (_, Ok(SttOutput::Loaded(_))) => panic!("not an utterance"),
            (_, Err(error)) => Err(error),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.to = None;
        let _ = self.worker.wait();
    }
}

fn listen(language: Option<&str>) -> ListenRequest {
    let language = language.map(|language| Language(language.into()));
    ListenRequest { language, task: SpeechTask::Transcribe, word_times: false }
}

fn noise(samples: usize) -> Vec<f32> {
    let mut seed: u32 = 7;
    let noise = std::iter::repeat_with(move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as f32 / 65_536.0 - 0.5
    });
    // Loud and quiet in turn, as speech is.
    noise
        .take(samples)
        .enumerate()
        .map(|(at, sample)| if at % 8000 < 5000 { sample * 0.4 } else { sample * 0.002 })
        .collect()
}

/// A file of the test data, or none, said aloud.
fn data(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    let path = std::env::var_os("HARK_TEST_DATA").map_or(root, PathBuf::from).join(name);
    if path.is_file() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

macro_rules! data_or_skip {
    ($name:expr) => {
        match data($name) {
            Some(path) => path,
            None => return,
        }
    };
}

const MULTILINGUAL: &str = "models/for-tests-ggml-tiny.bin";
const ENGLISH: &str = "models/for-tests-ggml-tiny.en.bin";
const VAD: &str = "models/ggml-silero-v6.2.0.bin";

#[test]
fn without_a_model_it_refuses_and_goes_on() {
    let mut host = Host::start();
    assert_eq!(host.hear(listen(None), &[]).err(), Some(JobError::NoModel));
    for files in [vec![], vec![("weights", PathBuf::from("/nowhere/ggml.bin"))]] {
        let error = host.load(&files).unwrap_err();
        assert!(matches!(error, JobError::BadModel { .. } | JobError::BadRequest { .. }), "{error:?}");
    }
}

#[test]
fn a_model_cut_off_is_a_sentence_and_the_worker_lives() {
    let path = data_or_skip!(MULTILINGUAL);
    let bytes = std::fs::read(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut host = Host::start();
    for length in [0, 3, 40, 48, 1000] {
        let cut = folder.path().join(format!("{length}.bin"));
        std::fs::write(&cut, &bytes[..length]).unwrap();
        match host.load(&[("weights", cut)]) {
            Err(JobError::BadModel { reason }) => assert!(reason.contains("damaged"), "{reason}"),
            other => panic!("{length} bytes: {other:?}"),
        }
    }
    assert!(host.load(&[("weights", path)]).is_ok());
}

#[test]
fn models_tell_their_languages() {
    let (multilingual, english) = (data_or_skip!(MULTILINGUAL), data_or_skip!(ENGLISH));
    let mut host = Host::start();
    let info = host.load(&[("weights", multilingual)]).unwrap();
    assert_eq!((info.languages.len(), info.translates), (99, true));
    println!("loaded in {:.1} ms", info.load_ms);
    let error = host.hear(listen(Some("qq")), &noise(8000)).unwrap_err();
    assert!(error.to_string().contains("does not know"), "{error}");
    let info = host.load(&[("weights", english)]).unwrap();
    assert_eq!((info.languages, info.translates), (vec![Language("en".into())], false));
    assert!(host.hear(listen(Some("es")), &noise(8000)).is_err());
    assert!(host.hear(listen(Some("en-GB")), &noise(8000)).is_ok());
}

#[test]
fn an_utterance_is_heard_through_to_its_end() {
    let (weights, vad) = (data_or_skip!(MULTILINGUAL), data_or_skip!(VAD));
    let mut host = Host::start();
    host.load(&[("weights", weights), ("vad", vad)]).unwrap();
    for language in [Some("es"), Some("zh"), None] {
        for samples in [0, 10, 20_000, 50_000] {
            let request = ListenRequest { word_times: samples > 10_000, ..listen(language) };
            let (told, transcript) = host.hear(request, &noise(samples)).unwrap();
            assert!((transcript.sound_ms - samples as f64 / 16.0).abs() < 1.0);
            assert!(told.iter().all(|told| told.through <= samples as u64));
            if let Some(language) = language {
                assert_eq!(transcript.language, Some(Language(language.into())));
            }
            println!(
                "{language:?}, {samples} samples: {} passes, {:.0} ms",
                told.len(),
                transcript.compute_ms
            );
        }
    }
    let translate = ListenRequest { task: SpeechTask::TranslateToEnglish, ..listen(Some("es")) };
    host.hear(translate, &noise(20_000)).unwrap();
}

#[test]
fn every_pause_is_answered_once() {
    let weights = data_or_skip!(ENGLISH);
    let mut host = Host::start();
    host.load(&[("weights", weights)]).unwrap();
    let job = host.begin(SttRequest::Listen(listen(Some("en"))));
    for number in 0..5 {
        host.sound(job, &noise(9000));
        host.send(&ToWorker::Input { job, input: SoundIn::Settle(number) });
    }
    host.send(&ToWorker::EndInput { job });
    let (told, result) = host.finish();
    assert!(matches!(result, Ok(SttOutput::Heard(_))), "{result:?}");
    assert_eq!(told.iter().filter_map(|told| told.settles).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_cancelled_utterance_ends_and_the_next_works() {
    let weights = data_or_skip!(MULTILINGUAL);
    let mut host = Host::start();
    host.load(&[("weights", weights)]).unwrap();
    for _ in 0..2 {
        let job = host.begin(SttRequest::Listen(listen(None)));
        host.sound(job, &noise(100_000));
        host.send(&ToWorker::Cancel { job });
        assert_eq!(host.finish().1.err(), Some(JobError::Cancelled));
    }
    assert!(host.hear(listen(None), &noise(20_000)).is_ok());
}

#[test]
fn a_real_model_hears_what_is_said() {
    let Some(weights) = std::env::var_os("HARK_TEST_WHISPER").map(PathBuf::from) else {
        println!("skipped: HARK_TEST_WHISPER names no model");
        return;
    };
    let mut host = Host::start();
    host.load(&[("weights", weights)]).unwrap();
    let Some(wav) = std::env::var_os("HARK_TEST_WAV").map(PathBuf::from) else { return };
    let mut reader = hound::WavReader::open(wav).unwrap();
    assert_eq!((reader.spec().sample_rate, reader.spec().channels), (16_000, 1));
    let sound: Vec<f32> =
        reader.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect();
    let (_, transcript) = host.hear(ListenRequest { word_times: true, ..listen(None) }, &sound).unwrap();
    println!("{transcript:?}");
    assert!(!transcript.text.is_empty() && !transcript.words.is_empty());
}
