//! The application over HTTP and WebSocket.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::{Mode, Script};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::house::House;

/// Nothing here takes so long; a test that would wait for ever fails instead.
const PATIENCE: Duration = Duration::from_mins(1);

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A running `hark serve`, ended when dropped.
struct Served {
    child: Child,
    port: u64,
    token: String,
    client: reqwest::Client,
}

impl Served {
    fn start(house: &House, args: &[&str]) -> Self {
        let args = [&["serve", "--port", "0", "--json"][..], args].concat();
        let mut child = house.command(&args).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no address: {line:?}"));
        let token = told["token"].as_str().unwrap().to_owned();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, port: told["port"].as_u64().unwrap(), token, client }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn request(&self, command: &str, args: &Value) -> reqwest::RequestBuilder {
        let request = self.client.post(self.url(&format!("/api/command/{command}")));
        request.header("content-type", "application/json").body(args.to_string())
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> (StatusCode, Value) {
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {status} {text}")))
    }

    async fn call(&self, command: &str, args: Value) -> Value {
        let (status, reply) = self.answer(self.request(command, &args).bearer_auth(&self.token)).await;
        assert_eq!(status, StatusCode::OK, "{command}: {reply}");
        reply
    }

    async fn socket(&self, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
        let mut request = format!("ws://127.0.0.1:{}/api/events", self.port).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| socket)
    }

    /// The event stream, standing.
    async fn events(&self) -> Socket {
        let mut socket = self.socket(&[]).await.unwrap();
        socket.send(Message::text(self.token.clone())).await.unwrap();
        assert_eq!(next(&mut socket).await, json!({ "ready": true }));
        socket
    }

    fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already, as some tests want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn next(socket: &mut Socket) -> Value {
    let frame = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    serde_json::from_str(frame.to_text().unwrap()).unwrap()
}

async fn close_code(socket: &mut Socket) -> u16 {
    loop {
        match tokio::time::timeout(PATIENCE, socket.next()).await.unwrap() {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            other => panic!("no close frame: {other:?}"),
        }
    }
}

fn normal() -> House {
    House::with(&Script::new(Mode::Normal))
}

#[tokio::test]
async fn a_command_goes_in_and_its_reply_comes_out() {
    let served = Served::start(&House::new(), &[]);
    let snapshot = served.call("snapshot", json!({})).await;
    assert_eq!(snapshot["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(snapshot["conversations"]["items"], json!([]));
}

#[tokio::test]
async fn nobody_gets_in_without_the_token() {
    let served = Served::start(&House::new(), &["--token", "0123456789abcdef"]);
    assert_eq!(served.token, "0123456789abcdef");
    let request = || served.request("snapshot", &json!({}));
    for request in
        [request(), request().bearer_auth("0123456789abcdeF"), request().header("authorization", "Basic x")]
    {
        let (status, error) = served.answer(request).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(error["message"].as_str().unwrap().contains("token"), "{error}");
    }
    let mut socket = served.socket(&[]).await.unwrap();
    socket.send(Message::text("wrong")).await.unwrap();
    assert_eq!(close_code(&mut socket).await, 4401);
}

#[tokio::test]
async fn a_foreign_name_or_page_is_refused() {
    let served = Served::start(&House::new(), &[]);
    let request = || served.request("snapshot", &json!({})).bearer_auth(&served.token);
    let host = format!("evil.example:{}", served.port);
    for request in [request().header("host", &host), request().header("origin", format!("http://{host}"))] {
        let (status, error) = served.answer(request).await;
        assert_eq!((status, &error["code"]), (StatusCode::FORBIDDEN, &json!("other")));
    }
    for header in [("origin", "http://evil.example"), ("origin", "null"), ("host", host.as_str())] {
        match served.socket(&[header]).await {
            Err(Error::Http(response)) => assert_eq!(response.status().as_u16(), 403, "{header:?}"),
            other => panic!("{header:?}: {other:?}"),
        }
    }
    let own = format!("http://localhost:{}", served.port);
    assert!(served.socket(&[("origin", &own)]).await.is_ok());
}

#[tokio::test]
async fn what_is_asked_wrongly_is_said() {
    let served = Served::start(&House::new(), &[]);
    let cases = [
        ("no_such_command", json!({}), StatusCode::BAD_REQUEST, "bad_request"),
        ("send", json!({ "text": 1 }), StatusCode::BAD_REQUEST, "bad_request"),
        ("open_conversation", json!({ "conversation": "x" }), StatusCode::NOT_FOUND, "not_found"),
    ];
    for (command, args, status, code) in cases {
        let (got, error) = served.answer(served.request(command, &args).bearer_auth(&served.token)).await;
        assert_eq!((got, &error["code"]), (status, &json!(code)), "{command}: {error}");
    }
    let (status, _) = served.answer(served.client.get(served.url("/api/elsewhere"))).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_reply_streams_over_the_socket() {
    let house = normal();
    let served = Served::start(&house, &[]);
    let mut events = served.events().await;
    let sent = served.call("send", json!({ "conversation": null, "text": "Hello" })).await;
    let (mut streamed, mut numbers) = (String::new(), Vec::new());
    let last = loop {
        let event = next(&mut events).await;
        numbers.push(event["seq"].as_u64().unwrap());
        let body = &event["body"];
        match body["kind"].as_str().unwrap() {
            "delta" => streamed += body["text"].as_str().unwrap(),
            "message" if body["message"]["state"]["kind"] != "streaming" => break body["message"].clone(),
            _ => {}
        }
    };
    assert_eq!(streamed, "You asked and I answer this.");
    assert_eq!((&last["text"], &last["state"]["kind"]), (&json!(streamed), &json!("complete")));
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    let view = served.call("open_conversation", json!({ "conversation": sent["conversation"] })).await;
    assert_eq!(view["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn two_instances_share_the_history() {
    let house = normal();
    let served = Served::start(&house, &[]);
    served.call("snapshot", json!({})).await;
    let done = house.hark(&["chat", "-p", "Sum up:", "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let told: Value = serde_json::from_str(&done.out).unwrap();
    let view = served.call("open_conversation", json!({ "conversation": told["conversation"] })).await;
    assert_eq!(view["messages"][0]["text"], "Sum up:");
    assert_eq!(view["messages"][1]["state"]["kind"], "complete");
    let done = house.hark_with(&["chat", "-p", "Sum up:", "--json"], b"one\ntwo\n");
    let told: Value = serde_json::from_str(&done.out).unwrap();
    let view = served.call("open_conversation", json!({ "conversation": told["conversation"] })).await;
    assert_eq!(view["messages"][0]["text"], "Sum up:\n\none\ntwo");
}

#[tokio::test]
async fn the_front_end_is_served_under_a_strict_policy() {
    let house = House::new();
    let page = house.home().join("page");
    std::fs::create_dir_all(page.join("assets")).unwrap();
    std::fs::write(page.join("index.html"), "<title>Hark</title>").unwrap();
    std::fs::write(page.join("assets/index-1.js"), "1").unwrap();
    std::fs::write(house.home().join("secret"), "secret").unwrap();
    let served = Served::start(&house, &["--ui", page.to_str().unwrap()]);
    let get = |path: &str| served.client.get(served.url(path)).send();

    let index = get("/").await.unwrap();
    let header = |name: &str| index.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let policy = header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(policy.contains(&format!("ws://127.0.0.1:{}", served.port)), "{policy}");
    assert_eq!(header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
    assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"));
    assert_eq!(index.text().await.unwrap(), "<title>Hark</title>");

    let script = get("/assets/index-1.js").await.unwrap();
    assert!(script.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    for path in ["/assets/none.js", "/..%2fsecret", "/%2e%2e/secret", "/api/x"] {
        assert_eq!(get(path).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn asked_to_end_it_says_goodbye_and_ends_well() {
    let house = House::with(&Script::new(Mode::Endless));
    let mut served = Served::start(&house, &[]);
    let mut events = served.events().await;
    let sent = served.call("send", json!({ "conversation": null, "text": "Hello" })).await;
    while next(&mut events).await["body"]["kind"] != "delta" {}
    rustix::process::kill_process(served.pid(), rustix::process::Signal::TERM).unwrap();
    assert_eq!(close_code(&mut events).await, 1001);
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
    let again = Served::start(&house, &[]);
    let view = again.call("open_conversation", json!({ "conversation": sent["conversation"] })).await;
    assert_eq!(view["messages"][1]["state"]["kind"], "interrupted");
    assert!(view["messages"][1]["text"].as_str().unwrap().starts_with("You "), "{view}");
}

#[tokio::test]
async fn a_taken_port_is_said() {
    let house = House::new();
    let served = Served::start(&house, &[]);
    let done = house.hark(&["serve", "--port", &served.port.to_string()]);
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("taken by another program"), "{}", done.err);
}
