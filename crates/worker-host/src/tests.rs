//! Supervision on paused time, against workers in memory. Time runs only while everybody waits, so minutes cost
//! nothing and limits are met to the millisecond.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use engine::JobError;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use worker_kit::{JobId, Protocol, ToHost, ToWorker, WorkerHello, frame};

use crate::launch::{Body, Launch, Launched};
use crate::{Events, Limits, Supervisor, WorkerGone, WorkerStatus};

#[derive(Debug)]
enum Sums {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Ask(u32);

impl Protocol for Sums {
    const NAME: &'static str = "sums";
    const VERSION: u32 = 1;
    type Request = Ask;
    type Input = u32;
    type Event = u32;
    type Output = u32;
}

/// The pipes of one life.
struct Wire(DuplexStream);

impl Wire {
    /// The host's next message; a host that is gone ends this life.
    async fn hear(&mut self) -> ToWorker<Sums> {
        let mut header = [0; frame::HEADER];
        if self.0.read_exact(&mut header).await.is_err() {
            return std::future::pending().await;
        }
        let mut payload = vec![0; frame::payload_length(header).unwrap()];
        self.0.read_exact(&mut payload).await.unwrap();
        frame::decode(&payload).unwrap()
    }

    async fn say(&mut self, message: ToHost<Sums>) {
        // The host may have gone, which this life learns from `hear`.
        let _ = self.0.write_all(&frame::encode(&message).unwrap()).await;
    }

    async fn greet(&mut self) {
        assert!(matches!(self.hear().await, ToWorker::Hello { .. }));
        self.say(ToHost::Hello(WorkerHello {
            protocol: "sums".into(),
            version: 1,
            name: "sums".into(),
            build: String::new(),
            features: Vec::new(),
        }))
        .await;
    }

    async fn job(&mut self) -> (JobId, u32) {
        loop {
            if let ToWorker::Start { job, request } = self.hear().await {
                return (job, request.0);
            }
        }
    }

    async fn beat(&mut self, job: JobId, progress: u64, quiet_ms: Option<u32>) {
        self.say(ToHost::Beat { job, progress, quiet_ms }).await;
    }

    async fn done(&mut self, job: JobId, output: u32) {
        self.say(ToHost::Done { job, result: Ok(output) }).await;
    }

    /// Answers every job with its request until the host is gone.
    async fn serve(&mut self) -> String {
        loop {
            let (job, request) = self.job().await;
            self.done(job, request).await;
        }
    }
}

/// What one life does after its greeting; its value is how it ended.
type LifeOf = Box<dyn FnOnce(Wire) -> BoxFuture<'static, String> + Send>;

fn life<F: Future<Output = String> + Send + 'static>(act: impl FnOnce(Wire) -> F + Send + 'static) -> LifeOf {
    Box::new(|wire| Box::pin(act(wire)))
}

/// Answers well.
fn good() -> LifeOf {
    life(|mut wire| async move {
        wire.greet().await;
        wire.serve().await
    })
}

/// Dies after `idle` without a job.
fn dying_after(idle: Duration) -> LifeOf {
    life(move |mut wire| async move {
        wire.greet().await;
        sleep(idle).await;
        "it was told to".into()
    })
}

/// Plays lives in order, then good ones; notes when each began.
struct Lives {
    lives: Mutex<VecDeque<LifeOf>>,
    begun: Arc<Mutex<Vec<Instant>>>,
}

#[async_trait]
impl Launch for Lives {
    async fn launch(&self) -> Result<Launched, String> {
        self.begun.lock().unwrap().push(Instant::now());
        let life = self.lives.lock().unwrap().pop_front().unwrap_or_else(good);
        // Small, so that a host that does not read is felt soon.
        let (ours, theirs) = duplex(256);
        let (stdout, stdin) = tokio::io::split(ours);
        let act = tokio::spawn(life(Wire(theirs)));
        Ok(Launched { stdin: Box::new(stdin), stdout: Box::new(stdout), body: Box::new(Task(act)) })
    }
}

struct Task(JoinHandle<String>);

#[async_trait]
impl Body for Task {
    fn kill(&mut self) {
        self.0.abort();
    }

    async fn ended(&mut self) -> String {
        (&mut self.0).await.unwrap_or_else(|_| "it was killed".into())
    }
}

struct Bench {
    worker: Supervisor<Sums>,
    begun: Arc<Mutex<Vec<Instant>>>,
    start: Instant,
}

impl Bench {
    fn of(lives: impl IntoIterator<Item = LifeOf>) -> Self {
        let begun = Arc::default();
        let lives = Lives { lives: Mutex::new(lives.into_iter().collect()), begun: Arc::clone(&begun) };
        Self { worker: Supervisor::launching(lives, Limits::default()), begun, start: Instant::now() }
    }

    async fn call(&self, request: u32) -> Result<Result<u32, JobError>, WorkerGone> {
        self.worker.call(Ask(request), Events::ignored(), CancellationToken::new()).await
    }

    /// Calls a worker that is expected to die of it.
    async fn reason(&self) -> String {
        match self.call(1).await {
            Err(WorkerGone::Died { reason }) => reason,
            other => panic!("it should have died: {other:?}"),
        }
    }

    /// When each life began, in milliseconds.
    fn begun(&self) -> Vec<u128> {
        self.begun.lock().unwrap().iter().map(|at| at.duration_since(self.start).as_millis()).collect()
    }

    async fn until(&self, met: impl FnMut(&WorkerStatus) -> bool) -> WorkerStatus {
        self.worker.status().wait_for(met).await.unwrap().clone()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[tokio::test(start_paused = true)]
async fn a_worker_starts_with_its_first_call() {
    let bench = Bench::of([]);
    sleep(seconds(5)).await;
    assert_eq!((bench.begun(), bench.worker.status().borrow().clone()), (vec![], WorkerStatus::Stopped));
    assert_eq!(bench.call(7).await, Ok(Ok(7)));
    assert_eq!(bench.begun(), [5000]);
    bench.worker.stop().await;
    assert_eq!(*bench.worker.status().borrow(), WorkerStatus::Stopped);
    assert_eq!(bench.call(8).await, Ok(Ok(8)));
}

#[tokio::test(start_paused = true)]
async fn the_first_restart_is_at_once_and_the_next_after_a_pause() {
    let bench = Bench::of([dying_after(seconds(1)), dying_after(seconds(1))]);
    bench.worker.start().await.unwrap();
    sleep(seconds(10)).await;
    assert_eq!(bench.begun(), [0, 1000, 2250]);
    assert_eq!(bench.call(7).await, Ok(Ok(7)));
}

#[tokio::test(start_paused = true)]
async fn three_deaths_within_a_minute_degrade_and_reviving_forgets_them() {
    let bench = Bench::of([dying_after(seconds(1)), dying_after(seconds(1)), dying_after(seconds(1))]);
    bench.worker.start().await.unwrap();
    let reason = String::from("it was told to");
    let degraded = WorkerStatus::Degraded { reason: reason.clone(), crashes: 3 };
    bench.until(|status| *status == degraded).await;
    sleep(seconds(600)).await;
    assert_eq!(bench.call(7).await, Err(WorkerGone::Degraded { reason, crashes: 3 }));
    assert_eq!(bench.begun().len(), 3);
    bench.worker.revive().await.unwrap();
    assert_eq!(bench.call(7).await, Ok(Ok(7)));
}

#[tokio::test(start_paused = true)]
async fn deaths_further_apart_than_the_window_never_degrade() {
    let bench = Bench::of((0..10).map(|_| dying_after(seconds(31))));
    bench.worker.start().await.unwrap();
    sleep(seconds(600)).await;
    assert_eq!(bench.call(7).await, Ok(Ok(7)));
    assert_eq!(bench.begun().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn silence_during_a_job_is_death() {
    let bench = Bench::of([life(|mut wire| async move {
        wire.greet().await;
        wire.job().await;
        std::future::pending().await
    })]);
    assert_eq!(bench.reason().await, "it gave no sign of life for 10 s");
    assert_eq!(bench.elapsed(), seconds(10));
    assert_eq!(bench.call(7).await, Ok(Ok(7)));
}

/// Beats every half second with a progress that `progress` makes of the beat's number, for `beats` beats.
fn beating(beats: u64, quiet_ms: Option<u32>, progress: fn(u64) -> u64) -> LifeOf {
    life(move |mut wire| async move {
        wire.greet().await;
        let (job, request) = wire.job().await;
        for number in 0..beats {
            wire.beat(job, progress(number), quiet_ms).await;
            sleep(Duration::from_millis(500)).await;
        }
        wire.done(job, request).await;
        wire.serve().await
    })
}

#[tokio::test(start_paused = true)]
async fn beats_without_progress_are_a_hang() {
    let bench = Bench::of([beating(1000, None, |_| 1)]);
    assert_eq!(bench.reason().await, "it made no progress for 15 s");
    assert_eq!(bench.elapsed(), seconds(15));
}

#[tokio::test(start_paused = true)]
async fn progress_however_long_is_none() {
    let bench = Bench::of([beating(1000, None, |number| number / 20)]);
    assert_eq!(bench.call(7).await, Ok(Ok(7)));
    assert_eq!(bench.elapsed(), seconds(500));
}

#[tokio::test(start_paused = true)]
async fn announced_quiet_is_granted_and_not_more() {
    let bench = Bench::of([beating(119, Some(60_000), |_| 1), beating(1000, Some(60_000), |_| 1)]);
    assert_eq!(bench.call(7).await, Ok(Ok(7)));
    bench.worker.stop().await;
    assert_eq!(bench.reason().await, "it made no progress for 60 s");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_says_that_it_leaves_gets_no_further_job() {
    let bench = Bench::of([life(|mut wire| async move {
        wire.greet().await;
        let (job, request) = wire.job().await;
        wire.say(ToHost::Leaving).await;
        wire.done(job, request).await;
        sleep(seconds(1)).await;
        "exit code 101".into()
    })]);
    assert_eq!(bench.call(7).await, Ok(Ok(7)));
    assert_eq!(bench.call(8).await, Ok(Ok(8)));
    assert_eq!(bench.begun(), [0, 1000]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_owes_no_sign_of_life() {
    let bench = Bench::of([]);
    assert_eq!(bench.call(7).await, Ok(Ok(7)));
    sleep(seconds(3600)).await;
    assert_eq!(bench.call(8).await, Ok(Ok(8)));
    assert_eq!(bench.begun().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_is_slow_for_minutes_is_waited_for() {
    let bench = Bench::of([life(|mut wire| async move {
        wire.greet().await;
        let (job, request) = wire.job().await;
        for event in 0..100 {
            wire.say(ToHost::Event { job, event }).await;
        }
        wire.done(job, request).await;
        wire.serve().await
    })]);
    let (events, mut heard) = mpsc::channel(1);
    let listen = async {
        let mut all = Vec::new();
        while let Some(event) = heard.recv().await {
            all.push(event);
            sleep(seconds(20)).await;
        }
        all
    };
    let call = bench.worker.call(Ask(7), events, CancellationToken::new());
    let (result, all) = tokio::join!(call, listen);
    assert_eq!((result, all), (Ok(Ok(7)), (0..100).collect()));
    assert_eq!(bench.begun().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_the_end_is_delivered_before_the_end_is_told() {
    let bench = Bench::of([life(|mut wire| async move {
        wire.greet().await;
        let (job, _) = wire.job().await;
        for event in 0..100 {
            wire.say(ToHost::Event { job, event }).await;
        }
        "it was told to".into()
    })]);
    let (events, mut heard) = mpsc::channel(1);
    let listen = async {
        let mut all = Vec::new();
        while let Some(event) = heard.recv().await {
            all.push(event);
        }
        all
    };
    let call = bench.worker.call(Ask(7), events, CancellationToken::new());
    let (result, all) = tokio::join!(call, listen);
    assert_eq!(result, Err(WorkerGone::Died { reason: "it was told to".into() }));
    assert_eq!(all, (0..100).collect::<Vec<_>>());
}

/// A life whose first job goes on, with events, until the host says stop, and then for `after` longer.
fn stopping(after: Duration) -> LifeOf {
    life(move |mut wire| async move {
        wire.greet().await;
        let (job, request) = wire.job().await;
        wire.say(ToHost::Event { job, event: 1 }).await;
        loop {
            tokio::select! {
                message = wire.hear() => {
                    if matches!(message, ToWorker::Cancel { .. }) {
                        break;
                    }
                }
                () = sleep(Duration::from_millis(500)) => {}
            }
        }
        sleep(after).await;
        wire.done(job, request).await;
        wire.serve().await
    })
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_has_two_seconds_to_end() {
    for (after, ends) in [(1900, true), (2100, false)] {
        let bench = Bench::of([stopping(Duration::from_millis(after))]);
        let (events, mut heard) = mpsc::channel(8);
        let cancel = CancellationToken::new();
        let stop = async {
            heard.recv().await;
            cancel.cancel();
        };
        let (result, ()) = tokio::join!(bench.worker.call(Ask(7), events, cancel.clone()), stop);
        let reason = "it did not stop when it was asked to".into();
        assert_eq!(result, if ends { Ok(Ok(7)) } else { Err(WorkerGone::Died { reason }) });
        assert_eq!(bench.call(8).await, Ok(Ok(8)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_cancelled_while_the_worker_starts_does_not_wait_for_it() {
    let bench = Bench::of([life(|mut wire| async move {
        sleep(seconds(5)).await;
        wire.greet().await;
        wire.serve().await
    })]);
    let cancel = CancellationToken::new();
    let stop = async {
        sleep(seconds(1)).await;
        cancel.cancel();
    };
    let (result, ()) = tokio::join!(bench.worker.call(Ask(7), Events::ignored(), cancel.clone()), stop);
    assert_eq!((result, bench.elapsed()), (Ok(Err(JobError::Cancelled)), seconds(1)));
    assert_eq!(bench.call(8).await, Ok(Ok(8)));
}

#[tokio::test(start_paused = true)]
async fn input_is_streamed_in_order_and_ended() {
    let bench = Bench::of([life(|mut wire| async move {
        wire.greet().await;
        let (job, _) = wire.job().await;
        let mut sum = 0;
        loop {
            match wire.hear().await {
                ToWorker::Input { input, .. } => {
                    sum = sum * 10 + input;
                    wire.say(ToHost::Event { job, event: sum }).await;
                }
                ToWorker::EndInput { .. } => break,
                _ => {}
            }
        }
        wire.done(job, sum).await;
        wire.serve().await
    })]);
    let (input, inputs) = mpsc::channel(1);
    let feed = async move {
        for digit in 1..=5 {
            input.send(digit).await.unwrap();
            sleep(seconds(1)).await;
        }
    };
    let call = bench.worker.call_with_input(Ask(0), inputs, Events::ignored(), CancellationToken::new());
    assert_eq!(tokio::join!(call, feed).0, Ok(Ok(12345)));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_does_not_read_is_noticed() {
    let bench = Bench::of([life(|mut wire| async move {
        wire.greet().await;
        std::future::pending().await
    })]);
    let (input, inputs) = mpsc::channel(1);
    let feed = async move { while input.send(1).await.is_ok() {} };
    let call = bench.worker.call_with_input(Ask(0), inputs, Events::ignored(), CancellationToken::new());
    let reason = "it gave no sign of life for 10 s".into();
    assert_eq!(tokio::join!(call, feed).0, Err(WorkerGone::Died { reason }));
}

#[tokio::test(start_paused = true)]
async fn events_of_another_job_are_not_mistaken_for_this_ones() {
    let bench = Bench::of([life(|mut wire| async move {
        wire.greet().await;
        let (job, request) = wire.job().await;
        let stale = JobId(job.0 + 100);
        wire.say(ToHost::Event { job: stale, event: 1 }).await;
        wire.done(stale, 99).await;
        wire.say(ToHost::Event { job, event: 2 }).await;
        wire.done(job, request).await;
        wire.serve().await
    })]);
    let (events, mut heard) = mpsc::channel(8);
    assert_eq!(bench.worker.call(Ask(7), events, CancellationToken::new()).await, Ok(Ok(7)));
    assert_eq!((heard.recv().await, heard.recv().await), (Some(2), None));
}
