//! A test run again in namespaces of its own: without a network, with mounts nobody else sees, on a display of its own,
//! and with an end that takes everything along that was started.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::{skipped, tool};

/// Names, inside, the test that runs there.
const INSIDE: &str = "HARK_SEALED_TEST";

/// What would change what the programs do, or hide where they go: a proxy on this machine looks like this machine.
const UNWANTED: [&str; 20] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "HF_ENDPOINT",
    "HF_TOKEN",
    "HF_HOME",
    "HARK_LOG",
    "HARK_TOKEN",
    "HARK_HOME",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "XDG_CURRENT_DESKTOP",
    "COLUMNS",
];

/// Which network there is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The loopback device and nothing else.
    LoopbackOnly,
    /// That of the machine.
    Ordinary,
}

/// Whether there is a display inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// None.
    None,
    /// A virtual one.
    Virtual,
}

/// Runs `body` sealed off. `test` is the full name of the calling test, which is run again inside.
///
/// # Errors
/// What `body` says, printed inside and short outside.
pub fn sealed(
    test: &str,
    network: Network,
    display: Display,
    body: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if std::env::var_os(INSIDE).as_deref() == Some(OsStr::new(test)) {
        if network == Network::LoopbackOnly {
            loopback_up()?;
        }
        return body();
    }
    let Some(mut command) = unshare(network) else {
        return skipped(
            "namespaces cannot be made here (unshare of util-linux, as root or with user namespaces)",
        );
    };
    if network == Network::LoopbackOnly && tool("ip").is_none() {
        return skipped("there is no ip (package iproute2)");
    }
    if display == Display::Virtual {
        if tool("xvfb-run").is_none() {
            return skipped("there is no xvfb-run (package xvfb)");
        }
        // The shell takes the place of the namespace's first process, which an X server does not tell that it is ready.
        command.args(["sh", "-c", "\"$@\"; exit $?", "sh"]);
        command.args(["xvfb-run", "-n", &display_number().to_string(), "-a"]);
        command.args(["-s", "-screen 0 1280x900x24 -nolisten tcp"]);
    }
    let own = std::env::current_exe()?;
    command.arg(own).args(["--exact", test, "--nocapture"]).env(INSIDE, test);
    for variable in UNWANTED {
        command.env_remove(variable);
    }
    let status = command.stdin(Stdio::null()).status().context("unshare cannot be started")?;
    ensure!(status.success(), "{test} failed in its namespaces ({status})");
    Ok(())
}

/// Puts an empty file system of `size` (as `mount` has it, for example `2m`) over `folder`, inside.
pub fn mount_small(folder: &Path, size: &str) -> anyhow::Result<()> {
    let options = format!("size={size},mode=700");
    mount(&["-t", "tmpfs", "-o", &options, "tmpfs"], folder)
}

/// Makes what [`mount_small`] mounted read-only.
pub fn make_read_only(folder: &Path) -> anyhow::Result<()> {
    mount(&["-o", "remount,ro"], folder)
}

fn mount(args: &[&str], folder: &Path) -> anyhow::Result<()> {
    let status = Command::new("mount").args(args).arg(folder).status().context("mount cannot be started")?;
    ensure!(status.success(), "mount {args:?} failed");
    Ok(())
}

/// Where to begin to look for a free display. The lock of a display names a process, and in namespaces of processes all
/// of these servers have the same few numbers: one takes another's lock for its own or for a dead one's, and its socket
/// with it. So every test program begins at a place of its own, far from where others look.
fn display_number() -> u32 {
    const FIRST: u32 = 1_000;
    const PLACES: u32 = 5_000;
    FIRST + std::process::id() % PLACES * 10
}

fn loopback_up() -> anyhow::Result<()> {
    let ip = tool("ip").context("there is no ip")?;
    ensure!(
        Command::new(ip).args(["link", "set", "lo", "up"]).status()?.success(),
        "lo cannot be brought up"
    );
    Ok(())
}

/// `unshare` with its arguments, where the system allows it: as root, or as a user who is root inside alone.
fn unshare(network: Network) -> Option<Command> {
    let command = |as_root: bool| {
        let mut command = Command::new("unshare");
        command.args((!as_root).then_some("--map-root-user"));
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command.args((network == Network::LoopbackOnly).then_some("--net"));
        command
    };
    let allowed = |as_root: &bool| {
        let tried = command(*as_root).arg("true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    [true, false].into_iter().find(allowed).map(command)
}
