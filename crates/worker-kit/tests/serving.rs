//! The loop of a worker over pipes in memory: what a host sees, and what a job sees.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests, helpers included")]

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use engine::JobError;
use serde::{Deserialize, Serialize};
use worker_kit::{
    End, FrameError, Identity, Job, JobId, NextInput, Protocol, ToHost, ToWorker, Worker, frame, serve_on,
};

/// Counts and sums.
enum Sums {}

#[derive(Debug, Serialize, Deserialize)]
enum Ask {
    /// Adds up the input; each sum so far is an event.
    Sum,
    /// Emits 1, 2, 3, … until it has emitted so many or is cancelled.
    Count(u32),
    /// Waits for its cancellation without ever looking at it through the job.
    UntilFlag,
    /// Says that it will be quiet for so many milliseconds, and waits to be cancelled.
    Quiet(u64),
    /// Ignores everything until the test releases it.
    Stuck,
    Panic,
}

impl Protocol for Sums {
    const NAME: &'static str = "sums";
    const VERSION: u32 = 3;
    type Request = Ask;
    type Input = u32;
    type Event = u32;
    type Output = u32;
}

struct Adder {
    release: Arc<AtomicBool>,
}

impl Worker<Sums> for Adder {
    fn run(&mut self, request: Ask, job: &Job<Sums>) -> Result<u32, JobError> {
        match request {
            Ask::Sum => sum(job),
            Ask::Count(most) => {
                let mut count = 0;
                while count < most && !job.is_cancelled() {
                    count += 1;
                    job.emit(count);
                }
                Ok(count)
            }
            Ask::UntilFlag => {
                let flag = job.cancel_flag();
                while !flag.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                Ok(0)
            }
            Ask::Quiet(limit) => job.quiet_for(Duration::from_millis(limit), || {
                let flag = job.cancel_flag();
                while !flag.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                Ok(0)
            }),
            Ask::Stuck => {
                while !self.release.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                Ok(0)
            }
            Ask::Panic => panic!("what the user said"),
        }
    }
}

fn sum(job: &Job<Sums>) -> Result<u32, JobError> {
    let mut sum = 0;
    loop {
        match job.next_input(Duration::from_mins(1)) {
            NextInput::Input(input) => {
                sum += input;
                job.emit(sum);
            }
            NextInput::End => return Ok(sum),
            NextInput::Cancelled => return Err(JobError::Cancelled),
            NextInput::TimedOut => return Err(JobError::Internal { reason: "no input".into() }),
        }
    }
}

/// The host's end of a served worker.
struct Host {
    to: Option<PipeWriter>,
    from: Option<PipeReader>,
    worker: JoinHandle<End>,
    left: Receiver<()>,
    release: Arc<AtomicBool>,
}

impl Host {
    fn ungreeted() -> Self {
        let (theirs_in, to) = pipe().unwrap();
        let (from, theirs_out) = pipe().unwrap();
        let release = Arc::new(AtomicBool::new(false));
        let adder = Adder { release: Arc::clone(&release) };
        let (leave, left): (Sender<()>, _) = mpsc::channel();
        let leave = Mutex::new(leave);
        let identity = Identity { name: "adder".into(), build: "test".into(), features: vec!["sum".into()] };
        let worker = thread::spawn(move || {
            serve_on(identity, adder, theirs_in, theirs_out, move || leave.lock().unwrap().send(()).unwrap())
        });
        Self { to: Some(to), from: Some(from), worker, left, release }
    }

    fn new() -> Self {
        let mut host = Self::ungreeted();
        host.say(&ToWorker::Hello { protocol: "sums".into(), version: 3 });
        let ToHost::Hello(hello) = host.hear() else { panic!("the first frame is a hello") };
        assert_eq!((hello.protocol.as_str(), hello.version, hello.name.as_str()), ("sums", 3, "adder"));
        assert_eq!(hello.features, ["sum"]);
        host
    }

    fn say(&mut self, message: &ToWorker<Sums>) {
        frame::write(self.to.as_mut().unwrap(), message).unwrap();
    }

    fn start(&mut self, job: u64, request: Ask) {
        self.say(&ToWorker::Start { job: JobId(job), request });
    }

    fn cancel(&mut self, job: u64) {
        self.say(&ToWorker::Cancel { job: JobId(job) });
    }

    /// The next frame, beats included.
    fn hear(&mut self) -> ToHost<Sums> {
        frame::decode(&frame::read(self.from.as_mut().unwrap()).unwrap().expect("it still talks")).unwrap()
    }

    /// The events of `job` and its end.
    fn result(&mut self, job: u64) -> (Vec<u32>, Result<u32, JobError>) {
        let mut events = Vec::new();
        loop {
            match self.hear() {
                ToHost::Event { job: of, event } if of.0 == job => events.push(event),
                ToHost::Done { job: of, result } if of.0 == job => return (events, result),
                ToHost::Beat { .. } => {}
                _ => panic!("of another job"),
            }
        }
    }

    /// Waits until a job has shown that it runs.
    fn until_event(&mut self) {
        while !matches!(self.hear(), ToHost::Event { .. }) {}
    }

    /// Closes the worker's input and waits for its end.
    fn close(mut self) -> End {
        self.to = None;
        self.worker.join().unwrap()
    }
}

#[test]
fn jobs_are_done_in_order_each_with_its_events_before_its_end() {
    let mut host = Host::new();
    host.start(1, Ask::Count(3));
    host.start(2, Ask::Count(2));
    assert_eq!(host.result(1), (vec![1, 2, 3], Ok(3)));
    assert_eq!(host.result(2), (vec![1, 2], Ok(2)));
    assert_eq!(host.close(), End::HostGone);
}

#[test]
fn input_reaches_the_job_it_is_for_in_order() {
    let mut host = Host::new();
    host.start(1, Ask::Sum);
    host.start(2, Ask::Sum);
    for (job, input) in [(1, 1), (2, 10), (1, 2), (2, 20), (9, 99)] {
        host.say(&ToWorker::Input { job: JobId(job), input });
    }
    host.say(&ToWorker::EndInput { job: JobId(1) });
    host.say(&ToWorker::EndInput { job: JobId(2) });
    assert_eq!(host.result(1), (vec![1, 3], Ok(3)));
    assert_eq!(host.result(2), (vec![10, 30], Ok(30)));
}

#[test]
fn a_running_job_sees_its_cancellation() {
    let mut host = Host::new();
    host.start(1, Ask::Count(u32::MAX));
    host.until_event();
    host.cancel(1);
    let (events, result) = host.result(1);
    // It may have stopped right after the event that was waited for.
    assert_eq!(result.ok(), events.last().copied().or(Some(1)));
}

#[test]
fn the_flag_alone_is_enough_for_native_code() {
    let mut host = Host::new();
    host.start(1, Ask::UntilFlag);
    host.cancel(1);
    // Whether it had begun or not.
    assert!(matches!(host.result(1), (_, Ok(0) | Err(JobError::Cancelled))));
}

#[test]
fn a_cancellation_wakes_a_job_that_waits_for_input() {
    let mut host = Host::new();
    host.start(1, Ask::Sum);
    host.say(&ToWorker::Input { job: JobId(1), input: 5 });
    host.until_event();
    host.cancel(1);
    assert_eq!(host.result(1).1, Err(JobError::Cancelled));
}

#[test]
fn a_job_cancelled_while_queued_does_not_run() {
    let mut host = Host::new();
    host.start(1, Ask::Sum);
    host.start(2, Ask::Panic);
    host.cancel(2);
    host.cancel(77);
    host.say(&ToWorker::EndInput { job: JobId(1) });
    assert_eq!(host.result(1), (vec![], Ok(0)));
    assert_eq!(host.result(2), (vec![], Err(JobError::Cancelled)));
    host.start(3, Ask::Count(1));
    assert_eq!(host.result(3), (vec![1], Ok(1)));
}

#[test]
fn a_ping_is_answered_while_a_job_runs() {
    let mut host = Host::new();
    host.start(1, Ask::Sum);
    host.say(&ToWorker::Ping { nonce: 42 });
    loop {
        match host.hear() {
            ToHost::Pong { nonce } => break assert_eq!(nonce, 42),
            ToHost::Beat { .. } => {}
            _ => panic!("nothing else is due"),
        }
    }
}

/// The next beat: progress and announced quiet.
fn beat(host: &mut Host) -> (u64, Option<u32>) {
    loop {
        if let ToHost::Beat { job, progress, quiet_ms } = host.hear() {
            assert_eq!(job, JobId(1));
            return (progress, quiet_ms);
        }
    }
}

#[test]
fn beats_go_on_while_the_computation_is_stuck_and_show_that_it_is() {
    let mut host = Host::new();
    host.start(1, Ask::Stuck);
    let first = beat(&mut host);
    assert_eq!(beat(&mut host), first);
    host.release.store(true, Ordering::Relaxed);
    assert_eq!(host.result(1).1, Ok(0));
}

#[test]
fn beats_show_progress_while_a_job_waits_for_input() {
    let mut host = Host::new();
    host.start(1, Ask::Sum);
    let (first, _) = beat(&mut host);
    assert!(beat(&mut host).0 > first);
}

#[test]
fn quiet_is_announced_and_taken_back() {
    let mut host = Host::new();
    host.start(1, Ask::Quiet(90_000));
    assert_eq!(beat(&mut host).1, Some(90_000));
    host.cancel(1);
    assert_eq!(beat_or_done(&mut host), None);
}

/// What quiet the last beat before the end allowed.
fn beat_or_done(host: &mut Host) -> Option<u32> {
    let mut last = Some(0);
    loop {
        match host.hear() {
            ToHost::Beat { quiet_ms, .. } => last = quiet_ms,
            ToHost::Done { .. } => return last,
            _ => {}
        }
    }
}

#[test]
fn a_host_that_does_not_read_can_still_cancel() {
    let mut host = Host::new();
    host.start(1, Ask::Count(u32::MAX));
    host.until_event();
    // Nobody reads now: the pipe fills, then the queue, and the job waits, while the reader still listens.
    host.cancel(1);
    host.start(2, Ask::Count(1));
    assert!(host.result(1).1.is_ok());
    assert_eq!(host.result(2), (vec![1], Ok(1)));
}

#[test]
fn a_panic_is_the_jobs_error_without_its_text_and_ends_the_worker() {
    let mut host = Host::new();
    host.start(1, Ask::Panic);
    while !matches!(host.hear(), ToHost::Leaving) {}
    let Err(JobError::Internal { reason }) = host.result(1).1 else { panic!() };
    assert!(!reason.contains("user said"), "{reason}");
    assert_eq!(host.worker.join().unwrap(), End::Panicked);
}

#[test]
fn the_end_of_input_ends_a_job_that_looks_at_its_flag() {
    let mut host = Host::new();
    host.start(1, Ask::Count(u32::MAX));
    host.until_event();
    assert_eq!(host.close(), End::HostGone);
}

#[test]
fn the_end_of_input_ends_the_process_under_a_job_that_does_not_look() {
    let mut host = Host::new();
    host.start(1, Ask::Stuck);
    beat(&mut host);
    host.to = None;
    host.left.recv_timeout(Duration::from_mins(1)).expect("it leaves");
    host.release.store(true, Ordering::Relaxed);
}

#[test]
fn a_host_that_no_longer_listens_is_gone() {
    let mut host = Host::new();
    host.start(1, Ask::Stuck);
    host.from = None;
    host.left.recv_timeout(Duration::from_mins(1)).expect("it leaves");
    host.release.store(true, Ordering::Relaxed);
}

#[test]
fn another_version_is_answered_and_then_left() {
    for (protocol, version) in [("sums", 4), ("llm", 3)] {
        let mut host = Host::ungreeted();
        host.say(&ToWorker::Hello { protocol: protocol.into(), version });
        assert!(matches!(host.hear(), ToHost::Hello(hello) if hello.version == 3));
        assert_eq!(host.worker.join().unwrap(), End::OtherProtocol);
    }
}

#[track_caller]
fn breaks(bytes: &[u8], error: &FrameError) {
    let mut host = Host::new();
    host.to.as_mut().unwrap().write_all(bytes).unwrap();
    assert_eq!(host.worker.join().unwrap(), End::Broken(error.clone()));
    assert_eq!(host.from.unwrap().read_to_end(&mut Vec::new()).unwrap(), 0);
}

#[test]
fn garbage_from_the_host_ends_the_worker() {
    breaks(&[1, 0, 0, 0, 0xc1], &FrameError::Malformed);
    breaks(&[0xff; 4], &FrameError::TooLong { length: u32::MAX as usize });
    let hello = frame::encode(&ToWorker::<Sums>::Hello { protocol: "sums".into(), version: 3 }).unwrap();
    breaks(&hello, &FrameError::Malformed);
}

#[test]
fn a_job_before_the_greeting_ends_the_worker() {
    let mut host = Host::ungreeted();
    host.start(1, Ask::Count(1));
    assert_eq!(host.worker.join().unwrap(), End::Broken(FrameError::Malformed));
}

#[test]
fn more_jobs_than_a_worker_queues_break_the_protocol() {
    let mut host = Host::new();
    host.start(1, Ask::Sum);
    let hello = (2..200).try_for_each(|job| {
        let start = ToWorker::<Sums>::Start { job: JobId(job), request: Ask::Count(1) };
        frame::write(host.to.as_mut().unwrap(), &start)
    });
    // The pipe may be closed before all are written.
    assert!(matches!(hello, Ok(()) | Err(FrameError::Io(_))));
    assert_eq!(host.worker.join().unwrap(), End::Broken(FrameError::Malformed));
}
