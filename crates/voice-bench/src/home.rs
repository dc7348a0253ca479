//! A folder of its own for the program: settings that make replies repeatable, and the models.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// Where the models are.
#[derive(Debug, Clone)]
pub enum Models {
    /// A folder as Hark keeps it.
    Kept(PathBuf),
    /// Loose files, as tests have them: the language model's weights, and the folder with those that hear.
    Loose {
        /// The starter chat model.
        chat: PathBuf,
        /// A folder with Moonshine, Smart Turn, Silero and ONNX Runtime.
        voice: PathBuf,
    },
}

/// The starter set: id, and its files as a loose folder and as the catalogue call them (a loose name may go on with a
/// version).
const HEARING: &[(&str, &[&str])] = &[
    (RECOGNISER, &["encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"]),
    ("smart-turn-v3.2", &["smart-turn-v3.2-cpu.onnx"]),
    ("silero-vad", &["silero_vad_16k_op15.onnx"]),
    ("onnxruntime", &["libonnxruntime.so"]),
];
const RECOGNISER: &str = "moonshine-tiny-en";
const CHAT: (&str, &str) = ("smollm2-135m", "SmolLM2-135M-Instruct.Q4_1.gguf");

impl Models {
    /// The loose ones that the environment of the tests names; none if it names none.
    pub fn of_tests() -> Option<Self> {
        let given = |name| std::env::var_os(name).map(PathBuf::from);
        let chat = given("HARK_TEST_MODEL").filter(|path| path.is_file())?;
        let voice = given("HARK_TEST_VOICE").filter(|path| path.is_dir())?;
        Some(Self::Loose { chat, voice })
    }

    /// The starter chat model's file.
    pub(crate) fn chat(&self) -> PathBuf {
        match self {
            Self::Kept(folder) => folder.join(CHAT.0).join(CHAT.1),
            Self::Loose { chat, .. } => chat.clone(),
        }
    }

    /// The folder with the recogniser's files.
    pub(crate) fn recogniser(&self) -> PathBuf {
        match self {
            Self::Kept(folder) => folder.join(RECOGNISER),
            Self::Loose { voice, .. } => voice.clone(),
        }
    }
}

/// What `HARK_HOME` is.
pub struct Home {
    folder: tempfile::TempDir,
    programs: PathBuf,
}

impl Home {
    /// One with these models, for the programs in this folder; made in `within`, or else among temporary files.
    /// `settings` are added to its settings.
    ///
    /// # Errors
    /// If a file cannot be made, or a model's file is missing.
    pub fn furnish(
        models: &Models,
        programs: &Path,
        settings: &str,
        within: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("hark-voice.");
        let folder = within.map_or_else(|| builder.tempdir(), |within| builder.tempdir_in(within))?;
        Self::furnish_in(folder, models, programs, settings)
    }

    fn furnish_in(
        folder: tempfile::TempDir,
        models: &Models,
        programs: &Path,
        settings: &str,
    ) -> anyhow::Result<Self> {
        let home = Self { folder, programs: programs.to_owned() };
        let mut text = String::from("version = 1\n");
        match models {
            Models::Kept(kept) => {
                let _ = writeln!(text, "[models]\noffline = true\nfolder = {:?}", kept.display().to_string());
            }
            Models::Loose { chat, voice } => {
                text += "[models]\noffline = true\n";
                home.link(chat, CHAT.0, CHAT.1)?;
                for (id, names) in HEARING {
                    for name in *names {
                        home.link(&loose(voice, name)?, id, name)?;
                    }
                }
            }
        }
        fs::write(home.path().join("settings.toml"), text + settings)?;
        Ok(home)
    }

    fn link(&self, from: &Path, id: &str, name: &str) -> anyhow::Result<()> {
        let folder = self.path().join("models").join(id);
        fs::create_dir_all(&folder)?;
        let to = folder.join(name);
        // Another disk has no hard links.
        fs::hard_link(from, &to)
            .or_else(|_| fs::copy(from, &to).map(drop))
            .with_context(|| format!("{} cannot be used", from.display()))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `hark`, at home here.
    ///
    /// # Errors
    /// If it is not built.
    pub fn hark(&self) -> anyhow::Result<Command> {
        let program = self.programs.join("hark");
        ensure!(program.is_file(), "{} is not built", program.display());
        let mut hark = Command::new(program);
        hark.env("HARK_HOME", self.path()).env("HOME", self.path()).env("NO_COLOR", "1");
        if std::env::var_os("HARK_WORKER_DIR").is_none() {
            hark.env("HARK_WORKER_DIR", &self.programs);
        }
        Ok(hark)
    }

    /// What the program's recogniser makes of a recording (mono, [`soundcard_sim::RATE`]).
    ///
    /// # Errors
    /// If the program fails.
    pub fn recognise(&self, sound: &[f32]) -> anyhow::Result<String> {
        let file = self.path().join("recognise.wav");
        write_wav(&file, sound)?;
        let out = self.hark()?.arg("listen").arg(&file).args(["--language", "en"]).output()?;
        ensure!(
            out.status.success(),
            "`hark listen` failed: {}",
            String::from_utf8_lossy(&out.stderr).lines().last().unwrap_or_default()
        );
        Ok(String::from_utf8_lossy(&out.stdout).split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

fn loose(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let exact = folder.join(name);
    if exact.is_file() {
        return Ok(exact);
    }
    let versions = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let starts = |path: &PathBuf| path.file_name().is_some_and(|own| own.to_string_lossy().starts_with(name));
    versions.into_iter().find(starts).with_context(|| format!("{} has no {name}", folder.display()))
}

pub(crate) fn write_wav(path: &Path, sound: &[f32]) -> anyhow::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: soundcard_sim::RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for sample in sound {
        #[expect(clippy::cast_possible_truncation, reason = "clamped")]
        writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16)?;
    }
    Ok(writer.finalize()?)
}
