//! What the tests with a real model share: finding it, loading it, listening to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::{
    CacheUse, Channel, ChatMessage, Constraint, FinishReason, GenerateEvent, GenerateRequest, Generated,
    JobError, LoadProgress, LoadRequest, PromptReport, Role, Sampling, Thinking, Weigh,
};
use worker_llm::{Engine, IsCancelled, Listener};

/// The model to test with, or `None`, said aloud, where there is none.
pub(crate) fn model() -> Option<PathBuf> {
    let path = std::env::var_os("HARK_TEST_MODEL").map(PathBuf::from).filter(|path| path.is_file());
    if path.is_none() {
        println!("skipped: HARK_TEST_MODEL names no model file");
    }
    path
}

/// Ends the test where there is no model.
macro_rules! model_or_skip {
    () => {
        match crate::common::model() {
            Some(path) => path,
            None => return,
        }
    };
}
pub(crate) use model_or_skip;

pub(crate) fn load_request(weights: &Path) -> LoadRequest {
    LoadRequest {
        weights: weights.to_owned(),
        projector: None,
        context_tokens: Some(1024),
        threads: Some(1),
        prefill_threads: None,
        gpu_layers: Some(0),
    }
}

pub(crate) fn try_load(request: &LoadRequest) -> Result<Engine, JobError> {
    Engine::load(request, &mut Ear::default())
}

pub(crate) fn load(weights: &Path) -> Engine {
    try_load(&load_request(weights)).unwrap()
}

pub(crate) fn load_with_context(weights: &Path, tokens: u32) -> Engine {
    try_load(&LoadRequest { context_tokens: Some(tokens), ..load_request(weights) }).unwrap()
}

/// Greedy, short, plain.
pub(crate) fn ask(lines: &[&str]) -> GenerateRequest {
    GenerateRequest {
        messages: messages(lines),
        sampling: Sampling { temperature: 0.0, ..Sampling::default() },
        max_tokens: Some(24),
        stop: Vec::new(),
        thinking: Thinking::Auto,
        constraint: None,
        cache: CacheUse::Reuse,
        weigh: Weigh::Nothing,
    }
}

pub(crate) fn with_schema(lines: &[&str], schema: &str) -> GenerateRequest {
    GenerateRequest {
        constraint: Some(Constraint::JsonSchema(schema.into())),
        max_tokens: Some(200),
        ..ask(lines)
    }
}

/// Lines like `u:Hello`, with `s`, `u` and `a` for who speaks.
pub(crate) fn messages(lines: &[&str]) -> Vec<ChatMessage> {
    lines
        .iter()
        .map(|line| {
            let (role, text) = line.split_once(':').unwrap();
            let role = match role {
                "s" => Role::System,
                "u" => Role::User,
                _ => Role::Assistant,
            };
            ChatMessage::new(role, text)
        })
        .collect()
}

/// A decision about what was just heard: whether to cancel.
type Impatience = Box<dyn FnMut(&GenerateEvent) -> bool>;

/// Hears everything, and cancels when told to.
#[derive(Default)]
pub(crate) struct Ear {
    pub(crate) events: Vec<GenerateEvent>,
    pub(crate) loading: Vec<f32>,
    pub(crate) cancel: Arc<AtomicBool>,
    pub(crate) cancel_at: Option<Impatience>,
}

impl Ear {
    pub(crate) fn cancelling(at: impl FnMut(&GenerateEvent) -> bool + 'static) -> Self {
        Self { cancel_at: Some(Box::new(at)), ..Self::default() }
    }

    pub(crate) fn text(&self, channel: Channel) -> String {
        self.events
            .iter()
            .filter_map(|event| match event {
                GenerateEvent::Delta(delta) if delta.channel == channel => Some(delta.text.as_str()),
                _ => None,
            })
            .collect()
    }
}

impl Listener for Ear {
    fn event(&mut self, event: GenerateEvent) {
        if let Some(cancel_at) = &mut self.cancel_at
            && cancel_at(&event)
        {
            self.cancel.store(true, Ordering::Relaxed);
        }
        self.events.push(event);
    }

    fn loading(&mut self, progress: LoadProgress) {
        self.loading.push(progress.0);
    }

    fn is_cancelled(&self) -> IsCancelled {
        let cancel = Arc::clone(&self.cancel);
        Arc::new(move || cancel.load(Ordering::Relaxed))
    }
}

/// One reply and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) reason: FinishReason,
    pub(crate) prompt: PromptReport,
    pub(crate) made: u32,
    pub(crate) turn_end: Option<f32>,
}

pub(crate) fn tell(engine: &mut Engine, request: &GenerateRequest) -> Told {
    told(engine, request, Ear::default()).unwrap()
}

pub(crate) fn told(engine: &mut Engine, request: &GenerateRequest, mut ear: Ear) -> Result<Told, JobError> {
    let Generated { reason, prompt, timings } = engine.generate(request, &mut ear)?;
    let turn_end = ear.events.iter().find_map(|event| match event {
        GenerateEvent::TurnEnd(probability) => Some(*probability),
        _ => None,
    });
    Ok(Told { text: ear.text(Channel::Answer), reason, prompt, made: timings.completion_tokens, turn_end })
}

/// Words enough for a prompt of about so many tokens.
pub(crate) fn long_text(tokens: usize) -> String {
    let words = ["river", "stone", "lamp", "window", "seven", "green", "walk", "paper", "slow", "bread"];
    (0..tokens).map(|at| words[(at * 7 + at / 10) % words.len()]).collect::<Vec<_>>().join(" ")
}
