//! One call, from its start to its end, and the watch over the worker meanwhile.

use std::time::Duration;

use engine::JobError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use worker_kit::{JobId, Protocol, ToHost, ToWorker, frame};

use crate::connection::{Connection, Ending};
use crate::events::{Events, Unheard};
use crate::status::{Limits, WorkerGone};

/// What one call is asked.
pub(crate) struct Call<P: Protocol> {
    pub(crate) request: P::Request,
    pub(crate) events: Events<P::Event>,
    /// Ends with the channel.
    pub(crate) inputs: Option<mpsc::Receiver<P::Input>>,
    pub(crate) cancel: CancellationToken,
}

/// What a call comes to for the one who called.
pub(crate) type CallResult<P> = Result<Result<<P as Protocol>::Output, JobError>, WorkerGone>;

/// Does one call on a worker that is idle.
///
/// # Errors
/// The worker has ended or must be killed.
pub(crate) async fn run<P: Protocol>(
    worker: &mut Connection<P>,
    call: Call<P>,
    answer: &mut oneshot::Sender<CallResult<P>>,
    limits: &Limits,
) -> Result<Result<P::Output, JobError>, Ending> {
    let job = worker.next_job();
    let Call { request, events, mut inputs, cancel } = call;
    let start = match frame::encode(&ToWorker::<P>::Start { job, request }) {
        Ok(start) => start,
        Err(error) => return Ok(Err(unsendable(&error))),
    };
    if timeout(limits.silence, worker.outgoing.send(start)).await.is_err() {
        return Err(Ending::Kill(format!("it did not read for {} s", limits.silence.as_secs())));
    }
    let outgoing = worker.outgoing.clone();
    let (watch, hearing) = (Watch::new(limits), Hearing::Open);
    let mut run =
        Run::<P> { job, outgoing: &outgoing, events: &events, cancel: &cancel, limits, watch, hearing };
    loop {
        let asked = run.watch.stop_by.is_some();
        tokio::select! {
            biased;
            () = stopped(&cancel, &events, answer), if !asked => run.stop(),
            message = worker.next() => match message? {
                ToHost::Done { job: ended, result } if ended == job => return Ok(result),
                message => run.take(message).await,
            },
            fed = feed::<P>(job, &outgoing, inputs.as_mut()), if inputs.is_some() => match fed {
                Fed::More => {}
                Fed::End => inputs = None,
                Fed::Unsendable(error) => {
                    inputs = None;
                    run.stop();
                    tracing::error!(%error, "a call's input was lost");
                }
            },
            () = sleep_until(run.watch.deadline()) => {
                if let Some(reason) = run.watch.verdict(Instant::now()) {
                    return Err(Ending::Kill(reason));
                }
            }
        }
    }
}

fn unsendable(error: &frame::FrameError) -> JobError {
    JobError::BadRequest {
        reason: format!(
            "This cannot be sent to the engine: {error}. A file's path may hold characters that are not text, or the request may be larger than 64 MiB."
        ),
    }
}

/// Waits until nobody wants the call's result or events any more, or it is cancelled.
async fn stopped<E: Send + 'static, R>(
    cancel: &CancellationToken,
    events: &Events<E>,
    answer: &mut oneshot::Sender<R>,
) {
    tokio::select! {
        () = cancel.cancelled() => {}
        () = events.closed() => {}
        () = answer.closed() => {}
    }
}

enum Fed {
    More,
    End,
    Unsendable(frame::FrameError),
}

/// Passes one piece of input on, when there is one and room for it. Dropping the future loses nothing.
async fn feed<P: Protocol>(
    job: JobId,
    outgoing: &mpsc::Sender<Vec<u8>>,
    inputs: Option<&mut mpsc::Receiver<P::Input>>,
) -> Fed {
    let Some(inputs) = inputs else { return Fed::End };
    // A worker that has closed its input has ended, which its output will tell.
    let Ok(room) = outgoing.reserve().await else { return Fed::End };
    let (message, fed) = match inputs.recv().await {
        Some(input) => (ToWorker::<P>::Input { job, input }, Fed::More),
        None => (ToWorker::EndInput { job }, Fed::End),
    };
    match frame::encode(&message) {
        Ok(frame) => {
            room.send(frame);
            fed
        }
        Err(error) => Fed::Unsendable(error),
    }
}

/// Whether events still go to the listener. Once one was withheld all later ones are, so that there are no gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hearing {
    Open,
    Over,
}

/// One call under way.
struct Run<'a, P: Protocol> {
    job: JobId,
    outgoing: &'a mpsc::Sender<Vec<u8>>,
    events: &'a Events<P::Event>,
    cancel: &'a CancellationToken,
    limits: &'a Limits,
    watch: Watch,
    hearing: Hearing,
}

impl<P: Protocol> Run<'_, P> {
    /// Asks the worker to stop, once.
    fn stop(&mut self) {
        if self.watch.stop_by.is_some() {
            return;
        }
        self.watch.stop_by = Some(Instant::now() + self.limits.cancel_grace);
        if let Ok(frame) = frame::encode(&ToWorker::<P>::Cancel { job: self.job }) {
            // No room means that the worker does not read; then the grace runs out.
            let _ = self.outgoing.try_send(frame);
        }
    }

    async fn take(&mut self, message: ToHost<P>) {
        self.watch.heard();
        match message {
            ToHost::Event { job, event } if job == self.job => {
                self.watch.moved();
                self.deliver(event).await;
            }
            ToHost::Beat { job, progress, quiet_ms } if job == self.job => {
                let quiet = quiet_ms.map_or(self.limits.quiet, |ms| Duration::from_millis(ms.into()));
                self.watch.beat(progress, quiet);
            }
            // Of another job, or of no interest.
            _ => {}
        }
    }

    /// Gives an event to the listener, waiting for room unless the call is cancelled. While we wait the worker is not
    /// listened to, so its clocks start anew afterwards.
    async fn deliver(&mut self, mut event: P::Event) {
        while self.hearing == Hearing::Open {
            match self.events.try_hear(event) {
                Ok(()) => return,
                Err(Unheard::Closed) => break,
                Err(Unheard::Full(back)) => event = back,
            }
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => self.hearing = Hearing::Over,
                () = self.events.room() => {}
            }
            self.watch.heard();
            self.watch.moved();
        }
        self.hearing = Hearing::Over;
        self.stop();
    }
}

/// When the worker was last known to live, and its job to get on.
struct Watch {
    heard_at: Instant,
    moved_at: Instant,
    progress: Option<u64>,
    silence: Duration,
    quiet: Duration,
    /// Set by a cancellation.
    stop_by: Option<Instant>,
}

impl Watch {
    fn new(limits: &Limits) -> Self {
        let now = Instant::now();
        Self {
            heard_at: now,
            moved_at: now,
            progress: None,
            silence: limits.silence,
            quiet: limits.quiet,
            stop_by: None,
        }
    }

    fn heard(&mut self) {
        self.heard_at = Instant::now();
    }

    fn moved(&mut self) {
        self.moved_at = Instant::now();
    }

    fn beat(&mut self, progress: u64, quiet: Duration) {
        self.quiet = quiet;
        if self.progress.replace(progress) != Some(progress) {
            self.moved();
        }
    }

    fn deadline(&self) -> Instant {
        let watched = (self.heard_at + self.silence).min(self.moved_at + self.quiet);
        self.stop_by.map_or(watched, |stop_by| stop_by.min(watched))
    }

    /// Why to kill the worker now, if at all.
    fn verdict(&self, now: Instant) -> Option<String> {
        if self.stop_by.is_some_and(|stop_by| now >= stop_by) {
            Some("it did not stop when it was asked to".into())
        } else if now >= self.heard_at + self.silence {
            Some(format!("it gave no sign of life for {} s", self.silence.as_secs()))
        } else if now >= self.moved_at + self.quiet {
            Some(format!("it made no progress for {} s", self.quiet.as_secs()))
        } else {
            None
        }
    }
}
