//! A real HTTP server on the loopback interface that behaves as a test tells it to, down to the bytes.

use std::sync::{Arc, Mutex};

use engine::{
    CacheUse, Channel, ChatMessage, Delta, EngineError, GenerateEvent, GenerateRequest, Generated,
    LanguageModel, Role, Sampling, Thinking, Weigh,
};
use remote::{Endpoint, Patience, RemoteModel, Secret};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Value,
}

/// A step of an answer.
pub(crate) enum Step {
    /// Sends these bytes.
    Send(String),
    /// Sends nothing more and waits until the client goes away.
    Hang,
}

pub(crate) type Answer = Vec<Step>;

/// What the server answers to a chat request; the number counts them from 0.
type Chat = dyn Fn(usize, &Asked) -> Answer + Send + Sync;

/// A running server. It ends with the test's runtime.
pub(crate) struct Fake {
    pub(crate) base_url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Told each time a client goes away from a hanging answer.
    pub(crate) left: Arc<Notify>,
}

/// Which server the fake claims to be.
pub(crate) fn models_of(owner: &str) -> Value {
    json!({"object": "list", "data": [{"id": "tiny", "owned_by": owner, "max_model_len": 4096}]})
}

impl Fake {
    /// A server of no known kind.
    pub(crate) async fn start(chat: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_as(models_of("somebody"), chat).await
    }

    /// A server with this list of models.
    pub(crate) async fn start_as(
        models: Value,
        chat: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(move |path| (path == "/v1/models").then(|| json_answer(200, &models)), chat).await
    }

    /// A server with these answers to everything but chat; `None` is a 404.
    pub(crate) async fn start_with(
        other: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static,
        chat: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let left = Arc::new(Notify::new());
        let chat: Arc<Chat> = Arc::new(chat);
        let other = Arc::new(other);
        let fake = Self { base_url, asked: asked.clone(), left: left.clone() };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (asked, left, chat, other) = (asked.clone(), left.clone(), chat.clone(), other.clone());
                tokio::spawn(async move {
                    let Some(request) = read_request(&mut stream).await else { return };
                    let answer = {
                        let mut asked = asked.lock().unwrap();
                        let is_chat = |asked: &&Asked| asked.path.ends_with("/chat/completions");
                        let before = asked.iter().filter(is_chat).count();
                        asked.push(request.clone());
                        if is_chat(&&request) {
                            chat(before, &request)
                        } else {
                            other(&request.path).unwrap_or_else(|| json_answer(404, &json!({"error": "no"})))
                        }
                    };
                    play(stream, answer, &left).await;
                });
            }
        });
        fake
    }

    /// The bodies of the chat requests so far.
    pub(crate) fn chats(&self) -> Vec<Value> {
        let asked = self.asked();
        asked
            .into_iter()
            .filter(|asked| asked.path.ends_with("/chat/completions"))
            .map(|asked| asked.body)
            .collect()
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        endpoint(&self.base_url)
    }

    pub(crate) fn model(&self) -> RemoteModel {
        RemoteModel::with_patience(self.endpoint(), short()).unwrap()
    }
}

pub(crate) fn endpoint(base_url: &str) -> Endpoint {
    Endpoint {
        base_url: base_url.into(),
        model: "tiny".into(),
        api_key: Some(Secret::new("sk-secret")),
        context_tokens: None,
    }
}

/// Long enough for a busy machine where something comes, short where nothing does.
pub(crate) fn short() -> Patience {
    Patience {
        connect: Duration::from_secs(3),
        answer: Duration::from_secs(10),
        first_token: Duration::from_secs(10),
        stall: Duration::from_secs(10),
        loading: Duration::from_secs(10),
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut part).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            _ => return None,
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let header = |name: &str| {
        text.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < head + length {
        match stream.read(&mut part).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            _ => return None,
        }
    }
    let path = text.split_whitespace().nth(1)?.to_owned();
    let body = serde_json::from_slice(&bytes[head..]).unwrap_or(Value::Null);
    Some(Asked { path, authorization: header("authorization"), body })
}

async fn play(mut stream: TcpStream, answer: Answer, left: &Notify) {
    for step in answer {
        match step {
            Step::Send(text) => {
                if stream.write_all(text.as_bytes()).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            Step::Hang => {
                let mut rest = [0; 64];
                while stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
                left.notify_one();
            }
        }
    }
}

/// A whole JSON answer.
pub(crate) fn json_answer(status: u16, body: &Value) -> Answer {
    let body = body.to_string();
    vec![Step::Send(format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))]
}

/// The head of a streamed answer, which ends when the connection does.
pub(crate) fn head() -> Step {
    Step::Send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n".into())
}

/// The head of a streamed answer with a length that it does not keep: an end before it is a lost connection.
pub(crate) fn long_head() -> Step {
    Step::Send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100000\r\n\r\n".into())
}

pub(crate) fn event(data: &Value) -> Step {
    Step::Send(format!("data: {data}\n\n"))
}

pub(crate) fn says(text: &str) -> Step {
    event(&json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
}

pub(crate) fn stops() -> Step {
    event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
}

pub(crate) fn done() -> Step {
    Step::Send("data: [DONE]\n\n".into())
}

/// A whole streamed reply.
pub(crate) fn reply(text: &str) -> Answer {
    vec![head(), says(text), stops(), done()]
}

/// Roles in short: `s`ystem, `u`ser, `a`ssistant; each message says `text`.
pub(crate) fn conversation(roles: &str, text: &str) -> GenerateRequest {
    let role = |letter| match letter {
        's' => Role::System,
        'u' => Role::User,
        _ => Role::Assistant,
    };
    GenerateRequest {
        messages: roles.chars().map(|letter| ChatMessage::new(role(letter), text)).collect(),
        sampling: Sampling::default(),
        max_tokens: None,
        stop: Vec::new(),
        thinking: Thinking::Auto,
        constraint: None,
        cache: CacheUse::Reuse,
        weigh: Weigh::Nothing,
    }
}

/// Makes a reply; gives its thoughts and its answer, and how it ended.
pub(crate) async fn generate(
    model: &RemoteModel,
    request: GenerateRequest,
) -> ((String, String), Result<Generated, EngineError>) {
    let (events, listener) = mpsc::channel(64);
    let (texts, result) =
        tokio::join!(listen(listener), model.generate(request, events, CancellationToken::new()));
    (texts, result)
}

/// Thoughts and answer of all that comes. The prompt must come first, once.
async fn listen(mut listener: mpsc::Receiver<GenerateEvent>) -> (String, String) {
    let (mut thoughts, mut answer) = (String::new(), String::new());
    let mut first = true;
    while let Some(event) = listener.recv().await {
        assert_eq!(matches!(event, GenerateEvent::Prompt(_)), first, "{event:?}");
        first = false;
        match event {
            GenerateEvent::Delta(Delta { channel: Channel::Thinking, text }) => thoughts += &text,
            GenerateEvent::Delta(Delta { channel: Channel::Answer, text }) => answer += &text,
            _ => {}
        }
    }
    (thoughts, answer)
}

/// The answer of a reply that succeeds.
pub(crate) async fn answer(model: &RemoteModel, request: GenerateRequest) -> (String, Generated) {
    let ((_, answer), result) = generate(model, request).await;
    (answer, result.unwrap())
}

/// The sentence of a reply that fails, and what came before. Neither key nor words may stand in it.
pub(crate) async fn failure(model: &RemoteModel, request: GenerateRequest) -> (String, EngineError) {
    let private = request.messages.last().map(|message| message.text.clone()).unwrap_or_default();
    let ((_, answer), result) = generate(model, request).await;
    let error = result.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("sk-secret") && !shown.contains(&private), "{shown}");
    (answer, error)
}
