//! A folder of its own for Hark, and the program in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use testkit::Script;

pub(crate) struct House {
    folder: tempfile::TempDir,
}

/// What a call did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl House {
    pub(crate) fn new() -> Self {
        let house = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(house.home()).unwrap();
        house
    }

    /// With a model whose replies follow `script`.
    #[cfg(unix)]
    pub(crate) fn with(script: &Script) -> Self {
        use std::os::unix::fs::PermissionsExt;

        let house = Self::new();
        std::fs::create_dir_all(house.workers()).unwrap();
        let program = house.workers().join("worker-llm");
        let line = format!("#!/bin/sh\nexec '{}' '{}'\n", scripted_worker().display(), script.to_arg());
        std::fs::write(&program, line).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        tiny_model(&house.model_file());
        let imported = house.hark(&["models", "import", house.model_file().to_str().unwrap()]);
        assert_eq!(imported.code, Some(0), "{imported:?}");
        house
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn model_file(&self) -> PathBuf {
        self.folder.path().join("tiny.gguf")
    }

    pub(crate) fn workers(&self) -> PathBuf {
        self.folder.path().join("workers")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hark"));
        command.args(args).current_dir(self.folder.path());
        command.env("HARK_HOME", self.home()).env("HOME", self.folder.path()).env("NO_COLOR", "1");
        command.env("HF_HOME", self.folder.path().join("hub"));
        for variable in
            ["COLUMNS", "HARK_LOG", "HARK_TOKEN", "HF_ENDPOINT", "HF_TOKEN", "DISPLAY", "WAYLAND_DISPLAY"]
        {
            command.env_remove(variable);
        }
        if self.workers().exists() {
            command.env("HARK_WORKER_DIR", self.workers());
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn hark(&self, args: &[&str]) -> Done {
        self.hark_with(args, b"")
    }

    pub(crate) fn hark_with(&self, args: &[&str], input: &[u8]) -> Done {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A program that has heard enough closes its end, which is no failure.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        self.done(&output)
    }

    /// What came out, with this house's folder called `[HOUSE]`.
    pub(crate) fn done(&self, output: &Output) -> Done {
        let folder = self.folder.path().display().to_string();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&folder, "[HOUSE]");
        Done { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    pub(crate) fn settings(&self, text: &str) {
        std::fs::write(self.home().join("settings.toml"), text).unwrap();
    }
}

/// The scripted worker of `testkit`, built if nobody has yet.
fn scripted_worker() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| built("testkit", "scripted-worker"))
}

/// A program of another package, beside ours; built if nobody has yet.
pub(crate) fn built(package: &str, program: &str) -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_hark")).parent().unwrap();
    let program = beside.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "-q", "-p", package, "--target-dir"]).arg(beside.parent().unwrap());
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success();
        assert!(built && program.is_file(), "cargo build -p {package} did not make {}", program.display());
    }
    program
}

/// The smallest file that counts as a chat model: an architecture and one tensor of zeros.
pub(crate) fn tiny_model(path: &Path) {
    let mut file = b"GGUF".to_vec();
    file.extend(3_u32.to_le_bytes());
    file.extend(1_u64.to_le_bytes());
    file.extend(1_u64.to_le_bytes());
    let text = |file: &mut Vec<u8>, text: &str| {
        file.extend((text.len() as u64).to_le_bytes());
        file.extend(text.as_bytes());
    };
    text(&mut file, "general.architecture");
    file.extend(8_u32.to_le_bytes());
    text(&mut file, "llama");
    text(&mut file, "t");
    file.extend(1_u32.to_le_bytes());
    file.extend(64_u64.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    file.extend(0_u64.to_le_bytes());
    file.resize(file.len().next_multiple_of(32) + 256, 0);
    std::fs::write(path, file).unwrap();
}
