//! A conversation of which only the sound is known: so that another program can be put in the place of ours, and both
//! are treated alike.
//!
//! What always holds: nothing that a program tells decides when somebody speaks to it or what is measured, but for the
//! one line with which it says that it is ready.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use soundcard_sim::{Speech, VirtualCard};

use crate::pass;
use crate::program::Program;
use crate::script::Script;
use crate::sound::frames;
use crate::stage::{ANSWERS, Cast, Reply, Stage, start_card};
use crate::voices::Utterance;

/// A program that holds spoken conversations through the default sound devices, to be compared with ours.
///
/// It prints lines of JSON: one of the kind `ready` as soon as it listens (what else is in it is told with the figures).
/// It ends with its input, or when its process group is ended. Its environment names the virtual card and what it is to be made of:
///
/// | variable | |
/// |---|---|
/// | `HARK_PEER_CHAT` | the GGUF file of the model that answers |
/// | `HARK_PEER_CHAT_URL` | set: the base URL (`…/v1`) of a server that answers instead |
/// | `HARK_PEER_REPLY_TOKENS` | set: tokens of the longest reply |
/// | `HARK_PEER_SPEECH` | the folder with the recogniser: `encoder_model.ort`, `decoder_model_merged.ort`, `tokenizer.bin` |
#[derive(Debug, Clone)]
pub struct Peer {
    /// The program.
    pub command: PathBuf,
}

/// Who is spoken to.
#[derive(Debug, Clone, Copy)]
pub enum Side<'a> {
    /// `hark talk`.
    Ours,
    /// Another program.
    Theirs(&'a Peer),
}

/// How long a peer may take to be ready: the first time it may have to install itself.
const READY: Duration = Duration::from_mins(8);
/// Silence behind a reply after which it is over: longer than any between two sentences.
const OVER: usize = 1_500;
/// No question is put sooner after the end of the one before: who is not sure that it was its end may answer as late.
const SETTLED: usize = 6_500;
/// A reply is still going on if it was audible so lately.
const LATELY: usize = 1_000;

/// The conversation. Dropped, everything ends.
pub struct ByEar {
    // The order is that of ending.
    program: Program,
    _home: Option<crate::Home>,
    /// The card.
    pub card: Arc<VirtualCard>,
    /// What it said of itself when it was ready; null of ours.
    pub about: Value,
}

impl ByEar {
    /// Starts a card and a conversation on it, and waits until it listens.
    ///
    /// # Errors
    /// If the sound server or the program cannot be had, with the reason as a sentence.
    pub fn open(side: Side<'_>, cast: &Cast, script: Option<&Script>) -> anyhow::Result<Self> {
        match side {
            Side::Ours => {
                let Stage { program, home, card } = Stage::open(cast, script)?;
                Ok(Self { program, _home: Some(home), card, about: Value::Null })
            }
            Side::Theirs(peer) => Self::open_peer(peer, cast, script),
        }
    }

    fn open_peer(peer: &Peer, cast: &Cast, script: Option<&Script>) -> anyhow::Result<Self> {
        let card = Arc::new(start_card()?);
        let mut command = Command::new(&peer.command);
        command.envs(card.env()).env("HARK_PEER_SPEECH", cast.models.recogniser());
        command.env("HARK_PEER_CHAT", cast.models.chat());
        if let Some(script) = script {
            command.env("HARK_PEER_CHAT_URL", script.url());
        }
        if let Some(tokens) = cast.reply_tokens {
            command.env("HARK_PEER_REPLY_TOKENS", tokens.to_string());
        }
        let program = Program::start(command, &card)?;
        let about = program.wait(0, READY, |line| line.is("ready").then(|| line.value.clone()))?;
        let about = about
            .with_context(|| format!("{} is not ready: {}", peer.command.display(), program.complaint()))?;
        Ok(Self { program, _home: None, card, about })
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.program.id()
    }

    /// Says something and waits until a reply was heard and is over, at most for so long. `meanwhile` is called when it is
    /// heard.
    ///
    /// # Errors
    /// If the program ended or the run was interrupted.
    pub fn ask(
        &self,
        utterance: &Utterance,
        at_most: Duration,
        meanwhile: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<Reply> {
        let tape = self.card.record();
        let speech = self.card.speak(&utterance.sound, 1.0);
        let end = self.heard(&speech)?;
        // An answer to a half may have been heard before, so what counts is what is heard from now on.
        if self.until(ANSWERS, || self.card.last_audible() > end)? {
            meanwhile()?;
        }
        let over = || self.silent_for(OVER) && self.card.now() > end + frames(SETTLED) as u64;
        self.until(at_most, over)?;
        Reply::taped(tape, &speech, Vec::new())
    }

    /// Waits until all has been said; the room's time then.
    ///
    /// # Errors
    /// If the program ended or the run was interrupted.
    pub fn heard(&self, speech: &Speech) -> anyhow::Result<u64> {
        self.until(Duration::from_mins(5), || speech.is_over())?;
        Ok(self.card.now())
    }

    /// Whether a reply is going on.
    pub fn is_audible(&self) -> bool {
        self.card.last_audible() > 0 && !self.silent_for(LATELY)
    }

    /// Waits until a reply is audible. Whether it was in time.
    ///
    /// # Errors
    /// If the program ended or the run was interrupted.
    pub fn audible_within(&self, time: Duration) -> anyhow::Result<bool> {
        self.until(time, || self.is_audible())
    }

    fn silent_for(&self, milliseconds: usize) -> bool {
        self.card.now() >= self.card.last_audible() + frames(milliseconds) as u64
    }

    /// Waits for what is to be heard; whether it came in time.
    fn until(&self, within: Duration, holds: impl Fn() -> bool) -> anyhow::Result<bool> {
        let deadline = self.card.now() + frames(usize::try_from(within.as_millis())?) as u64;
        while !holds() {
            if self.card.now() >= deadline {
                return Ok(false);
            }
            self.program.lives()?;
            pass(Duration::from_millis(10))?;
        }
        Ok(true)
    }
}
