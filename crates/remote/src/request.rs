//! A request in a server's own terms. Which fields a server takes differs; what it does not know is left out.

use engine::{ChatMessage, Constraint, EngineError, GenerateRequest, JobError, Role, Thinking};
use serde_json::{Map, Value, json};

use crate::pictures::Pictures;
use crate::probe::ServerKind;

/// Which fields are sent; each holds those of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// What this kind of server is known to take beyond OpenAI's fields.
    Own,
    /// OpenAI's fields.
    OpenAi,
    /// The fields that every server has had from the beginning.
    Bare,
}

impl Dialect {
    /// The next narrower one.
    pub(crate) fn narrower(self) -> Option<Self> {
        match self {
            Self::Own => Some(Self::OpenAi),
            Self::OpenAi => Some(Self::Bare),
            Self::Bare => None,
        }
    }

    /// Where to begin with a server.
    pub(crate) fn widest(kind: ServerKind) -> Self {
        if kind == ServerKind::Unknown { Self::OpenAi } else { Self::Own }
    }
}

/// The body of a chat completion request.
pub(crate) fn body<'a>(
    request: &GenerateRequest,
    messages: impl Iterator<Item = &'a ChatMessage>,
    pictures: &Pictures,
    model: &str,
    kind: ServerKind,
    dialect: Dialect,
) -> Result<Value, EngineError> {
    let sampling = &request.sampling;
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("model", json!(model));
    set("messages", messages.map(|message| pictures.message(message)).collect());
    set("stream", json!(true));
    set("temperature", number(sampling.temperature));
    set("top_p", number(sampling.top_p));
    if let Some(most) = request.max_tokens {
        set("max_tokens", json!(most));
    }
    if !request.stop.is_empty() {
        set("stop", json!(request.stop));
    }
    if dialect != Dialect::Bare {
        set("stream_options", json!({"include_usage": true}));
        if let Some(seed) = sampling.seed {
            set("seed", json!(seed));
        }
    }
    match &request.constraint {
        None => {}
        Some(Constraint::JsonSchema(schema)) => {
            let schema: Value = serde_json::from_str(schema).map_err(|error| {
                bad_request(format!(
                    "The form asked for is not a JSON schema (line {}, column {}).",
                    error.line(),
                    error.column()
                ))
            })?;
            let format = json!({"name": "reply", "strict": true, "schema": schema});
            set("response_format", json!({"type": "json_schema", "json_schema": format}));
        }
        Some(Constraint::Grammar(grammar)) if kind == ServerKind::LlamaServer => {
            set("grammar", json!(grammar));
        }
        Some(Constraint::Grammar(_)) => {
            return Err(bad_request("This server cannot be held to a grammar; llama-server can.".to_owned()));
        }
    }
    if dialect == Dialect::Own {
        own_fields(request, kind, &mut set);
    }
    Ok(Value::Object(body))
}

fn own_fields(
    request: &GenerateRequest,
    kind: ServerKind,
    set: &mut impl FnMut(&str, Value) -> Option<Value>,
) {
    let sampling = &request.sampling;
    // vLLM refused a `top_k` of 0 in older versions; left out, it is off as well.
    if kind != ServerKind::Vllm || sampling.top_k > 0 {
        set("top_k", json!(sampling.top_k));
    }
    set("min_p", number(sampling.min_p));
    let penalty = if kind == ServerKind::Vllm { "repetition_penalty" } else { "repeat_penalty" };
    set(penalty, number(sampling.repeat_penalty));
    if request.thinking == Thinking::Off {
        match kind {
            ServerKind::LlamaServer | ServerKind::Vllm => {
                set("chat_template_kwargs", json!({"enable_thinking": false}));
            }
            ServerKind::Ollama => {
                set("reasoning_effort", json!("none"));
            }
            ServerKind::Unknown => {}
        }
    }
    match kind {
        ServerKind::LlamaServer => {
            // Tells the prompt's tokens before the first of the reply, and how its reading goes on.
            set("return_progress", json!(true));
            set("cache_prompt", json!(true));
        }
        ServerKind::Vllm if request.messages.last().is_some_and(|last| last.role == Role::Assistant) => {
            set("continue_final_message", json!(true));
            set("add_generation_prompt", json!(false));
        }
        _ => {}
    }
}

/// As the user wrote it: 0.8, not 0.800000011920929.
fn number(value: f32) -> Value {
    value.to_string().parse::<f64>().map_or(Value::Null, |value| json!(value))
}

fn bad_request(reason: String) -> EngineError {
    EngineError::Job(JobError::BadRequest { reason })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use engine::{CacheUse, Sampling, Weigh};

    pub(crate) fn request() -> GenerateRequest {
        GenerateRequest {
            messages: vec![ChatMessage::new(Role::User, "Hello")],
            sampling: Sampling { seed: Some(7), ..Sampling::default() },
            max_tokens: Some(9),
            stop: vec!["END".into()],
            thinking: Thinking::Off,
            constraint: None,
            cache: CacheUse::Reuse,
            weigh: Weigh::Nothing,
        }
    }

    fn made(request: &GenerateRequest, kind: ServerKind, dialect: Dialect) -> Value {
        body(request, request.messages.iter(), &Pictures::default(), "m", kind, dialect).unwrap()
    }

    #[test]
    fn each_server_is_sent_what_it_takes() {
        let request = request();
        let bare = json!({
            "model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": true,
            "temperature": 0.8, "top_p": 0.95, "max_tokens": 9, "stop": ["END"],
        });
        let with = |more: Value| {
            let mut all = bare.clone();
            let fields = json!({"stream_options": {"include_usage": true}, "seed": 7});
            for more in [fields, more] {
                all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            }
            all
        };
        let check = |kind, dialect, expect: &Value| assert_eq!(&made(&request, kind, dialect), expect);
        check(ServerKind::LlamaServer, Dialect::Bare, &bare);
        check(ServerKind::LlamaServer, Dialect::OpenAi, &with(json!({})));
        let extras = json!({"top_k": 40, "min_p": 0.05, "repeat_penalty": 1.0, "return_progress": true,
            "cache_prompt": true, "chat_template_kwargs": {"enable_thinking": false}});
        check(ServerKind::LlamaServer, Dialect::Own, &with(extras));
        let extras = json!({"top_k": 40, "min_p": 0.05, "repetition_penalty": 1.0,
            "chat_template_kwargs": {"enable_thinking": false}});
        check(ServerKind::Vllm, Dialect::Own, &with(extras));
        let extras = json!({"top_k": 40, "min_p": 0.05, "repeat_penalty": 1.0, "reasoning_effort": "none"});
        check(ServerKind::Ollama, Dialect::Own, &with(extras));
        assert_eq!(Dialect::widest(ServerKind::Unknown), Dialect::OpenAi);
    }

    #[test]
    fn forms_are_asked_for_where_the_server_can_hold_to_them() {
        let schema = r#"{"type": "object"}"#.to_owned();
        let with = |constraint| GenerateRequest { constraint: Some(constraint), ..request() };
        let made = made(&with(Constraint::JsonSchema(schema)), ServerKind::Unknown, Dialect::Bare);
        assert_eq!(made["response_format"]["json_schema"]["schema"]["type"], "object");
        let grammar = with(Constraint::Grammar("root ::= \"x\"".into()));
        let of =
            |kind| body(&grammar, grammar.messages.iter(), &Pictures::default(), "m", kind, Dialect::Own);
        assert_eq!(of(ServerKind::LlamaServer).unwrap()["grammar"], "root ::= \"x\"");
        assert!(matches!(of(ServerKind::Vllm), Err(EngineError::Job(JobError::BadRequest { .. }))));
        let broken = with(Constraint::JsonSchema("{".into()));
        let broken =
            body(&broken, broken.messages.iter(), &Pictures::default(), "m", ServerKind::Vllm, Dialect::Own);
        assert!(matches!(broken, Err(EngineError::Job(JobError::BadRequest { .. }))));
    }
}
