//! What happens at every odd thing a server can do, over real connections.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in what it shares with others too")]

mod fake;

use std::time::Duration;

use engine::{EngineError, FinishReason, JobError, LanguageModel, PromptReport, Thinking};
use fake::{
    Answer, Fake, Step, answer, conversation, done, endpoint, event, failure, generate, head, json_answer,
    long_head, models_of, reply, says, short, stops,
};
use remote::{EndpointWarning, Patience, RemoteModel, Secret, ServerKind, probe};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const WORDS: &str = "what I say to my doctor";

fn hello() -> engine::GenerateRequest {
    conversation("su", WORDS)
}

/// The sentence for an answer that refuses.
async fn refused(status: u16, body: Value) -> String {
    let fake = Fake::start(move |_, _| json_answer(status, &body)).await;
    let (came, error) = failure(&fake.model(), hello()).await;
    assert_eq!(came, "");
    assert!(matches!(error, EngineError::Job(JobError::Server { .. })), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn a_reply_streams_with_its_figures() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 20}}});
    let fake =
        Fake::start(move |_, _| vec![head(), says("Hel"), says("lo"), stops(), event(&usage), done()]).await;
    let (text, generated) = answer(&fake.model(), hello()).await;
    assert_eq!(text, "Hello");
    assert_eq!(generated.reason, FinishReason::EndOfTurn);
    let report =
        PromptReport { prompt_tokens: 30, reused_tokens: 20, dropped_messages: 0, context_tokens: 4096 };
    assert_eq!(generated.prompt, report);
    assert_eq!(generated.timings.completion_tokens, 2);
    let chats = fake.chats();
    assert_eq!(chats[0]["messages"][1], json!({"role": "user", "content": WORDS}));
    assert_eq!(chats[0]["model"], "tiny");
    assert!(!format!("{:?} {:?}", fake.model(), fake.endpoint()).contains("sk-secret"));
    assert!(fake.asked().iter().all(|asked| asked.authorization.as_deref() == Some("Bearer sk-secret")));
}

#[tokio::test]
async fn a_stream_cut_into_single_bytes_with_comments_is_read() {
    let text = ": alive\r\n\r\ndata: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\r\n\r\n\
        : alive\r\ndata: {\"choices\":\r\ndata: [{\"delta\":{\"content\":\"grün 😀\"}}]}\r\n\r\n\
        event: x\r\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\ndata: [DONE]\r\n\r\n";
    let fake = Fake::start(move |_, _| {
        // Byte for byte as chunks of HTTP, so that no layer can join them.
        let mut steps = vec![Step::Send(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".into(),
        )];
        // A character of several bytes is cut by the unit test of the parser; here each character is a chunk.
        steps.extend(text.chars().map(|c| Step::Send(format!("{:x}\r\n{c}\r\n", c.len_utf8()))));
        steps.push(Step::Send("0\r\n\r\n".into()));
        steps
    })
    .await;
    let (texts, result) = generate(&fake.model(), hello()).await;
    assert_eq!(texts, ("hm".into(), "grün 😀".into()));
    assert_eq!(result.unwrap().timings.completion_tokens, 2);
}

#[tokio::test]
async fn a_server_that_does_not_stream_or_does_not_say_done_is_understood() {
    let whole = json!({"choices": [{"message": {"content": "All."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1}});
    let fake = Fake::start(move |_, _| json_answer(200, &whole)).await;
    assert_eq!(answer(&fake.model(), hello()).await.0, "All.");
    let fake = Fake::start(|_, _| vec![head(), says("x"), stops()]).await;
    assert_eq!(answer(&fake.model(), hello()).await.0, "x");
}

#[tokio::test]
async fn each_refusal_has_its_sentence() {
    let no = json!({"error": {"message": "Incorrect key sk-secret"}});
    for status in [401, 403] {
        assert!(refused(status, no.clone()).await.contains("does not accept the key"));
    }
    assert!(refused(404, no.clone()).await.contains("knows no model called “tiny”"));
    assert!(refused(429, no.clone()).await.contains("too much to do"));
    assert!(refused(503, no.clone()).await.contains("busy or still loading"));
    let sentence = refused(500, json!({"error": "out of memory"})).await;
    assert!(sentence.contains("(error 500: out of memory)"), "{sentence}");
    let sentence = refused(400, json!({"detail": "temperature is too high"})).await;
    assert!(sentence.contains("(error 400: temperature is too high)"), "{sentence}");
    // A server that repeats what was said to it is not quoted.
    let sentence = refused(500, json!({"error": format!("cannot parse '{WORDS}'")})).await;
    assert!(sentence.contains("(error 500)"), "{sentence}");
    for no_reply in [json!("hello"), json!({"hello": 1}), json!({"choices": 5})] {
        assert!(refused(200, no_reply).await.contains("no reply of a language model"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Fake::start(|_, _| reply("stolen")).await;
    let to = elsewhere.base_url.clone();
    let redirect = move |path: &str| -> Answer {
        vec![Step::Send(format!(
            "HTTP/1.1 307 Elsewhere\r\nlocation: {to}{path}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))]
    };
    let also = redirect.clone();
    let fake = Fake::start(move |_, _| redirect("/v1/chat/completions")).await;
    let (_, error) = failure(&fake.model(), hello()).await;
    assert!(error.to_string().contains("sends requests on to another address"), "{error}");
    let fake = Fake::start_with(move |path| Some(also(path)), |_, _| reply("x")).await;
    let error = probe(&fake.endpoint()).await.unwrap_err();
    assert!(error.to_string().contains("sends requests on to another address"), "{error}");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn unknown_fields_are_left_out_from_then_on() {
    let strict = |_: usize, asked: &fake::Asked| {
        if asked.body.get("top_k").is_some() {
            json_answer(400, &json!({"error": {"message": "unknown field top_k"}}))
        } else {
            reply("ok")
        }
    };
    let fake = Fake::start_as(models_of("vllm"), strict).await;
    let model = fake.model();
    for _ in 0..2 {
        assert_eq!(answer(&model, conversation("u", "x")).await.0, "ok");
    }
    let had: Vec<bool> = fake.chats().iter().map(|body| body.get("top_k").is_some()).collect();
    assert_eq!(had, [true, false, false]);

    // The narrowest request is tried before giving up, and a refusal of all is reported once.
    let fake = Fake::start_as(models_of("vllm"), |_, _| json_answer(422, &json!({"error": "no"}))).await;
    let (_, error) = failure(&fake.model(), hello()).await;
    assert!(error.to_string().contains("(error 422: no)"), "{error}");
    assert_eq!(fake.chats().len(), 3);
    assert!(fake.chats()[2].get("stream_options").is_none());
}

#[tokio::test]
async fn a_kind_of_server_is_asked_in_its_terms() {
    let fake = Fake::start_as(models_of("llamacpp"), |_, _| reply("ok")).await;
    let request = engine::GenerateRequest { thinking: Thinking::Off, ..hello() };
    assert_eq!(answer(&fake.model(), request.clone()).await.0, "ok");
    assert_eq!(fake.chats()[0]["chat_template_kwargs"], json!({"enable_thinking": false}));
    let fake = Fake::start(|_, _| reply("ok")).await;
    assert_eq!(answer(&fake.model(), request).await.0, "ok");
    assert!(fake.chats()[0].get("chat_template_kwargs").is_none() && fake.chats()[0].get("top_k").is_none());
}

/// How many messages each chat request had.
fn lengths(fake: &Fake) -> Vec<usize> {
    fake.chats().iter().map(|body| body["messages"].as_array().unwrap().len()).collect()
}

#[tokio::test]
async fn the_oldest_turns_leave_when_the_context_is_full() {
    // Counts four tokens a message, and holds sixteen messages' worth.
    let small = |_: usize, asked: &fake::Asked| {
        let messages = asked.body["messages"].as_array().unwrap().len();
        if messages * 4 > 64 {
            json_answer(
                400,
                &json!({"error": {"code": 400, "type": "exceed_context_size_error", "message": "too long",
                    "n_prompt_tokens": messages * 4, "n_ctx": 64}}),
            )
        } else {
            reply("ok")
        }
    };
    let fake = Fake::start(small).await;
    let model = fake.model();
    let (_, generated) = answer(&model, conversation("suauauauauauauauauau", WORDS)).await;
    // 40 of 64 tokens is what a prompt is cut down to: ten messages; a system message and a whole number of turns.
    assert_eq!(lengths(&fake), [20, 10]);
    assert_eq!(generated.prompt.dropped_messages, 10);
    assert_eq!(fake.chats()[1]["messages"][0]["role"], "system");
    assert_eq!(fake.chats()[1]["messages"][1]["role"], "user");
    // The next turn is cut at the same place at once.
    let (_, generated) = answer(&model, conversation("suauauauauauauauauauau", WORDS)).await;
    assert_eq!(lengths(&fake), [20, 10, 12]);
    assert_eq!(generated.prompt.dropped_messages, 10);
    // Another conversation is not.
    answer(&model, conversation("suau", "other")).await;
    assert_eq!(lengths(&fake)[3], 4);
}

#[tokio::test]
async fn without_numbers_half_of_the_turns_leave_at_a_time() {
    let small = |_: usize, asked: &fake::Asked| {
        let fits = asked.body["messages"].as_array().unwrap().len() <= 4;
        let full = json!({"error": "The maximum context length is exceeded"});
        if fits { reply("ok") } else { json_answer(400, &full) }
    };
    let fake = Fake::start(small).await;
    let (_, generated) = answer(&fake.model(), conversation("suauauauauauauau", WORDS)).await;
    assert_eq!(lengths(&fake), [16, 8, 4]);
    assert_eq!(generated.prompt.dropped_messages, 12);

    // LM Studio says it in the stream, after a 200.
    let in_stream = |count: usize, _: &fake::Asked| {
        let full =
            json!({"error": {"message": "Trying to keep the first 9 tokens when context the overflows."}});
        if count == 0 { vec![head(), event(&full)] } else { reply("ok") }
    };
    let fake = Fake::start(in_stream).await;
    let (text, generated) = answer(&fake.model(), conversation("suauau", WORDS)).await;
    assert_eq!((text.as_str(), generated.prompt.dropped_messages), ("ok", 2));
}

#[tokio::test]
async fn a_message_that_never_fits_is_said_to_be_too_long() {
    let full = json!({"error": {"type": "exceed_context_size_error", "message": "too long",
        "n_prompt_tokens": 900, "n_ctx": 512}});
    let fake = Fake::start(move |_, _| json_answer(400, &full)).await;
    let (_, error) = failure(&fake.model(), conversation("suauau", WORDS)).await;
    assert_eq!(error, EngineError::Job(JobError::PromptTooLong { needed: 900, limit: 512 }));
    assert_eq!(lengths(&fake).last(), Some(&2));
    let sentence = refused(400, json!({"error": {"code": "context_length_exceeded", "message": "no"}})).await;
    assert!(sentence.contains("longer than the server's context"), "{sentence}");
}

#[tokio::test]
async fn what_came_before_a_failure_stands() {
    let dropped = Fake::start(|_, _| vec![long_head(), says("Half a")]).await;
    let unended = Fake::start(|_, _| vec![head(), says("Half a")]).await;
    for fake in [dropped, unended] {
        let (came, error) = failure(&fake.model(), hello()).await;
        assert_eq!(came, "Half a");
        assert!(matches!(error, EngineError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("lost in the middle of the reply"), "{error}");
    }
    let wrong = json!({"error": {"message": "CUDA error"}});
    let fake = Fake::start(move |_, _| vec![head(), says("Half a"), event(&wrong), done()]).await;
    let (came, error) = failure(&fake.model(), hello()).await;
    assert_eq!(came, "Half a");
    assert!(error.to_string().contains("failed in the middle of the reply (CUDA error)"), "{error}");
    let fake =
        Fake::start(|_, _| vec![head(), says("Half a"), Step::Send("data: {nonsense\n\n".into())]).await;
    assert_eq!(failure(&fake.model(), hello()).await.0, "Half a");
}

#[tokio::test]
async fn silence_has_an_end() {
    let patience = |first_token, stall| Patience {
        first_token: Duration::from_millis(first_token),
        stall: Duration::from_millis(stall),
        ..short()
    };
    let fake = Fake::start(|_, _| vec![head(), says("Half a"), Step::Hang]).await;
    let model = RemoteModel::with_patience(fake.endpoint(), patience(60_000, 50)).unwrap();
    let (came, error) = failure(&model, hello()).await;
    assert_eq!(came, "Half a");
    assert!(error.to_string().contains("stopped in the middle of the reply"), "{error}");
    for steps in [|| vec![head(), Step::Hang], || vec![Step::Hang]] {
        let fake = Fake::start(move |_, _| steps()).await;
        let model = RemoteModel::with_patience(fake.endpoint(), patience(50, 60_000)).unwrap();
        let (_, error) = failure(&model, hello()).await;
        assert!(matches!(error, EngineError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("did not answer within"), "{error}");
    }
}

#[tokio::test]
async fn a_cancelled_reply_drops_the_connection() {
    let fake = Fake::start(|_, _| vec![head(), says("Half a"), Step::Hang]).await;
    let model = fake.model();
    let cancel = CancellationToken::new();
    let (events, mut listener) = mpsc::channel(8);
    let stop_at_first_word = async {
        while let Some(event) = listener.recv().await {
            if matches!(event, engine::GenerateEvent::Delta(_)) {
                cancel.cancel();
            }
        }
    };
    let (result, ()) = tokio::join!(model.generate(hello(), events, cancel.clone()), stop_at_first_word);
    let generated = result.unwrap();
    assert_eq!(generated.reason, FinishReason::Cancelled);
    assert_eq!(generated.timings.completion_tokens, 1);
    fake.left.notified().await;
}

#[tokio::test]
async fn a_listener_that_goes_away_cancels() {
    let fake = Fake::start(|_, _| vec![head(), Step::Hang]).await;
    let (events, listener) = mpsc::channel(8);
    let model = fake.model();
    let job = tokio::spawn(async move { model.generate(hello(), events, CancellationToken::new()).await });
    drop(listener);
    assert_eq!(job.await.unwrap().unwrap().reason, FinishReason::Cancelled);
}

#[tokio::test]
async fn jobs_are_done_in_turn_and_a_cancelled_one_lets_the_next_go() {
    let fake = Fake::start(
        |count, _| if count == 0 { vec![head(), says("x"), Step::Hang] } else { reply("second") },
    )
    .await;
    let model = fake.model();
    let cancel = CancellationToken::new();
    let (events, mut listener) = mpsc::channel(8);
    let first = model.generate(hello(), events, cancel.clone());
    // The second is asked for while the first hangs, and the first hangs until it is cancelled.
    let second = async {
        listener.recv().await.unwrap();
        tokio::join!(answer(&model, hello()), async { cancel.cancel() }).0
    };
    let (first, (text, _)) = tokio::join!(first, second);
    assert_eq!(first.unwrap().reason, FinishReason::Cancelled);
    assert_eq!(text, "second");
}

#[tokio::test]
async fn nobody_there_is_said_with_the_address() {
    // A port that was free a moment ago.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let base_url = format!("http://127.0.0.1:{port}");
    let model = RemoteModel::with_patience(endpoint(&base_url), short()).unwrap();
    let (_, error) = failure(&model, hello()).await;
    assert!(matches!(error, EngineError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().starts_with(&format!("127.0.0.1:{port} cannot be reached. Check")), "{error}");
    assert_eq!(probe(&endpoint(&base_url)).await.unwrap_err(), error);
    assert_eq!(model.ready(None).await.unwrap_err(), error);
}

#[tokio::test]
async fn https_to_a_server_that_does_not_speak_it_is_said() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // What servers say to the beginning of a secure connection.
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = probe(&endpoint(&base_url)).await.unwrap_err();
    assert!(error.to_string().contains("A secure connection to"), "{error}");
}

#[tokio::test]
async fn a_key_that_cannot_be_sent_is_refused_without_being_shown() {
    let bad =
        remote::Endpoint { api_key: Some(Secret::new("sk-secret\u{7}")), ..endpoint("http://127.0.0.1:1") };
    let error = RemoteModel::new(bad).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("sk-secret"));
}

#[tokio::test]
async fn a_probe_tells_the_kinds_of_servers_apart() {
    let fake = Fake::start_as(models_of("vllm"), |_, _| reply("x")).await;
    let info = probe(&fake.endpoint()).await.unwrap();
    assert_eq!((info.kind, info.context_tokens), (ServerKind::Vllm, Some(4096)));
    assert_eq!(info.models, ["tiny"]);
    assert_eq!(info.warning, None::<EndpointWarning>);

    let llama = |path: &str| match path {
        "/v1/models" => Some(json_answer(
            200,
            &json!({"data": [{"id": "/m/tiny.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 8192}}]}),
        )),
        "/props" => Some(json_answer(
            200,
            &json!({"default_generation_settings": {"n_ctx": 2048}, "chat_template": "{{ enable_thinking }}",
                "modalities": {"vision": true, "audio": false}}),
        )),
        _ => None,
    };
    let fake = Fake::start_with(llama, |_, _| reply("x")).await;
    let nameless = remote::Endpoint { model: String::new(), ..fake.endpoint() };
    let info = RemoteModel::new(nameless).unwrap().ready(None).await.unwrap();
    assert_eq!((info.name.as_str(), info.context_tokens, info.trained_context_tokens), ("tiny", 2048, 8192));
    assert_eq!((info.sees, info.hears, info.thinks), (true, false, true));
    assert!(info.device.ends_with("(llama-server)"));

    let ollama = |path: &str| {
        let body = match path {
            "/v1/models" => json!({"object": "list", "data": null}),
            "/api/version" => json!({"version": "0.12.0"}),
            "/api/ps" => json!({"models": [{"name": "tiny", "context_length": 8192}]}),
            "/api/show" => json!({"capabilities": ["completion", "thinking"],
                "model_info": {"llama.context_length": 32768}}),
            _ => return None,
        };
        Some(json_answer(200, &body))
    };
    let fake = Fake::start_with(ollama, |_, _| reply("x")).await;
    let info = probe(&fake.endpoint()).await.unwrap();
    assert_eq!((info.kind, info.context_tokens, info.thinks), (ServerKind::Ollama, Some(8192), true));
    assert_eq!(info.trained_context_tokens, Some(32768));

    let fake = Fake::start(|_, _| reply("x")).await;
    assert_eq!(probe(&fake.endpoint()).await.unwrap().kind, ServerKind::Unknown);
}

#[tokio::test]
async fn a_probe_says_what_is_wrong() {
    let with = async |status: u16, body: Value| {
        let fake = Fake::start_with(move |_| Some(json_answer(status, &body)), |_, _| reply("x")).await;
        probe(&fake.endpoint()).await.map(|info| info.kind).map_err(|error| error.to_string())
    };
    assert!(with(401, json!({})).await.unwrap_err().contains("does not accept the key"));
    assert!(with(503, json!({})).await.unwrap_err().contains("still loading its model"));
    assert!(with(200, json!("<html>")).await.unwrap_err().contains("is no language-model server"));
    assert!(with(502, json!({})).await.unwrap_err().contains("only with error 502"));
    // Some servers have no list of models and answer all the same.
    assert_eq!(with(404, json!({})).await, Ok(ServerKind::Unknown));
}

#[tokio::test]
async fn a_server_that_is_loading_is_waited_for() {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let loading = move |path: &str| {
        let count = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let status = if count == 0 { 503 } else { 200 };
        (path == "/v1/models").then(|| json_answer(status, &models_of("vllm")))
    };
    let fake = Fake::start_with(loading, |_, _| reply("x")).await;
    assert_eq!(fake.model().ready(None).await.unwrap().context_tokens, 4096);
}
