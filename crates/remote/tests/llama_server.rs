//! Against a real `llama-server`: set `HARK_LLAMA_SERVER` to the program and `HARK_TEST_MODEL` to a small chat model (a
//! GGUF file). Without them these tests say so and pass.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in what it shares with others too")]

// Shared with the tests against odd servers, which use more of it.
#[allow(dead_code)]
mod fake;

use std::io::Write;
use std::process::Stdio;

use engine::{
    CacheUse, ChatMessage, Constraint, EngineError, FinishReason, GenerateEvent, GenerateRequest, JobError,
    LanguageModel, Role, Sampling, Weigh,
};
use fake::{answer, generate};
use remote::{Endpoint, Patience, RemoteModel, Secret, ServerKind, probe};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const KEY: &str = "sk-of-the-test";
const CONTEXT: u32 = 512;

/// A server that ends with the test.
struct Server {
    _process: Child,
    endpoint: Endpoint,
}

impl Server {
    /// `None`, with a line that says so, where there is none to test with.
    async fn start() -> Option<Self> {
        let (Some(program), Some(weights)) =
            (std::env::var_os("HARK_LLAMA_SERVER"), std::env::var_os("HARK_TEST_MODEL"))
        else {
            // Past the test harness, which keeps what a passing test prints to itself.
            let _ = writeln!(std::io::stderr(), "skipped: HARK_LLAMA_SERVER and HARK_TEST_MODEL are not set");
            return None;
        };
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = Command::new(program);
        // One thread: more of them spin against each other on a busy machine.
        command.arg("-m").arg(weights).args(["-t", "1", "-np", "1", "--api-key", KEY]);
        command.args(["-c", &CONTEXT.to_string(), "--host", "127.0.0.1", "--port", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let endpoint = Endpoint {
            base_url: format!("http://127.0.0.1:{port}/v1"),
            model: String::new(),
            api_key: Some(Secret::new(KEY)),
            context_tokens: None,
        };
        let process = command.spawn().unwrap();
        let server = Self { _process: process, endpoint };
        // It does not listen at once.
        while matches!(server.model().ready(None).await, Err(EngineError::Unreachable { .. })) {
            tokio::task::yield_now().await;
        }
        Some(server)
    }

    fn model(&self) -> RemoteModel {
        RemoteModel::with_patience(self.endpoint.clone(), Patience::default()).unwrap()
    }
}

/// User and assistant in turn; the last is the user's.
fn request(texts: &[&str], max_tokens: Option<u32>) -> GenerateRequest {
    let roles = [Role::User, Role::Assistant].into_iter().cycle();
    let messages = texts.iter().zip(roles).map(|(text, role)| ChatMessage::new(role, *text));
    GenerateRequest {
        messages: messages.collect(),
        sampling: Sampling { temperature: 0.0, seed: Some(1), ..Sampling::default() },
        max_tokens,
        stop: Vec::new(),
        thinking: engine::Thinking::Off,
        constraint: None,
        cache: CacheUse::Reuse,
        weigh: Weigh::Nothing,
    }
}

#[tokio::test]
async fn it_is_known_and_its_key_is_asked_for() {
    let Some(server) = Server::start().await else { return };
    let info = probe(&server.endpoint).await.unwrap();
    assert_eq!((info.kind, info.context_tokens), (ServerKind::LlamaServer, Some(CONTEXT)));
    assert_eq!(info.models.len(), 1);
    for api_key in [None, Some(Secret::new("another"))] {
        let endpoint = Endpoint { api_key, ..server.endpoint.clone() };
        let error = probe(&endpoint).await.unwrap_err();
        assert!(error.to_string().contains("does not accept the key"), "{error}");
        let model = RemoteModel::new(endpoint).unwrap();
        let (_, result) = generate(&model, request(&["Hello"], Some(4))).await;
        assert_eq!(result.unwrap_err(), error);
    }
}

#[tokio::test]
async fn replies_stream_and_a_follow_up_finds_its_cache() {
    let Some(server) = Server::start().await else { return };
    let model = server.model();
    let (first, generated) = answer(&model, request(&["Say hello."], Some(12))).await;
    assert!(!first.is_empty());
    assert!(matches!(generated.reason, FinishReason::MaxTokens | FinishReason::EndOfTurn));
    assert!(generated.prompt.prompt_tokens > 0 && generated.prompt.context_tokens == CONTEXT);
    assert!((1..=12).contains(&generated.timings.completion_tokens));
    assert!(generated.timings.first_token_ms > 0.0);
    let (_, next) = answer(&model, request(&["Say hello.", &first, "And again."], Some(4))).await;
    assert!(
        next.prompt.reused_tokens >= generated.prompt.prompt_tokens,
        "{:?} after {generated:?}",
        next.prompt
    );
}

#[tokio::test]
async fn a_cancelled_reply_ends_and_the_server_is_free_again() {
    let Some(server) = Server::start().await else { return };
    let model = server.model();
    let cancel = CancellationToken::new();
    let (events, mut listener) = mpsc::channel(8);
    let stop_at_first_word = async {
        while let Some(event) = listener.recv().await {
            if matches!(event, GenerateEvent::Delta(_)) {
                cancel.cancel();
            }
        }
    };
    let long = request(&["Count from one to a thousand in words."], None);
    let (result, ()) = tokio::join!(model.generate(long, events, cancel.clone()), stop_at_first_word);
    assert_eq!(result.unwrap().reason, FinishReason::Cancelled);
    // The server has one slot: this waits until the first has left it.
    assert!(!answer(&model, request(&["Say hello."], Some(3))).await.0.is_empty());
}

#[tokio::test]
async fn a_schema_and_a_grammar_are_held_to() {
    let Some(server) = Server::start().await else { return };
    let model = server.model();
    let schema = r#"{"type": "object", "properties": {"colour": {"enum": ["red", "green"]}},
        "required": ["colour"], "additionalProperties": false}"#;
    let mut asked = request(&["What colour is grass?"], Some(40));
    asked.constraint = Some(Constraint::JsonSchema(schema.into()));
    let (text, _) = answer(&model, asked.clone()).await;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(["red", "green"].contains(&value["colour"].as_str().unwrap()), "{text}");
    asked.constraint = Some(Constraint::Grammar("root ::= \"yes\" | \"no\"".into()));
    let (text, generated) = answer(&model, asked).await;
    assert!(["yes", "no"].contains(&text.as_str()), "{text}");
    assert_eq!(generated.reason, FinishReason::EndOfTurn);
}

#[tokio::test]
async fn a_long_conversation_is_cut_and_a_long_message_refused() {
    let Some(server) = Server::start().await else { return };
    let model = server.model();
    let talk = "We spoke about the weather, the harvest and the price of wheat for a good while. ".repeat(4);
    let texts = vec![talk.as_str(); 11];
    let (text, generated) = answer(&model, request(&texts, Some(4))).await;
    assert!(!text.is_empty());
    assert!(generated.prompt.dropped_messages >= 2 && generated.prompt.dropped_messages % 2 == 0);
    assert!(generated.prompt.prompt_tokens <= CONTEXT);

    // The server itself says so where nothing was known beforehand.
    let huge = "wheat ".repeat(900);
    let (_, result) = generate(&model, request(&[&huge], Some(4))).await;
    let error = result.unwrap_err();
    assert!(
        matches!(error, EngineError::Job(JobError::PromptTooLong { limit: CONTEXT, needed }) if needed > 900),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_full_context_ends_the_reply() {
    let Some(server) = Server::start().await else { return };
    let mut endless = request(&["Tell me a story."], None);
    // Letters without end, so that only the context ends it.
    endless.constraint = Some(Constraint::Grammar("root ::= [a-z ]{2000}".into()));
    let (_, generated) = answer(&server.model(), endless).await;
    assert_eq!(generated.reason, FinishReason::ContextFull);
}
