//! A server on this machine that answers everything with one text, for scenes in which the same speech must be heard
//! again and again, so that what happens to it can be measured against an undisturbed recording.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;

/// About a minute of speech without numbers or marks that a voice may read in several ways.
pub const LONG_REPLY: &str = "Once upon a time there was a small village by the sea, and in that village lived an old \
fisherman with his grey cat. Every morning he walked down to the harbour, looked at the sky, and decided whether the day \
was good enough for his little boat. The people of the village liked him, because he told long stories in the evening and \
never told the same one twice. One day a stranger came over the hill with a heavy bag and a broken shoe. He asked for \
water, and he asked for the road to the lighthouse, which had been dark for many years. The fisherman gave him bread and \
fish, mended the shoe with a piece of an old net, and showed him the path along the cliffs. The stranger thanked him and \
left a brass key on the table. In the night the wind grew strong, the waves came up to the first houses, and nobody could \
sleep. Then a light went over the water, slow and bright, as it had done when the old people were children. The boats \
that were still outside turned towards it and found the harbour, one after the other, with wet sails and tired men. In \
the morning the fisherman climbed up to the lighthouse with his cat and his key, and he found the door open, the lamp \
warm, and nobody there at all.";

/// The server; it ends when it is dropped.
pub struct Script {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Script {
    /// Answers with this text, some words at a time and quicker than any voice.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(reply: &'static str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let thread = std::thread::Builder::new().name("scripted-server".into()).spawn(move || {
            for connection in listener.incoming().flatten() {
                if ends.load(Ordering::Acquire) {
                    return;
                }
                // Whoever asks may go away in the middle: that is an interruption.
                let _ = std::thread::Builder::new().spawn(move || answer(connection, reply));
            }
        })?;
        Ok(Self { address, over, thread: Some(thread) })
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The lines of the settings that make it the model.
    pub fn settings(&self) -> String {
        format!(
            "[[servers]]\nid = \"script\"\nbase_url = \"{}\"\nmodel = \"script\"\ncontext_tokens = 8192\n",
            self.url()
        )
    }

    /// What `--model` takes.
    pub const MODEL: &str = "server:script";
}

impl Drop for Script {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // Wakes the one who listens.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(connection: TcpStream, reply: &str) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let asks_for_chat = line.contains("/chat/completions");
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    let mut out = connection;
    if !asks_for_chat {
        let body = json!({"object": "list", "data": [{"id": "script", "object": "model"}]}).to_string();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
        return write!(out, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    out.write_all(head.as_bytes())?;
    for word in reply.split_inclusive(' ') {
        write!(out, "data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"content": word}}]}))?;
        // A hundred tokens a second.
        std::thread::sleep(Duration::from_millis(10));
    }
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    write!(out, "data: {end}\n\ndata: [DONE]\n\n")
}
