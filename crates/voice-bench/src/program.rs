//! `hark talk --json`, or another program that prints lines of JSON: its events with the room's time at which they came, and commands to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use soundcard_sim::VirtualCard;

/// Something the program said.
#[derive(Debug, Clone)]
pub struct Line {
    /// Frames of the room's clock when it was read.
    pub at: u64,
    /// The line; of an event its body.
    pub value: Value,
}

impl Line {
    /// The voice's view, if this tells it.
    pub fn voice(&self) -> Option<&Value> {
        let event = self.value.get("voice").filter(|_| self.is("voice"));
        event.or_else(|| self.value.get("snapshot")?.get("voice"))
    }

    /// Whether it is an event of this kind.
    pub fn is(&self, kind: &str) -> bool {
        self.value["kind"] == kind
    }
}

#[derive(Default)]
struct Log {
    // A mutex, because the program is read on a thread of its own; held for a look.
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Default)]
struct Said {
    lines: Vec<Line>,
    ended: bool,
    complaint: String,
}

impl Log {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running program; dropped, it and all it started are ended.
pub struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    log: Arc<Log>,
    readers: Vec<JoinHandle<()>>,
    asked: u64,
}

impl Program {
    /// Starts a command whose output is lines of JSON, in a process group of its own.
    pub(crate) fn start(mut command: Command, card: &Arc<VirtualCard>) -> anyhow::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().with_context(|| format!("{command:?} cannot be started"))?;
        let log = Arc::new(Log::default());
        let stdin = child.stdin.take();
        let mut readers = Vec::new();
        if let Some(out) = child.stdout.take() {
            let (log, card) = (Arc::clone(&log), Arc::clone(card));
            readers.push(
                std::thread::Builder::new().name("events".into()).spawn(move || read(out, &log, &card))?,
            );
        }
        if let Some(err) = child.stderr.take() {
            let log = Arc::clone(&log);
            readers.push(
                std::thread::Builder::new().name("complaints".into()).spawn(move || complain(err, &log))?,
            );
        }
        Ok(Self { child, stdin, log, readers, asked: 0 })
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How many lines came so far: where to wait from.
    pub fn mark(&self) -> usize {
        self.log.said().lines.len()
    }

    /// The lines from a mark on.
    pub fn since(&self, mark: usize) -> Vec<Line> {
        self.log.said().lines.get(mark..).unwrap_or_default().to_vec()
    }

    /// The last view of the voice.
    pub fn voice(&self) -> Value {
        let said = self.log.said();
        said.lines.iter().rev().find_map(Line::voice).cloned().unwrap_or_default()
    }

    /// What it wrote to standard error, its last lines.
    pub fn complaint(&self) -> String {
        self.log.said().complaint.clone()
    }

    /// An error if it has ended.
    ///
    /// # Errors
    /// With the last that it wrote to standard error.
    pub fn lives(&self) -> anyhow::Result<()> {
        let said = self.log.said();
        anyhow::ensure!(!said.ended, "the program ended: {}", said.complaint.trim());
        Ok(())
    }

    /// Waits for a line from the mark on that is wanted. None if it did not come in time.
    ///
    /// # Errors
    /// If the program has ended, or the run was [interrupted](crate::interrupt).
    pub fn wait<T>(
        &self,
        mark: usize,
        within: Duration,
        mut wanted: impl FnMut(&Line) -> Option<T>,
    ) -> anyhow::Result<Option<T>> {
        let deadline = Instant::now() + within;
        let mut next = mark;
        let mut said = self.log.said();
        loop {
            while next < said.lines.len() {
                if let Some(found) = wanted(&said.lines[next]) {
                    return Ok(Some(found));
                }
                next += 1;
            }
            crate::go_on()?;
            if said.ended {
                bail!("the program ended: {}", said.complaint.trim());
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            let wait = self.log.more.wait_timeout(said, Duration::from_millis(100));
            said = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Asks for a command and returns its reply.
    ///
    /// # Errors
    /// The program's own error, as a sentence; or if it does not answer within a minute.
    pub fn ask(&mut self, command: &str, args: &Value) -> anyhow::Result<Value> {
        self.asked += 1;
        let (id, mark) = (self.asked, self.mark());
        let line = json!({ "id": id, "command": command, "args": args });
        let stdin = self.stdin.as_mut().context("hark's input is closed")?;
        writeln!(stdin, "{line}").and_then(|()| stdin.flush()).context("hark takes no commands")?;
        let answer = self.wait(mark, Duration::from_mins(1), |line| {
            (line.value["id"] == id && line.value.get("command").is_some()).then(|| line.value.clone())
        })?;
        let answer = answer.with_context(|| format!("hark did not answer to {command}"))?;
        if let Some(error) = answer.get("error") {
            bail!("hark refused {command}: {}", error["message"].as_str().unwrap_or_default());
        }
        Ok(answer["reply"].clone())
    }

    /// Ends the conversation as the end of its input does, and waits for the program.
    ///
    /// # Errors
    /// If it does not end within half a minute.
    pub fn finish(&mut self) -> anyhow::Result<std::process::ExitStatus> {
        self.stdin = None;
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            crate::go_on()?;
            anyhow::ensure!(Instant::now() < deadline, "hark did not end with its input");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The group is there as long as anybody in it.
        if let Ok(id) = i32::try_from(self.child.id())
            && let Some(group) = Pid::from_raw(id)
        {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

fn read(out: impl Read, log: &Log, card: &VirtualCard) {
    for line in BufReader::new(out).lines().map_while(Result::ok) {
        let at = card.now();
        let Ok(mut value) = serde_json::from_str::<Value>(&line) else { continue };
        if let Some(body) = value.get_mut("body") {
            value = body.take();
        }
        // Thirty a second, and of no use here.
        if value["kind"] == "voice_levels" {
            continue;
        }
        log.said().lines.push(Line { at, value });
        log.more.notify_all();
    }
    log.said().ended = true;
    log.more.notify_all();
}

/// Keeps the last of it.
fn complain(err: impl Read, log: &Log) {
    const KEPT: usize = 4_000;
    // Whoever asked for a log wants to see it.
    let is_traced = std::env::var_os("HARK_LOG").is_some();
    for line in BufReader::new(err).lines().map_while(Result::ok) {
        if is_traced {
            // Nobody reads standard error: then nobody misses it.
            let _ = writeln!(std::io::stderr(), "    {line}");
        }
        let mut said = log.said();
        said.complaint += &line;
        said.complaint.push('\n');
        let excess = said.complaint.len().saturating_sub(KEPT);
        let cut = (excess..said.complaint.len()).find(|at| said.complaint.is_char_boundary(*at)).unwrap_or(0);
        said.complaint.drain(..cut);
    }
}
