//! The window: nothing leaves the machine while somebody types, searches and idles in it; a second one; no display.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use privacy_tests::home::{Home, finish, program};
use privacy_tests::sealed::{Display, Network, sealed};
use privacy_tests::served::{Served, ended, until};
use privacy_tests::trace::{Trace, traced};
use privacy_tests::{idle, skipped, tool};

/// A window, its model and its trace are work enough for one machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn the_window_needs_no_network() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock();
    sealed("the_window_needs_no_network", Network::LoopbackOnly, Display::Virtual, type_search_and_idle)
}

#[test]
fn the_window_uses_no_network_that_is_there() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock();
    sealed(
        "the_window_uses_no_network_that_is_there",
        Network::Ordinary,
        Display::Virtual,
        type_search_and_idle,
    )
}

fn type_search_and_idle() -> anyhow::Result<()> {
    if let Some(missing) = missing(&["strace", "dbus-run-session", "xdotool"]) {
        return skipped(missing);
    }
    let Some(home) = Home::with_model()? else { return skipped("HARK_TEST_MODEL names no model") };
    let mut window = Traced::open(&home)?;
    let used = type_and_search(&mut window, &home);
    if used.is_err() {
        window.tell();
    }
    used?;

    let trace = Trace::read(&window.trace)?;
    println!("hark-desktop:\n{trace}");
    trace.ensure_silent(&["hark-desktop", "worker-llm", "WebKitNetworkProcess", "WebKitWebProcess"])?;
    ensure!(
        trace.reached.is_empty() && trace.listening.is_empty(),
        "it needs no socket of the Internet's at all"
    );
    Ok(())
}

/// What a person does in it, until it is closed.
fn type_and_search(window: &mut Traced, home: &Home) -> anyhow::Result<()> {
    // A second program on the same history tells what became of what is typed; it is not under the trace.
    let witness = Served::start(home, None)?;
    let id = window.visible()?;
    let conversation = type_until_it_is_sent(&id, &witness)?;
    let reply = witness.reply(&conversation)?;
    ensure!(reply["state"]["kind"] == "complete" && reply["text"] != "", "{reply}");
    xdotool(&["key", "--window", &id, "ctrl+k"])?;
    xdotool(&["type", "--window", &id, "--delay", "30", "hello"])?;
    idle();
    ensure!(window.child.try_wait()?.is_none(), "the window is still there");
    // There is no window manager that could be asked to close it.
    let pid = xdotool(&["getwindowpid", &id])?;
    ensure!(Command::new("kill").arg(pid.trim()).status()?.success(), "the window's process is {pid:?}");
    ended(&mut window.child)?;
    witness.end()
}

/// The window under a trace, with all that it says kept for a failure.
struct Traced {
    child: Child,
    trace: PathBuf,
    said: PathBuf,
}

impl Traced {
    fn open(home: &Home) -> anyhow::Result<Self> {
        let trace = home.beside("window.trace");
        let said = home.beside("window.err");
        // The bus is inside the trace, and so is every program it starts for the window.
        let mut command = traced(&tool("dbus-run-session").context("looked for above")?, &trace);
        home.furnish(&mut command);
        command.arg("--").arg(program("hark-desktop"));
        command.stdout(Stdio::null()).stderr(File::create(&said)?);
        Ok(Self { child: command.spawn()?, trace, said })
    }

    /// Waits for the window, and no longer once its program has ended.
    fn visible(&mut self) -> anyhow::Result<String> {
        let mut id = String::new();
        let mut looked = None;
        let appeared = until(|| {
            if let Some(status) = self.child.try_wait()? {
                bail!("the window's program ended ({status})");
            }
            let found =
                finish(Command::new("xdotool").args(["search", "--onlyvisible", "--name", "^Hark$"]))?;
            found.out.lines().last().unwrap_or_default().clone_into(&mut id);
            looked = Some(found);
            Ok(!id.is_empty())
        });
        appeared.with_context(|| format!("no window appeared; the last look for it: {looked:?}"))?;
        Ok(id)
    }

    /// What may say why it failed: the end of what was said and done, and what runs.
    fn tell(&self) {
        for (what, file) in [("what the programs said", &self.said), ("the trace", &self.trace)] {
            let bytes = std::fs::read(file).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            let lines: Vec<&str> = text.lines().collect();
            println!("the end of {what}:\n{}", lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"));
        }
        // All of these are in this test's own namespace of processes.
        println!("what runs (name, state, where in the kernel):");
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let read = |name| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
            let status = read("status");
            let line =
                |key| status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim();
            if !status.is_empty() {
                println!("{}: {}, {}", line("Name:"), line("State:"), read("wchan"));
            }
        }
    }
}

/// So much of each file is told of a failure.
const LAST_LINES: usize = 60;

#[test]
fn a_second_window_hands_over_to_the_first_and_ends() -> anyhow::Result<()> {
    let _one = ONE_AT_A_TIME.lock();
    let name = "a_second_window_hands_over_to_the_first_and_ends";
    sealed(name, Network::LoopbackOnly, Display::Virtual, || {
        if let Some(missing) = missing(&["dbus-run-session", "xdotool"]) {
            return skipped(missing);
        }
        let home = Home::empty()?;
        let script = "\"$0\" & first=$!; timeout 120 xdotool search --sync --onlyvisible --name '^Hark$' || exit 7; \
                      \"$0\" || exit 8; kill -0 $first || exit 9; kill $first; wait $first; exit 0";
        let mut command = Command::new("dbus-run-session");
        home.furnish(&mut command);
        let done = finish(command.args(["--", "sh", "-c", script]).arg(program("hark-desktop")))?;
        ensure!(done.code == Some(0), "{done:?}");
        Ok(())
    })
}

#[test]
fn without_a_display_it_says_so_and_ends() -> anyhow::Result<()> {
    let home = Home::empty()?;
    if !program("hark-desktop").is_file() {
        return skipped("hark-desktop is not built");
    }
    let mut command = home.command("hark-desktop");
    let done =
        finish(command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("XDG_RUNTIME_DIR"))?;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("There is no display") && done.err.contains("hark chat"), "{done:?}");
    Ok(())
}

fn missing(tools: &[&str]) -> Option<String> {
    if !program("hark-desktop").is_file() {
        return Some("hark-desktop is not built".to_owned());
    }
    tools.iter().find(|name| tool(name).is_none()).map(|name| format!("there is no {name}"))
}

fn xdotool(args: &[&str]) -> anyhow::Result<String> {
    Ok(finish(Command::new("xdotool").args(args))?.out)
}

/// Types a message again and again until one has arrived: a window that is visible may not listen yet.
fn type_until_it_is_sent(id: &str, witness: &Served) -> anyhow::Result<String> {
    let mut conversation = None;
    until(|| {
        xdotool(&["windowfocus", id])?;
        xdotool(&["type", "--delay", "30", "Say hello."])?;
        xdotool(&["key", "Return"])?;
        for _ in 0..20 {
            conversation = witness.found("")?.first().and_then(|one| one["id"].as_str().map(str::to_owned));
            if conversation.is_some() {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        Ok(false)
    })
    .context("nothing that was typed arrived")?;
    conversation.context("a conversation has an id")
}
