//! Real worker processes that die, hang and talk nonsense. What the user had got stays, and the next message works.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests, helpers included")]

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use engine::{
    CacheUse, ChatMessage, EngineError, FinishReason, GenerateEvent, GenerateRequest, Generated, JobError,
    LanguageModel, LoadRequest, Role, Sampling, Thinking, Weigh,
};
use testkit::{Mode, Script, WORDS};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use worker_host::{Limits, LlmWorker, ModelState, WorkerCommand, WorkerStatus};

/// Far more than anything here takes; a test that waits so long has found a deadlock.
const BOUND: Duration = Duration::from_mins(1);

/// How `std::process::abort` ends a process, in our words.
const ABORTED: &str = if cfg!(windows) { "exit code 0xC0000409" } else { "aborted (signal 6)" };

async fn bounded<T>(work: impl Future<Output = T>) -> T {
    timeout(BOUND, work).await.expect("it must not take for ever")
}

fn command(script: &Script) -> WorkerCommand {
    WorkerCommand::new(env!("CARGO_BIN_EXE_scripted-worker")).arg(script.to_arg())
}

fn load(weights: &str) -> LoadRequest {
    LoadRequest {
        weights: weights.into(),
        projector: None,
        context_tokens: None,
        threads: None,
        prefill_threads: None,
        gpu_layers: None,
    }
}

fn worker_with(script: &Script, limits: Limits) -> LlmWorker {
    let worker = LlmWorker::new(command(script), limits);
    worker.set_model(Some(load("model.gguf")));
    worker
}

/// A worker that behaves so in every life.
fn always(mode: Mode) -> LlmWorker {
    worker_with(&Script::new(mode), Limits::default())
}

fn request(text: &str) -> GenerateRequest {
    GenerateRequest {
        messages: vec![ChatMessage::new(Role::User, text)],
        sampling: Sampling::default(),
        max_tokens: None,
        stop: Vec::new(),
        thinking: Thinking::Auto,
        constraint: None,
        cache: CacheUse::Reuse,
        weigh: Weigh::Nothing,
    }
}

type Reply = (Result<Generated, EngineError>, String);

/// Asks, and calls `at_word` with the number of words so far after each.
async fn ask(worker: &LlmWorker, cancel: &CancellationToken, mut at_word: impl FnMut(usize)) -> Reply {
    let (events, mut heard) = mpsc::channel(4);
    let listen = async {
        let (mut text, mut words) = (String::new(), 0);
        while let Some(event) = heard.recv().await {
            if let GenerateEvent::Delta(delta) = event {
                text.push_str(&delta.text);
                words += 1;
                at_word(words);
            }
        }
        text
    };
    bounded(async { tokio::join!(worker.generate(request("Hello"), events, cancel.clone()), listen) }).await
}

async fn reply(worker: &LlmWorker) -> Reply {
    ask(worker, &CancellationToken::new(), |_| ()).await
}

#[track_caller]
fn assert_whole((result, text): Reply) {
    assert_eq!(result.map(|generated| generated.reason), Ok(FinishReason::EndOfTurn));
    assert_eq!(text, WORDS.concat());
}

#[track_caller]
fn gone(result: Result<Generated, EngineError>) -> String {
    match result {
        Err(EngineError::Gone { reason }) => reason,
        other => panic!("it should be gone: {other:?}"),
    }
}

/// Asks a worker whose first life fails after three words: they arrive, the error is returned, and the next question
/// is answered by the next life.
async fn failing_once(mode: Mode, limits: Limits) -> EngineError {
    let dir = tempfile::tempdir().unwrap();
    let worker = worker_with(&Script::new(mode).once(dir.path().join("failed")), limits);
    let (result, text) = reply(&worker).await;
    assert_eq!(text, WORDS[..3].concat());
    assert_whole(reply(&worker).await);
    result.unwrap_err()
}

async fn reason_of(mode: Mode) -> String {
    // Short enough for a test, long enough for a machine that is busy with many.
    let short = Duration::from_secs(3);
    gone(Err(failing_once(mode, Limits { silence: short, quiet: short, ..Limits::default() }).await))
}

/// The process behind a worker, which it names in its greeting.
async fn pid(worker: &LlmWorker) -> i32 {
    let mut status = worker.status();
    let ready = status.wait_for(|status| matches!(status, WorkerStatus::Ready { .. }));
    match &*bounded(ready).await.unwrap() {
        WorkerStatus::Ready { hello, .. } => hello.build.parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_good_worker_answers_and_goes_on() {
    let worker = always(Mode::Normal);
    assert_whole(reply(&worker).await);
    assert_whole(reply(&worker).await);
}

#[tokio::test]
async fn an_abort_costs_one_reply() {
    assert_eq!(reason_of(Mode::Abort).await, ABORTED);
}

#[tokio::test]
async fn a_failed_assertion_is_named() {
    let reason = reason_of(Mode::Assert).await;
    assert_eq!(reason, format!("{ABORTED}: /src/ggml.c:1: GGML_ASSERT(n_tokens > 0) failed"));
}

#[tokio::test]
async fn an_exit_costs_one_reply() {
    assert_eq!(reason_of(Mode::Exit).await, "exit code 3");
}

#[tokio::test]
async fn a_hanging_computation_is_noticed_although_the_worker_beats() {
    assert_eq!(reason_of(Mode::Hang).await, "it made no progress for 3 s");
}

#[tokio::test]
async fn a_worker_that_neither_reads_nor_beats_is_noticed() {
    assert!(reason_of(Mode::Deaf).await.contains("for 3 s"));
}

#[tokio::test]
async fn a_garbage_frame_costs_one_reply() {
    assert!(reason_of(Mode::Garbage).await.contains("could not be understood"));
}

#[tokio::test]
async fn an_oversize_frame_costs_one_reply() {
    assert!(reason_of(Mode::Oversize).await.contains("claims 4294967295 bytes"));
}

#[tokio::test]
async fn a_panic_fails_the_job_and_tells_nothing_of_what_was_said() {
    let error = failing_once(Mode::Panic, Limits::default()).await;
    assert!(matches!(error, EngineError::Job(JobError::Internal { .. })), "{error:?}");
    assert!(!format!("{error:?}").contains("Hello"));
}

#[cfg(unix)]
fn kill(pid: i32) {
    use rustix::process::{Pid, Signal, kill_process};
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn killed_in_mid_reply_the_words_stay_and_the_next_message_works() {
    let dir = tempfile::tempdir().unwrap();
    let script = Script::new(Mode::Endless).once(dir.path().join("failed"));
    let worker = worker_with(&script, Limits::default());
    bounded(worker.ready(None)).await.unwrap();
    let victim = pid(&worker).await;
    let (result, text) = ask(&worker, &CancellationToken::new(), |words| {
        if words == 5 {
            kill(victim);
        }
    })
    .await;
    assert_eq!(gone(result), "killed by signal 9");
    assert!(text.starts_with(&WORDS[..5].concat()));
    assert_whole(reply(&worker).await);
}

#[cfg(unix)]
#[tokio::test]
async fn killed_while_idle_it_comes_back_with_its_model_by_itself() {
    let worker = always(Mode::Normal);
    bounded(worker.ready(None)).await.unwrap();
    let victim = pid(&worker).await;
    let mut model = worker.model();
    kill(victim);
    bounded(model.wait_for(|model| *model == ModelState::Unloaded)).await.unwrap();
    bounded(model.wait_for(|model| matches!(model, ModelState::Ready(_)))).await.unwrap();
    assert_ne!(pid(&worker).await, victim);
    assert_whole(reply(&worker).await);
}

#[tokio::test]
async fn three_crashes_within_a_minute_are_enough_until_revived() {
    let worker = always(Mode::Abort);
    for _ in 0..3 {
        assert_eq!(gone(reply(&worker).await.0), ABORTED);
    }
    let reason = String::from(ABORTED);
    let degraded = EngineError::Degraded { crashes: 3, reason: reason.clone() };
    assert_eq!(reply(&worker).await.0, Err(degraded.clone()));
    assert_eq!(bounded(worker.ready(None)).await, Err(degraded));
    assert_eq!(*worker.status().borrow(), WorkerStatus::Degraded { reason, crashes: 3 });
    bounded(worker.revive()).await.unwrap();
    let (result, text) = reply(&worker).await;
    assert_eq!((gone(result).as_str(), text), (ABORTED, WORDS[..3].concat()));
}

#[tokio::test]
async fn a_worker_that_never_gets_up_is_given_up_with_the_reason() {
    let error = reply(&always(Mode::Stillborn)).await.0.unwrap_err();
    assert_eq!(error, EngineError::Degraded { crashes: 3, reason: "exit code 1".into() });
    let limits = Limits { handshake: Duration::from_secs(1), ..Limits::default() };
    let error = reply(&worker_with(&Script::new(Mode::Mute), limits)).await.0.unwrap_err();
    let reason = "it did not answer within 1 s of its start".into();
    assert_eq!(error, EngineError::Degraded { crashes: 3, reason });
}

#[tokio::test]
async fn a_worker_of_another_version_is_refused_with_what_to_do() {
    for mode in [Mode::OtherVersion, Mode::OtherProtocol] {
        let Err(EngineError::CannotStart { reason }) = reply(&always(mode)).await.0 else {
            panic!("{mode:?}")
        };
        assert!(reason.contains("Install Hark again"), "{reason}");
    }
}

#[tokio::test]
async fn a_missing_program_is_told() {
    let worker = LlmWorker::new(WorkerCommand::new("/nowhere/worker-llm"), Limits::default());
    worker.set_model(Some(load("model.gguf")));
    let Err(EngineError::CannotStart { reason }) = bounded(worker.ready(None)).await else { panic!() };
    assert!(reason.contains("/nowhere/worker-llm"), "{reason}");
}

#[tokio::test]
async fn cancelled_in_mid_reply_the_same_worker_answers_again() {
    let worker = always(Mode::Endless);
    bounded(worker.ready(None)).await.unwrap();
    let first = pid(&worker).await;
    for _ in 0..2 {
        let cancel = CancellationToken::new();
        let (result, text) = ask(&worker, &cancel, |words| {
            if words == 4 {
                cancel.cancel();
            }
        })
        .await;
        assert_eq!(result.unwrap().reason, FinishReason::Cancelled);
        assert!(text.starts_with(&WORDS[..4].concat()));
    }
    assert_eq!(pid(&worker).await, first);
}

#[tokio::test]
async fn cancelled_while_queued_a_reply_never_begins() {
    let worker = always(Mode::Endless);
    let cancel = CancellationToken::new();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let first = ask(&worker, &cancel, move |_| {
        if let Some(begun) = begun.take() {
            begun.send(()).unwrap();
        }
    });
    let second = async {
        begins.await.unwrap();
        let cancelled = CancellationToken::new();
        let reply = async {
            let (reply, ()) = tokio::join!(ask(&worker, &cancelled, |_| ()), async { cancelled.cancel() });
            reply
        };
        let (result, text) = reply.await;
        assert_eq!((result.unwrap().reason, text.as_str()), (FinishReason::Cancelled, ""));
        // Only now may the first end.
        cancel.cancel();
    };
    let ((result, _), ()) = tokio::join!(first, second);
    assert_eq!(result.unwrap().reason, FinishReason::Cancelled);
}

#[tokio::test]
async fn replies_come_in_the_order_of_their_calls() {
    let worker = always(Mode::Normal);
    let order = std::sync::Mutex::new(Vec::new());
    let one = |number| {
        let (worker, order) = (&worker, &order);
        async move {
            let never = CancellationToken::new();
            assert_whole(ask(worker, &never, |_| order.lock().unwrap().push(number)).await);
        }
    };
    tokio::join!(one(1), one(2), one(3));
    assert_eq!(*order.lock().unwrap(), [[1; 6], [2; 6], [3; 6]].concat());
}

#[tokio::test]
async fn a_worker_that_does_not_stop_when_asked_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let script = Script::new(Mode::Stubborn).once(dir.path().join("failed"));
    let worker =
        worker_with(&script, Limits { cancel_grace: Duration::from_millis(300), ..Limits::default() });
    let cancel = CancellationToken::new();
    let (result, _) = ask(&worker, &cancel, |_| cancel.cancel()).await;
    assert_eq!(gone(result), "it did not stop when it was asked to");
    assert_whole(reply(&worker).await);
}

#[tokio::test]
async fn a_slow_listener_holds_the_worker_back_and_misses_nothing() {
    let worker = always(Mode::Endless);
    let cancel = CancellationToken::new();
    let (events, mut heard) = mpsc::channel(1);
    let listen = async {
        let mut words = Vec::new();
        while let Some(event) = heard.recv().await {
            // Slower than the worker makes them.
            tokio::time::sleep(Duration::from_millis(4)).await;
            if let GenerateEvent::Delta(delta) = event {
                words.push(delta.text);
            }
            if words.len() == 300 {
                cancel.cancel();
            }
        }
        words
    };
    let generate = worker.generate(request("Hello"), events, cancel.clone());
    let (result, words) = bounded(async { tokio::join!(generate, listen) }).await;
    assert_eq!(result.unwrap().reason, FinishReason::Cancelled);
    assert!(words.iter().zip(WORDS.iter().cycle()).all(|(heard, said)| heard == said));
}

#[tokio::test]
async fn a_listener_that_goes_away_cancels() {
    let worker = always(Mode::Endless);
    let (events, mut heard) = mpsc::channel(4);
    let listen = async move { while !matches!(heard.recv().await, Some(GenerateEvent::Delta(_))) {} };
    let generate = worker.generate(request("Hello"), events, CancellationToken::new());
    let (result, ()) = bounded(async { tokio::join!(generate, listen) }).await;
    assert_eq!(result.unwrap().reason, FinishReason::Cancelled);
}

#[tokio::test]
async fn a_caller_that_stops_waiting_cancels() {
    let worker = always(Mode::Endless);
    let (events, mut heard) = mpsc::channel(1000);
    let generate = worker.generate(request("Hello"), events, CancellationToken::new());
    tokio::select! {
        _ = generate => panic!("it is endless"),
        _ = heard.recv() => {}
    }
    // The worker is free again.
    let cancel = CancellationToken::new();
    let (result, _) = ask(&worker, &cancel, |_| cancel.cancel()).await;
    assert_eq!(result.unwrap().reason, FinishReason::Cancelled);
}

#[tokio::test]
async fn noise_on_both_outputs_disturbs_nothing() {
    assert_whole(reply(&always(Mode::Noisy)).await);
}

#[tokio::test]
async fn a_load_that_announces_its_quiet_is_waited_for() {
    let limits = Limits { quiet: Duration::from_secs(1), ..Limits::default() };
    let worker = worker_with(&Script::new(Mode::SlowLoad), limits);
    let (progress, mut told) = mpsc::channel(16);
    bounded(worker.ready(Some(progress))).await.unwrap();
    let mut last = 0.0;
    while let Some(progress) = told.recv().await {
        last = progress.0;
    }
    assert!((last - 0.5).abs() < f32::EPSILON, "{last}");
}

#[tokio::test]
async fn another_model_stops_the_loading_of_the_first() {
    let worker = always(Mode::EndlessLoad);
    let mut model = worker.model();
    let switch = async {
        model
            .wait_for(|model| matches!(model, ModelState::Loading(progress) if progress.0 > 0.0))
            .await
            .unwrap();
        worker.set_model(None);
    };
    let (ready, ()) = bounded(async { tokio::join!(worker.ready(None), switch) }).await;
    assert_eq!(ready, Err(JobError::NoModel.into()));
    assert!(matches!(*worker.status().borrow(), WorkerStatus::Ready { .. }), "it was not killed for it");
}

#[tokio::test]
async fn the_wanted_model_is_the_one_that_answers() {
    let worker = always(Mode::Normal);
    for name in ["a.gguf", "b.gguf"] {
        worker.set_model(Some(load(name)));
        assert_eq!(bounded(worker.ready(None)).await.unwrap().name, name);
        assert_whole(reply(&worker).await);
    }
    bounded(worker.unload()).await.unwrap();
    assert_eq!(*worker.model().borrow(), ModelState::Unloaded);
    assert_whole(reply(&worker).await);
    worker.set_model(None);
    assert_eq!(reply(&worker).await.0, Err(JobError::NoModel.into()));
}

#[tokio::test]
async fn a_bad_model_is_the_jobs_error_and_harms_nothing() {
    let worker = always(Mode::BadModel);
    for _ in 0..4 {
        let error = bounded(worker.ready(None)).await.unwrap_err();
        assert!(matches!(error, EngineError::Job(JobError::BadModel { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn a_model_that_crashes_at_load_is_not_loaded_again_by_itself() {
    let worker = always(Mode::AbortAtLoad);
    let Err(EngineError::Gone { reason }) = bounded(worker.ready(None)).await else { panic!() };
    assert_eq!(reason, ABORTED);
    // It comes back once, and stays.
    pid(&worker).await;
    assert!(matches!(*worker.model().borrow(), ModelState::Failed(_)));
}

#[cfg(unix)]
#[tokio::test]
async fn a_path_that_is_not_text_is_told_and_harms_nothing() {
    use std::os::unix::ffi::OsStringExt;
    let worker = always(Mode::Normal);
    let weights = std::ffi::OsString::from_vec(b"model-\xff.gguf".to_vec()).into();
    worker.set_model(Some(LoadRequest { weights, ..load("") }));
    let error = bounded(worker.ready(None)).await.unwrap_err();
    assert!(matches!(error, EngineError::Job(JobError::BadRequest { .. })), "{error:?}");
    worker.set_model(Some(load("model.gguf")));
    assert_whole(reply(&worker).await);
}

#[tokio::test]
async fn five_megabytes_of_prompt_pass() {
    let worker = always(Mode::Normal);
    let (events, mut heard) = mpsc::channel(64);
    let generate = worker.generate(
        request(&"five words make a line\n".repeat(220_000)),
        events,
        CancellationToken::new(),
    );
    let listen = async { while heard.recv().await.is_some() {} };
    let (result, ()) = bounded(async { tokio::join!(generate, listen) }).await;
    assert_eq!(result.unwrap().reason, FinishReason::EndOfTurn);
}

/// Waits until there is no such process.
#[cfg(unix)]
async fn until_gone(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    // Another process's end can only be polled for.
    bounded(async {
        while rustix::process::test_kill_process(pid).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn no_worker_outlives_its_supervisor() {
    let worker = always(Mode::Hang);
    bounded(worker.ready(None)).await.unwrap();
    let (idle, busy) = (pid(&worker).await, always(Mode::Hang));
    bounded(busy.ready(None)).await.unwrap();
    let running = pid(&busy).await;
    let (events, mut heard) = mpsc::channel(64);
    let generate = tokio::spawn({
        let busy = busy.clone();
        async move { busy.generate(request("Hello"), events, CancellationToken::new()).await }
    });
    bounded(heard.recv()).await.unwrap();
    drop(worker);
    until_gone(idle).await;
    drop(busy);
    generate.abort();
    until_gone(running).await;
}

/// What happens when the app is killed: nobody cleans up, and the pipes close.
#[test]
fn a_worker_whose_host_is_gone_ends_although_its_computation_hangs() {
    use std::process::{Command, Stdio};
    use worker_kit::protocols::{Llm, LlmEvent, LlmRequest};
    use worker_kit::{JobId, Protocol, ToHost, ToWorker, frame};

    let script = Script { after: 0, ..Script::new(Mode::Hang) };
    let mut child = Command::new(Path::new(env!("CARGO_BIN_EXE_scripted-worker")))
        .arg(script.to_arg())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut say = |message: &ToWorker<Llm>| frame::write(&mut stdin, message).unwrap();
    say(&ToWorker::Hello { protocol: Llm::NAME.into(), version: Llm::VERSION });
    say(&ToWorker::Start { job: JobId(1), request: LlmRequest::Load(load("model.gguf")) });
    say(&ToWorker::Start { job: JobId(2), request: LlmRequest::Generate(request("Hello")) });
    loop {
        let payload = frame::read(&mut stdout).unwrap().unwrap();
        if let ToHost::Event { event: LlmEvent::Generate(_), .. } =
            frame::decode::<ToHost<Llm>>(&payload).unwrap()
        {
            break;
        }
    }
    drop(stdin);
    child.wait().unwrap();
}
