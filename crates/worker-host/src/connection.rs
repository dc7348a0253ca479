//! One living worker: greeted, and spoken to in frames.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::codec::FramedRead;
use worker_kit::frame::{self, FrameError};
use worker_kit::{JobId, Protocol, ToHost, ToWorker, WorkerHello};

use crate::codec::FrameCodec;
use crate::launch::{Body, Launch, Launched};
use crate::status::Life;

/// Frames that may wait for a worker to read them; then a call's input waits.
const OUTGOING: usize = 16;

/// How long a worker that has closed its output may take to end, and a killed one to be gone.
const BURIAL: Duration = Duration::from_secs(2);

/// Why a worker could not be opened.
pub(crate) enum NotOpened {
    /// Trying again helps only after the user has done something; a sentence.
    CannotStart(String),
    /// It died on the way.
    Died(String),
}

/// How a worker's stream of frames ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It closed its output, most likely because it died; its exit status says more.
    Closed,
    /// It has to be killed, for this reason.
    Kill(String),
}

impl From<FrameError> for Ending {
    fn from(error: FrameError) -> Self {
        match error {
            // What a process leaves that dies while it writes.
            FrameError::Truncated | FrameError::Io(_) => Self::Closed,
            broken => Self::Kill(format!("it sent something that is not of the protocol: {broken}")),
        }
    }
}

/// See the module. Dropping it kills the process.
pub(crate) struct Connection<P: Protocol> {
    pub(crate) life: Life,
    pub(crate) hello: Arc<WorkerHello>,
    /// To the task that writes, so that a worker that does not read holds nobody up. Ends with this struct, which
    /// closes the worker's input.
    pub(crate) outgoing: mpsc::Sender<Vec<u8>>,
    frames: FramedRead<Box<dyn AsyncRead + Send + Unpin>, FrameCodec<P>>,
    body: Box<dyn Body>,
    last_job: JobId,
    /// It has said that the job under way is its last.
    leaving: bool,
}

impl<P: Protocol> Connection<P> {
    /// Starts a worker and greets it.
    pub(crate) async fn open(launch: &dyn Launch, life: Life, limit: Duration) -> Result<Self, NotOpened> {
        let Launched { stdin, stdout, body } = launch.launch().await.map_err(NotOpened::CannotStart)?;
        let (outgoing, queue) = mpsc::channel(OUTGOING);
        tokio::spawn(write_frames(stdin, queue));
        let hello = WorkerHello {
            protocol: P::NAME.into(),
            version: P::VERSION,
            name: String::new(),
            build: String::new(),
            features: Vec::new(),
        };
        let frames = FramedRead::new(stdout, FrameCodec::default());
        let mut connection =
            Self { life, hello: Arc::new(hello), outgoing, frames, body, last_job: JobId(0), leaving: false };
        match timeout(limit, connection.greet()).await {
            Ok(Ok(hello)) => connection.accept(hello),
            Ok(Err(ending)) => Err(NotOpened::Died(connection.bury(ending).await)),
            Err(_elapsed) => {
                let ending =
                    Ending::Kill(format!("it did not answer within {} s of its start", limit.as_secs()));
                Err(NotOpened::Died(connection.bury(ending).await))
            }
        }
    }

    async fn greet(&mut self) -> Result<WorkerHello, Ending> {
        let hello = ToWorker::<P>::Hello { protocol: P::NAME.into(), version: P::VERSION };
        let hello = frame::encode(&hello).map_err(Ending::from)?;
        // Fails only when the worker has closed its input; then its output ends as well.
        let _ = self.outgoing.send(hello).await;
        match self.next().await? {
            ToHost::Hello(hello) => Ok(hello),
            _ => Err(Ending::Kill("it did not introduce itself".into())),
        }
    }

    fn accept(mut self, hello: WorkerHello) -> Result<Self, NotOpened> {
        if hello.protocol != P::NAME {
            return Err(NotOpened::CannotStart(format!(
                "its program is for something else (\"{}\" in place of \"{}\"). Install Hark again so that its parts belong together.",
                hello.protocol,
                P::NAME
            )));
        }
        if hello.version != P::VERSION {
            return Err(NotOpened::CannotStart(format!(
                "its program is of another version (protocol {} in place of {}). Install Hark again so that its parts belong together.",
                hello.version,
                P::VERSION
            )));
        }
        tracing::debug!(life = self.life.0, name = hello.name, build = hello.build, "worker ready");
        self.hello = Arc::new(hello);
        Ok(self)
    }

    /// The next frame. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Result<ToHost<P>, Ending> {
        match self.frames.next().await {
            Some(Ok(message)) => {
                self.leaving |= matches!(message, ToHost::Leaving);
                Ok(message)
            }
            Some(Err(error)) => Err(error.into()),
            None => Err(Ending::Closed),
        }
    }

    /// Waits, while no job runs, for the worker's end.
    pub(crate) async fn idle(&mut self) -> Ending {
        loop {
            match self.next().await {
                // The last job's remains.
                Ok(_) => {}
                Err(ending) => return ending,
            }
        }
    }

    /// Whether this life takes no further job.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving
    }

    pub(crate) fn next_job(&mut self) -> JobId {
        self.last_job.0 += 1;
        self.last_job
    }

    /// Sees the process to its end and says how it ended.
    pub(crate) async fn bury(self, ending: Ending) -> String {
        let Self { outgoing, frames, mut body, .. } = self;
        drop((outgoing, frames));
        match ending {
            Ending::Kill(reason) => {
                body.kill();
                // Its memory must be free before the next life asks for as much.
                let _ = timeout(BURIAL, body.ended()).await;
                reason
            }
            Ending::Closed => match timeout(BURIAL, body.ended()).await {
                Ok(reason) => reason,
                Err(_elapsed) => {
                    body.kill();
                    "it closed its output".into()
                }
            },
        }
    }
}

/// Writes until the connection is dropped, which then closes the worker's input, or the worker no longer reads.
async fn write_frames(mut stdin: Box<dyn AsyncWrite + Send + Unpin>, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = queue.recv().await {
        if stdin.write_all(&frame).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}
