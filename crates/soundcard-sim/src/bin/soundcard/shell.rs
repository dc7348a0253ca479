//! `soundcard run CMD` runs a program on a card of its own; the other
//! commands talk to that card, from the program itself or from another shell.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use soundcard_sim::{VirtualCard, control};
use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
};

/// A private virtual sound card: a sound server of its own in a simulated room.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The folder of the card to talk to; `run` prints it and sets it for its program.
    #[arg(long, env = control::FOLDER_VARIABLE, global = true)]
    folder: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Run a program on a new card; the card ends with it.
    Run {
        /// The program and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Say a WAV file in the room; returns when it has been said.
    Speak {
        /// The file.
        file: PathBuf,
        /// How loud; 1 is as recorded.
        #[arg(default_value = "1")]
        gain: String,
    },
    /// Have a WAV file heard in the room again and again.
    Noise {
        /// The file.
        file: PathBuf,
        /// How loud; 1 is as recorded.
        #[arg(default_value = "1")]
        gain: String,
    },
    /// End every noise.
    NoiseOff,
    /// Have what the loudspeaker plays come to the microphone; a gain of 0 ends it.
    Echo {
        /// How much later, in milliseconds.
        delay_ms: String,
        /// How loud.
        gain: String,
    },
    /// Start recording loudspeaker, user and microphone as the three channels of a WAV file.
    Record {
        /// The file, written at `stop`.
        file: PathBuf,
    },
    /// Stop recording and write the file.
    Stop,
    /// Pull a device out: `vmic`, `vspk`, or one that was plugged in.
    Unplug {
        /// Its name.
        name: String,
    },
    /// Put a device back.
    Replug {
        /// Its name.
        name: String,
    },
    /// Plug in another microphone.
    Microphone {
        /// Its name.
        name: String,
        /// Frames a second.
        rate: String,
    },
    /// Plug in another loudspeaker.
    Speaker {
        /// Its name.
        name: String,
        /// Frames a second.
        rate: String,
    },
    /// Make a device the default.
    Default {
        /// Its name.
        name: String,
    },
    /// Kill the sound server.
    KillServer,
    /// Start the sound server again.
    RestartServer,
}

pub(crate) fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if let What::Run { command } = &arguments.what {
        return run(command);
    }
    let folder = arguments.folder.context("Which card? Give its --folder; `soundcard run` prints it.")?;
    let words = words(&arguments.what)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match control::order(&folder, &words) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(why) => bail!(why),
    }
}

fn run(command: &[String]) -> Result<ExitCode> {
    let folder = tempfile::Builder::new().prefix("soundcard.").tempdir()?;
    let card = Arc::new(VirtualCard::start_in(folder.path())?);
    control::take_orders(&card, folder.path())?;
    eprintln!("soundcard: {}={}", control::FOLDER_VARIABLE, folder.path().display());
    let status = Command::new(&command[0])
        .args(&command[1..])
        .envs(card.env())
        .env(control::FOLDER_VARIABLE, folder.path())
        .status()
        .with_context(|| format!("{} cannot be run", command[0]))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The order as the card's folder takes it; paths are made whole, for the card has another working folder.
fn words(what: &What) -> Result<Vec<String>> {
    let whole = |path: &Path| std::path::absolute(path).map(|path| path.display().to_string());
    let words: Vec<String> = match what {
        What::Speak { file, gain } => vec!["speak".into(), whole(file)?, gain.clone()],
        What::Noise { file, gain } => vec!["noise".into(), whole(file)?, gain.clone()],
        What::Echo { delay_ms, gain } => vec!["echo".into(), delay_ms.clone(), gain.clone()],
        What::Record { file } => vec!["record".into(), whole(file)?],
        What::Unplug { name } => vec!["unplug".into(), name.clone()],
        What::Replug { name } => vec!["replug".into(), name.clone()],
        What::Microphone { name, rate } => vec!["microphone".into(), name.clone(), rate.clone()],
        What::Speaker { name, rate } => vec!["speaker".into(), name.clone(), rate.clone()],
        What::Default { name } => vec!["default".into(), name.clone()],
        What::NoiseOff => vec!["noise-off".into()],
        What::Stop => vec!["stop".into()],
        What::KillServer => vec!["kill-server".into()],
        What::RestartServer => vec!["restart-server".into()],
        What::Run { .. } => Vec::new(),
    };
    Ok(words)
}
