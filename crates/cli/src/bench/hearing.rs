//! What is known at the pause behind a recording.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use dialogue::prompt::{SPOKEN, Speaker, Turn, assemble};
use dsp::{Frontend, FrontendConfig, JudgeInput, LogMel, Out, VoiceEvent};
use engine::{
    CacheUse, GenerateEvent, GenerateRequest, Language, LanguageModel, ListenRequest, Pcm, Sampling, SoundIn,
    Spectrogram, SpeechTask, SpeechToText, Thinking, TurnJudge, Weigh,
};
use media::{Batch, Ms, SamplePos};
use serde::Serialize;
use soundcard_sim::RATE;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voice_bench::voices::Utterance;
use worker_host::{Limits, LlmWorker, WorkerCommand, worker_program};

use super::spoken::Files;

/// Silence around the recording, milliseconds.
const BEFORE: usize = 600;
const AFTER: usize = 700;
/// As the conversation has it: sound from before the onset that the judge and the recogniser are given.
const JUDGED_FROM: Ms = Ms(500);
const PRE_ROLL: Ms = Ms(300);
/// Later looks of the judge, for comparison: after so much more silence.
const LATER: [u32; 4] = [100, 200, 300, 400];

/// Whether all was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Whole,
    Beginning,
}

/// What is known at a pause.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Paused {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// From the end of the last voiced frame, as the detector has it, until the pause was told.
    pub(super) told_ms: u32,
    /// From the last voiced sample, by its energy, until the pause was told.
    pub(super) seen_ms: i64,
    /// How likely the judge holds it that the turn is over, and how long that took.
    pub(super) judged: Option<f32>,
    pub(super) judged_after_ms: u32,
    /// The words, and how long they took.
    pub(super) words: String,
    pub(super) words_after_ms: u32,
    /// How likely a sentence ends with them, as the model has it, and how long that took.
    pub(super) weighed: Option<f32>,
    pub(super) weighed_after_ms: u32,
    /// The judge's later opinions: milliseconds after the first, and how likely.
    pub(super) judged_later: Vec<(u32, f32)>,
}

/// The product's ears.
pub(super) struct Hearer {
    vad: Option<PathBuf>,
    judge: Option<Arc<dyn TurnJudge>>,
    mel: LogMel,
    recogniser: Arc<dyn SpeechToText>,
    model: LlmWorker,
}

/// The last pause of a recording.
struct Found {
    frontend: Frontend,
    onset: SamplePos,
    since: SamplePos,
    told: SamplePos,
}

impl Hearer {
    pub(super) async fn new(files: &Files) -> anyhow::Result<Self> {
        let (vad, judge) = (files.voice_activity()?, files.judge()?);
        let recogniser = files.recogniser()?;
        recogniser.ready().await.map_err(api::ApiError::from)?;
        let model = LlmWorker::new(WorkerCommand::new(worker_program("worker-llm")?), Limits::default());
        model.set_model(Some(files.chat_model()?));
        model.ready(None).await?;
        Ok(Self { vad, judge, mel: LogMel::default(), recogniser, model })
    }

    /// Hears a recording; nothing if no pause is seen at its end.
    pub(super) async fn hear(&mut self, kind: Kind, utterance: &Utterance) -> anyhow::Result<Option<Paused>> {
        let sound = utterance.between(BEFORE, AFTER);
        let Some(found) = self.last_pause(&sound)? else { return Ok(None) };
        let Found { frontend, onset, since, told } = found;
        let sound_until = |until: SamplePos| frontend.judge_input(onset - JUDGED_FROM, until);
        let began = Instant::now();
        let judged = self.judged(&sound_until(told)).await?;
        let judged_after_ms = ms(began);
        let mut judged_later = Vec::new();
        for later in LATER {
            let judged = self.judged(&sound_until(told + Ms(later))).await?;
            judged_later.extend(judged.map(|judged| (later, judged)));
        }
        let heard = frontend.between(onset - PRE_ROLL, told);
        let (words, words_after_ms) = self.words(heard).await?;
        let (weighed, weighed_after_ms) = self.weigh(&words).await?;
        let (name, told_ms) = (utterance.name.clone(), told.since(since).0);
        let seen_ms = after(told, sound.voiced.end);
        Ok(Some(Paused {
            name,
            kind,
            told_ms,
            seen_ms,
            judged,
            judged_after_ms,
            words,
            words_after_ms,
            weighed,
            weighed_after_ms,
            judged_later,
        }))
    }

    async fn judged(&mut self, sound: &JudgeInput) -> anyhow::Result<Option<f32>> {
        let Some(judge) = &self.judge else { return Ok(None) };
        let voice = Spectrogram(Pcm(sound.spectrogram(&mut self.mel)));
        Ok(Some(judge.judge(voice).await?))
    }

    fn last_pause(&self, sound: &Utterance) -> anyhow::Result<Option<Found>> {
        let config = FrontendConfig { vad: self.vad.clone(), ..FrontendConfig::default() };
        let mut frontend = Frontend::new(&config)?;
        let (mut onset, mut pause) = (SamplePos::START, None);
        for piece in sound.sound.samples().chunks(RATE as usize / 100) {
            let batch = Batch { mic: piece.to_vec(), mic_rate: RATE, ..Batch::default() };
            frontend.push(&batch, &mut |out| match out {
                Out::Voice { at, event: VoiceEvent::Onset { .. } } => onset = at,
                Out::Voice { at, event: VoiceEvent::Pause { since, .. } } => pause = Some((since, at)),
                _ => {}
            });
        }
        Ok(pause.map(|(since, told)| Found { frontend, onset, since, told }))
    }

    /// As a draft of the reply has it weighed.
    async fn weigh(&self, words: &str) -> anyhow::Result<(Option<f32>, u32)> {
        let turns = [Turn { speaker: Speaker::User, text: words.to_owned() }];
        let request = GenerateRequest {
            messages: session::engine_messages(assemble(SPOKEN, &turns)),
            sampling: Sampling::default(),
            max_tokens: Some(1),
            stop: Vec::new(),
            thinking: Thinking::Off,
            constraint: None,
            cache: CacheUse::Reuse,
            weigh: Weigh::TurnEnd,
        };
        let (events, mut told) = mpsc::channel(64);
        let began = Instant::now();
        let listen = async {
            let mut weighed = (None, 0);
            while let Some(event) = told.recv().await {
                if let GenerateEvent::TurnEnd(share) = event {
                    weighed = (Some(share), ms(began));
                }
            }
            weighed
        };
        let generating = self.model.generate(request, events, CancellationToken::new());
        let (generated, weighed) = tokio::join!(generating, listen);
        generated?;
        Ok(weighed)
    }

    async fn words(&self, sound: Vec<f32>) -> anyhow::Result<(String, u32)> {
        let (to, coming) = mpsc::channel(4);
        let (heard, mut hypotheses) = mpsc::channel::<engine::Hypothesis>(64);
        let request = ListenRequest {
            language: Some(Language("en".into())),
            task: SpeechTask::Transcribe,
            word_times: false,
        };
        let cancel = CancellationToken::new();
        let ask = async {
            to.send(SoundIn::Sound(Pcm(sound))).await?;
            to.send(SoundIn::Settle(1)).await?;
            let began = Instant::now();
            let mut said = None;
            while let Some(hypothesis) = hypotheses.recv().await {
                if hypothesis.settles == Some(1) {
                    said = Some((format!("{} {}", hypothesis.committed, hypothesis.tentative), ms(began)));
                    break;
                }
            }
            cancel.cancel();
            anyhow::Ok(said)
        };
        let listening = self.recogniser.listen(request, coming, heard, cancel.clone());
        let (_, said) = tokio::join!(listening, ask);
        let (words, took) = said?.context("the recogniser gave no words")?;
        Ok((words.trim().to_owned(), took))
    }
}

/// Milliseconds from this frame of a recording to this position of the clock that counted it.
fn after(position: SamplePos, frame: usize) -> i64 {
    let of = |count: u64, rate: u32| i64::try_from(count * 1000 / u64::from(rate)).unwrap_or(i64::MAX);
    of(position.0, media::RATE) - of(frame as u64, RATE)
}

fn ms(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX)
}
