//! Runs one reply.

use std::time::Duration;

use engine::{
    Channel, Delta, EngineError, FinishReason, GenerateEvent, GenerateRequest, Generated, JobError,
    LanguageModel, PromptReport,
};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Text is gathered for so long before it is told: about two frames of a 60 Hz screen.
pub const GATHER: Duration = Duration::from_millis(30);

/// Engine events that may wait here; a full queue makes the engine wait.
const QUEUE: usize = 256;

/// What happens to a reply, in order: `Reading`*, `Said`*, `Ended`.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplyEvent {
    /// So many of the prompt's new tokens have been read.
    Reading {
        /// Tokens read.
        done: u32,
        /// Tokens to read.
        total: u32,
    },
    /// More text; at least one of the two is not empty.
    Said {
        /// More of the answer.
        answer: String,
        /// More thoughts.
        thinking: String,
    },
    /// It is over.
    Ended(Outcome),
}

/// How a reply ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How.
    pub end: ReplyEnd,
    /// Figures; none when the engine never got to the prompt.
    pub usage: Option<Usage>,
}

/// How a reply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyEnd {
    /// As the model wanted, or at a limit.
    Complete,
    /// Cut short because the context or the allowance of tokens was used up.
    CutShort,
    /// The user stopped it.
    Stopped,
    /// The engine died; what was said stands.
    Interrupted(EngineError),
    /// The engine refused or failed; what was said stands.
    Failed(EngineError),
}

/// Figures of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// What became of the prompt.
    pub prompt: PromptReport,
    /// Tokens made; when the engine died, pieces heard.
    pub completion_tokens: u32,
    /// From the call to the first piece of text, in milliseconds; 0 when none came.
    pub first_token_ms: f64,
    /// Prompt tokens read a second; 0 when not known.
    pub prefill_tokens_per_s: f64,
    /// Tokens made a second after the first; 0 when not known.
    pub decode_tokens_per_s: f64,
}

impl Usage {
    /// Of a reply that the model ended, whose first piece came after so many milliseconds.
    pub(crate) fn of(generated: Generated, first_token_ms: f64) -> Self {
        let Generated { prompt, timings, .. } = generated;
        let new_tokens = prompt.prompt_tokens.saturating_sub(prompt.reused_tokens);
        Self {
            prompt,
            completion_tokens: timings.completion_tokens,
            first_token_ms,
            prefill_tokens_per_s: per_second(new_tokens, timings.prefill_ms),
            decode_tokens_per_s: per_second(timings.completion_tokens.saturating_sub(1), timings.decode_ms),
        }
    }
}

/// Runs one reply and tells what happens through `out`. Returns when the reply has ended, or when nobody listens any
/// more (which cancels the engine's job).
pub async fn reply(
    model: &dyn LanguageModel,
    request: GenerateRequest,
    cancel: CancellationToken,
    out: mpsc::Sender<ReplyEvent>,
) {
    // Dropping the guard cancels the engine's job, whichever way this function ends.
    let job = cancel.child_token();
    let _guard = job.clone().drop_guard();
    let (events, inbox) = mpsc::channel(QUEUE);
    let mut gathered = Gathered::new();
    let (result, ()) = tokio::join!(model.generate(request, events, job), gathered.pass_on(inbox, &out),);
    let outcome = gathered.outcome(result);
    // Nobody listening is no failure: the text is in the hands of whoever stopped listening.
    let _ = out.send(ReplyEvent::Ended(outcome)).await;
}

/// Text on its way from the engine to the listener, and what is known of the reply so far.
struct Gathered {
    began: Instant,
    first: Option<Instant>,
    pieces: u32,
    prompt: Option<PromptReport>,
    answer: String,
    thinking: String,
}

impl Gathered {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            first: None,
            pieces: 0,
            prompt: None,
            answer: String::new(),
            thinking: String::new(),
        }
    }

    /// Passes events on until the engine closes its end. The first piece goes out at once, later ones are gathered.
    /// When the listener goes away the inbox is closed, which the engine sees as a cancellation.
    async fn pass_on(&mut self, mut inbox: mpsc::Receiver<GenerateEvent>, out: &mpsc::Sender<ReplyEvent>) {
        let mut due: Option<Instant> = None;
        loop {
            let event = tokio::select! {
                event = inbox.recv() => event,
                () = sleep_until(due) => {
                    due = None;
                    if !self.flush(out).await { return; }
                    continue;
                }
            };
            let listening = match event {
                None => {
                    self.flush(out).await;
                    return;
                }
                Some(GenerateEvent::Prompt(report)) => {
                    self.prompt = Some(report);
                    true
                }
                Some(GenerateEvent::TurnEnd(_)) => true,
                Some(GenerateEvent::Prefill { done, total }) => {
                    out.send(ReplyEvent::Reading { done, total }).await.is_ok()
                }
                Some(GenerateEvent::Delta(delta)) => {
                    self.gather(&delta);
                    if self.first.is_none() {
                        self.first = Some(Instant::now());
                        self.flush(out).await
                    } else {
                        due.get_or_insert_with(|| Instant::now() + GATHER);
                        true
                    }
                }
            };
            if !listening {
                return;
            }
        }
    }

    fn gather(&mut self, delta: &Delta) {
        self.pieces += 1;
        match delta.channel {
            Channel::Answer => self.answer.push_str(&delta.text),
            Channel::Thinking => self.thinking.push_str(&delta.text),
        }
    }

    /// Sends what is gathered; false when nobody listens.
    async fn flush(&mut self, out: &mpsc::Sender<ReplyEvent>) -> bool {
        if self.answer.is_empty() && self.thinking.is_empty() {
            return true;
        }
        let answer = std::mem::take(&mut self.answer);
        let thinking = std::mem::take(&mut self.thinking);
        out.send(ReplyEvent::Said { answer, thinking }).await.is_ok()
    }

    fn outcome(&self, result: Result<Generated, EngineError>) -> Outcome {
        let (end, generated) = match result {
            Ok(generated) => (end_of(generated.reason), Some(generated)),
            Err(EngineError::Job(JobError::Cancelled)) => (ReplyEnd::Stopped, None),
            Err(error @ EngineError::Gone { .. }) => (ReplyEnd::Interrupted(error), None),
            Err(error) => (ReplyEnd::Failed(error), None),
        };
        Outcome { end, usage: self.usage(generated) }
    }

    fn usage(&self, generated: Option<Generated>) -> Option<Usage> {
        let first_token_ms = self.first.map_or(0.0, |first| (first - self.began).as_secs_f64() * 1000.0);
        match generated {
            Some(generated) => Some(Usage::of(generated, first_token_ms)),
            None => Some(Usage {
                prompt: self.prompt?,
                completion_tokens: self.pieces,
                first_token_ms,
                ..Usage::default()
            }),
        }
    }
}

fn end_of(reason: FinishReason) -> ReplyEnd {
    match reason {
        FinishReason::EndOfTurn | FinishReason::StopSequence => ReplyEnd::Complete,
        FinishReason::MaxTokens | FinishReason::ContextFull => ReplyEnd::CutShort,
        FinishReason::Cancelled => ReplyEnd::Stopped,
    }
}

fn per_second(tokens: u32, ms: f64) -> f64 {
    if ms > 0.0 { f64::from(tokens) * 1000.0 / ms } else { 0.0 }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
