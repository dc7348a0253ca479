//! The window: nothing leaves the machine while somebody types, searches and idles in it; a second one; no display.

#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, ensure};
use privacy_tests::home::{Home, finish, program};
use privacy_tests::sealed::{Display, Network, sealed};
use privacy_tests::served::{Served, ended, until};
use privacy_tests::trace::{Trace, traced};
use privacy_tests::{idle, skipped, tool};

/// Two virtual displays that start at the same instant may choose the same number.
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
    let file = home.beside("window.trace");
    // The bus is inside the trace, and so is every program it starts for the window.
    let mut command = traced(&tool("dbus-run-session").context("looked for above")?, &file);
    home.furnish(&mut command);
    command.arg("--").arg(program("hark-desktop")).stdout(Stdio::null()).stderr(Stdio::null());
    let mut window = command.spawn()?;
    // A second program on the same history tells what became of what is typed; it is not under the trace.
    let witness = Served::start(&home, None)?;

    let id = visible_window()?;
    let conversation = type_until_it_is_sent(&id, &witness)?;
    let reply = witness.reply(&conversation)?;
    ensure!(reply["state"]["kind"] == "complete" && reply["text"] != "", "{reply}");
    xdotool(&["key", "--window", &id, "ctrl+k"])?;
    xdotool(&["type", "--window", &id, "--delay", "30", "hello"])?;
    idle();
    ensure!(window.try_wait()?.is_none(), "the window is still there");
    // There is no window manager that could be asked to close it.
    let pid = xdotool(&["getwindowpid", &id])?;
    ensure!(Command::new("kill").arg(pid.trim()).status()?.success(), "the window's process is {pid:?}");
    ended(&mut window)?;
    witness.end()?;

    let trace = Trace::read(&file)?;
    println!("hark-desktop:\n{trace}");
    trace.ensure_silent(&["hark-desktop", "worker-llm", "WebKitNetworkProcess", "WebKitWebProcess"])?;
    ensure!(
        trace.reached.is_empty() && trace.listening.is_empty(),
        "it needs no socket of the Internet's at all"
    );
    Ok(())
}

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

fn visible_window() -> anyhow::Result<String> {
    let mut id = String::new();
    until(|| {
        let found = xdotool(&["search", "--onlyvisible", "--name", "^Hark$"])?;
        found.lines().last().unwrap_or_default().clone_into(&mut id);
        Ok(!id.is_empty())
    })
    .context("no window appeared")?;
    Ok(id)
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
