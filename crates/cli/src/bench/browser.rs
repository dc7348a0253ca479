//! The window as WebKit's driver sees it (`WebKitWebDriver` of the package webkit2gtk-driver, which
//! speaks W3C's `WebDriver`).

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::loopback;
use super::peers::free_port;
use super::processes::Pid;
use super::screen::Screen;

const LONG: Duration = Duration::from_mins(1);
/// Between two questions: far below what is measured.
const PAUSE: Duration = Duration::from_millis(4);

/// An open window.
pub(super) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    window: Pid,
}

impl Browser {
    /// Starts the window's program and connects to its page, which may be far from ready then.
    pub(super) fn open(screen: &Screen, program: &Path, home: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut driver = screen.command("WebKitWebDriver", home);
        driver.arg(format!("--port={port}"));
        driver.env("TAURI_AUTOMATION", "true").env("TAURI_WEBVIEW_AUTOMATION", "true");
        let driver = driver.spawn().context("dbus-run-session cannot be started")?;
        let mut browser = Self { driver, port, session: String::new(), window: Pid(0) };
        browser.wait_for_driver()?;
        let options = json!({ "binary": program, "args": [] });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let answer = loopback::post(port, "/session", &wanted).context("the window did not open")?;
        let session = answer["value"]["sessionId"].as_str().context("the driver names no session")?;
        session.clone_into(&mut browser.session);
        browser.window = browser.pid().running(program).context("the window's process was not found")?;
        Ok(browser)
    }

    fn pid(&self) -> Pid {
        Pid(self.driver.id())
    }

    fn wait_for_driver(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while loopback::get(self.port, "/status").is_err() {
            if Instant::now() > deadline {
                bail!("WebKitWebDriver does not answer (package webkit2gtk-driver)");
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// The age of the window's process when `expression` was seen to be true in its page.
    pub(super) fn age_when(&self, expression: &str) -> anyhow::Result<f64> {
        let path = format!("/session/{}/execute/sync", self.session);
        let question = json!({ "script": format!("return !!({expression})"), "args": [] });
        let deadline = Instant::now() + LONG;
        // While the page is being loaded, questions may fail.
        while !loopback::post(self.port, &path, &question)
            .is_ok_and(|answer| answer["value"] == Value::Bool(true))
        {
            if Instant::now() > deadline {
                bail!("the window was not usable after {} s", LONG.as_secs());
            }
            std::thread::sleep(PAUSE);
        }
        self.window.age_ms()
    }

    /// Closes the window as a person does and waits until its program has ended.
    pub(super) fn close(self) -> anyhow::Result<()> {
        loopback::delete(self.port, &format!("/session/{}", self.session))?;
        self.window.wait_for_end(Duration::from_secs(10))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.pid().end_tree();
        let _ = self.driver.wait();
    }
}
