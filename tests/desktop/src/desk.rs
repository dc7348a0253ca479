//! The desk around the window: other programs' windows, keys pressed for the whole screen, and who has the focus. Through
//! xdotool, as a person's hands and eyes.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use serde_json::json;

use crate::{LONG, Window};

/// So often a key is pressed whose press may be lost.
const PRESSES: u32 = 3;

/// A person presses again after so long.
const NOTICED: Duration = Duration::from_secs(4);

/// The bar's title.
pub const BAR: &str = "^Hark bar$";
/// The large window's title.
pub const MAIN: &str = "^Hark$";

/// The title of the window in which a part of the screen is chosen.
pub const REGION: &str = "^Hark region$";

/// Another program, with a window that has the focus.
pub struct Other {
    child: Child,
    window: String,
}

impl Other {
    /// Opens a terminal, and waits until it has the focus.
    pub async fn open() -> anyhow::Result<Self> {
        Self::showing("").await
    }

    /// The same, with these words in its first line.
    pub async fn showing(words: &str) -> anyhow::Result<Self> {
        let mut command = Command::new("xterm");
        command
            .args(["-T", "elsewhere", "-e", "sh", "-c", "echo \"$0\"; exec cat", words])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().context("xterm cannot be started (package xterm)")?;
        let mut other = Self { child, window: String::new() };
        until("the other program's window appears", || {
            other.window = visible("^elsewhere$")?.unwrap_or_default();
            Ok(!other.window.is_empty())
        })
        .await?;
        xdotool(&["windowactivate", &other.window])?;
        other.has_focus().await?;
        Ok(other)
    }

    /// Marks its first line, with three clicks.
    pub fn select_first_line(&self) -> anyhow::Result<()> {
        xdotool(&["mousemove", "--window", &self.window, "20", "10"])?;
        xdotool(&["click", "--repeat", "3", "--delay", "60", "1"]).map(drop)
    }

    /// How wide and how high it is, pixels.
    pub fn size(&self) -> anyhow::Result<(u64, u64)> {
        let told = xdotool(&["getwindowgeometry", "--shell", &self.window])?;
        Ok((told_number(&told, "WIDTH=")?, told_number(&told, "HEIGHT=")?))
    }

    /// Gives it the focus.
    pub fn choose(&self) -> anyhow::Result<()> {
        xdotool(&["windowactivate", &self.window]).map(drop)
    }

    /// Waits until it has the focus.
    pub async fn has_focus(&self) -> anyhow::Result<()> {
        until("the other program has the focus", || Ok(active()? == self.window)).await
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Presses a combination, as xdotool writes it.
pub fn press(combination: &str) -> anyhow::Result<()> {
    xdotool(&["key", "--clearmodifiers", combination]).map(drop)
}

/// Draws with the left button of the mouse from one point of the screen to another; `between` comes before it is let go.
pub fn drag(
    from: (u32, u32),
    to: (u32, u32),
    between: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let at = |(x, y): (u32, u32)| xdotool(&["mousemove", "--sync", &x.to_string(), &y.to_string()]);
    at(from)?;
    xdotool(&["mousedown", "1"])?;
    at((from.0.midpoint(to.0), from.1.midpoint(to.1)))?;
    at(to)?;
    std::thread::sleep(Duration::from_millis(300));
    between()?;
    xdotool(&["mouseup", "1"]).map(drop)
}

/// How wide and how high the screen is, pixels.
pub fn screen() -> anyhow::Result<(u64, u64)> {
    let told = xdotool(&["getdisplaygeometry", "--shell"])?;
    Ok((told_number(&told, "WIDTH=")?, told_number(&told, "HEIGHT=")?))
}

fn told_number(told: &str, name: &str) -> anyhow::Result<u64> {
    let number = told.lines().find_map(|line| line.strip_prefix(name)?.parse().ok());
    number.with_context(|| format!("no {name} in {told:?}"))
}

/// Types words into whatever has the focus.
pub fn write(words: &str) -> anyhow::Result<()> {
    xdotool(&["type", "--delay", "20", words]).map(drop)
}

/// Waits until a window with this title is seen and has the focus; which it is.
pub async fn focused(title: &str) -> anyhow::Result<String> {
    let mut found = String::new();
    until(&format!("{title} is seen and has the focus"), || {
        found = visible(title)?.unwrap_or_default();
        Ok(!found.is_empty() && active()? == found)
    })
    .await?;
    Ok(found)
}

/// Presses the key that shows the window with this title, and waits until it has the focus; which it is. While a window
/// comes or goes, somebody else may hold the keyboard for a moment, and a press is lost to everyone: it is then pressed
/// again, as a person would.
pub async fn summoned(key: &str, title: &str) -> anyhow::Result<String> {
    for _ in 0..PRESSES {
        press(key)?;
        let waited = tokio::time::Instant::now();
        while waited.elapsed() < NOTICED {
            if visible(title)?.is_some() {
                return focused(title).await;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
    focused(title).await
}

/// Waits until a window with this title is seen, and gives it the focus.
pub async fn choose(title: &str) -> anyhow::Result<()> {
    let mut found = None;
    until(&format!("{title} is seen"), || {
        found = visible(title)?;
        Ok(found.is_some())
    })
    .await?;
    xdotool(&["windowactivate", &found.unwrap_or_default()]).map(drop)
}

/// Waits until no window with this title is seen.
pub async fn gone(title: &str) -> anyhow::Result<()> {
    until(&format!("{title} is seen no more"), || Ok(visible(title)?.is_none())).await
}

/// Waits until a window is at least so high, pixels.
pub async fn grown(window: &str, least: u32) -> anyhow::Result<()> {
    until("the window has grown", || {
        let told = xdotool(&["getwindowgeometry", "--shell", window])?;
        let height = told.lines().find_map(|line| line.strip_prefix("HEIGHT=")?.parse::<u32>().ok());
        Ok(height.is_some_and(|height| height >= least))
    })
    .await
}

/// Keeps a picture of the whole screen where `HARK_SHOTS` says, for people to look at.
pub fn picture(name: &str) -> anyhow::Result<()> {
    let Some(folder) = std::env::var_os("HARK_SHOTS") else { return Ok(()) };
    let file = std::path::PathBuf::from(folder).join(format!("{name}.png"));
    let status = Command::new("import").args(["-window", "root"]).arg(file).status()?;
    ensure!(status.success(), "import (package imagemagick) failed");
    Ok(())
}

impl Window {
    /// Waits until the program has the key that shows the bar. It is asked, not tried: two that try have neither.
    pub async fn key_works(&self) -> anyhow::Result<()> {
        let deadline = tokio::time::Instant::now() + LONG;
        loop {
            let stands =
                self.asked("call", json!({ "name": "snapshot", "args": {} })).await?["summon"].take();
            if stands["keys"][0]["state"]["kind"] == "works" {
                return Ok(());
            }
            ensure!(tokio::time::Instant::now() < deadline, "the key never worked: {stands}");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Starts the program again, as a person or another program would; it hands over to the window that is open.
    pub fn again(&self, argument: &str) -> anyhow::Result<()> {
        let status = self.second(argument)?.status()?;
        ensure!(status.success(), "the second one ended with {status}");
        Ok(())
    }
}

/// The visible window with this title, if there is one.
fn visible(title: &str) -> anyhow::Result<Option<String>> {
    let output = Command::new("xdotool").args(["search", "--onlyvisible", "--name", title]).output()?;
    // Finding none is a failure to xdotool.
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(told.lines().last().map(str::to_owned))
}

fn active() -> anyhow::Result<String> {
    let output = Command::new("xdotool").arg("getactivewindow").output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn xdotool(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("xdotool").args(arguments).output();
    let output = output.context("xdotool cannot be started (package xdotool)")?;
    ensure!(output.status.success(), "xdotool {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

async fn until(what: &str, mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + LONG;
    while !holds()? {
        if tokio::time::Instant::now() > deadline {
            let shown = xdotool(&["search", "--onlyvisible", "--name", "."]).unwrap_or_default();
            bail!("it never came that {what}; windows: {shown:?}, active: {:?}", active()?);
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    Ok(())
}
