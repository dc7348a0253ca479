//! Measures parts of the spoken conversation on their own: `scene PROGRAMS RECORDINGS [--whole] [PART...]`, with the
//! models that the tests' environment names.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};

use anyhow::Context;
use soundcard_sim::Sound;
use voice_bench::parts::{PARTS, Scenes};
use voice_bench::{Cast, Models, voices};

fn main() -> anyhow::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    anyhow::ensure!(arguments.len() >= 2, "scene PROGRAMS RECORDINGS [--whole] [PART...]");
    let folder = PathBuf::from(arguments.remove(1));
    let programs = PathBuf::from(arguments.remove(0));
    let quick = !arguments.iter().any(|argument| argument == "--whole");
    let models = Models::of_tests().context("HARK_TEST_MODEL and HARK_TEST_VOICE name the models")?;
    let mut utterances = voices::recordings(&folder)?;
    if let Models::Loose { voice, .. } = &models {
        for name in ["two_cities.wav", "beckett.wav"] {
            let file = voice.join(name);
            if file.is_file() {
                utterances.extend(voices::pieces(&file)?);
            }
        }
    }
    let noise = folder.join("../rooms/noise_2.wav");
    let noise = Path::new(&noise).is_file().then(|| Sound::read(&noise)).transpose()?;
    let cast = Cast { programs, models, reply_tokens: None, model: None, arguments: Vec::new() };
    eprintln!("{} utterances", utterances.len());
    let scenes = Scenes { cast, utterances, noise, quick, note: |line| eprintln!("{line}") };
    for part in PARTS {
        if !arguments.iter().any(|name| name == part.name) {
            continue;
        }
        eprintln!("{}", part.name);
        match (part.measure)(&scenes) {
            Ok(measured) => {
                for one in measured {
                    println!(
                        "{} = {:.2} {} ({})\n  {}",
                        one.name, one.value, one.unit, one.samples, one.conditions
                    );
                }
            }
            Err(why) => eprintln!("{}: {why:#}", part.name),
        }
    }
    Ok(())
}
