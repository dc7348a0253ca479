//! Just enough HTTP for programs that this one has started on this machine. It adds nothing of its own to the times
//! that are measured through it; for anything else there is `remote`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;

/// The longest silence; a long prompt is read for a while on a slow machine.
const SILENCE: Duration = Duration::from_mins(5);

/// The JSON at `path`.
pub(super) fn get(port: u16, path: &str) -> anyhow::Result<Value> {
    whole(ask(port, "GET", path, None)?)
}

/// Sends JSON, gets JSON.
pub(super) fn post(port: u16, path: &str, body: &Value) -> anyhow::Result<Value> {
    whole(ask(port, "POST", path, Some(body))?)
}

/// Asks for the end of something.
pub(super) fn delete(port: u16, path: &str) -> anyhow::Result<Value> {
    whole(ask(port, "DELETE", path, None)?)
}

/// Sends JSON and hands every server-sent event that is JSON to `each`, as it comes.
pub(super) fn stream(port: u16, path: &str, body: &Value, mut each: impl FnMut(Value)) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    ask(port, "POST", path, Some(body))?.pieces(|piece| {
        lines.extend_from_slice(piece);
        while let Some(end) = lines.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = lines.drain(..=end).collect();
            let event = line.strip_prefix(b"data:").and_then(|data| serde_json::from_slice(data).ok());
            event.into_iter().for_each(&mut each);
        }
    })
}

fn whole(answer: Answer<impl BufRead>) -> anyhow::Result<Value> {
    let mut body = Vec::new();
    answer.pieces(|piece| body.extend_from_slice(piece))?;
    serde_json::from_slice(&body).context("the answer is not JSON")
}

fn ask(
    port: u16,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<Answer<BufReader<TcpStream>>> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(SILENCE))?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all((head + &body).as_bytes())?;
    Answer::read(BufReader::new(connection))
}

/// An answer whose head has been read.
struct Answer<R> {
    length: Length,
    from: R,
}

/// How the end of the body is known (RFC 9112, section 6).
enum Length {
    Bytes(u64),
    Chunked,
    UntilClosed,
}

impl<R: BufRead> Answer<R> {
    fn read(mut from: R) -> anyhow::Result<Self> {
        let status = line(&mut from)?;
        let mut length = Length::UntilClosed;
        loop {
            let header = line(&mut from)?.to_ascii_lowercase();
            match header.split_once(':').map(|(name, value)| (name, value.trim())) {
                Some(("content-length", bytes)) => length = Length::Bytes(bytes.parse()?),
                Some(("transfer-encoding", "chunked")) => length = Length::Chunked,
                Some(_) => {}
                None => break,
            }
        }
        let answer = Self { length, from };
        if status.split(' ').nth(1).is_some_and(|code| code.starts_with('2')) {
            return Ok(answer);
        }
        let mut body = Vec::new();
        answer.pieces(|piece| body.extend_from_slice(piece))?;
        bail!("{status}: {}", String::from_utf8_lossy(&body));
    }

    /// Hands on the body in the pieces it comes in.
    fn pieces(mut self, mut each: impl FnMut(&[u8])) -> anyhow::Result<()> {
        match self.length {
            Length::Bytes(bytes) => copy(self.from.take(bytes), each),
            Length::UntilClosed => copy(self.from, each),
            Length::Chunked => loop {
                let size = u64::from_str_radix(&line(&mut self.from)?, 16)?;
                if size == 0 {
                    return Ok(());
                }
                copy((&mut self.from).take(size), &mut each)?;
                line(&mut self.from)?;
            },
        }
    }
}

fn copy(mut from: impl BufRead, mut each: impl FnMut(&[u8])) -> anyhow::Result<()> {
    loop {
        let piece = from.fill_buf()?;
        if piece.is_empty() {
            return Ok(());
        }
        each(piece);
        let length = piece.len();
        from.consume(length);
    }
}

/// The next line without its end; an error at the end of all.
fn line(from: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 {
        bail!("the connection was closed too early");
    }
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(answer: &str) -> anyhow::Result<String> {
        let mut body = Vec::new();
        Answer::read(answer.as_bytes())?.pieces(|piece| body.extend_from_slice(piece))?;
        Ok(String::from_utf8(body)?)
    }

    #[test]
    fn a_body_ends_where_its_head_says() {
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}rest").unwrap(), "{}");
        assert_eq!(body("HTTP/1.1 200 OK\r\n\r\nall of it").unwrap(), "all of it");
        let chunks =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(body(chunks).unwrap(), "abc0123456789");
    }

    #[test]
    fn a_refusal_is_an_error_with_what_was_said() {
        let error = body("HTTP/1.1 503 Busy\r\nContent-Length: 7\r\n\r\nloading").unwrap_err().to_string();
        assert!(error.contains("503") && error.contains("loading"), "{error}");
    }

    #[test]
    fn an_answer_that_stops_in_the_middle_is_an_error() {
        assert!(body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").is_err());
    }
}
