//! The card, the program at home, and what happens between them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use soundcard_sim::{CardError, Recording, Speech, Tape, VirtualCard};

use crate::home::{Home, Models};
use crate::program::{Line, Program};
use crate::script::Script;
use crate::voices::Utterance;

/// Who plays.
#[derive(Debug, Clone)]
pub struct Cast {
    /// The folder with `hark` and its workers.
    pub programs: PathBuf,
    /// The models.
    pub models: Models,
    /// Tokens of the longest reply; the model's own end otherwise.
    pub reply_tokens: Option<u32>,
    /// The model that answers; the best that is here otherwise.
    pub model: Option<String>,
    /// More arguments of `hark talk`.
    pub arguments: Vec<String>,
    /// More of its environment.
    pub environment: Vec<(String, String)>,
    /// Where the program's home is made; none: among temporary files.
    pub folder: Option<PathBuf>,
}

/// How long engines and devices may take to be ready on a busy machine.
const READY: Duration = Duration::from_mins(3);
/// How long a reply may take to begin after the last sound of a question.
pub const ANSWERS: Duration = Duration::from_secs(20);

/// A conversation on the virtual card. Dropped, everything ends.
pub struct Stage {
    // The order is that of ending: the program before its sound and its home.
    /// The program.
    pub program: Program,
    /// Its home.
    pub home: Home,
    /// The card.
    pub card: Arc<VirtualCard>,
}

/// Somebody has spoken, and a reply was heard or not.
pub struct Reply {
    /// From before the words to after the reply.
    pub recording: Recording,
    /// The frame of the recording at which the utterance's sound begins.
    pub spoken: usize,
    /// What the program told in that time.
    pub lines: Vec<Line>,
}

impl Stage {
    /// Starts a card and a conversation on it, and waits until it listens.
    ///
    /// # Errors
    /// If the sound server or the program cannot be had, with the reason as a sentence.
    pub fn open(cast: &Cast, script: Option<&Script>) -> anyhow::Result<Self> {
        Self::open_on(Arc::new(start_card()?), cast, script)
    }

    /// The same on a card that is there.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_on(card: Arc<VirtualCard>, cast: &Cast, script: Option<&Script>) -> anyhow::Result<Self> {
        let stage = Self::enter(card, cast, script)?;
        let ready = stage.phase_from(0, &["listening"], READY)?;
        ready.with_context(|| {
            let problem = &stage.program.voice()["problem"]["message"];
            format!("hark did not begin to listen: {problem} {}", stage.program.complaint())
        })?;
        Ok(stage)
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn enter(card: Arc<VirtualCard>, cast: &Cast, script: Option<&Script>) -> anyhow::Result<Self> {
        let tokens = cast.reply_tokens.map(|tokens| format!("max_tokens = {tokens}\n")).unwrap_or_default();
        let mut settings = format!("[model]\ntemperature = 0.0\nseed = 7\n{tokens}");
        settings += &script.map(Script::settings).unwrap_or_default();
        let home = Home::furnish(&cast.models, &cast.programs, &settings, cast.folder.as_deref())?;
        let mut hark = home.hark()?;
        hark.args(["talk", "--json"]).args(&cast.arguments).envs(card.env());
        hark.envs(cast.environment.iter().cloned());
        if let Some(model) = script.map(|_| Script::MODEL).or(cast.model.as_deref()) {
            hark.args(["--model", model]);
        }
        let program = Program::start(hark, &card)?;
        Ok(Self { program, home, card })
    }

    /// How the conversation stands.
    pub fn phase(&self) -> String {
        self.program.voice()["phase"].as_str().unwrap_or_default().to_owned()
    }

    /// The conversation's id; none before the first words.
    pub fn conversation(&self) -> Option<String> {
        self.program.voice()["conversation"].as_str().map(str::to_owned)
    }

    /// Waits for one of these phases to be told after the mark; the room's time. None if it was not in time.
    ///
    /// # Errors
    /// If the program ended or the run was interrupted.
    pub fn phase_from(&self, mark: usize, phases: &[&str], within: Duration) -> anyhow::Result<Option<u64>> {
        self.program.wait(mark, within, |line| {
            let phase = line.voice()?["phase"].as_str()?;
            phases.contains(&phase).then_some(line.at)
        })
    }

    /// Waits until it listens and nobody speaks; a reply that goes on for longer is stopped.
    ///
    /// # Errors
    /// If it does not come to rest.
    pub fn rest(&mut self, within: Duration) -> anyhow::Result<()> {
        const QUIET: &[&str] = &["listening", "muted", "no_microphone", "waiting_for_key"];
        for step in [within, Duration::from_secs(10), Duration::from_secs(10)] {
            let mark = self.program.mark();
            if QUIET.contains(&self.phase().as_str()) || self.phase_from(mark, QUIET, step)?.is_some() {
                return Ok(());
            }
            self.program.ask("stop_speaking", &json!({}))?;
        }
        bail!("the conversation stays in “{}”", self.phase())
    }

    /// Says something and waits for a reply to be heard and over, at most for so long; then it is stopped.
    ///
    /// # Errors
    /// If the program ended or the run was interrupted.
    pub fn ask(&mut self, utterance: &Utterance, at_most: Duration) -> anyhow::Result<Reply> {
        let mark = self.program.mark();
        let tape = self.card.record();
        let speech = self.card.speak(&utterance.sound, 1.0);
        self.heard(&speech)?;
        // A reply to a half may have begun and ended meanwhile, so what counts is what is told from now on.
        let now = self.program.mark();
        if self.phase() == "speaking" || self.phase_from(now, &["speaking"], ANSWERS)?.is_some() {
            self.rest(at_most)?;
        }
        let lines = self.program.since(mark);
        self.scene(tape, &speech, lines)
    }

    /// Stops the tape.
    ///
    /// # Errors
    /// If another tape was started meanwhile.
    pub fn scene(&self, tape: Tape, speech: &Speech, lines: Vec<Line>) -> anyhow::Result<Reply> {
        Reply::taped(tape, speech, lines)
    }

    /// Waits until all has been said.
    ///
    /// # Errors
    /// If the run was interrupted.
    pub fn heard(&self, speech: &Speech) -> anyhow::Result<()> {
        while !speech.is_over() {
            crate::pass(Duration::from_millis(10))?;
        }
        Ok(())
    }

    /// The messages of the conversation, as the history has them.
    ///
    /// # Errors
    /// If there is no conversation.
    pub fn history(&mut self) -> anyhow::Result<Vec<Message>> {
        let conversation = self.conversation().context("nothing was said yet")?;
        let view = self.program.ask("open_conversation", &json!({ "conversation": conversation }))?;
        let messages = view["messages"].as_array().cloned().unwrap_or_default();
        Ok(messages.iter().map(Message::of).collect())
    }

    /// Types a message into the conversation; it is answered aloud.
    ///
    /// # Errors
    /// If there is no conversation yet.
    pub fn type_in(&mut self, text: &str) -> anyhow::Result<()> {
        let conversation = self.conversation().context("nothing was said yet")?;
        self.program.ask("send", &json!({ "conversation": conversation, "text": text })).map(drop)
    }
}

impl Reply {
    /// Stops the tape.
    pub(crate) fn taped(tape: Tape, speech: &Speech, lines: Vec<Line>) -> anyhow::Result<Self> {
        let recording = tape.stop();
        let began = speech.began().context("nothing was said")?;
        let spoken = usize::try_from(began.saturating_sub(recording.began))?;
        anyhow::ensure!(recording.speaker.len() > spoken, "the tape is too short");
        Ok(Self { recording, spoken, lines })
    }

    /// What the program told, one item for each change, in milliseconds after the utterance's last voiced frame.
    pub fn story(&self, utterance: &Utterance) -> String {
        let end = self.recording.began + (self.spoken + utterance.voiced.end) as u64;
        let mut story = Vec::new();
        let (mut phase, mut heard) = ("", String::new());
        for line in &self.lines {
            let at = (line.at as f64 - end as f64) / 48.0;
            if let Some(voice) = line.voice() {
                let now = voice["phase"].as_str().unwrap_or_default();
                let caption = &voice["caption"];
                let words = ["committed", "tentative"]
                    .map(|part| caption[part].as_str().unwrap_or_default())
                    .join(" ");
                if !words.trim().is_empty() && now == "hearing" {
                    heard = words;
                }
                if now != phase {
                    phase = now;
                    let words = std::mem::take(&mut heard);
                    let words = if words.is_empty() { words } else { format!(" “{words}”") };
                    story.push(format!("{at:.0} {now}{words}"));
                }
                if let Some(problem) = voice["problem"]["message"].as_str() {
                    story.push(format!("{at:.0} ({problem})"));
                }
            } else if let Some(notice) = line.value["notice"]["error"]["message"].as_str() {
                story.push(format!("{at:.0} ({notice})"));
            } else if line.is("message") || line.is("path") {
                story.push(format!("{at:.0} {}", line.value["kind"].as_str().unwrap_or_default()));
            }
        }
        story.join(", ")
    }
}

/// A message of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// `user` or `assistant`.
    pub speaker: String,
    /// The words.
    pub text: String,
    /// `complete`, `stopped`, `interrupted`, …
    pub state: String,
}

impl Message {
    /// As an event or an answer has it.
    pub fn of(view: &Value) -> Self {
        let text = |name: &str| view[name].as_str().unwrap_or_default().to_owned();
        let state = &view["state"];
        let state = state.as_str().or_else(|| state["kind"].as_str()).unwrap_or_default().to_owned();
        Self { speaker: text("speaker"), text: text("text"), state }
    }

    /// Whether it is a reply.
    pub fn is_reply(&self) -> bool {
        self.speaker == "assistant"
    }
}

/// The sound server is slow to begin on a busy machine; once more is often enough.
pub(crate) fn start_card() -> Result<VirtualCard, CardError> {
    match VirtualCard::start() {
        Err(CardError::NotStarted(_) | CardError::Refused { .. } | CardError::Pipe(_)) => {
            VirtualCard::start()
        }
        other => other,
    }
}
