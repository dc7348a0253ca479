//! Something is shown while one talks: pictures in the place of a camera, and a model that sees with random weights.

#![cfg(target_os = "linux")]

use std::path::Path;

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Family, Layers, seeing_model};
use voice_bench::{Cast, Program};
use voice_tests::{Answers, PATIENCE, scene_with};

const SHOWN: Rgb<u8> = Rgb([180, 40, 90]);

/// A camera that sees one colour, and a model that sees.
fn seeing(folder: &Path, cast: &mut Cast) -> anyhow::Result<()> {
    let camera = folder.join("camera");
    std::fs::create_dir(&camera)?;
    RgbImage::from_pixel(64, 48, SHOWN).save(camera.join("1.png"))?;
    let vocabulary = std::env::var_os("HARK_TEST_MODEL").context("HARK_TEST_MODEL")?;
    let (family, models) = (Family::SmolVlm, folder.join("models"));
    let model = seeing_model(family, Layers::few(family), Path::new(&vocabulary), &models)?;
    cast.model = Some(model.weights.display().to_string());
    cast.arguments = ["--show", "camera"].map(str::to_owned).to_vec();
    cast.environment = vec![("HARK_CAMERA_PICTURES".to_owned(), camera.display().to_string())];
    cast.reply_tokens = Some(8);
    Ok(())
}

#[test]
fn what_a_camera_saw_goes_with_the_spoken_question_and_stays_with_it() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let change = |cast: &mut Cast| seeing(folder.path(), cast);
    let Some(mut scene) = scene_with(change, Answers::Model, |_| Ok(()))? else { return Ok(()) };
    let voice = scene.voice("harvard_3.wav")?;
    let speech = scene.stage.card.speak(&voice.sound, 1.0);
    scene.stage.heard(&speech)?;
    let program = &mut scene.stage.program;
    let kept = program.wait(0, PATIENCE, |line| {
        let message = &line.value["message"];
        let pictures = message["attachments"].as_array()?;
        (message["speaker"] == "user").then(|| pictures.clone())
    })?;
    let kept = kept.with_context(|| format!("no question has a picture; {}", program.voice()))?;
    ensure!(kept.len() == 1, "{kept:?}");
    let file = program.ask("attached_file", &json!({ "content": kept[0]["content"] }))?;
    let file = pixels(&file)?;
    ensure!(file.dimensions() == (64, 48) && *file.get_pixel(30, 20) == SHOWN, "{:?}", file.dimensions());
    let seen = |program: &mut Program| -> anyhow::Result<Value> {
        let snapshot = program.ask("snapshot", &json!({}))?;
        let sensors = snapshot["sensors"]["sensors"].as_array().context("sensors")?;
        let camera = sensors.iter().find(|it| it["sensor"] == "camera").context("no camera")?;
        Ok(camera["uses"][0].clone())
    };
    let on = seen(program)?;
    ensure!(on["until"].is_null() && on["device"] == "Pictures", "{on}");
    program.ask("stop_sharing", &json!({}))?;
    ensure!(!seen(program)?["until"].is_null(), "it is off, and on record");
    Ok(())
}

fn pixels(file: &Value) -> anyhow::Result<RgbImage> {
    let data = file["data"].as_str().context("no data")?;
    Ok(image::load_from_memory(&STANDARD.decode(data)?)?.into_rgb8())
}
