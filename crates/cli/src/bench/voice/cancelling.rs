//! `aec.erle_db`: by how much the echo canceller makes the echo quieter, on a laptop's own recordings and in simulated
//! rooms, each candidate beside the others.

use dsp::bench::{Candidate, EchoScene, Room, echo};
use media::Ms;
use serde_json::{Map, Value, json};

use super::super::figure::{Figure, rounded};
use super::super::spoken::Files;

/// Delays of the simulated echo.
const DELAYS: [u32; 3] = [40, 80, 120];
/// How loud it is beside what was played.
const GAIN: f32 = 0.3;
/// The impulse responses of the tests' data.
const ROOMS: [&str; 4] = ["impulse_1", "impulse_2", "impulse_3", "impulse_4"];

pub(super) fn measure(files: &Files) -> anyhow::Result<Vec<Figure>> {
    let scenes = scenes(files)?;
    let mut by_candidate = Map::new();
    let mut value = f64::NAN;
    for which in Candidate::ALL.iter().copied() {
        let figures: Vec<(String, f64, f64)> = scenes
            .iter()
            .map(|(name, scene)| {
                let figures = echo(which, scene);
                (name.clone(), f64::from(figures.erle_db), f64::from(figures.load))
            })
            .collect();
        if which == Candidate::Sonora
            && let Some((_, erle, _)) = figures.first()
        {
            value = *erle;
        }
        let each: Map<String, Value> =
            figures.iter().map(|(name, erle, _)| (name.clone(), json!(rounded(*erle)))).collect();
        let load = figures.iter().map(|(_, _, load)| load * 100.0).fold(0.0, f64::max);
        by_candidate.insert(
            format!("{which:?}").to_lowercase(),
            json!({"erle_db": each, "cpu_percent_at_most": rounded(load)}),
        );
    }
    let conditions = json!({
        "what": "echo return loss enhancement of the canceller that is used, on a laptop's recording of its own loudspeaker \
                 (far end alone), after 2 s",
        "simulated_rooms": {"delays_ms": DELAYS, "gain": GAIN, "noise": "none"},
        "candidates": by_candidate,
    });
    Ok(vec![Figure::new("aec.erle_db", value, "dB", scenes.len(), conditions)])
}

/// The recorded scene first: its value is the figure.
fn scenes(files: &Files) -> anyhow::Result<Vec<(String, EchoScene)>> {
    let recorded = EchoScene {
        far: files.recorded("echo/farend_speaker.wav")?,
        mic: files.recorded("echo/farend_mic.wav")?,
        near: None,
    };
    let far = recorded.far.repeat(2);
    let mut scenes = vec![("recorded".to_owned(), recorded)];
    for room in ROOMS {
        let impulse = files.recorded(&format!("rooms/{room}.wav"))?;
        for delay in DELAYS {
            let room_of = Room { impulse: &impulse, delay: Ms(delay), gain: GAIN, noise: &[0.0] };
            scenes.push((format!("{room}, {delay} ms"), EchoScene::simulated(&far, None, &room_of)));
        }
    }
    Ok(scenes)
}
