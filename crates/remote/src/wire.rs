//! What servers answer, read leniently: every field may be missing, since each server leaves out others.

use serde::Deserialize;
use serde_json::Value;

/// One event of a streamed reply, or a whole unstreamed one.
#[derive(Debug, Deserialize)]
pub(crate) struct Chunk {
    pub(crate) choices: Option<Vec<Choice>>,
    pub(crate) usage: Option<Usage>,
    /// llama-server, in the last event.
    pub(crate) timings: Option<ServerTimings>,
    /// llama-server, while it reads the prompt, when asked by `return_progress`.
    pub(crate) prompt_progress: Option<Progress>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    pub(crate) delta: Option<Piece>,
    /// In place of `delta` where a server does not stream.
    pub(crate) message: Option<Piece>,
    pub(crate) finish_reason: Option<String>,
    /// vLLM: the stop sequence (text) or the token (number) that ended the reply.
    pub(crate) stop_reason: Option<Value>,
}

// No Debug: it holds what was said.
#[derive(Deserialize)]
pub(crate) struct Piece {
    pub(crate) content: Option<Value>,
    /// llama-server, LM Studio, older vLLM.
    pub(crate) reasoning_content: Option<Value>,
    /// vLLM (beside or in place of the above), Ollama.
    pub(crate) reasoning: Option<Value>,
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Piece(..)")
    }
}

impl Piece {
    /// The thought in it, possibly empty.
    pub(crate) fn thought(&self) -> &str {
        text(self.reasoning_content.as_ref()).or_else(|| text(self.reasoning.as_ref())).unwrap_or_default()
    }

    /// The answer in it, possibly empty; thoughts may still stand in it between tags.
    pub(crate) fn answer(&self) -> &str {
        text(self.content.as_ref()).unwrap_or_default()
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: Option<u32>,
    pub(crate) completion_tokens: Option<u32>,
    pub(crate) prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct PromptDetails {
    pub(crate) cached_tokens: Option<u32>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct ServerTimings {
    /// Tokens of the prompt found in the cache.
    #[serde(rename = "cache_n")]
    pub(crate) cached: Option<u32>,
    /// Tokens of the prompt that were read.
    #[serde(rename = "prompt_n")]
    pub(crate) read: Option<u32>,
    /// Tokens made.
    #[serde(rename = "predicted_n")]
    pub(crate) made: Option<u32>,
}

/// Tokens of the prompt: `processed` counts those found in the cache.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Progress {
    pub(crate) total: u32,
    pub(crate) cache: u32,
    pub(crate) processed: u32,
    #[serde(default)]
    pub(crate) time_ms: f64,
}

/// What a server says went wrong. No Debug: servers echo what was sent to them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    kind: String,
    message: String,
    /// llama-server: tokens the prompt has.
    pub(crate) needed: Option<u32>,
    /// llama-server: tokens the context holds.
    pub(crate) limit: Option<u32>,
}

impl Fault {
    /// Finds the fault in an answer: `{"error": {..}}` (OpenAI, llama-server), `{"error": ".."}` (Ollama, LM Studio),
    /// `{"object": "error", ..}` (older vLLM), `{"detail": ".."}` (what is built on `FastAPI`); `None` when it is not an error.
    pub(crate) fn find(answer: &Value) -> Option<Self> {
        match answer.get("error") {
            Some(Value::String(message)) => {
                return Some(Self { message: message.clone(), ..Self::default() });
            }
            Some(error @ Value::Object(_)) => return Some(Self::read(error)),
            _ => {}
        }
        if answer.get("object").and_then(Value::as_str) == Some("error") {
            return Some(Self::read(answer));
        }
        let detail = answer.get("detail").and_then(Value::as_str)?;
        Some(Self { message: detail.to_owned(), ..Self::default() })
    }

    fn read(error: &Value) -> Self {
        let word = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let count =
            |name: &str| error.get(name).and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
        Self {
            kind: format!("{} {}", word("type"), word("code")),
            message: word("message").to_owned(),
            needed: count("n_prompt_tokens"),
            limit: count("n_ctx"),
        }
    }

    /// Whether the prompt does not fit the context. llama-server and OpenAI have a code for it; of the others (vLLM, LM
    /// Studio) the sentence is all there is.
    pub(crate) fn exceeds_context(&self) -> bool {
        let message = self.message.to_lowercase();
        self.kind.contains("exceed_context_size_error")
            || self.kind.contains("context_length_exceeded")
            || ["context length", "context size", "context window", "context the overflows"]
                .iter()
                .any(|words| message.contains(words))
    }

    /// The server's own words, for people: shortened, and `None` if they repeat any of `private`.
    pub(crate) fn words<'a>(&self, mut private: impl Iterator<Item = &'a str>) -> Option<String> {
        /// Long enough for a sentence of English.
        const LONGEST: usize = 200;
        /// A run of so many characters that also stands in what was said is taken for an echo.
        const ECHO: usize = 12;
        let words: Vec<char> =
            self.message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
        if words.is_empty() {
            return None;
        }
        let whole: String = words.iter().collect();
        let runs: Vec<String> = words.windows(ECHO).map(|run| run.iter().collect()).collect();
        let echoed = private.any(|text| {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            (text.chars().count() > 3 && whole.contains(&text)) || runs.iter().any(|run| text.contains(run))
        });
        (!echoed).then_some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(answer: &Value) -> Fault {
        Fault::find(answer).unwrap()
    }

    #[test]
    fn the_context_error_of_each_server_is_known() {
        let llama = fault(
            &json!({"error": {"code": 400, "message": "the request exceeds the available context size",
            "type": "exceed_context_size_error", "n_prompt_tokens": 900, "n_ctx": 512}}),
        );
        assert!(llama.exceeds_context());
        assert_eq!((llama.needed, llama.limit), (Some(900), Some(512)));
        for other in [
            json!({"error": {"message": "too long", "code": "context_length_exceeded"}}),
            json!({"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400}),
            json!({"error": "Trying to keep the first 9 tokens when context the overflows."}),
        ] {
            assert!(fault(&other).exceeds_context(), "{other}");
        }
        assert!(!fault(&json!({"error": {"message": "unknown field top_k"}})).exceeds_context());
        assert!(Fault::find(&json!({"choices": []})).is_none());
    }

    #[test]
    fn a_servers_words_are_passed_on_unless_they_repeat_what_was_said() {
        let fault = |message: &str| fault(&json!({"error": message}));
        let private = ["My cat is called Mitzi and", "tea"];
        let words = |message: &str| fault(message).words(private.into_iter());
        assert_eq!(words("unknown  field\n top_k"), Some("unknown field top_k".into()));
        assert_eq!(words("bad input: 'is called Mitzi'"), None);
        assert_eq!(words(""), None);
        assert_eq!(words(&"x".repeat(900)).unwrap().len(), 200);
    }
}
