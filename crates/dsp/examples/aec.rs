//! Measures the echo cancellers: `cargo run --release -p dsp --features aec3 --example aec -- RECORDINGS SPEECH.wav`.
//!
//! RECORDINGS is the folder with `echo/`, `rooms/` and `speech/`; SPEECH is what is played in the simulated rooms.

use std::path::{Path, PathBuf};

use dsp::bench::{Candidate, EchoScene, Room, echo};
use media::Ms;

#[path = "../tests/common/mod.rs"]
mod common;

fn main() {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let (Some(data), Some(speech)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: aec RECORDINGS SPEECH.wav");
        return;
    };
    println!("{:34} {:8} {:>8} {:>8} {:>8}", "scene", "", "ERLE dB", "near dB", "% CPU");
    for (name, scene) in scenes(&data, &speech) {
        for which in Candidate::ALL.iter().copied() {
            let figures = echo(which, &scene);
            let near = figures.near_db.map_or("-".to_owned(), |near| format!("{near:.1}"));
            let label = format!("{which:?}");
            println!("{name:34} {label:8} {:8.1} {near:>8} {:8.2}", figures.erle_db, figures.load * 100.0);
        }
    }
}

fn scenes(data: &Path, speech: &Path) -> Vec<(String, EchoScene)> {
    let far = common::at_level(&common::wav(speech), -20.0);
    let near = common::at_level(&common::wav(&data.join("speech/librivox_0870.wav")), -26.0);
    let noise = common::at_level(&common::mp3(&data.join("speech/noise_office.mp3")), -55.0);
    let recorded = |name: &str| EchoScene {
        far: common::wav(&data.join(format!("echo/{name}_speaker.wav"))),
        mic: common::wav(&data.join(format!("echo/{name}_mic.wav"))),
        near: None,
    };
    let mut scenes = vec![("recorded, far end alone".to_owned(), recorded("farend"))];
    scenes.push(("recorded, both (0: voice is kept)".to_owned(), recorded("doubletalk")));
    let mut talk = common::silence(10.0);
    talk.extend(&near);
    for impulse in 1..=4 {
        let impulse_response = common::wav(&data.join(format!("rooms/impulse_{impulse}.wav")));
        for delay in [20, 40, 80, 120, 250] {
            let room = Room { impulse: &impulse_response, delay: Ms(delay), gain: 0.3, noise: &noise };
            let scene = EchoScene::simulated(&far, Some(&talk), &room);
            scenes.push((format!("room {impulse}, {delay} ms"), scene));
        }
    }
    let impulse = common::wav(&data.join("rooms/impulse_1.wav"));
    scenes.push(("room 1, 40 then 180 ms at 20 s".to_owned(), moved(&far, &impulse, &noise)));
    scenes
}

/// The delay changes in the middle; measured on what comes after the change.
fn moved(far: &[f32], impulse: &[f32], noise: &[f32]) -> EchoScene {
    let before = EchoScene::simulated(far, None, &Room { impulse, delay: Ms(40), gain: 0.3, noise });
    let after = EchoScene::simulated(far, None, &Room { impulse, delay: Ms(180), gain: 0.3, noise });
    let at = 20 * 16_000;
    let mut mic = before.mic[..at].to_vec();
    mic.extend_from_slice(&after.mic[at..]);
    EchoScene { far: far.to_vec(), mic, near: None }
}
