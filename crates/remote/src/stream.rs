//! Server-sent events of a reply, and how their stream can break off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use reqwest::Response;
use sse_stream::SseByteStream;
use tokio::time::timeout;

/// How a stream broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    /// No byte came for as long as one may wait.
    #[error("silence")]
    Silent,
    /// The connection was lost, or what came is no event stream.
    #[error("the connection was lost")]
    Lost,
}

/// The `data` of each event of a reply. Comments, by which servers show that they are alive, count as life.
pub(crate) struct Events {
    events: BoxStream<'static, Result<String, Broken>>,
    /// Milliseconds; shared with the reader of bytes, which is below the parser.
    wait: Arc<AtomicU64>,
}

impl Events {
    /// Reads the body of `response`; `wait` is how long silence may last at first.
    pub(crate) fn of(response: Response, wait: Duration) -> Self {
        let wait = Arc::new(AtomicU64::new(millis(wait)));
        let bytes = watched(response.bytes_stream().map(|part| part.map_err(|_| Broken::Lost)), &wait);
        Self { events: parse(bytes), wait }
    }

    /// Changes how long silence may last, from the next read on.
    pub(crate) fn set_wait(&self, wait: Duration) {
        self.wait.store(millis(wait), Ordering::Relaxed);
    }

    /// The next event's data; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Result<String, Broken>> {
        self.events.next().await
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn watched(
    bytes: impl Stream<Item = Result<Bytes, Broken>> + Send + 'static,
    wait: &Arc<AtomicU64>,
) -> impl Stream<Item = Result<Bytes, Broken>> + Send + 'static {
    let wait = wait.clone();
    stream::try_unfold(Box::pin(bytes), move |mut bytes| {
        let limit = Duration::from_millis(wait.load(Ordering::Relaxed));
        async move {
            match timeout(limit, bytes.next()).await {
                Ok(part) => Ok(part.transpose()?.map(|part| (part, bytes))),
                Err(_) => Err(Broken::Silent),
            }
        }
    })
}

fn parse(
    bytes: impl Stream<Item = Result<Bytes, Broken>> + Send + 'static,
) -> BoxStream<'static, Result<String, Broken>> {
    SseByteStream::new(Box::pin(bytes))
        .filter_map(async |event| match event {
            Ok(event) => event.data.filter(|data| !data.is_empty()).map(Ok),
            Err(sse_stream::Error::Body(error)) => {
                Some(Err(error.downcast::<Broken>().map_or(Broken::Lost, |broken| *broken)))
            }
            Err(_) => Some(Err(Broken::Lost)),
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way of cutting `text` into pieces of `size` bytes gives the same data.
    async fn check(text: &str, expect: &[&str]) {
        for size in 1..=text.len() {
            let parts: Vec<_> =
                text.as_bytes().chunks(size).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
            let data: Vec<_> = parse(stream::iter(parts))
                .map(|data| data.unwrap_or_else(|_| "broken".into()))
                .collect()
                .await;
            assert_eq!(data, expect, "{text:?} in pieces of {size}");
        }
    }

    #[tokio::test]
    async fn events_are_read_however_they_are_cut() {
        check("data: a\n\ndata: b\n\n", &["a", "b"]).await;
        check("data: a\r\n\r\ndata:b\r\n\r\n", &["a", "b"]).await;
        check("data: a\r\rdata: b\r\r", &["a", "b"]).await;
        check("\u{feff}data: a\n\n", &["a"]).await;
        check(": alive\n\n:\n\nevent: x\nid: 1\nretry: 5\ndata: a\n\n", &["a"]).await;
        check("data: {\ndata: \"ü😀\"}\n\n", &["{\n\"ü😀\"}"]).await;
        check("data\n\ndata: \n\nother: x\n\ndata: [DONE]\n\n", &["[DONE]"]).await;
        check("data: a\n\ndata: unfinished", &["a"]).await;
    }

    #[tokio::test]
    async fn what_is_no_text_breaks_the_stream_off() {
        let bytes = [Ok(Bytes::from_static(b"data: a\n\ndata: \xff\n\ndata: b\n\n"))];
        let data: Vec<_> = parse(stream::iter(bytes)).collect().await;
        assert!(matches!(&data[..], [Ok(first), Err(Broken::Lost)] if first == "a"));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_the_stream_and_comments_are_no_silence() {
        let wait = Arc::new(AtomicU64::new(1000));
        let parts = stream::iter(0..5).then(async |at| {
            tokio::time::sleep(Duration::from_millis(if at == 4 { 1100 } else { 900 })).await;
            Ok(Bytes::from_static(if at == 0 { b"data: a\n\n" } else { b": alive\n\n" }))
        });
        let data: Vec<_> = parse(watched(parts, &wait)).collect().await;
        assert!(matches!(&data[..], [Ok(_), Err(Broken::Silent)]), "{data:?}");
    }
}
