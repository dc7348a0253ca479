//! What a spoken conversation needs: sound devices, the sound server, speech models, the recogniser and the voice.

use std::time::{Duration, Instant};

use assembly::speech::{Hearing, SystemSpeech, missing};
use media::{Device, Direction};
use model_store::{FileRole, Task};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::Check;
use crate::models::Opened;

/// A recogniser on a slow disk takes some seconds to load.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn checks(opened: &Opened, quick: bool) -> Vec<Check> {
    let system = SystemSpeech::new(opened.paths.clone(), Handle::current());
    let mut checks = devices(opened, &system).await;
    if cfg!(target_os = "linux") {
        checks.push(server());
    }
    checks.push(models(opened));
    checks.push(runtime(opened));
    checks.push(recogniser(opened, &system, quick).await);
    checks.push(voice(opened, &system).await);
    checks
}

async fn devices(opened: &Opened, system: &SystemSpeech) -> Vec<Check> {
    let devices = match system.sound_devices().await {
        Ok(devices) => devices,
        Err(error) => {
            let todo = "Typed conversations need no sound.";
            return vec![Check::warning("sound", "Sound", error.message, todo)];
        }
    };
    let settings = &opened.settings.voice;
    vec![
        side("microphone", "Microphone", &devices, Direction::Input, settings.microphone.as_deref()),
        side("speaker", "Speaker", &devices, Direction::Output, settings.speaker.as_deref()),
    ]
}

fn side(
    id: &'static str,
    name: &'static str,
    devices: &[Device],
    direction: Direction,
    wanted: Option<&str>,
) -> Check {
    let those = || devices.iter().filter(|device| device.direction == direction);
    if those().next().is_none() {
        return Check::warning(id, name, "There is none.", "Plug one in; it is found by itself.");
    }
    if let Some(wanted) = wanted
        && those().all(|device| device.name.0 != wanted)
    {
        let says = format!("The chosen one, “{wanted}”, is not there.");
        return Check::warning(id, name, says, "Plug it in, or choose another in the settings.");
    }
    let shown = |device: &Device| {
        let mark = if device.is_default { " (the system's choice)" } else { "" };
        format!("{}{mark}", device.label)
    };
    Check::ok(id, name, those().map(shown).collect::<Vec<_>>().join("; "))
}

/// Whether a sound server runs. Without one, ALSA may give a device to one program alone.
fn server() -> Check {
    let (id, name) = ("sound-server", "Sound srv");
    let folder = std::env::var_os("XDG_RUNTIME_DIR").map(std::path::PathBuf::from);
    let there = |socket: &str| folder.as_ref().is_some_and(|folder| folder.join(socket).exists());
    let named = std::env::var_os("PULSE_SERVER").is_some_and(|server| !server.is_empty());
    match (there("pipewire-0"), named || there("pulse/native")) {
        (true, true) => Check::ok(id, name, "PipeWire"),
        (false, true) => Check::ok(id, name, "PulseAudio"),
        (true, false) => {
            let says = "PipeWire runs without its PulseAudio side.";
            Check::warning(id, name, says, "Install and start pipewire-pulse.")
        }
        (false, false) => {
            let says = "None runs; sound goes through ALSA, where a device may be another program's alone.";
            Check::warning(id, name, says, "Install and start pipewire-pulse, or pulseaudio.")
        }
    }
}

fn models(opened: &Opened) -> Check {
    let (id, name) = ("speech-models", "Speech");
    let here = opened.store.installed();
    let of = |task| here.iter().filter(move |model| model.task == task && model.problem.is_none());
    if of(Task::SpeechToText).next().is_none() {
        let says = "The models for understanding speech are not here.";
        return Check::warning(id, name, says, "hark models pull voice");
    }
    let small = [
        (Task::VoiceActivity, "telling speech from noise"),
        (Task::EndOfTurn, "knowing when you have finished speaking"),
    ];
    let without: Vec<&str> =
        small.iter().filter(|(task, _)| of(*task).next().is_none()).map(|(_, what)| *what).collect();
    if !without.is_empty() {
        let says = format!("A model is missing that is better at {}.", without.join(" and at "));
        return Check::warning(id, name, says, "hark models pull voice");
    }
    let names: Vec<&str> = of(Task::SpeechToText)
        .chain(of(Task::TextToSpeech))
        .chain(of(Task::VoiceActivity))
        .chain(of(Task::EndOfTurn))
        .map(|model| model.name.as_str())
        .collect();
    Check::ok(id, name, names.join("; "))
}

fn runtime(opened: &Opened) -> Check {
    let (id, name) = ("onnxruntime", "ONNX");
    let here = opened.store.installed().into_iter().find(|model| model.task == Task::Runtime);
    match here.as_ref().map(|model| (model.problem.clone(), model.path(FileRole::Library))) {
        Some((Some(problem), _)) => Check::problem(id, name, problem, "hark models pull onnxruntime"),
        Some((None, Some(path))) => Check::ok(id, name, path.display().to_string()),
        _ => {
            let says = "ONNX Runtime is not here; Moonshine and Kokoro need it.";
            Check::warning(id, name, says, "hark models pull onnxruntime")
        }
    }
}

async fn recogniser(opened: &Opened, system: &SystemSpeech, quick: bool) -> Check {
    let (id, name) = ("recogniser", "Recogniser");
    let hearing = Hearing::of(&opened.settings.voice);
    if !missing(&opened.store, hearing).is_empty() {
        return Check::skipped(id, name, "Not asked: its models are missing");
    }
    let worker = match system.recogniser(&opened.store, hearing) {
        Ok(worker) => worker,
        Err(error) => return Check::failed(id, name, error.message),
    };
    if quick {
        return Check::ok(id, name, "There is one; not loaded (--quick)");
    }
    let began = Instant::now();
    match timeout(PATIENCE, worker.ready()).await {
        Ok(Ok(info)) => {
            Check::ok(id, name, format!("{} loads in {} ms", info.name, began.elapsed().as_millis()))
        }
        Ok(Err(error)) => Check::failed(id, name, error.to_string()),
        Err(_) => Check::problem(id, name, "It does not get ready.", "Fetch its models again."),
    }
}

async fn voice(opened: &Opened, system: &SystemSpeech) -> Check {
    let (id, name) = ("voice", "Voice");
    let voice = match system.voice(&opened.store) {
        Ok(voice) => voice,
        Err(error) => return Check::failed(id, name, error.message),
    };
    let began = Instant::now();
    match timeout(PATIENCE, voice.ready()).await {
        Ok(Ok(info)) => {
            let (count, took) = (info.voices.len(), began.elapsed().as_millis());
            Check::ok(id, name, format!("{}, {count} voices, ready in {took} ms", info.name))
        }
        // Its sentence says what to install.
        Ok(Err(error)) => {
            Check::warning(id, name, error.to_string(), "Without a voice, replies are shown only.")
        }
        Err(_) => {
            Check::problem(id, name, "It does not get ready.", "Restart the computer, or install Hark again.")
        }
    }
}
