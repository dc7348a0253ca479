//! Starting other programs and telling the person in front how far we are.
//!
//! Children keep the terminal (their own progress bars show) and stay in our process group, so Ctrl-C ends all of them.

use anyhow::{Context, Result, bail};
use std::{
    env,
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// How long a child may run before we say that it is still at work.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// Runs to the end; a failure is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    finished(command, status)
}

/// Like [`run`], and every 20 s prints the time spent so far and what `doing` answers.
pub(crate) fn run_watched(command: &mut Command, doing: impl Fn() -> String + Send) -> Result<()> {
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let started = Instant::now();
    let (ended, end) = mpsc::channel::<()>();
    let status = thread::scope(|scope| {
        scope.spawn(move || {
            while end.recv_timeout(SIGN_OF_LIFE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("      … {} so far: {}", human(started.elapsed()), doing());
            }
        });
        let status = child.wait();
        drop(ended);
        status
    });
    finished(command, status.with_context(|| cannot_start(command))?)
}

/// What the child printed. Its complaints still reach the terminal.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| cannot_start(command))?;
    finished(command, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed no text", describe(command)))
}

/// What the child printed if it ended well; nothing is shown.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether the child can be started and ends well; nothing is shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    answer(command).is_some()
}

/// The file that would be started for this name.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .flat_map(|folder| endings.iter().map(move |ending| folder.join(format!("{name}{ending}"))))
        .find(|file| file.is_file())
}

/// A script installed by Node (`npm`), which on Windows is a `.cmd` file and not found without its ending.
pub(crate) fn node_script(name: &str) -> Command {
    Command::new(if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() })
}

/// Becomes the other program where the system can; elsewhere waits for it and ends as it ended.
pub(crate) fn become_program(command: &mut Command) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let error = command.exec();
        Err(error).with_context(|| cannot_start(command))
    }
    #[cfg(not(unix))]
    {
        let status = command.status().with_context(|| cannot_start(command))?;
        std::process::exit(status.code().unwrap_or(1));
    }
}

/// The command as one would type it.
pub(crate) fn describe(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit(['/', '\\']).next().unwrap_or(&program).to_owned();
    command.get_args().fold(program, |line, argument| format!("{line} {}", argument.to_string_lossy()))
}

fn cannot_start(command: &Command) -> String {
    format!("`{}` could not be started", describe(command))
}

fn finished(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("`{}` failed ({status})", describe(command))
}

/// `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn human(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// Numbered steps of one command, each announced and closed with the time it took.
pub(crate) struct Steps {
    total: usize,
    begun: usize,
    started: Instant,
}

impl Steps {
    pub(crate) fn new(total: usize) -> Self {
        Self { total, begun: 0, started: Instant::now() }
    }

    /// Announces a step, runs it, and prints what it answered with the time it took.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<String>) -> Result<()> {
        self.announce(name);
        let started = Instant::now();
        let outcome = work().with_context(|| format!("step \"{name}\""))?;
        eprintln!("      {outcome} ({})", human(started.elapsed()));
        Ok(())
    }

    /// Announces a step that takes over the terminal and does not come back.
    pub(crate) fn announce(&mut self, name: &str) {
        self.begun += 1;
        eprintln!(
            "[{}/{}] {name} · {} since the start",
            self.begun,
            self.total,
            human(self.started.elapsed())
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_naturally() {
        assert_eq!(human(Duration::from_millis(440)), "0.4 s");
        assert_eq!(human(Duration::from_secs(12)), "12 s");
        assert_eq!(human(Duration::from_secs(185)), "3 min 05 s");
    }

    #[test]
    fn a_failed_command_is_named() {
        let error = run(Command::new("/nowhere/at-all").arg("--now")).unwrap_err();
        assert!(format!("{error:#}").contains("`at-all --now` could not be started"), "{error:#}");
    }

    #[cfg(unix)]
    #[test]
    fn an_exit_status_is_reported() {
        let error =
            run_watched(Command::new("sh").args(["-c", "exit 3"]), || "nothing".to_owned()).unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        assert_eq!(output(Command::new("sh").args(["-c", "echo yes"])).unwrap(), "yes\n");
        assert!(!succeeds(Command::new("sh").args(["-c", "exit 1"])));
    }

    #[test]
    fn what_is_not_on_the_path_is_not_found() {
        assert!(on_path("cargo").is_some());
        assert!(on_path("no-such-program-anywhere").is_none());
    }
}
