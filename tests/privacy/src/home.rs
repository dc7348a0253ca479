//! A folder of its own for Hark, with a real or a scripted model, and the built programs in it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, ensure};
use serde_json::json;

/// The real model, as the catalogue names its file.
const MODEL: &str = "models/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf";

/// What the scripted worker says, in its mode `normal`.
pub const SCRIPTED_REPLY: &str = "You asked and I answer this.";

/// A home and what belongs to it.
pub struct Home {
    folder: tempfile::TempDir,
}

/// What a call did.
#[derive(Debug)]
pub struct Done {
    /// Exit status; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Home {
    /// An empty one, as on a new machine.
    pub fn empty() -> anyhow::Result<Self> {
        let home = Self { folder: tempfile::tempdir()? };
        std::fs::create_dir_all(home.path())?;
        Ok(home)
    }

    /// One with the real model and short replies, or none where the tests have no model.
    pub fn with_model() -> anyhow::Result<Option<Self>> {
        let Some(model) =
            std::env::var_os("HARK_TEST_MODEL").map(PathBuf::from).filter(|path| path.is_file())
        else {
            return Ok(None);
        };
        let home = Self::empty()?;
        let file = home.path().join(MODEL);
        std::fs::create_dir_all(file.parent().context("a model has a folder")?)?;
        std::fs::hard_link(&model, &file).or_else(|_| std::fs::copy(&model, &file).map(drop))?;
        std::fs::write(home.path().join("settings.toml"), "version = 1\n[model]\nmax_tokens = 24\n")?;
        Ok(Some(home))
    }

    /// One whose model is the scripted worker in this mode (see `testkit`). Nothing is in the home itself until
    /// [`Home::import`].
    pub fn scripted(mode: &str) -> anyhow::Result<Self> {
        let home = Self::empty()?;
        std::fs::create_dir_all(home.workers())?;
        let worker = home.workers().join("worker-llm");
        let script = json!({ "mode": mode, "after": 3, "once": null });
        let program = program("scripted-worker");
        ensure!(program.is_file(), "{} is not built: cargo build -p testkit", program.display());
        std::fs::write(&worker, format!("#!/bin/sh\nexec '{}' '{script}'\n", program.display()))?;
        std::fs::set_permissions(&worker, std::fs::Permissions::from_mode(0o755))?;
        tiny_model(&home.folder.path().join("tiny.gguf"))?;
        Ok(home)
    }

    /// Takes the scripted model in.
    pub fn import(&self) -> anyhow::Result<()> {
        let done = self.hark(&["models", "import", "tiny.gguf"])?;
        ensure!(done.code == Some(0), "{done:?}");
        Ok(())
    }

    /// The folder that is `HARK_HOME`.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The real model's file.
    pub fn model_file(&self) -> PathBuf {
        self.path().join(MODEL)
    }

    fn workers(&self) -> PathBuf {
        self.folder.path().join("workers")
    }

    /// Where a test may leave files beside the home.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets a command be at home here.
    pub fn furnish(&self, command: &mut Command) {
        command.current_dir(self.folder.path()).env("HARK_HOME", self.path()).env("HOME", self.folder.path());
        let workers = if self.workers().is_dir() { self.workers() } else { programs() };
        command
            .env("HARK_WORKER_DIR", workers)
            .env("NO_COLOR", "1")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    /// One of our programs, at home here.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        self.furnish(&mut command);
        command
    }

    /// Runs `hark` to its end.
    pub fn hark(&self, args: &[&str]) -> anyhow::Result<Done> {
        finish(self.command("hark").args(args))
    }

    /// Fills what is free in the home; the file that does it is returned.
    pub fn fill(&self) -> anyhow::Result<PathBuf> {
        let filler = self.path().join("filler");
        let mut file = std::fs::File::create(&filler)?;
        for piece in [&[0_u8; 4096][..], &[0]] {
            while file.write_all(piece).is_ok() {}
        }
        Ok(filler)
    }
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> anyhow::Result<Done> {
    Ok(command.output().with_context(|| format!("{command:?} cannot be started"))?.into())
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// A built program.
pub fn program(name: &str) -> PathBuf {
    programs().join(name)
}

/// The folder with the built programs: as given, else that of this build (`target/PROFILE/deps/TEST`).
fn programs() -> PathBuf {
    if let Some(given) = std::env::var_os("HARK_BIN_DIR").filter(|given| !given.is_empty()) {
        return given.into();
    }
    let own = std::env::current_exe().unwrap_or_default();
    own.ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

/// The smallest file that counts as a chat model: an architecture and one tensor of zeros.
fn tiny_model(path: &Path) -> anyhow::Result<()> {
    let mut file = b"GGUF".to_vec();
    let text = |file: &mut Vec<u8>, text: &str| {
        file.extend((text.len() as u64).to_le_bytes());
        file.extend(text.as_bytes());
    };
    file.extend(3_u32.to_le_bytes());
    file.extend([1_u64, 1].map(u64::to_le_bytes).concat());
    text(&mut file, "general.architecture");
    file.extend(8_u32.to_le_bytes());
    text(&mut file, "llama");
    text(&mut file, "t");
    file.extend(1_u32.to_le_bytes());
    file.extend(64_u64.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    file.extend(0_u64.to_le_bytes());
    file.resize(file.len().next_multiple_of(32) + 256, 0);
    Ok(std::fs::write(path, file)?)
}
