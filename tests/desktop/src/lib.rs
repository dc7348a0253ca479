//! Starts the real window through WebKit's driver, each time with a home of its own, and finds things in it as a
//! screen reader would: by role and name.
//!
//! Needs a display, a session bus (one window a bus), `WebKitWebDriver` and the built programs; `cargo xtask test`
//! provides all of them.

pub mod desk;
pub mod grab;

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

/// So long is waited for what should come soon; only a failing test waits for all of it.
pub(crate) const LONG: Duration = Duration::from_secs(90);

/// So long the driver may take for one answer before it is asked again.
const ANSWER: Duration = Duration::from_secs(10);

/// A home with settings, conversations and models, kept over several starts of the window.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// An empty one, as on a new machine.
    pub fn empty() -> anyhow::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// One with the starter model, or none where the tests have no model.
    pub fn with_model() -> anyhow::Result<Option<Self>> {
        let Some(model) =
            std::env::var_os("HARK_TEST_MODEL").map(PathBuf::from).filter(|path| path.is_file())
        else {
            return Ok(None);
        };
        let home = Self::empty()?;
        let folder = home.path().join("models/smollm2-135m");
        std::fs::create_dir_all(&folder)?;
        let name = "SmolLM2-135M-Instruct.Q4_1.gguf";
        std::fs::hard_link(&model, folder.join(name))
            .or_else(|_| std::fs::copy(&model, folder.join(name)).map(drop))?;
        Ok(Some(home))
    }

    /// One with a model that sees, of random weights with the vocabulary of the starter model, or none where the tests have
    /// no model. [`Window::open_seeing`] takes it.
    pub fn that_sees() -> anyhow::Result<Option<Self>> {
        let Some(vocabulary) =
            std::env::var_os("HARK_TEST_MODEL").map(PathBuf::from).filter(|path| path.is_file())
        else {
            return Ok(None);
        };
        let made = programs().join("test-seeing");
        std::fs::create_dir_all(&made)?;
        let family = testkit::Family::SmolVlm;
        let model = testkit::seeing_model(family, testkit::Layers::few(family), &vocabulary, &made)?;
        let home = Self::empty()?;
        let folder = home.path().join("own");
        std::fs::create_dir_all(&folder)?;
        for (from, name) in [(model.weights, SEEING), (model.projector, "mmproj-seeing-f16.gguf")] {
            std::fs::hard_link(&from, folder.join(name))
                .or_else(|_| std::fs::copy(&from, folder.join(name)).map(drop))?;
        }
        Ok(Some(home))
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a settings file.
    pub fn settings(&self, text: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.path().join("settings.toml"), text)?)
    }

    /// What the settings file says now.
    pub fn settings_text(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.path().join("settings.toml"))?)
    }
}

/// The file of the model that sees.
const SEEING: &str = "seeing-f16.gguf";

/// The window, open.
pub struct Window {
    client: Client,
    driver: Child,
    home: PathBuf,
}

impl Window {
    /// Opens it.
    pub async fn open(home: &Home) -> anyhow::Result<Self> {
        let programs = programs();
        let port = free_port()?;
        // A bus of its own: on one that has seen several windows come and go, WebKit's driver waits for ever.
        let driver = Command::new("dbus-run-session")
            .args(["--", "WebKitWebDriver", &format!("--port={port}")])
            .process_group(0)
            .env("HARK_HOME", home.path())
            .env("HARK_WORKER_DIR", &programs)
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .stdout(Stdio::null())
            .spawn()
            .context("dbus-run-session cannot be started (package dbus-daemon)")?;
        let program = programs.join("hark-desktop");
        let capabilities = json!({ "webkitgtk:browserOptions": { "binary": program, "args": [] } });
        let Value::Object(capabilities) = capabilities else { bail!("not an object") };
        let url = format!("http://127.0.0.1:{port}");
        let mut builder = ClientBuilder::native();
        builder.capabilities(capabilities);
        let mut last = None;
        for _ in 0..100 {
            match builder.connect(&url).await {
                Ok(client) => {
                    let window = Self { client, driver, home: home.path().to_path_buf() };
                    // A script asked for while the page is still coming may never be answered.
                    window.find("#app *").await?;
                    return Ok(window);
                }
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the window did not open: {last:?}")
    }

    /// Opens it with the model that sees, as somebody who has been here before.
    pub async fn open_seeing(home: &Home) -> anyhow::Result<Self> {
        let window = Self::open(home).await?;
        let path = home.path().join("own").join(SEEING);
        let imported = window.called("import_model", json!({ "path": path })).await?;
        let model = imported["model"].as_str().context("the model was not taken")?;
        window.called("choose_model", json!({ "conversation": null, "model": model })).await?;
        let skip = "[...document.querySelectorAll('button')].find((one) => one.innerText === 'Skip')";
        window.until(&format!("((button) => (button?.click(), !!button))({skip})")).await?;
        window.find(COMPOSER).await?;
        Ok(window)
    }

    /// Waits until something with this CSS selector is there.
    pub async fn find(&self, css: &str) -> anyhow::Result<Element> {
        let found = self.client.wait().at_most(LONG).for_element(Locator::Css(css)).await;
        found.with_context(|| format!("nothing matches {css}"))
    }

    /// Whether something with this CSS selector is there now.
    pub async fn has(&self, css: &str) -> anyhow::Result<bool> {
        Ok(!self.client.find_all(Locator::Css(css)).await?.is_empty())
    }

    /// Waits until a script's expression is true.
    pub async fn until(&self, expression: &str) -> anyhow::Result<()> {
        let script = format!("return !!({expression})");
        let deadline = tokio::time::Instant::now() + LONG;
        loop {
            let answer = tokio::time::timeout(ANSWER, self.client.execute(&script, vec![])).await;
            if let Ok(answer) = answer
                && answer? == Value::Bool(true)
            {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                bail!("never true: {expression}; the window shows: {}", self.text().await?);
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// What a script's expression gives.
    pub async fn value(&self, expression: &str) -> anyhow::Result<Value> {
        Ok(self.client.execute(&format!("return {expression}"), vec![]).await?)
    }

    /// What one of the calls a page can make gives.
    pub async fn asked(&self, call: &str, arguments: Value) -> anyhow::Result<Value> {
        let script =
            "const [call, args, done] = arguments; window.__TAURI_INTERNALS__.invoke(call, args).then(done)";
        Ok(self.client.execute_async(script, vec![call.into(), arguments]).await?)
    }

    /// What one of the application's commands gives.
    pub async fn called(&self, name: &str, args: Value) -> anyhow::Result<Value> {
        self.asked("call", json!({ "name": name, "args": args })).await
    }

    /// All text of the window.
    pub async fn text(&self) -> anyhow::Result<String> {
        Ok(self.find("body").await?.text().await?)
    }

    /// Writes into the composer.
    pub async fn write(&self, text: &str) -> anyhow::Result<()> {
        Ok(self.find(COMPOSER).await?.send_keys(text).await?)
    }

    /// Writes a message and sends it with Enter.
    pub async fn send(&self, text: &str) -> anyhow::Result<()> {
        self.write(text).await?;
        self.write(&char::from(Key::Enter).to_string()).await
    }

    /// Waits until the `n`-th reply (from 1) has ended, and gives its text.
    pub async fn reply(&self, n: usize) -> anyhow::Result<String> {
        self.until(&format!("{REPLIES}.length >= {n} && {REPLIES}[{}].ariaBusy !== 'true'", n - 1)).await?;
        let text = self.value(&format!("{REPLIES}[{}].innerText", n - 1)).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the `n`-th reply (from 1) has begun to show words.
    pub async fn reply_begins(&self, n: usize) -> anyhow::Result<()> {
        self.until(&format!("{REPLIES}.length >= {n} && {REPLIES}[{}].innerText.trim().length > 20", n - 1))
            .await
    }

    /// Keeps a picture of the window where `HARK_SHOTS` says, for people to look at.
    pub async fn picture(&self, name: &str) -> anyhow::Result<()> {
        if let Some(folder) = std::env::var_os("HARK_SHOTS") {
            let png = self.client.screenshot().await?;
            std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), png)?;
        }
        Ok(())
    }

    /// The program once more, on the bus of this one.
    pub(crate) fn second(&self, argument: &str) -> anyhow::Result<Command> {
        let pid = runs_with_home("hark-desktop", &self.home)?.next().context("the window has ended")?;
        let environment = std::fs::read(Path::new("/proc").join(pid).join("environ"))?;
        let bus = environment.split(|byte| *byte == 0).find_map(|one| {
            String::from_utf8_lossy(one).strip_prefix("DBUS_SESSION_BUS_ADDRESS=").map(str::to_owned)
        });
        let mut command = Command::new(programs().join("hark-desktop"));
        command.args((!argument.is_empty()).then_some(argument));
        command.env("HARK_HOME", &self.home).env("HARK_WORKER_DIR", programs());
        command.env("DBUS_SESSION_BUS_ADDRESS", bus.context("the window has no bus")?);
        Ok(command)
    }

    fn end_driver(&mut self) -> anyhow::Result<()> {
        // The bus and everything on it.
        Command::new("kill")
            .args(["-9", "--", &format!("-{}", self.driver.id())])
            .stderr(Stdio::null())
            .status()?;
        self.driver.wait()?;
        Ok(())
    }

    /// Closes it as a person does.
    pub async fn close(mut self) -> anyhow::Result<()> {
        self.client.clone().close().await?;
        // The driver answers before the program has ended; the next window must not find it still there.
        let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
        while runs_with_home("hark-desktop", &self.home)?.next().is_some()
            && tokio::time::Instant::now() < deadline
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.end_driver()
    }

    /// Kills the window's program (SIGKILL).
    pub async fn kill(mut self) -> anyhow::Result<()> {
        kill_with_home("hark-desktop", &self.home)?;
        // The session died with the program.
        let _ = tokio::time::timeout(Duration::from_secs(5), self.client.clone().close()).await;
        self.end_driver()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind, above all no window that the next one would be handed over to; one
        // that closed its window has done this already.
        let _ = kill_with_home("hark-desktop", &self.home);
        let _ = self.end_driver();
    }
}

/// Where a message is written.
pub const COMPOSER: &str = "textarea";

/// The assistant's messages, oldest first.
const REPLIES: &str = "document.querySelectorAll('article[aria-busy]')";

/// Kills a program that runs with this home (SIGKILL).
pub fn kill_program(name: &str, home: &Home) -> anyhow::Result<()> {
    kill_with_home(name, home.path())
}

fn kill_with_home(name: &str, home: &Path) -> anyhow::Result<()> {
    let mut killed = 0;
    for pid in runs_with_home(name, home)? {
        killed += usize::from(Command::new("kill").arg("-9").arg(&pid).status()?.success());
    }
    if killed == 0 {
        bail!("no program “{name}” runs with this home")
    }
    Ok(())
}

/// The process ids of a program that runs with this home.
fn runs_with_home(name: &str, home: &Path) -> anyhow::Result<impl Iterator<Item = std::ffi::OsString>> {
    let wanted = format!("HARK_HOME={}\0", home.display());
    // The kernel keeps 15 characters of a name.
    let name = name[..name.len().min(15)].to_owned();
    Ok(std::fs::read_dir("/proc")?.flatten().filter_map(move |entry| {
        let path = entry.path();
        let comm = std::fs::read_to_string(path.join("comm")).unwrap_or_default();
        let environment = std::fs::read(path.join("environ")).unwrap_or_default();
        let ours = environment.windows(wanted.len()).any(|window| window == wanted.as_bytes());
        (comm.trim_end() == name && ours).then(|| entry.file_name())
    }))
}

/// The folder with the built programs.
fn programs() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    // target/PROFILE/deps/TEST
    own.ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
