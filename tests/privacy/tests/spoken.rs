//! A disk that is full in the middle of a conversation: what is said and heard is written down once there is room.

#![cfg(target_os = "linux")]

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use privacy_tests::sealed::{Display, Network, mount_small, sealed};
use voice_tests::{Answers, PATIENCE, Scene, scene_in};

/// Leaves no byte free.
fn fill(folder: &Path) -> anyhow::Result<PathBuf> {
    let filler = folder.join("filler");
    let mut file = std::fs::File::create(&filler)?;
    for piece in [&[0_u8; 4096][..], &[0]] {
        while file.write_all(piece).is_ok() {}
    }
    Ok(filler)
}

/// Waits for a notice about saving, or for its end.
fn notice(scene: &Scene, mark: usize, kind: &str) -> anyhow::Result<()> {
    let found = scene.stage.program.wait(mark, PATIENCE, |line| {
        let id = if kind == "notice" { &line.value["notice"]["id"] } else { &line.value["id"] };
        (line.is(kind) && id == "save").then_some(())
    })?;
    found.with_context(|| format!("no {kind} about saving; {}", scene.stage.program.voice()))
}

#[test]
fn what_is_said_and_heard_on_a_full_disk_is_in_the_history_once_there_is_room() -> anyhow::Result<()> {
    let test = "what_is_said_and_heard_on_a_full_disk_is_in_the_history_once_there_is_room";
    sealed(test, Network::LoopbackOnly, Display::None, || {
        let disk = tempfile::tempdir()?;
        mount_small(disk.path(), "400m")?;
        let Some(mut scene) = scene_in(Some(disk.path()), Answers::Model, |_| Ok(()))? else { return Ok(()) };
        scene.works()?;
        let before = scene.stage.history()?;

        let filler = fill(disk.path())?;
        let mark = scene.stage.program.mark();
        scene.begin("cards_2.wav")?;
        notice(&scene, mark, "notice")?;
        scene.stage.rest(PATIENCE)?;

        let mark = scene.stage.program.mark();
        std::fs::remove_file(filler)?;
        notice(&scene, mark, "notice_gone")?;
        let after = scene.stage.history()?;
        ensure!(after.len() == before.len() + 2, "{after:?}");
        let (question, reply) = (&after[before.len()], &after[before.len() + 1]);
        ensure!(!question.is_reply() && question.text.to_lowercase().contains("queen"), "{question:?}");
        ensure!(reply.is_reply() && !reply.text.is_empty(), "{reply:?}");
        scene.works()
    })
}
