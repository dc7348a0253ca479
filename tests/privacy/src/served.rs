//! A running `hark serve`, called over plain HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::home::{Home, program};
use crate::trace::traced;

/// So long is waited for what should come soon; only a failing test waits for all of it.
const LONG: Duration = Duration::from_mins(4);
const PAUSE: Duration = Duration::from_millis(50);

/// `hark serve`, killed when dropped.
pub struct Served {
    child: Child,
    port: u16,
    token: String,
}

impl Served {
    /// Starts it, under a trace where a file for one is given.
    pub fn start(home: &Home, trace: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = match trace {
            Some(file) => traced(&program("hark"), file),
            None => Command::new(program("hark")),
        };
        home.furnish(&mut command);
        let mut child = command.args(["serve", "--port", "0", "--json"]).spawn().context("hark serve")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line).with_context(|| format!("no address: {line:?}"))?;
        let port = told["port"].as_u64().context("no port")?;
        let token = told["token"].as_str().context("no token")?.to_owned();
        Ok(Self { child, port: port.try_into()?, token })
    }

    /// Calls a command: its HTTP status and what it said.
    pub fn call(&self, name: &str, args: &Value) -> anyhow::Result<(u16, Value)> {
        self.post(name, args.to_string().as_bytes())
    }

    /// The same with a body that may be no JSON.
    pub fn post(&self, name: &str, body: &[u8]) -> anyhow::Result<(u16, Value)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(LONG))?;
        let head = format!(
            "POST /api/command/{name} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.port,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP")?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        Ok((status, serde_json::from_str(body).with_context(|| format!("no JSON: {answer}"))?))
    }

    /// Calls a command that has to work.
    pub fn ask(&self, name: &str, args: &Value) -> anyhow::Result<Value> {
        let (status, reply) = self.call(name, args)?;
        ensure!(status == 200, "{name}: {status} {reply}");
        Ok(reply)
    }

    /// Sends a message; the conversation's id.
    pub fn send(&self, conversation: Option<&str>, text: &str) -> anyhow::Result<String> {
        let sent = self.ask("send", &json!({ "conversation": conversation, "text": text }))?;
        Ok(sent["conversation"].as_str().context("no conversation")?.to_owned())
    }

    /// Waits until the last message of a conversation fulfils `wanted`, and gives it.
    pub fn last_message(&self, conversation: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let mut last = Value::Null;
        until(|| {
            let view = self.ask("open_conversation", &json!({ "conversation": conversation }))?;
            last = view["messages"].as_array().and_then(|all| all.last().cloned()).unwrap_or_default();
            Ok(last["speaker"] == "assistant" && wanted(&last))
        })
        .with_context(|| format!("the last message stayed {last}"))?;
        Ok(last)
    }

    /// Waits until the reply that is being made has ended.
    pub fn reply(&self, conversation: &str) -> anyhow::Result<Value> {
        self.last_message(conversation, |message| message["state"]["kind"] != "streaming")
    }

    /// The conversations in which `words` are found, newest first; all for none.
    pub fn found(&self, words: &str) -> anyhow::Result<Vec<Value>> {
        let page = self.ask("list_conversations", &json!({ "query": words, "cursor": null, "limit": 50 }))?;
        Ok(page["items"].as_array().cloned().unwrap_or_default())
    }

    /// The notice with this id, if it is shown.
    pub fn notice(&self, id: &str) -> anyhow::Result<Option<Value>> {
        let snapshot = self.ask("snapshot", &json!({}))?;
        let notices = snapshot["notices"].as_array().cloned().unwrap_or_default();
        Ok(notices.into_iter().find(|notice| notice["id"] == id))
    }

    /// Asks it to end, and waits until it and its trace have.
    pub fn end(mut self) -> anyhow::Result<()> {
        let own = self.child.id();
        let children =
            std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        // A tracer does not pass on what it is told.
        let is_tracer = std::fs::read_to_string(format!("/proc/{own}/comm"))?.trim() == "strace";
        let inner = is_tracer.then(|| children.split_whitespace().next().map(str::to_owned)).flatten();
        let asked = Command::new("kill").arg(inner.unwrap_or_else(|| own.to_string())).status()?;
        ensure!(asked.success(), "it had ended already");
        ended(&mut self.child)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until a program has ended.
pub fn ended(child: &mut Child) -> anyhow::Result<()> {
    until(|| Ok(child.try_wait()?.is_some()))
}

/// Waits until something holds.
pub fn until(mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let deadline = Instant::now() + LONG;
    while !holds()? {
        if Instant::now() > deadline {
            bail!("it did not come in {LONG:?}");
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
