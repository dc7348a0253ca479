//! The loop of a worker process.
//!
//! Three threads: the caller's computes; `frames-in` reads, and so can set a job's cancel flag at any moment;
//! `frames-out` writes and beats. The host's disappearance, seen by either of the two, ends the process within
//! [`LEAVE_GRACE`] whatever the computation does.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use engine::JobError;

use crate::beat::Pulse;
use crate::frame::{self, FrameError};
use crate::job::{Emitter, Feed, Job};
use crate::message::{JobId, Protocol, ToHost, ToWorker, WorkerHello};
use crate::outbox::Outbox;
use crate::stdio;

/// Time between two beats while a job runs.
pub const BEAT_EVERY: Duration = Duration::from_millis(500);

/// How long a job may go on after the host is gone before the process ends under it.
pub const LEAVE_GRACE: Duration = Duration::from_secs(1);

/// Jobs that may be queued; a host that starts more breaks the protocol. Ours queues on its own side.
const JOBS: usize = 64;

/// What the worker's program is, for the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The program's name.
    pub name: String,
    /// Its version and what it was built with.
    pub build: String,
    /// See [`WorkerHello::features`].
    pub features: Vec<String>,
}

/// What a worker does with a job.
pub trait Worker<P: Protocol> {
    /// Does one job on the thread that computes. Looks at [`Job::is_cancelled`] often.
    ///
    /// # Errors
    /// The job has failed; the worker goes on. A panic fails the job too, but then the process ends after saying so,
    /// because what the panic left behind cannot be trusted.
    fn run(&mut self, request: P::Request, job: &Job<P>) -> Result<P::Output, JobError>;
}

/// Why serving ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The host closed the stream or is gone.
    HostGone,
    /// The host speaks another protocol or version.
    OtherProtocol,
    /// The host sent something that is no frame of this protocol.
    Broken(FrameError),
    /// A job panicked.
    Panicked,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        match end {
            End::HostGone => Self::SUCCESS,
            End::OtherProtocol => Self::from(3),
            End::Broken(_) => Self::from(4),
            // As Rust's own.
            End::Panicked => Self::from(101),
        }
    }
}

/// Serves on standard input and output until the host is gone: the whole `main` of a worker program.
pub fn serve<P: Protocol, W: Worker<P>>(identity: Identity, worker: W) -> ExitCode {
    stdio::keep_panics_private();
    stdio::leave_no_core();
    match stdio::take_stdout() {
        Ok(stdout) => serve_on(identity, worker, std::io::stdin(), stdout, stdio::leave_now).into(),
        Err(error) => {
            eprintln!("standard output cannot be used: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves on any two streams. `leave` ends the process; it is called when the host is gone and the job that runs has
/// not ended within [`LEAVE_GRACE`].
pub fn serve_on<P: Protocol, W: Worker<P>>(
    identity: Identity,
    mut worker: W,
    reader: impl Read + Send + 'static,
    mut writer: impl Write + Send + 'static,
    leave: impl Fn() + Send + Sync + 'static,
) -> End {
    let shared = Arc::new(Shared::new(leave));
    let (jobs_in, jobs) = mpsc::sync_channel(JOBS);
    let reading = Reading::<P> { shared: Arc::clone(&shared), jobs: jobs_in, running: HashMap::new() };
    let incoming =
        thread::Builder::new().name("frames-in".into()).spawn(move || reading.run(identity, reader));
    let for_writer = Arc::clone(&shared);
    let outgoing = thread::Builder::new().name("frames-out".into()).spawn(move || {
        let written = for_writer.outbox.write_all::<P>(&mut writer, &for_writer.pulse, BEAT_EVERY);
        if written.is_err() {
            for_writer.host_is_gone();
        }
    });
    let (Ok(_), Ok(outgoing)) = (incoming, outgoing) else {
        tracing::error!("the worker's threads cannot be started");
        return End::HostGone;
    };

    let panicked = compute(&mut worker, &jobs, &shared);
    let end = if panicked { End::Panicked } else { shared.end.get().cloned().unwrap_or(End::HostGone) };
    if end != End::HostGone {
        // The last frames say why; with no host there is nobody to read them.
        shared.outbox.finish();
        let _ = outgoing.join();
    }
    shared.compute_ended.open();
    end
}

/// Does jobs until there are no more; `true` when one panicked.
fn compute<P: Protocol, W: Worker<P>>(worker: &mut W, jobs: &Receiver<Queued<P>>, shared: &Shared) -> bool {
    for Queued { request, job } in jobs {
        let emitter = job.emitter();
        if emitter.is_cancelled() {
            shared.send(&ToHost::<P>::Done { job: job.id(), result: Err(JobError::Cancelled) });
            continue;
        }
        shared.pulse.begin(job.id());
        let ended = catch_unwind(AssertUnwindSafe(|| worker.run(request, &job)));
        let panicked = ended.is_err();
        let mut result = ended.unwrap_or_else(|_payload| {
            Err(internal("The engine failed on this message and starts anew. Try again."))
        });
        if emitter.fault.get().is_some() {
            result = Err(internal("The engine made something that cannot be sent. Try again."));
        }
        shared.pulse.end();
        if panicked {
            shared.send(&ToHost::<P>::Leaving);
        }
        shared.send(&ToHost::<P>::Done { job: job.id(), result });
        if panicked {
            return true;
        }
    }
    false
}

fn internal(reason: &str) -> JobError {
    JobError::Internal { reason: reason.into() }
}

struct Queued<P: Protocol> {
    request: P::Request,
    job: Job<P>,
}

/// What the three threads share.
struct Shared {
    outbox: Arc<Outbox>,
    pulse: Arc<Pulse>,
    end: OnceLock<End>,
    compute_ended: Gate,
    leave: Box<dyn Fn() + Send + Sync>,
}

impl Shared {
    fn new(leave: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            outbox: Arc::new(Outbox::new()),
            pulse: Arc::default(),
            end: OnceLock::new(),
            compute_ended: Gate::default(),
            leave: Box::new(leave),
        }
    }

    fn send<P: Protocol>(&self, message: &ToHost<P>) {
        match frame::encode(message) {
            Ok(frame) => self.outbox.send(frame, &self.pulse),
            Err(error) => {
                tracing::error!(%error, "a result was lost");
                if let ToHost::Done { job, .. } = message {
                    let result = Err(internal("The engine made something that cannot be sent. Try again."));
                    self.send(&ToHost::<P>::Done { job: *job, result });
                }
            }
        }
    }

    /// Called by the thread that noticed; returns when the computation has ended or the process was told to leave.
    fn host_is_gone(&self) {
        self.pulse.lose_host();
        self.outbox.abandon();
        if !self.compute_ended.wait(LEAVE_GRACE) {
            (self.leave)();
        }
    }
}

/// Opens once.
#[derive(Debug, Default)]
struct Gate {
    // A mutex because a condition variable needs one.
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    /// Whether it opened within `limit`.
    fn wait(&self, limit: Duration) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.opened.wait_timeout_while(open, limit, |open| !*open);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A job as the reader knows it.
struct Handle<I> {
    cancel: Arc<AtomicBool>,
    /// Unbounded, because a full queue must not keep the reader from the next cancellation; what is streamed comes at
    /// the pace of a microphone.
    inputs: Sender<Feed<I>>,
}

impl<I> Handle<I> {
    fn cancel(&self) {
        self.cancel.store(true, Ordering::Relaxed);
        // Wakes a job that waits for input; one that has ended does not hear it.
        let _ = self.inputs.send(Feed::End);
    }
}

/// The reader thread's state.
struct Reading<P: Protocol> {
    shared: Arc<Shared>,
    jobs: SyncSender<Queued<P>>,
    /// Jobs queued, running, or ended since the last start.
    running: HashMap<JobId, Handle<P::Input>>,
}

impl<P: Protocol> Reading<P> {
    fn run(mut self, identity: Identity, mut reader: impl Read) {
        let end = match self.greet(identity, &mut reader) {
            Ok(()) => self.read_all(&mut reader),
            Err(end) => end,
        };
        let Self { shared, jobs, running } = self;
        let gone = end == End::HostGone;
        let _ = shared.end.set(end);
        if gone {
            shared.pulse.lose_host();
        }
        for handle in running.values() {
            handle.cancel();
        }
        // With the sender gone the computation ends after the jobs that are queued, each of them cancelled.
        drop(jobs);
        if gone {
            shared.host_is_gone();
        } else if !shared.compute_ended.wait(LEAVE_GRACE) {
            (shared.leave)();
        }
    }

    fn greet(&self, identity: Identity, reader: &mut impl Read) -> Result<(), End> {
        let Some(ToWorker::<P>::Hello { protocol, version }) = next(reader)? else {
            return Err(End::Broken(FrameError::Malformed));
        };
        let Identity { name, build, features } = identity;
        let hello = WorkerHello { protocol: P::NAME.into(), version: P::VERSION, name, build, features };
        self.urgent(&ToHost::Hello(hello));
        if protocol == P::NAME && version == P::VERSION { Ok(()) } else { Err(End::OtherProtocol) }
    }

    fn read_all(&mut self, reader: &mut impl Read) -> End {
        loop {
            match next(reader) {
                Ok(Some(message)) => {
                    if let Err(end) = self.take(message) {
                        return end;
                    }
                }
                Ok(None) => return End::HostGone,
                Err(end) => return end,
            }
        }
    }

    fn take(&mut self, message: ToWorker<P>) -> Result<(), End> {
        match message {
            ToWorker::Hello { .. } => return Err(End::Broken(FrameError::Malformed)),
            ToWorker::Start { job, request } => return self.start(job, request),
            ToWorker::Input { job, input } => self.feed(job, Feed::Input(input)),
            ToWorker::EndInput { job } => self.feed(job, Feed::End),
            ToWorker::Cancel { job } => {
                if let Some(handle) = self.running.get(&job) {
                    handle.cancel();
                }
            }
            ToWorker::Ping { nonce } => self.urgent(&ToHost::Pong { nonce }),
        }
        Ok(())
    }

    fn start(&mut self, job: JobId, request: P::Request) -> Result<(), End> {
        // The computation drops its half of the flag when a job has ended.
        self.running.retain(|_, handle| Arc::strong_count(&handle.cancel) > 1);
        let cancel = Arc::new(AtomicBool::new(false));
        let (inputs, feed) = mpsc::channel();
        let emitter = Emitter {
            job,
            outbox: Arc::clone(&self.shared.outbox),
            pulse: Arc::clone(&self.shared.pulse),
            cancel: Arc::clone(&cancel),
            fault: Arc::default(),
            protocol: std::marker::PhantomData,
        };
        self.running.insert(job, Handle { cancel, inputs });
        let queued = Queued { request, job: Job::new(emitter, feed) };
        self.jobs.try_send(queued).map_err(|_| End::Broken(FrameError::Malformed))
    }

    fn feed(&self, job: JobId, feed: Feed<P::Input>) {
        if let Some(handle) = self.running.get(&job) {
            // A job that has just ended wants no more.
            let _ = handle.inputs.send(feed);
        }
    }

    fn urgent(&self, message: &ToHost<P>) {
        if let Ok(frame) = frame::encode(message) {
            self.shared.outbox.send_urgent(frame);
        }
    }
}

/// The next message; `None` when the host closed the stream.
fn next<P: Protocol>(reader: &mut impl Read) -> Result<Option<ToWorker<P>>, End> {
    match frame::read(reader) {
        Ok(Some(payload)) => frame::decode(&payload).map(Some).map_err(End::Broken),
        Ok(None) | Err(FrameError::Io(_) | FrameError::Truncated) => Ok(None),
        Err(error) => Err(End::Broken(error)),
    }
}
