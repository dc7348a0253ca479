//! Orders from another process: a socket in the card's folder that takes a line and answers with one.
//!
//! The words of a line are separated by tabs. The answer is `ok`, or `ok` and a text, or `error` and a sentence; it comes
//! when the order has been carried out.

use crate::{Gives, Shape, Sound, Tape, VirtualCard};
use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Where programs that use a card look for the one to talk to: the card's folder.
pub const FOLDER_VARIABLE: &str = "SOUNDCARD_FOLDER";

/// The running tape, if any. A mutex, because each caller is served on a thread of its own.
type Recorder = Arc<Mutex<HashMap<PathBuf, Tape>>>;

/// Takes orders in `folder` for as long as the process lives, a thread for each caller.
pub fn take_orders(card: &Arc<VirtualCard>, folder: &Path) -> io::Result<()> {
    let listener = UnixListener::bind(folder.join("control"))?;
    let (card, tapes) = (Arc::clone(card), Recorder::default());
    let serve = move || {
        for caller in listener.incoming().flatten() {
            let (card, tapes) = (Arc::clone(&card), Arc::clone(&tapes));
            std::thread::spawn(move || answer(&card, &tapes, &caller));
        }
    };
    std::thread::Builder::new().name("soundcard-control".into()).spawn(serve).map(drop)
}

fn answer(card: &VirtualCard, tapes: &Recorder, caller: &UnixStream) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(caller).read_line(&mut line)?;
    let words: Vec<&str> = line.trim_end().split('\t').collect();
    let mut back = caller;
    match obey(card, tapes, &words) {
        Ok(()) => writeln!(back, "ok"),
        Err(why) => writeln!(back, "error {why}"),
    }
}

/// Gives an order to the card of this folder and waits for its answer.
pub fn order(folder: &Path, words: &[&str]) -> Result<(), String> {
    let ask = || -> io::Result<String> {
        let mut card = UnixStream::connect(folder.join("control"))?;
        writeln!(card, "{}", words.join("\t"))?;
        let mut answer = String::new();
        BufReader::new(card).read_line(&mut answer)?;
        Ok(answer)
    };
    let answer =
        ask().map_err(|why| format!("There is no virtual sound card in {}: {why}", folder.display()))?;
    match answer.trim_end().strip_prefix("error ") {
        Some(why) => Err(why.to_owned()),
        None => Ok(()),
    }
}

fn obey(card: &VirtualCard, tapes: &Recorder, words: &[&str]) -> Result<(), String> {
    let done = match words {
        ["speak", path, gain] => {
            Sound::read(Path::new(path)).map(|sound| card.speak(&sound, number(gain)).wait())
        }
        ["noise", path, gain] => Sound::read(Path::new(path)).map(|sound| card.noise(&sound, number(gain))),
        ["noise-off"] => {
            card.noise_off();
            Ok(())
        }
        ["echo", delay_ms, gain] => {
            card.echo(Duration::from_secs_f32(number(delay_ms).max(0.0) / 1000.0), number(gain));
            Ok(())
        }
        ["record", path] => {
            tapes.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into(), card.record());
            Ok(())
        }
        ["stop"] => {
            let tapes = std::mem::take(&mut *tapes.lock().unwrap_or_else(PoisonError::into_inner));
            tapes.into_iter().try_for_each(|(path, tape)| tape.stop().save(&path))
        }
        ["unplug", name] => card.unplug(name),
        ["replug", name] => card.replug(name),
        ["microphone", name, rate] => {
            card.plug_microphone(name, Shape::MICROPHONE.at(rate_of(rate)), Gives::Room)
        }
        ["speaker", name, rate] => card.plug_speaker(name, Shape::SPEAKER.at(rate_of(rate))),
        ["default", name] => card.make_default(name),
        ["kill-server"] => {
            card.kill_server();
            Ok(())
        }
        ["restart-server"] => card.restart_server(),
        _ => return Err("this is no order that the card knows".into()),
    };
    done.map_err(|why| why.to_string())
}

fn number(word: &str) -> f32 {
    word.parse().unwrap_or(1.0)
}

fn rate_of(word: &str) -> u32 {
    word.parse().unwrap_or(crate::RATE)
}
