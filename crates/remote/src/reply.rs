//! One reply as it comes in: the server's chunks become events, figures and at last a reason for its end.
//!
//! What always holds: `Prompt` comes once and first; a delta is never empty; thoughts and answer are told apart
//! whether the server does it or leaves the tags in the text.

use std::time::Instant;

use dialogue::thoughts::{Piece, Tags, ThoughtSplitter};
use engine::{Channel, Delta, FinishReason, GenerateEvent, Generated, PromptReport, Timings};

use crate::wire::{Choice, Chunk, Progress};

/// Reading a prompt is told of only when it takes longer than this, in milliseconds.
const NOTICEABLE_MS: f64 = 300.0;

/// What came of a reply so far. A cancelled reply is told from it too.
pub(crate) struct Reply {
    report: PromptReport,
    max_tokens: Option<u32>,
    splitter: ThoughtSplitter,
    arrived: Instant,
    prompt_told: bool,
    prefilled: Option<Instant>,
    first: Option<Instant>,
    last: Option<Instant>,
    /// Pieces that came: the tokens made, where the server does not count them.
    pieces: u32,
    counted: Option<u32>,
    end: Option<FinishReason>,
}

impl Reply {
    /// For a request that came in at `arrived`.
    pub(crate) fn new(arrived: Instant, max_tokens: Option<u32>) -> Self {
        let tags = [
            ("<think>", "</think>"),
            ("<thinking>", "</thinking>"),
            ("<thought>", "</thought>"),
            ("[THINK]", "[/THINK]"),
        ];
        Self {
            report: PromptReport::default(),
            max_tokens,
            splitter: ThoughtSplitter::new(tags.map(|(open, close)| Tags::new(open, close)).into()),
            arrived,
            prompt_told: false,
            prefilled: None,
            first: None,
            last: None,
            pieces: 0,
            counted: None,
            end: None,
        }
    }

    /// What is known before the server is asked.
    pub(crate) fn prepare(&mut self, context_tokens: Option<u32>, dropped_messages: u32) {
        self.report.context_tokens = context_tokens.unwrap_or(0);
        self.report.dropped_messages = dropped_messages;
    }

    /// Whether anything has been told of it; after that it cannot be asked for anew.
    pub(crate) fn has_begun(&self) -> bool {
        self.prompt_told
    }

    /// Whether the first token has come.
    pub(crate) fn has_text(&self) -> bool {
        self.first.is_some()
    }

    /// Whether the server has said why the reply ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// Takes one chunk that came in at `now`.
    pub(crate) fn take(&mut self, chunk: &Chunk, now: Instant, out: &mut Vec<GenerateEvent>) {
        if let Some(progress) = chunk.prompt_progress {
            self.progress(progress, now, out);
        }
        self.figures(chunk);
        for choice in chunk.choices.iter().flatten() {
            self.choice(choice, now, out);
        }
    }

    fn progress(&mut self, progress: Progress, now: Instant, out: &mut Vec<GenerateEvent>) {
        self.report.prompt_tokens = progress.total;
        self.report.reused_tokens = progress.cache;
        self.tell_prompt(out);
        if progress.processed >= progress.total {
            self.prefilled.get_or_insert(now);
        }
        if progress.time_ms >= NOTICEABLE_MS {
            out.push(GenerateEvent::Prefill {
                done: progress.processed.saturating_sub(progress.cache),
                total: progress.total.saturating_sub(progress.cache),
            });
        }
    }

    fn figures(&mut self, chunk: &Chunk) {
        if let Some(timings) = chunk.timings {
            if let (Some(cached), Some(read)) = (timings.cached, timings.read) {
                self.report.reused_tokens = cached;
                self.report.prompt_tokens = cached + read;
            }
            self.counted = timings.made.or(self.counted);
        }
        if let Some(usage) = chunk.usage {
            self.report.prompt_tokens = usage.prompt_tokens.unwrap_or(self.report.prompt_tokens);
            let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
            self.report.reused_tokens = cached.unwrap_or(self.report.reused_tokens);
            self.counted = usage.completion_tokens.or(self.counted);
        }
    }

    fn choice(&mut self, choice: &Choice, now: Instant, out: &mut Vec<GenerateEvent>) {
        if let Some(piece) = choice.delta.as_ref().or(choice.message.as_ref()) {
            let (thought, answer) = (piece.thought(), piece.answer());
            if !thought.is_empty() || !answer.is_empty() {
                self.first.get_or_insert(now);
                self.last = Some(now);
                self.pieces += 1;
                self.tell_prompt(out);
            }
            if !thought.is_empty() {
                out.push(delta(Channel::Thinking, thought.to_owned()));
            }
            if !answer.is_empty() {
                out.extend(self.splitter.push(answer).into_iter().map(of_piece));
            }
        }
        // Some servers send an empty reason with every piece.
        if let Some(reason) = choice.finish_reason.as_deref().filter(|reason| !reason.is_empty()) {
            self.end = Some(match reason {
                // Which limit it was shows in the count, which comes later.
                "length" => FinishReason::MaxTokens,
                _ if choice.stop_reason.as_ref().is_some_and(serde_json::Value::is_string) => {
                    FinishReason::StopSequence
                }
                _ => FinishReason::EndOfTurn,
            });
        }
    }

    /// What was held back, when the last chunk has come.
    pub(crate) fn finish(&mut self, out: &mut Vec<GenerateEvent>) {
        self.tell_prompt(out);
        out.extend(self.splitter.finish().into_iter().map(of_piece));
    }

    fn tell_prompt(&mut self, out: &mut Vec<GenerateEvent>) {
        if !std::mem::replace(&mut self.prompt_told, true) {
            out.push(GenerateEvent::Prompt(self.report));
        }
    }

    /// Why it ended, as the server said.
    pub(crate) fn reason(&self) -> FinishReason {
        match self.end {
            // Servers say "length" for both limits.
            Some(FinishReason::MaxTokens) => match (self.max_tokens, self.counted) {
                (None, _) => FinishReason::ContextFull,
                (Some(most), Some(made)) if made < most => FinishReason::ContextFull,
                _ => FinishReason::MaxTokens,
            },
            Some(reason) => reason,
            None => FinishReason::EndOfTurn,
        }
    }

    /// The whole of it.
    pub(crate) fn generated(&self, reason: FinishReason) -> Generated {
        let since = |at: Option<Instant>| at.map_or(0.0, |at| millis(self.arrived, at));
        let decode_ms = self.first.zip(self.last).map_or(0.0, |(first, last)| millis(first, last));
        Generated {
            reason,
            prompt: self.report,
            timings: Timings {
                prefill_ms: since(self.prefilled.or(self.first)),
                first_token_ms: since(self.first),
                decode_ms,
                completion_tokens: self.counted.unwrap_or(self.pieces),
            },
        }
    }
}

fn millis(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1000.0
}

fn delta(channel: Channel, text: String) -> GenerateEvent {
    GenerateEvent::Delta(Delta { channel, text })
}

fn of_piece(piece: Piece) -> GenerateEvent {
    match piece {
        Piece::Thought(text) => delta(Channel::Thinking, text),
        Piece::Answer(text) => delta(Channel::Answer, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::time::Duration;

    /// Plays chunks one millisecond apart; gives the events in short and what came of it.
    fn play(max_tokens: Option<u32>, chunks: &[Value]) -> (Vec<String>, Generated) {
        let arrived = Instant::now();
        let mut reply = Reply::new(arrived, max_tokens);
        reply.prepare(Some(4096), 2);
        let mut out = Vec::new();
        for (at, chunk) in (1..).zip(chunks) {
            let chunk = serde_json::from_value(chunk.clone()).unwrap();
            reply.take(&chunk, arrived + Duration::from_millis(at), &mut out);
        }
        reply.finish(&mut out);
        let short = |event| match event {
            GenerateEvent::Prompt(report) => {
                format!("prompt {}/{}", report.reused_tokens, report.prompt_tokens)
            }
            GenerateEvent::Prefill { done, total } => format!("read {done}/{total}"),
            GenerateEvent::TurnEnd(share) => format!("weighed {share}"),
            GenerateEvent::Delta(Delta { channel: Channel::Thinking, text }) => format!("({text})"),
            GenerateEvent::Delta(Delta { channel: Channel::Answer, text }) => text,
        };
        (out.into_iter().map(short).collect(), reply.generated(reply.reason()))
    }

    fn says(text: &str) -> Value {
        json!({"choices": [{"delta": {"content": text}}]})
    }

    fn ends(reason: &str) -> Value {
        json!({"choices": [{"delta": {}, "finish_reason": reason}]})
    }

    #[test]
    fn a_plain_reply() {
        let usage = json!({"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 20}}});
        let role = json!({"choices": [{"delta": {"role": "assistant", "content": null}}]});
        let (events, generated) = play(None, &[role, says("Hel"), says("lo"), ends("stop"), usage]);
        assert_eq!(events, ["prompt 0/0", "Hel", "lo"]);
        assert_eq!(generated.reason, FinishReason::EndOfTurn);
        let report =
            PromptReport { prompt_tokens: 30, reused_tokens: 20, dropped_messages: 2, context_tokens: 4096 };
        assert_eq!(generated.prompt, report);
        assert_eq!(generated.timings.completion_tokens, 5);
        assert!((generated.timings.first_token_ms - 2.0).abs() < 1e-6);
        assert!((generated.timings.decode_ms - 1.0).abs() < 1e-6);
    }

    #[test]
    fn llama_server_tells_of_the_prompt_beforehand() {
        let progress = |processed: u32, time_ms: u32| {
            json!({"choices": [{"delta": {"role": "assistant", "content": null}}],
                "prompt_progress": {"total": 100, "cache": 40, "processed": processed, "time_ms": time_ms}})
        };
        let timings = json!({"choices": [], "timings": {"cache_n": 40, "prompt_n": 60, "predicted_n": 1}});
        let chunks =
            [progress(40, 0), progress(70, 400), progress(100, 800), says("x"), ends("stop"), timings];
        let (events, generated) = play(None, &chunks);
        assert_eq!(events, ["prompt 40/100", "read 30/60", "read 60/60", "x"]);
        assert_eq!(generated.prompt.prompt_tokens, 100);
        assert!((generated.timings.prefill_ms - 3.0).abs() < 1e-6);
    }

    #[test]
    fn thoughts_are_told_apart_whoever_does_it() {
        let thinks =
            |field: &str, text: &str| json!({"choices": [{"delta": {field: text, "content": null}}]});
        let both = json!({"choices": [{"delta": {"reasoning": "b", "reasoning_content": "b"}}]});
        let (events, _) =
            play(None, &[thinks("reasoning_content", "a"), both, thinks("reasoning", "c"), says("d")]);
        assert_eq!(events, ["prompt 0/0", "(a)", "(b)", "(c)", "d"]);
        let (events, _) = play(None, &[says("<thi"), says("nk>so</th"), says("ink>\n\nyes <think>")]);
        assert_eq!(events, ["prompt 0/0", "(so)", "yes <think>"]);
    }

    #[test]
    fn the_end_has_its_reason() {
        let usage = |made: u32| json!({"usage": {"completion_tokens": made}});
        let reason = |max, chunks: &[Value]| play(max, chunks).1.reason;
        assert_eq!(reason(Some(9), &[ends("length"), usage(9)]), FinishReason::MaxTokens);
        assert_eq!(reason(Some(9), &[ends("length")]), FinishReason::MaxTokens);
        assert_eq!(reason(Some(9), &[ends("length"), usage(4)]), FinishReason::ContextFull);
        assert_eq!(reason(None, &[ends("length")]), FinishReason::ContextFull);
        let stop = |by: Value| json!({"choices": [{"finish_reason": "stop", "stop_reason": by}]});
        assert_eq!(reason(None, &[stop(json!("END"))]), FinishReason::StopSequence);
        assert_eq!(reason(None, &[stop(json!(151_645))]), FinishReason::EndOfTurn);
    }

    #[test]
    fn a_reply_that_was_not_streamed() {
        let whole = json!({"choices": [{"message": {"content": "All."}, "finish_reason": "stop"}]});
        assert_eq!(play(None, &[whole]).0, ["prompt 0/0", "All."]);
        assert_eq!(play(None, &[]).0, ["prompt 0/0"]);
    }
}
