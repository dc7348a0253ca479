//! The same files, words and pictures as llama.cpp's own program for pictures is given: the reply is the same to the
//! letter. `cargo xtask peers` builds that program from the very sources that Hark links; where it is absent, a line says
//! so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use engine::LoadRequest;
use testkit::{Family, Layers};

use crate::common::*;
use crate::sight::{picture, see, seeing_request, show};

const QUESTION: &str = "What is in this picture?";
const TOKENS: u32 = 16;
const CONTEXT: u32 = 4096;

/// llama.cpp's program, or `None`, said aloud.
fn peer() -> Option<PathBuf> {
    let folder = std::env::var_os("HARK_PEERS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/bin"), PathBuf::from);
    let program = folder.join(format!("llama-mtmd-cli{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        println!("skipped: there is no {}; `cargo xtask peers` builds it", program.display());
        return None;
    }
    Some(program)
}

/// Sizes of the pictures that are made here. A model in SmolVLM's shape cuts most of them into 13 or 17 parts.
fn sizes(family: Family) -> &'static [(u32, u32)] {
    match family {
        Family::SmolVlm => &[(224, 224), (1, 1), (3, 1000), (1000, 3), (333, 517)],
        Family::Qwen3Vl => {
            &[(224, 224), (1, 1), (3, 1000), (1000, 3), (333, 517), (31, 33), (640, 480), (999, 70)]
        }
    }
}

/// Pictures of odd sizes, and files with something special about them.
fn files(family: Family) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    let made = sizes(family).iter().map(|&(width, height)| {
        let path = folder.join(format!("{width}x{height}.ppm"));
        let mut bytes = format!("P6\n{width} {height}\n255\n").into_bytes();
        bytes.extend(picture(width, height, width).pixels().unwrap().rgb);
        std::fs::write(&path, bytes).unwrap();
        path
    });
    let special = ["grey.png", "transparent.png", "palette.png", "deep.png", "turned.jpg"];
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures");
    made.chain(special.map(|name| kept.join(name))).collect()
}

/// What the peer answers.
fn theirs(program: &Path, model: &LoadRequest, pictures: &[&Path]) -> String {
    let mut command = Command::new(program);
    command.arg("-m").arg(&model.weights).arg("--mmproj").arg(model.projector.as_ref().unwrap());
    for picture in pictures {
        command.arg("--image").arg(picture);
    }
    command.args(["-p", QUESTION, "--temp", "0", "-t", "2", "-ngl", "0", "--no-warmup"]);
    command.args(["-n", &TOKENS.to_string(), "-c", &CONTEXT.to_string()]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Two at a time, with two threads each, would wait for one another at every layer.
static ALONE: Mutex<()> = Mutex::new(());

fn check(family: Family) {
    let vocabulary = model_or_skip!();
    let Some(program) = peer() else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let request = seeing_request(family, Layers::few(family), &vocabulary);
    let request = LoadRequest { context_tokens: Some(CONTEXT), threads: Some(2), ..request };
    let mut engine = try_load(&request).unwrap();
    let files = files(family);
    let mut different = Vec::new();
    let pairs = [vec![files[0].as_path(), files[files.len() - 1].as_path()]];
    let mut replies = Vec::new();
    for shown in files.iter().map(|file| vec![file.as_path()]).chain(pairs) {
        let images: Vec<_> = shown.iter().map(|file| engine.picture(file).unwrap()).collect();
        // Each on its own: another picture's beginning in memory makes other sums.
        see(&mut engine, &ask(&["u:Something else"]));
        let mut question = show(&[&format!("u:{QUESTION}")], 0, &images.iter().collect::<Vec<_>>());
        question.max_tokens = Some(TOKENS);
        let ours = see(&mut engine, &question);
        let ours = ours.text.trim().to_owned();
        let theirs = theirs(&program, &request, &shown);
        if ours != theirs {
            different.push(format!("{shown:?}\n  ours:   {ours}\n  theirs: {theirs}"));
        }
        replies.push(ours);
    }
    assert!(different.is_empty(), "{family:?}\n{}", different.join("\n"));
    replies.sort_unstable();
    replies.dedup();
    assert!(replies.len() > 8, "{family:?}: pictures hardly matter, so this shows nothing: {replies:?}");
}

#[test]
fn a_model_in_smolvlms_shape_answers_as_llama_cpp_does() {
    check(Family::SmolVlm);
}

#[test]
fn a_model_in_qwen3_vls_shape_answers_as_llama_cpp_does() {
    check(Family::Qwen3Vl);
}
