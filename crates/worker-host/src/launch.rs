//! A worker as an operating system's process.
//!
//! A process gets its own process group, so that Ctrl-C in a terminal stops the reply and not the worker. Its death is
//! tied to ours by its standard input, which ends when we do, however we end; Linux's parent-death signal is absent on
//! purpose, because it fires when the *thread* that started the worker ends.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::command::WorkerCommand;

/// The longest line of a worker's log that is kept whole, in bytes.
const LOG_LINE: u64 = 4096;

/// What a failed assertion of ggml prints. It names source and condition, never a prompt.
const ASSERTION: &str = "GGML_ASSERT";

/// How long the end of a dead process's log is waited for.
const LOG_END: Duration = Duration::from_millis(500);

/// Starts workers. A trait so that restarts and time limits are tested without processes.
#[async_trait]
pub(crate) trait Launch: Send + Sync + 'static {
    /// # Errors
    /// A sentence: what happened and what to do.
    async fn launch(&self) -> Result<Launched, String>;
}

/// A worker that has been started and not yet greeted. Dropping `body` kills it.
pub(crate) struct Launched {
    pub(crate) stdin: Box<dyn AsyncWrite + Send + Unpin>,
    pub(crate) stdout: Box<dyn AsyncRead + Send + Unpin>,
    pub(crate) body: Box<dyn Body>,
}

/// The process behind the pipes.
#[async_trait]
pub(crate) trait Body: Send {
    /// Ends it at once.
    fn kill(&mut self);
    /// Waits for its end and says how it ended.
    async fn ended(&mut self) -> String;
}

#[async_trait]
impl Launch for WorkerCommand {
    async fn launch(&self) -> Result<Launched, String> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.envs.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        // CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP
        #[cfg(windows)]
        command.creation_flags(0x0800_0000 | 0x0000_0200);
        let mut child = command.spawn().map_err(|error| {
            format!("{} did not start ({error}). Install Hark again.", self.program.display())
        })?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err("its pipes could not be opened.".into());
        };
        tracing::debug!(pid = child.id(), program = %self.program.display(), "worker started");
        let log = tokio::spawn(follow_log(stderr, child.id()));
        let body = Process { child, log: Some(log) };
        Ok(Launched { stdin: Box::new(stdin), stdout: Box::new(stdout), body: Box::new(body) })
    }
}

struct Process {
    child: Child,
    log: Option<JoinHandle<Option<String>>>,
}

#[async_trait]
impl Body for Process {
    fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.start_kill();
    }

    async fn ended(&mut self) -> String {
        let reason = match self.child.wait().await {
            Ok(status) => describe(status),
            Err(error) => format!("its end is unknown ({error})"),
        };
        let assertion = match self.log.take() {
            Some(log) => timeout(LOG_END, log).await.ok().and_then(Result::ok).flatten(),
            None => None,
        };
        assertion.map_or_else(|| reason.clone(), |line| format!("{reason}: {line}"))
    }
}

/// Passes a worker's log on until it ends; returns the last failed assertion.
async fn follow_log(stderr: ChildStderr, pid: Option<u32>) -> Option<String> {
    let mut stderr = BufReader::new(stderr);
    let mut assertion = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stderr).take(LOG_LINE).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return assertion,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        tracing::debug!(target: "worker", pid, "{text}");
        if text.contains(ASSERTION) {
            assertion = Some(text.to_owned());
        }
    }
}

fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        const SIGABRT: i32 = 6;
        return if signal == SIGABRT {
            format!("aborted (signal {signal})")
        } else {
            format!("killed by signal {signal}")
        };
    }
    match status.code() {
        // Windows' own codes are known by their hexadecimal digits.
        Some(code) if code < 0 => format!("exit code {code:#X}"),
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}
