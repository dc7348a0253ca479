//! The [`LanguageModel`] on a server: finds out what the server is, asks it in its terms, and tries again where a
//! narrower request or a shorter conversation helps.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use engine::{
    EngineError, EventSink, FinishReason, GenerateEvent, GenerateRequest, Generated, JobError, LanguageModel,
    LoadProgress, ModelInfo,
};
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::address::Endpoint;
use crate::failure::Refusal;
use crate::link::{Link, Patience, refused};
use crate::pictures::Pictures;
use crate::probe::{Look, ServerInfo, ServerKind, loading, look, model_name};
use crate::reply::Reply;
use crate::request::{Dialect, body};
use crate::stream::{Broken, Events};
use crate::turns::{Cut, Sizes, Turns, room, target};
use crate::wire::{Chunk, Fault};

/// A model on a server of the user's own.
///
/// Only llama-server tells of the prompt before the reply; with the others [`GenerateEvent::Prompt`] holds no token
/// counts, and [`Generated::prompt`] has them in the end (0 where a server counts nothing). A connection that is lost
/// in mid-reply is [`EngineError::Unreachable`].
#[derive(Debug)]
pub struct RemoteModel {
    link: Link,
    endpoint: Endpoint,
    /// What the server is; `None` until asked, and again after it could not be reached (another may stand there
    /// then). A mutex because the trait takes `&self`; held while the server is asked, so that it is asked once.
    info: Mutex<Option<ServerInfo>>,
    /// Held through a whole job: jobs are taken in the order of their calls.
    learnt: Mutex<Learnt>,
}

/// What earlier jobs taught about the server.
#[derive(Debug, Default)]
struct Learnt {
    /// The widest dialect that it takes; `None` until one was refused.
    dialect: Option<Dialect>,
    /// Where the conversation was cut last.
    cut: Option<Cut>,
}

/// One job, as it is sent.
struct Job<'a> {
    request: &'a GenerateRequest,
    turns: Turns<'a>,
    dropped: usize,
    dialect: Dialect,
    model: String,
    kind: ServerKind,
    context_tokens: Option<u32>,
    pictures: Pictures,
}

impl RemoteModel {
    /// A model at `endpoint`. Nothing is sent before the first call.
    ///
    /// # Errors
    /// A sentence about the address or the key, when they cannot be used.
    pub fn new(endpoint: Endpoint) -> Result<Self, EngineError> {
        Self::with_patience(endpoint, Patience::default())
    }

    /// The same with other time limits.
    ///
    /// # Errors
    /// As [`RemoteModel::new`].
    pub fn with_patience(endpoint: Endpoint, patience: Patience) -> Result<Self, EngineError> {
        let link = Link::new(&endpoint, patience)?;
        Ok(Self { link, endpoint, info: Mutex::default(), learnt: Mutex::default() })
    }

    /// What the server is, asked once.
    async fn info(&self) -> Result<ServerInfo, EngineError> {
        /// How often a server that is loading is asked again.
        const AGAIN: Duration = Duration::from_millis(500);
        let mut known = self.info.lock().await;
        if let Some(info) = &*known {
            return Ok(info.clone());
        }
        let wait_for_model = async {
            loop {
                if let Look::Ready(info) = look(&self.link, &self.endpoint).await? {
                    return Ok(info);
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        let info = timeout(self.link.patience.loading, wait_for_model)
            .await
            .unwrap_or_else(|_| Err(loading(&self.link)))?;
        debug!(host = self.link.address.host(), kind = ?info.kind, context = info.context_tokens, "server found");
        *known = Some(info.clone());
        Ok(info)
    }

    /// Makes one reply; `Ok(Cancelled)` when nobody listens any more.
    async fn run(
        &self,
        request: &GenerateRequest,
        events: &EventSink,
        reply: &mut Reply,
    ) -> Result<FinishReason, EngineError> {
        let mut learnt = self.learnt.lock().await;
        let result = self.negotiate(request, events, reply, &mut learnt).await;
        if matches!(result, Err(EngineError::Unreachable { .. })) {
            *self.info.lock().await = None;
            *learnt = Learnt::default();
        }
        result
    }

    /// Sends the request, narrower or shorter as the server's answers ask for.
    async fn negotiate(
        &self,
        request: &GenerateRequest,
        events: &EventSink,
        reply: &mut Reply,
        learnt: &mut Learnt,
    ) -> Result<FinishReason, EngineError> {
        /// Attempts at a shorter conversation; the last of them sends the newest turn alone.
        const CUTS: u32 = 5;
        let info = self.info().await?;
        let model = model_name(&self.endpoint, &info).unwrap_or_default();
        if info.is_blind() && request.messages.iter().any(|message| !message.media.is_empty()) {
            return Err(JobError::CannotSee { model }.into());
        }
        let turns = Turns::of(&request.messages);
        let mut job = Job {
            dropped: turns.as_before(learnt.cut),
            turns,
            request,
            dialect: learnt.dialect.unwrap_or(Dialect::widest(info.kind)),
            model,
            kind: info.kind,
            context_tokens: self.endpoint.context_tokens.or(info.context_tokens),
            pictures: Pictures::of(request).await?,
        };
        self.cut_beforehand(&mut job).await;
        let mut cuts = 0;
        loop {
            let refusal = match self.attempt(&job, events, reply).await {
                Ok(reason) => {
                    if job.dialect != Dialect::widest(info.kind) {
                        learnt.dialect = Some(job.dialect);
                    }
                    if job.dropped > 0 {
                        learnt.cut = Some(job.turns.cut(job.dropped));
                    }
                    return Ok(reason);
                }
                Err(refusal) => refusal,
            };
            if reply.has_begun() {
                return Err(refusal.into_error());
            }
            match &refusal {
                Refusal::Context { needed, limit } => {
                    let sizes = needed
                        .zip(*limit)
                        .map(|(needed, limit)| Sizes { needed, target: target(limit, request.max_tokens) });
                    cuts += 1;
                    let Some(dropped) = job.turns.after_refusal(job.dropped, sizes) else {
                        return Err(refusal.into_error());
                    };
                    job.dropped = if cuts == CUTS { job.turns.droppable() } else { dropped };
                    debug!(
                        dropped = job.dropped,
                        needed, limit, "the conversation is longer than the context"
                    );
                }
                Refusal::Fields(_) => {
                    let Some(narrower) = job.dialect.narrower() else { return Err(refusal.into_error()) };
                    job.dialect = narrower;
                    debug!(?narrower, "the server refused the request");
                }
                Refusal::Final(_) => return Err(refusal.into_error()),
            }
        }
    }

    /// Leaves out what cannot fit, before the server refuses it or has no room left for the reply. Only llama-server
    /// can be asked how many tokens a text has.
    async fn cut_beforehand(&self, job: &mut Job<'_>) {
        /// Tokens that a template puts around a message (chat markup: `<|im_start|>`, the role, two line ends, `<|im_end|>`).
        const AROUND: usize = 5;
        let Some(limit) = job.context_tokens.filter(|_| job.kind == ServerKind::LlamaServer) else { return };
        let around = job.turns.without(job.dropped).count() * AROUND;
        let room = room(limit, job.request.max_tokens);
        // No token is shorter than a byte.
        if job.turns.bytes(job.dropped) + around <= room as usize {
            return;
        }
        let text: Vec<&str> = job.turns.without(job.dropped).map(|message| message.text.as_str()).collect();
        let question = json!({"content": text.join("\n")});
        let Ok(answer) = self.link.ask(self.link.address.own("tokenize"), &question).await else { return };
        let Some(tokens) = answer.body.get("tokens").and_then(Value::as_array) else { return };
        let needed = u32::try_from(tokens.len() + around).unwrap_or(u32::MAX);
        if needed > room {
            let sizes = Sizes { needed, target: target(limit, job.request.max_tokens) };
            job.dropped = job.turns.after_refusal(job.dropped, Some(sizes)).unwrap_or(job.dropped);
        }
    }

    /// Sends the request once and passes on what comes.
    async fn attempt(
        &self,
        job: &Job<'_>,
        events: &EventSink,
        reply: &mut Reply,
    ) -> Result<FinishReason, Refusal> {
        reply.prepare(job.context_tokens, job.turns.dropped_messages(job.dropped));
        let messages = job.turns.without(job.dropped);
        let body = body(job.request, messages, &job.pictures, &job.model, job.kind, job.dialect)?;
        let response = self.link.begin(&body).await?;
        let status = response.status();
        if !status.is_success() {
            let fault = Fault::find(&self.link.json(response).await?).unwrap_or_default();
            let host = self.link.address.host();
            return Err(Refusal::of_status(status, &fault, &host, &job.model, &job.request.messages));
        }
        let kind =
            response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("text/event-stream") || kind.is_empty() {
            self.streamed(response, job, events, reply).await
        } else {
            self.whole(response, job, events, reply).await
        }
    }

    async fn streamed(
        &self,
        response: Response,
        job: &Job<'_>,
        events: &EventSink,
        reply: &mut Reply,
    ) -> Result<FinishReason, Refusal> {
        /// How long the end of the body after the end of the reply is waited for, beside everything else.
        const READ_OUT: Duration = Duration::from_secs(1);
        let mut stream = Events::of(response, self.link.patience.first_token);
        while let Some(data) = stream.next().await {
            let data = data.map_err(|broken| self.broken(&broken, reply))?;
            if data.trim() == "[DONE]" {
                // A connection that is read to its end serves the next request too.
                tokio::spawn(timeout(READ_OUT, async move { stream.next().await.is_none() }));
                return self.finish(events, reply).await;
            }
            if !self.pass_on(&serde_json::from_str(&data).unwrap_or(Value::Null), job, events, reply).await? {
                return Ok(FinishReason::Cancelled);
            }
            if reply.has_text() {
                stream.set_wait(self.link.patience.stall);
            }
        }
        // Not every server says `[DONE]`.
        if reply.has_ended() {
            return self.finish(events, reply).await;
        }
        Err(self.broken(&Broken::Lost, reply).into())
    }

    /// A server that does not stream.
    async fn whole(
        &self,
        response: Response,
        job: &Job<'_>,
        events: &EventSink,
        reply: &mut Reply,
    ) -> Result<FinishReason, Refusal> {
        let answer = self.link.json(response).await?;
        if answer.get("choices").is_none() && Fault::find(&answer).is_none() {
            return Err(no_reply(&self.link.address.host()).into());
        }
        if self.pass_on(&answer, job, events, reply).await? {
            return self.finish(events, reply).await;
        }
        Ok(FinishReason::Cancelled)
    }

    /// Passes one chunk on; says whether anybody listens.
    async fn pass_on(
        &self,
        answer: &Value,
        job: &Job<'_>,
        events: &EventSink,
        reply: &mut Reply,
    ) -> Result<bool, Refusal> {
        if let Some(fault) = Fault::find(answer) {
            return Err(Refusal::of_stream(&fault, &self.link.address.host(), &job.request.messages));
        }
        let chunk = Chunk::deserialize(answer).map_err(|_| no_reply(&self.link.address.host()))?;
        let mut out = Vec::new();
        reply.take(&chunk, Instant::now(), &mut out);
        Ok(send(events, out).await)
    }

    async fn finish(&self, events: &EventSink, reply: &mut Reply) -> Result<FinishReason, Refusal> {
        let mut out = Vec::new();
        reply.finish(&mut out);
        Ok(if send(events, out).await { reply.reason() } else { FinishReason::Cancelled })
    }

    fn broken(&self, broken: &Broken, reply: &Reply) -> EngineError {
        let host = self.link.address.host();
        let reason = match broken {
            Broken::Silent if !reply.has_text() => return self.link.silent(self.link.patience.first_token),
            Broken::Silent => format!(
                "{host} stopped in the middle of the reply and sent nothing for {} s. What was written so far is kept; try again.",
                self.link.patience.stall.as_secs().max(1)
            ),
            Broken::Lost if !reply.has_text() => format!(
                "The connection to {host} was lost before the reply began. Check that the server is still running, and try again."
            ),
            Broken::Lost => format!(
                "The connection to {host} was lost in the middle of the reply. What was written so far is kept; check that the server is still running, and try again."
            ),
        };
        EngineError::Unreachable { reason }
    }
}

fn no_reply(host: &str) -> EngineError {
    refused(format!(
        "{host} answered with something that is no reply of a language model. Check the address in the settings."
    ))
}

/// Sends events on; says whether anybody listens.
async fn send(events: &EventSink, out: Vec<GenerateEvent>) -> bool {
    for event in out {
        if events.send(event).await.is_err() {
            return false;
        }
    }
    true
}

#[async_trait]
impl LanguageModel for RemoteModel {
    async fn ready(&self, _progress: Option<mpsc::Sender<LoadProgress>>) -> Result<ModelInfo, EngineError> {
        let asked = Instant::now();
        let info = self.info().await?;
        let model = model_name(&self.endpoint, &info).unwrap_or_default();
        // llama-server names a model by its file, unless it is given another name.
        let file = model.strip_suffix(".gguf").and_then(|path| path.rsplit(['/', '\\']).next());
        Ok(ModelInfo {
            name: file.unwrap_or(&model).to_owned(),
            context_tokens: self.endpoint.context_tokens.or(info.context_tokens).unwrap_or(0),
            trained_context_tokens: info.trained_context_tokens.unwrap_or(0),
            sees: info.sees,
            hears: info.hears,
            thinks: info.thinks,
            device: format!("{} ({})", self.link.address.host(), info.kind.name()),
            load_ms: asked.elapsed().as_secs_f64() * 1000.0,
        })
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        events: EventSink,
        cancel: CancellationToken,
    ) -> Result<Generated, EngineError> {
        let arrived = Instant::now();
        let mut reply = Reply::new(arrived, request.max_tokens);
        // Whatever is being waited for is dropped with its connection, which is how a server learns that it can stop.
        let reason = tokio::select! {
            biased;
            () = cancel.cancelled() => FinishReason::Cancelled,
            () = events.closed() => FinishReason::Cancelled,
            result = self.run(&request, &events, &mut reply) => result?,
        };
        let generated = reply.generated(reason);
        debug!(
            host = self.link.address.host(),
            ?reason,
            prompt = generated.prompt.prompt_tokens,
            reused = generated.prompt.reused_tokens,
            tokens = generated.timings.completion_tokens,
            first_token_ms = generated.timings.first_token_ms,
            "reply ended"
        );
        Ok(generated)
    }
}
