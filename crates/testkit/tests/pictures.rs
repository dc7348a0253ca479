//! Pictures on their way to a worker process: each crosses when it is needed and lacking, and not again.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests, helpers included")]

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use engine::{
    CacheUse, ChatMessage, EngineError, GenerateRequest, Generated, Image, ImageSource, JobError,
    LanguageModel, LoadRequest, Media, Role, Sampling, Thinking, Weigh,
};
use testkit::{Mode, Script};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use worker_host::{Limits, LlmWorker, WorkerCommand};

/// Far more than anything here takes; a test that waits so long has found a deadlock.
const BOUND: Duration = Duration::from_mins(1);

async fn bounded<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, work).await.expect("it must not take for ever")
}

/// A worker with a model that sees, if it has a projector.
fn worker(script: &Script, projector: Option<&str>) -> LlmWorker {
    let command = WorkerCommand::new(env!("CARGO_BIN_EXE_scripted-worker")).arg(script.to_arg());
    let worker = LlmWorker::new(command, Limits::default());
    worker.set_model(Some(LoadRequest {
        weights: "model.gguf".into(),
        projector: projector.map(Into::into),
        context_tokens: None,
        threads: None,
        prefill_threads: None,
        gpu_layers: None,
    }));
    worker
}

fn seeing(mode: Mode) -> LlmWorker {
    worker(&Script::new(mode), Some("mmproj.gguf"))
}

/// Counts how often it was asked.
struct Source {
    rgb: Option<Arc<[u8]>>,
    asked: AtomicUsize,
}

impl ImageSource for Source {
    fn rgb(&self) -> Result<Arc<[u8]>, String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.rgb.clone().ok_or_else(|| "The file is gone. Attach it again.".into())
    }
}

/// A picture of one colour, and its source.
fn picture(colour: u8) -> (Image, Arc<Source>) {
    let rgb: Arc<[u8]> = vec![colour; 48].into();
    let id = Image::new(4, 4, Arc::clone(&rgb)).unwrap().id();
    let source = Arc::new(Source { rgb: Some(rgb), asked: AtomicUsize::new(0) });
    (Image::kept(id, 4, 4, Arc::clone(&source) as _).unwrap(), source)
}

fn request(images: &[&Image]) -> GenerateRequest {
    let media = images.iter().map(|&image| Media::Image(image.clone())).collect();
    GenerateRequest {
        messages: vec![ChatMessage { role: Role::User, text: "What is this?".into(), media }],
        sampling: Sampling::default(),
        max_tokens: None,
        stop: Vec::new(),
        thinking: Thinking::Auto,
        constraint: None,
        cache: CacheUse::Reuse,
        weigh: Weigh::Nothing,
    }
}

async fn ask(worker: &LlmWorker, images: &[&Image]) -> Result<Generated, EngineError> {
    let (events, mut heard) = mpsc::channel(4);
    let listen = async { while heard.recv().await.is_some() {} };
    let reply = worker.generate(request(images), events, CancellationToken::new());
    bounded(async { tokio::join!(reply, listen).0 }).await
}

fn marker(folder: &Path) -> Script {
    Script::new(Mode::Abort).once(folder.join("first"))
}

#[tokio::test]
async fn a_picture_crosses_once() {
    let worker = seeing(Mode::Normal);
    let (one, first) = picture(1);
    let (two, second) = picture(2);
    ask(&worker, &[&one]).await.unwrap();
    ask(&worker, &[&one, &two, &one]).await.unwrap();
    ask(&worker, &[&two]).await.unwrap();
    let asked = [first, second].map(|source| source.asked.load(Ordering::Relaxed));
    assert_eq!(asked, [1, 1]);
}

#[tokio::test]
async fn a_picture_that_was_prepared_need_not_cross_with_the_question() {
    let worker = seeing(Mode::Normal);
    let (one, source) = picture(1);
    let prepared = bounded(worker.prepare(one.clone(), CancellationToken::new())).await.unwrap();
    assert_eq!((prepared.tokens, source.asked.load(Ordering::Relaxed)), (64, 1));
    ask(&worker, &[&one]).await.unwrap();
    assert_eq!(source.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_new_life_gets_them_again() {
    let folder = tempfile::tempdir().unwrap();
    let worker = worker(&marker(folder.path()), Some("mmproj.gguf"));
    let (one, source) = picture(1);
    assert!(matches!(ask(&worker, &[&one]).await, Err(EngineError::Gone { .. })));
    ask(&worker, &[&one]).await.unwrap();
    assert_eq!(source.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_picture_that_is_gone_costs_that_question_and_says_so() {
    let worker = seeing(Mode::Normal);
    let (one, _) = picture(1);
    let gone = Arc::new(Source { rgb: None, asked: AtomicUsize::new(0) });
    let gone = Image::kept(one.id(), 4, 4, gone).unwrap();
    let error = ask(&worker, &[&gone]).await.unwrap_err();
    assert!(matches!(&error, EngineError::Job(JobError::BadRequest { reason }) if reason.contains("Attach")));
    ask(&worker, &[&one]).await.unwrap();
}

#[tokio::test]
async fn a_worker_that_keeps_nothing_is_not_asked_for_ever() {
    let worker = seeing(Mode::Forgetful);
    let (one, source) = picture(1);
    let error = ask(&worker, &[&one]).await.unwrap_err();
    assert!(matches!(error, EngineError::Job(JobError::BadRequest { .. })), "{error:?}");
    let error = bounded(worker.prepare(one, CancellationToken::new())).await.unwrap_err();
    assert!(matches!(error, EngineError::Job(JobError::BadRequest { .. })), "{error:?}");
    assert!(source.asked.load(Ordering::Relaxed) <= 6);
    ask(&worker, &[]).await.unwrap();
}

#[tokio::test]
async fn a_question_about_something_else_goes_before_a_look() {
    let worker = seeing(Mode::EndlessLook);
    let (one, _) = picture(1);
    let (two, _) = picture(2);
    for images in [&[][..], &[&two]] {
        let look = worker.prepare(one.clone(), CancellationToken::new());
        let (looked, answered) = bounded(async { tokio::join!(look, ask(&worker, images)) }).await;
        assert_eq!(looked, Err(JobError::Cancelled.into()));
        answered.unwrap();
    }
}

#[tokio::test]
async fn a_look_ends_when_nobody_wants_it() {
    let worker = seeing(Mode::EndlessLook);
    let (one, source) = picture(1);
    let cancel = CancellationToken::new();
    let look = worker.prepare(one.clone(), cancel.clone());
    let stop = async {
        while source.asked.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    assert_eq!(bounded(async { tokio::join!(look, stop).0 }).await, Err(JobError::Cancelled.into()));
    // The model that is wanted changes meanwhile.
    let look = worker.prepare(one.clone(), CancellationToken::new());
    let change = async { worker.set_model(None) };
    let looked = bounded(async { tokio::join!(look, change).0 }).await;
    assert!(matches!(looked, Err(EngineError::Job(JobError::Cancelled | JobError::NoModel))), "{looked:?}");
}

#[tokio::test]
async fn a_model_that_cannot_see_looks_at_nothing() {
    let worker = worker(&Script::new(Mode::Normal), None);
    let (one, source) = picture(1);
    let error = bounded(worker.prepare(one, CancellationToken::new())).await.unwrap_err();
    assert!(matches!(&error, EngineError::Job(JobError::CannotSee { model }) if model == "model.gguf"));
    assert_eq!(source.asked.load(Ordering::Relaxed), 0);
}
