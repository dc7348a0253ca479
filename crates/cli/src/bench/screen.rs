//! A display to open the window on, and a session bus of its own for every window: on a shared one, a window that is
//! open already would take the new one over.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

/// Where windows appear.
pub(super) struct Screen {
    /// A display of our own, where there was none.
    own: Option<(Child, String)>,
}

impl Screen {
    /// The display there is, or else an invisible one.
    pub(super) fn open() -> anyhow::Result<Self> {
        if !cfg!(target_os = "linux") {
            bail!("this is only measured on Linux so far");
        }
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") {
            return Ok(Self { own: None });
        }
        let mut server = Command::new("Xvfb");
        server.args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]);
        server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().context("there is no display, and Xvfb cannot be started")?;
        let mut number = String::new();
        if let Some(stdout) = server.stdout.take() {
            BufReader::new(stdout).read_line(&mut number)?;
        }
        let display = format!(":{}", number.trim());
        let screen = Self { own: Some((server, display)) };
        if number.trim().is_empty() {
            bail!("Xvfb did not open a display");
        }
        Ok(screen)
    }

    /// The name of a display of our own.
    pub(super) fn name(&self) -> Option<String> {
        self.own.as_ref().map(|(_, display)| display.clone())
    }

    /// What it is, for people.
    pub(super) fn describe(&self) -> &'static str {
        if self.own.is_some() { "Xvfb 1280x1024, drawn in software" } else { "the session's own" }
    }

    /// A program with this display, a bus and a home of its own.
    pub(super) fn command(&self, program: impl AsRef<Path>, home: &Path) -> Command {
        let mut command = Command::new("dbus-run-session");
        command.arg("--").arg(program.as_ref()).env("HARK_HOME", home);
        if let Some((_, display)) = &self.own {
            // WebKit's shared buffers need a graphics device, which this display has not.
            command.env("DISPLAY", display).env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some((server, _)) = &mut self.own {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
