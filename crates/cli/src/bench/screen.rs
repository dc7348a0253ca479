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
    /// The size of one of our own, pixels.
    size: (u16, u16),
}

/// Large enough for the window, and drawn in no time.
const USUAL: (u16, u16) = (1280, 1024);

impl Screen {
    /// The display there is, or else an invisible one.
    pub(super) fn open() -> anyhow::Result<Self> {
        Self::sized(USUAL)
    }

    /// The display there is, or else an invisible one of this size.
    pub(super) fn sized(size: (u16, u16)) -> anyhow::Result<Self> {
        if !cfg!(target_os = "linux") {
            bail!("this is only measured on Linux so far");
        }
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") {
            return Ok(Self { own: None, size });
        }
        let mut server = Command::new("Xvfb");
        let screen = format!("{}x{}x24", size.0, size.1);
        server.args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp"]);
        server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().context("there is no display, and Xvfb cannot be started")?;
        let mut number = String::new();
        if let Some(stdout) = server.stdout.take() {
            BufReader::new(stdout).read_line(&mut number)?;
        }
        let display = format!(":{}", number.trim());
        let screen = Self { own: Some((server, display)), size };
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
    pub(super) fn describe(&self) -> String {
        if self.own.is_none() {
            return "the session's own".to_owned();
        }
        format!("Xvfb {}x{}, drawn in software", self.size.0, self.size.1)
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
