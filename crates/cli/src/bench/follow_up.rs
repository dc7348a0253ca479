//! `text.followup_ttft_ratio`: how long the first word of a follow-up is waited for after a long conversation, through
//! the real worker process, against `llama-server` with its cache.
//!
//! Both get the same conversation and questions, greedy, and read it once before anything counts. Then each round asks
//! both the next question, in alternating order; each conversation goes on with its own model's answers. The value is
//! the middle one of the rounds' ratios.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use engine::{
    CacheUse, ChatMessage, GenerateEvent, GenerateRequest, LanguageModel, LoadRequest, PromptReport, Role,
    Sampling, Thinking, Weigh,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use worker_host::{Limits, LlmWorker, WorkerCommand, worker_program};

use super::conversation::{history, message, question};
use super::figure::{Figure, median, rounded};
use super::peers::{self, Server};
use super::setup::{Setup, build_of, name_of};
use crate::opened;
use crate::terminal::note;

/// Room for the conversation and all follow-ups; the product's default as well.
const CONTEXT_TOKENS: u32 = 8192;
/// Tokens of an answer: only the first is timed.
const ANSWER_TOKENS: u32 = 16;

pub(super) fn measure(setup: &Setup) -> anyhow::Result<Vec<Figure>> {
    let model = setup.model()?;
    let program = worker_program("worker-llm")?;
    let folder = tempfile::tempdir()?;
    let server = Server::start(setup, &model, CONTEXT_TOKENS, &folder.path().join("llama-server.log"))?;
    let mut theirs = Side::new(Theirs { server });
    opened::block_on(async {
        let mut ours = Side::new(Ours::start(setup, &program, &model).await?);
        // Reads the conversation; the wait for it is another figure.
        ours.turn(0).await?;
        theirs.turn(0).await?;
        for round in 1..=setup.rounds as usize {
            if round % 2 == 0 {
                ours.turn(round).await?;
                theirs.turn(round).await?;
            } else {
                theirs.turn(round).await?;
                ours.turn(round).await?;
            }
            let [ours, theirs] =
                [&ours.waits, &theirs.waits].map(|waits| waits.last().copied().unwrap_or_default());
            note(format_args!("  {round}/{}: first word after {ours:.0} to {theirs:.0} ms", setup.rounds));
        }
        let conditions = json!({
            "what": "first word of a follow-up, ours through the worker process / llama-server, streaming, cached",
            "model": name_of(&model),
            "threads": setup.threads,
            "context_tokens": CONTEXT_TOKENS,
            "prompt_tokens": ours.by.report.prompt_tokens,
            "reused_tokens": ours.by.report.reused_tokens,
            "ours_ms": rounded(median(&ours.waits)),
            "llama_server_ms": rounded(median(&theirs.waits)),
            "peer_instructions": peers::instructions(setup).ok(),
            "worker_build": build_of(&program),
        });
        let ratios: Vec<f64> =
            ours.waits.iter().zip(&theirs.waits).map(|(ours, theirs)| ours / theirs).collect();
        Ok(vec![Figure::median("text.followup_ttft_ratio", &ratios, "x", conditions)])
    })
}

/// Somebody who answers.
trait Answers {
    /// The time to the first word, and all of them.
    async fn answer(&mut self, messages: &[ChatMessage]) -> anyhow::Result<(Duration, String)>;
}

/// One of the two conversations.
struct Side<A> {
    by: A,
    messages: Vec<ChatMessage>,
    /// Of the follow-ups, ms.
    waits: Vec<f64>,
}

impl<A: Answers> Side<A> {
    fn new(by: A) -> Self {
        Self { by, messages: history(), waits: Vec::new() }
    }

    /// Asks the next question; the one with number 0 does not count.
    async fn turn(&mut self, number: usize) -> anyhow::Result<()> {
        self.messages.push(question(number));
        let (wait, text) = self.by.answer(&self.messages).await?;
        self.messages.push(message(Role::Assistant, text));
        if number > 0 {
            self.waits.push(wait.as_secs_f64() * 1000.0);
        }
        Ok(())
    }
}

struct Theirs {
    server: Server,
}

impl Answers for Theirs {
    async fn answer(&mut self, messages: &[ChatMessage]) -> anyhow::Result<(Duration, String)> {
        let messages: Vec<Value> =
            messages.iter().map(|message| json!({ "role": message.role, "content": message.text })).collect();
        self.server.reply(&json!({
            "messages": messages, "stream": true, "cache_prompt": true,
            "max_tokens": ANSWER_TOKENS, "temperature": 0.0,
        }))
    }
}

struct Ours {
    worker: LlmWorker,
    /// Of the last answer.
    report: PromptReport,
}

impl Ours {
    async fn start(setup: &Setup, program: &Path, model: &Path) -> anyhow::Result<Self> {
        let worker = LlmWorker::new(WorkerCommand::new(program), Limits::default());
        worker.set_model(Some(LoadRequest {
            weights: model.to_owned(),
            projector: None,
            context_tokens: Some(CONTEXT_TOKENS),
            threads: Some(setup.threads),
            prefill_threads: Some(setup.threads),
            gpu_layers: None,
        }));
        worker.ready(None).await?;
        Ok(Self { worker, report: PromptReport::default() })
    }
}

impl Answers for Ours {
    async fn answer(&mut self, messages: &[ChatMessage]) -> anyhow::Result<(Duration, String)> {
        let request = GenerateRequest {
            messages: messages.to_vec(),
            sampling: Sampling { temperature: 0.0, ..Sampling::default() },
            max_tokens: Some(ANSWER_TOKENS),
            stop: Vec::new(),
            thinking: Thinking::Auto,
            constraint: None,
            cache: CacheUse::Reuse,
            weigh: Weigh::Nothing,
        };
        let (events, mut heard) = mpsc::channel(64);
        let begun = Instant::now();
        let listen = async {
            let (mut first, mut text) = (None, String::new());
            while let Some(event) = heard.recv().await {
                if let GenerateEvent::Delta(delta) = event {
                    first.get_or_insert_with(|| begun.elapsed());
                    text += &delta.text;
                }
            }
            (first, text)
        };
        let (generated, (first, text)) =
            tokio::join!(self.worker.generate(request, events, CancellationToken::new()), listen);
        self.report = generated?.prompt;
        Ok((first.context("the engine's reply was empty")?, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers with the number of messages it was shown.
    struct Counts;

    impl Answers for Counts {
        async fn answer(&mut self, messages: &[ChatMessage]) -> anyhow::Result<(Duration, String)> {
            Ok((Duration::from_millis(messages.len() as u64), messages.len().to_string()))
        }
    }

    #[tokio::test]
    async fn the_conversation_grows_with_its_own_answers_and_the_first_turn_does_not_count() {
        let before = history().len();
        let mut side = Side::new(Counts);
        for number in 0..3 {
            side.turn(number).await.unwrap();
        }
        assert_eq!(side.messages.len(), before + 6);
        assert_eq!(side.messages.last().unwrap().text, (before + 5).to_string());
        assert_eq!(side.waits, [(before + 3) as f64, (before + 5) as f64]);
    }
}
