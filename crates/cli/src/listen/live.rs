//! Dictation: the microphone, until Ctrl-C.
//!
//! One thread (`hark-ears`) reads the sound card and finds utterances in the sound; what it finds waits in a queue for
//! the recogniser. A full queue, minutes of sound, makes the thread wait, and then sound is lost.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::ApiError;
use dsp::{Frontend, FrontendConfig, Out, Utterance, VoiceEvent};
use engine::{Hypothesis, Pcm, SoundIn};
use media::{
    Batch, Direction, Ms, SamplePos, Side, SoundCard, SoundLink, SoundNews, SoundRequest, samples_of_ms,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Job;
use super::out::{Output, Part};
use super::timed::words;
use crate::exit::{Exit, Failure};
use crate::terminal::{note, warn};

/// What comes before an onset belongs to the first word: the detector needs some voice to see it.
const PRE_ROLL: Ms = Ms(300);
/// Silence after which somebody has finished dictating a sentence. Longer than in a conversation: nobody waits.
const FINISHED: Ms = Ms(900);
/// How long the sound card is waited for.
const WAIT: Duration = Duration::from_millis(100);
/// Pieces that may wait for the recogniser: minutes.
const WAITING: usize = 8192;
/// Messages on their way to the recogniser.
const ON_THE_WAY: usize = 64;

/// What the ears tell.
#[derive(Debug, PartialEq)]
enum Heard {
    /// Somebody begins to speak; where, on the clock.
    Begin(SamplePos),
    /// More of what is said.
    Sound(Vec<f32>),
    /// A pause.
    Pause,
    /// It was said.
    End,
    /// Something that a person has to know.
    News(String),
}

/// Writes down what is said until Ctrl-C.
pub(super) async fn listen(
    job: &Job,
    card: &dyn SoundCard,
    request: &SoundRequest,
    voice_activity: Option<PathBuf>,
    output: &mut Output,
) -> anyhow::Result<Exit> {
    let config = FrontendConfig { vad: voice_activity, ..FrontendConfig::default() };
    let failed = |sentence: String| Failure::new(Exit::Failed, sentence);
    let frontend = Frontend::new(&config).map_err(|error| failed(error.to_string()))?;
    let link = card.open(request).map_err(|error| failed(error.to_string()))?;
    let (told, mut heard) = mpsc::channel(WAITING);
    let over = Arc::new(AtomicBool::new(false));
    let ears = {
        let over = over.clone();
        let ears = Ears { frontend, told, utterance: State::Quiet };
        std::thread::Builder::new().name("hark-ears".into()).spawn(move || ears.run(link, &over))?
    };
    note("Speak. Ctrl-C ends it.");
    let mut pressed = Box::pin(tokio::signal::ctrl_c());
    let mut listening = true;
    while listening {
        tokio::select! {
            next = heard.recv() => match next {
                Some(Heard::Begin(at)) => {
                    let said = utterance(job, at, &mut heard, output);
                    tokio::select! {
                        done = said => done?,
                        pressed = &mut pressed => {
                            pressed?;
                            listening = false;
                        }
                    }
                }
                Some(Heard::News(sentence)) => warn(sentence),
                Some(_) => {}
                None => listening = false,
            },
            pressed = &mut pressed => {
                pressed?;
                listening = false;
            }
        }
    }
    over.store(true, Ordering::Relaxed);
    drop(heard);
    // It ends within one wait for the sound card.
    let _ = tokio::task::spawn_blocking(move || ears.join()).await;
    Ok(Exit::Done)
}

/// Writes down one utterance, which has begun at `at`.
async fn utterance(
    job: &Job,
    at: SamplePos,
    heard: &mut mpsc::Receiver<Heard>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (to, sound) = mpsc::channel(ON_THE_WAY);
    let (told, mut hypotheses) = mpsc::channel::<Hypothesis>(ON_THE_WAY);
    let feed = async {
        let (mut pauses, mut samples) = (0, 0);
        while let Some(next) = heard.recv().await {
            let message = match next {
                Heard::Sound(sound) => {
                    samples += sound.len() as u64;
                    SoundIn::Sound(Pcm(sound))
                }
                Heard::Pause => {
                    pauses += 1;
                    SoundIn::Settle(pauses)
                }
                Heard::News(sentence) => {
                    warn(sentence);
                    continue;
                }
                Heard::End | Heard::Begin(_) => break,
            };
            if to.send(message).await.is_err() {
                break;
            }
        }
        drop(to);
        samples
    };
    let shown = &mut *output;
    let follow = async {
        while let Some(Hypothesis { committed, tentative, .. }) = hypotheses.recv().await {
            shown.tentative(&committed, &tentative)?;
        }
        Ok::<_, std::io::Error>(())
    };
    let cancel = CancellationToken::new();
    let listening = job.recogniser.listen(job.request.clone(), sound, told, cancel);
    let (samples, followed, transcript) = tokio::join!(feed, follow, listening);
    followed?;
    let transcript = transcript.map_err(ApiError::from)?;
    let words = words(&transcript, &[], at.0..at.0 + samples);
    let language = transcript.language.map(|language| language.0);
    Ok(output.take(Part { text: transcript.text, words, language })?)
}

/// What is being said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Quiet,
    /// Something was heard, perhaps a click.
    Onset {
        from: SamplePos,
    },
    /// Somebody speaks; what was said until `told` is told.
    Speech {
        utt: Utterance,
        told: SamplePos,
        paused: Option<SamplePos>,
    },
}

/// Finds utterances.
struct Ears {
    frontend: Frontend,
    told: mpsc::Sender<Heard>,
    utterance: State,
}

impl Ears {
    /// Until it is over or nobody listens.
    fn run(mut self, link: SoundLink, over: &AtomicBool) {
        // The mouth is not used, but a link is open as long as one of its ends.
        let SoundLink { mut ears, mouth: _mouth } = link;
        let mut batch = Batch::default();
        while !over.load(Ordering::Relaxed) {
            if ears.read(&mut batch, WAIT).is_err() || self.take(&batch).is_none() {
                return;
            }
        }
    }

    /// None when nobody listens.
    fn take(&mut self, batch: &Batch) -> Option<()> {
        for news in &batch.news {
            if let Some(sentence) = sentence(news) {
                self.tell(Heard::News(sentence))?;
            }
        }
        let mut events = Vec::new();
        self.frontend.push(batch, &mut |out| {
            if let Out::Voice { at, event } = out {
                events.push((at, event));
            }
        });
        for (at, event) in events {
            self.event(at, event)?;
        }
        self.tell_sound()
    }

    fn event(&mut self, at: SamplePos, event: VoiceEvent) -> Option<()> {
        match (event, &mut self.utterance) {
            (VoiceEvent::Onset { .. }, state @ State::Quiet) => *state = State::Onset { from: at - PRE_ROLL },
            (VoiceEvent::Vanished { .. }, state @ State::Onset { .. }) => *state = State::Quiet,
            (VoiceEvent::Speech { utt, .. }, State::Onset { from }) => {
                let from = *from;
                self.utterance = State::Speech { utt, told: from, paused: None };
                self.tell(Heard::Begin(from))?;
            }
            (VoiceEvent::Pause { since, .. }, State::Speech { paused, .. }) => {
                *paused = Some(since);
                self.tell_sound()?;
                self.tell(Heard::Pause)?;
            }
            (VoiceEvent::Resumed { .. }, State::Speech { paused, .. }) => *paused = None,
            _ => {}
        }
        Some(())
    }

    /// Tells what was said and not told, and whether that was all.
    fn tell_sound(&mut self) -> Option<()> {
        let now = self.frontend.now();
        let State::Speech { utt, told, paused } = &mut self.utterance else { return Some(()) };
        let (utt, paused) = (*utt, *paused);
        let sound = self.frontend.pre_roll(*told);
        *told = now;
        if !sound.is_empty() {
            self.tell(Heard::Sound(sound))?;
        }
        if paused.is_some_and(|since| now.0.saturating_sub(since.0) >= samples_of_ms(FINISHED)) {
            self.frontend.close(utt);
            self.utterance = State::Quiet;
            self.tell(Heard::End)?;
        }
        Some(())
    }

    fn tell(&self, heard: Heard) -> Option<()> {
        self.told.blocking_send(heard).ok()
    }
}

fn sentence(news: &SoundNews) -> Option<String> {
    match news {
        SoundNews::Changed(Direction::Input, Side::Lost { why }) => Some(why.to_string()),
        SoundNews::OnlyZeros => Some(session::voice::VoiceProblem::OnlyZeros.to_string()),
        SoundNews::Clipping => Some(session::voice::VoiceProblem::Clipping.to_string()),
        SoundNews::Changed(..) | SoundNews::NoLongerZeros => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use media::RATE;

    use super::*;

    /// What the ears tell of this sound, in messages of 20 ms, without the sound itself.
    fn told(sound: &[f32]) -> (Vec<&'static str>, usize) {
        let (told, mut heard) = mpsc::channel(WAITING);
        let frontend = Frontend::new(&FrontendConfig::default()).unwrap();
        let mut ears = Ears { frontend, told, utterance: State::Quiet };
        for piece in sound.chunks(320) {
            let batch = Batch { mic: piece.to_vec(), mic_rate: RATE, far_rate: RATE, ..Batch::default() };
            ears.take(&batch).unwrap();
        }
        drop(ears);
        let (mut names, mut samples) = (Vec::new(), 0);
        while let Some(heard) = heard.blocking_recv() {
            match heard {
                Heard::Begin(_) => names.push("begin"),
                Heard::Pause => names.push("pause"),
                Heard::End => names.push("end"),
                Heard::News(_) => names.push("news"),
                Heard::Sound(sound) => samples += sound.len(),
            }
        }
        names.dedup();
        (names, samples)
    }

    #[test]
    fn silence_is_nothing() {
        assert_eq!(told(&vec![0.0; 3 * RATE as usize]), (Vec::new(), 0));
    }

    #[test]
    fn an_utterance_begins_pauses_and_ends() {
        let folder = std::env::var("HARK_TEST_DATA").unwrap_or_else(|_| "../../../shared/testdata".into());
        let Ok(mut reader) = hound::WavReader::open(format!("{folder}/speech/jfk.wav")) else {
            eprintln!("skipped: no recordings (HARK_TEST_DATA)");
            return;
        };
        let mut sound: Vec<f32> =
            reader.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect();
        let spoken = sound.len();
        sound.extend(vec![0.0; 2 * RATE as usize]);
        let (names, samples) = told(&sound);
        assert_eq!((names.first(), names.last()), (Some(&"begin"), Some(&"end")), "{names:?}");
        assert!(names.contains(&"pause"));
        assert!(samples > spoken / 2 && samples < sound.len(), "{samples}");
    }
}
