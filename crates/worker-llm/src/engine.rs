//! One loaded model and its conversation: prompts are put together, read and answered here, one after another.
//!
//! What always holds: `cached` names exactly the tokens and pictures that llama.cpp's memory holds for the conversation,
//! whatever a job ended with; what is reused of it is the same at the same positions, so a reply never depends on what
//! was said in another conversation.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use dialogue::stop::StopScanner;
use dialogue::thoughts::ThoughtSplitter;
use engine::{
    CacheUse, ChatMessage, FinishReason, GenerateEvent, GenerateRequest, Generated, Image, JobError,
    LoadProgress, LoadRequest, ModelInfo, PromptReport, Role, Thinking, Timings, Weigh,
};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use crate::load::{self, Loaded, STEP};
use crate::native::{Context, Outputs, Sequence, StepError};
use crate::projector::Projector;
use crate::prompt::{ControlTexts, Replies, assemble};
use crate::sampling::{Constrained, Sampler};
use crate::template::{ChatTemplate, Segment};
use crate::turn_end::{Scales, until_last_words};
use crate::units::{self, Unit, common_prefix};
use crate::vocabulary;
use crate::watch::IsCancelled;
use crate::window::Window;
use crate::writer::{Writer, Written};

use self::sight::Sight;

mod sight;

/// Room for a reply that a prompt must leave, unless a quarter of the context is less.
const REPLY_ROOM: u32 = 1024;
/// Tokens that an aside's reply should find room for beside the conversation.
const ASIDE_REPLY: u32 = 256;
/// Reading is noticed, and reported, when it takes longer than this.
const NOTICEABLE_MS: f64 = 100.0;
/// Texts whose token counts are remembered.
const COUNTED: usize = 1 << 14;

/// Who is told what happens in a job, and who may end it.
pub trait Listener {
    /// Takes what happens, in order.
    fn event(&mut self, event: GenerateEvent);
    /// Takes how far loading is.
    fn loading(&mut self, progress: LoadProgress);
    /// How to ask whether the job is still wanted.
    fn is_cancelled(&self) -> IsCancelled;
}

/// A model that answers.
pub struct Engine {
    model: Arc<LlamaModel>,
    context: Context,
    context_tokens: u32,
    template: ChatTemplate,
    control: ControlTexts,
    /// Control tokens whose text belongs to the reply's.
    visible: Vec<LlamaToken>,
    scales: Scales,
    window: Window,
    replies: Replies,
    counts: HashMap<u64, u32>,
    /// Tokens that the template puts around a message; grows when it turns out to be more.
    per_message: u32,
    /// What the memory holds of [`Sequence::Main`], from position 0.
    cached: Vec<Unit>,
    /// Where the model sees.
    sight: Option<Sight>,
    info: ModelInfo,
}

/// A prompt, ready to be read.
struct Prompt {
    units: Vec<Unit>,
    dropped: u32,
    voices: ThoughtSplitter,
}

impl Prompt {
    /// How many units of what was read before need not be read again. The last one is, because its scores are wanted.
    fn shared_with(&self, cached: &[Unit]) -> usize {
        common_prefix(cached, &self.units).min(self.units.len() - 1)
    }
}

/// Where a job reads and writes.
struct Place {
    sequence: Sequence,
    /// Units of the prompt that are there.
    units: usize,
    /// Cells of the memory that this sequence has.
    cells: usize,
    /// Where the next one goes.
    position: usize,
}

impl Place {
    /// Behind these.
    fn behind(sequence: Sequence, read: &[Unit]) -> Self {
        Self { sequence, units: read.len(), cells: units::cells(read), position: units::positions(read) }
    }

    fn advance(&mut self, by: &[Unit]) {
        self.units += by.len();
        self.cells += units::cells(by);
        self.position += units::positions(by);
    }
}

/// Whether reading went to its end.
#[derive(PartialEq, Eq)]
enum Read {
    All,
    Cancelled,
}

impl Engine {
    /// Loads a model.
    ///
    /// # Errors
    /// [`JobError::BadModel`], [`JobError::OutOfMemory`] or [`JobError::Cancelled`].
    pub fn load(request: &LoadRequest, listener: &mut dyn Listener) -> Result<Self, JobError> {
        let start = Instant::now();
        let is_cancelled = listener.is_cancelled();
        let loaded = load::load(request, &is_cancelled, &mut |progress| listener.loading(progress))?;
        let Loaded { model, context, context_tokens, device, projector } = loaded;
        let edges = vocabulary::edges(&model);
        let source = model.chat_template(None).ok().and_then(|template| template.to_string().ok());
        let template = ChatTemplate::or_chatml(source.as_deref(), &edges.begin, &edges.end);
        let info = ModelInfo {
            name: name(&model, &request.weights),
            context_tokens,
            trained_context_tokens: model.n_ctx_train(),
            sees: projector.as_ref().is_some_and(Projector::sees),
            hears: projector.as_ref().is_some_and(Projector::hears),
            thinks: !template.tags().is_empty(),
            device,
            load_ms: ms_since(start),
        };
        Ok(Self {
            control: vocabulary::control_texts(&model),
            visible: vocabulary::visible_control(&model, template.tags()),
            scales: Scales::of(&model),
            model,
            context,
            context_tokens,
            template,
            window: Window::default(),
            replies: Replies::default(),
            counts: HashMap::new(),
            per_message: 4,
            cached: Vec::new(),
            sight: projector.filter(Projector::sees).map(Sight::new),
            info,
        })
    }

    /// What is loaded.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Makes one reply.
    ///
    /// # Errors
    /// See [`JobError`]. A cancelled reply is no error but [`FinishReason::Cancelled`].
    pub fn generate(
        &mut self,
        request: &GenerateRequest,
        listener: &mut dyn Listener,
    ) -> Result<Generated, JobError> {
        let start = Instant::now();
        let prompt = self.prepare(request)?;
        let sampler = Sampler::new(
            &self.model,
            &request.sampling,
            request.constraint.as_ref(),
            &units::tokens(&prompt.units),
        )?;
        let is_cancelled = listener.is_cancelled();
        self.context.watch(Arc::clone(&is_cancelled));
        let place = match request.cache {
            CacheUse::Reuse => self.resume(&prompt),
            CacheUse::Aside => self.step_aside(&prompt, request.max_tokens),
        };
        let report = PromptReport {
            prompt_tokens: count(units::cells(&prompt.units)),
            reused_tokens: count(place.cells),
            dropped_messages: prompt.dropped,
            context_tokens: self.context_tokens,
        };
        listener.event(GenerateEvent::Prompt(report));
        let mut reply = Reply { start, place, sampler, timings: Timings::default() };
        let result = self
            .weigh(request, units::cells(&prompt.units), listener)
            .and_then(|()| self.answer(request, prompt, &mut reply, listener, &is_cancelled));
        self.context.unwatch();
        if request.cache == CacheUse::Aside {
            self.context.trim(Sequence::Aside, 0);
        }
        result.map(|reason| Generated { reason, prompt: report, timings: reply.timings })
    }

    /// The prompt's tokens, with so many of the oldest turns left out that a reply has room.
    fn prepare(&mut self, request: &GenerateRequest) -> Result<Prompt, JobError> {
        let room = REPLY_ROOM.min(self.context_tokens / 4);
        let wanted = request.max_tokens.filter(|&most| most > 0);
        let room = wanted.map_or(room, |most| most.min(room)).max(1);
        let limit = self.context_tokens - room;
        // The form would forbid the thoughts' own words.
        let thinking = if request.constraint.is_some() { Thinking::Off } else { request.thinking };
        let messages = &request.messages;
        self.look_at_sizes(messages)?;
        loop {
            let Self { window, counts, model, per_message, sight, .. } = self;
            let size = |message: &ChatMessage| {
                let shown = message.images().map(|image| shown_cells(sight.as_ref(), image)).sum::<u32>();
                counted(counts, model, &message.text, limit)
                    .saturating_add(*per_message)
                    .saturating_add(shown)
            };
            let first = window
                .fit(messages, size, limit, request.cache)
                .map_err(|too_long| JobError::PromptTooLong { needed: too_long.needed, limit })?;
            let system = usize::from(messages.first().is_some_and(|message| message.role == Role::System));
            let shown: Vec<&ChatMessage> = messages[..system].iter().chain(&messages[first..]).collect();
            let segments = self.template.render(&shown, thinking).map_err(|error| JobError::BadRequest {
                reason: format!("{error} Choose another model, or begin a new conversation."),
            })?;
            let mut units = self.units(&segments);
            if units.is_empty() {
                return Err(JobError::BadRequest { reason: "There is nothing to answer.".into() });
            }
            let cells = count(units::cells(&units));
            let Some(excess) = cells.checked_sub(limit).filter(|&excess| excess > 0) else {
                let voices = voices(&self.template, &segments);
                if request.max_tokens == Some(0) {
                    // What comes behind the words is not wanted yet: the user goes on.
                    units.truncate(self.words_end(&segments, &units).unwrap_or(units.len()));
                }
                return Ok(Prompt { units, dropped: count(first - system), voices });
            };
            // The template writes more around the messages than was reckoned with. It is never reckoned down again,
            // so this comes to an end: at the latest when only the newest turn is left, and that does not fit.
            self.per_message += excess / count(shown.len()).max(1) + 1;
        }
    }

    fn units(&self, segments: &[Segment<'_>]) -> Vec<Unit> {
        let shown = |image: &Image| self.sight.as_ref().map_or_else(Vec::new, |sight| sight.units(image));
        let mut units = assemble(segments, &*self.model, &self.control, &self.replies, shown);
        let vocab = self.model.vocab();
        if vocab.should_add_bos() && units.first().is_some_and(|&first| first != Unit::Token(vocab.bos())) {
            units.insert(0, Unit::Token(vocab.bos()));
        }
        units
    }

    /// How many of a prompt's units end with the user's last words. Where a mark behind them has grown together with
    /// the last word, the words end before it.
    fn words_end(&self, segments: &[Segment<'_>], units: &[Unit]) -> Option<usize> {
        let until = self.units(&until_last_words(segments)?);
        Some(common_prefix(&until, units)).filter(|&end| end > 0)
    }

    /// Tells how the user's last words read, if that is wanted.
    fn weigh(
        &mut self,
        request: &GenerateRequest,
        prompt_tokens: usize,
        listener: &mut dyn Listener,
    ) -> Result<(), JobError> {
        let is_users = |message: &&ChatMessage| message.role == Role::User;
        let last = request.messages.iter().rfind(is_users).filter(|_| request.weigh == Weigh::TurnEnd);
        let Some(last) = last else { return Ok(()) };
        let weighed = self.scales.weigh(&mut self.context, &self.model, &last.text, prompt_tokens);
        match weighed {
            Ok(Some(share)) => listener.event(GenerateEvent::TurnEnd(share)),
            // A cancelled job ends soon enough.
            Ok(None) | Err(StepError::Aborted) => {}
            Err(error) => return Err(refused(error)),
        }
        Ok(())
    }

    /// Cuts the conversation's memory back to what the prompt shares with it.
    fn resume(&mut self, prompt: &Prompt) -> Place {
        let common = prompt.shared_with(&self.cached);
        self.cut_back(common);
        Place::behind(Sequence::Main, &self.cached)
    }

    /// Keeps the first `keep` units of the conversation's memory, or nothing where it cannot be cut there.
    fn cut_back(&mut self, keep: usize) {
        let kept = &self.cached[..keep.min(self.cached.len())];
        let expected = units::last_position(kept);
        let whole = |context: &Context, recurrent: bool| match context.extent(Sequence::Main) {
            // Recurrent layers know only their newest position.
            Some((first, last)) => Some(last) == expected && (first == 0 || recurrent),
            None => keep == 0,
        };
        let recurrent = self.is_recurrent();
        let end = units::positions(kept);
        if keep > 0 && self.context.trim(Sequence::Main, end) && whole(&self.context, recurrent) {
            self.cached.truncate(keep);
        } else {
            self.context.trim(Sequence::Main, 0);
            self.cached.clear();
        }
    }

    /// Begins a side question: what it shares with the conversation is shared in memory, and the conversation loses
    /// only what there is no room for otherwise.
    fn step_aside(&mut self, prompt: &Prompt, max_tokens: Option<u32>) -> Place {
        self.context.trim(Sequence::Aside, 0);
        self.scales.forget(&mut self.context);
        let common = self.keepable(prompt.shared_with(&self.cached));
        let place = Place::behind(Sequence::Aside, &self.cached[..common]);
        if common > 0 {
            self.context.share_with_aside(place.position);
        }
        let reply = max_tokens.unwrap_or(ASIDE_REPLY).min(self.context_tokens) as usize;
        let needed = units::cells(&self.cached) + units::cells(&prompt.units) - place.cells + reply;
        if needed > self.context.cells() as usize {
            self.cut_back(common);
        }
        place
    }

    /// Of `common` units that a prompt shares with the conversation's memory, those that can be used.
    fn keepable(&self, common: usize) -> usize {
        if self.is_recurrent() && common < self.cached.len() { 0 } else { common }
    }

    fn is_recurrent(&self) -> bool {
        self.model.is_recurrent() || self.model.is_hybrid()
    }

    /// Reads the prompt and writes the reply.
    fn answer(
        &mut self,
        request: &GenerateRequest,
        prompt: Prompt,
        reply: &mut Reply,
        listener: &mut dyn Listener,
        is_cancelled: &IsCancelled,
    ) -> Result<FinishReason, JobError> {
        if self.read(&prompt, reply, listener, is_cancelled)? == Read::Cancelled {
            return Ok(FinishReason::Cancelled);
        }
        reply.timings.prefill_ms = ms_since(reply.start);
        let mut writer = Writer::new(prompt.voices, StopScanner::new(request.stop.iter().cloned()));
        let mut written = Vec::new();
        let mut give = |delta| listener.event(GenerateEvent::Delta(delta));
        let mut reason = self.write(request, reply, &mut writer, &mut written, &mut give, is_cancelled)?;
        if reason != FinishReason::StopSequence && writer.finish(&mut give) == Written::Stopped {
            reason = FinishReason::StopSequence;
        }
        let is_spoken = |token: &LlamaToken| !self.model.vocab().is_control(*token);
        if request.cache == CacheUse::Reuse
            && let Some(answer) = writer.plain_answer()
            && written.iter().all(is_spoken)
        {
            self.replies.remember(answer, written);
        }
        Ok(reason)
    }

    /// Reads the prompt from where the memory ends.
    fn read(
        &mut self,
        prompt: &Prompt,
        reply: &mut Reply,
        listener: &mut dyn Listener,
        is_cancelled: &IsCancelled,
    ) -> Result<Read, JobError> {
        let units = &prompt.units;
        let begin = reply.place.cells;
        let total = count(units::cells(units) - begin);
        while reply.place.units < units.len() {
            if is_cancelled() {
                return Ok(Read::Cancelled);
            }
            let from = reply.place.units;
            let read = if let Unit::Glance(glance) = units[from] {
                self.read_glance(&mut reply.place, glance, units, is_cancelled)?
            } else {
                let run = units[from..].iter().take(STEP as usize).map_while(Unit::token);
                let tokens: Vec<LlamaToken> = run.collect();
                let is_last = from + tokens.len() == units.len();
                let outputs = if is_last { Outputs::Last } else { Outputs::Nothing };
                self.step(&mut reply.place, &tokens, outputs)?
            };
            if read == Read::Cancelled {
                return Ok(Read::Cancelled);
            }
            if ms_since(reply.start) > NOTICEABLE_MS {
                listener.event(GenerateEvent::Prefill { done: count(reply.place.cells - begin), total });
            }
        }
        Ok(Read::All)
    }

    /// Writes tokens until something ends the reply; `written` gets those that are part of it.
    fn write(
        &mut self,
        request: &GenerateRequest,
        reply: &mut Reply,
        writer: &mut Writer,
        written: &mut Vec<LlamaToken>,
        give: &mut impl FnMut(engine::Delta),
        is_cancelled: &IsCancelled,
    ) -> Result<FinishReason, JobError> {
        let most = request.max_tokens.map_or(usize::MAX, |most| most as usize);
        let mut bytes = Vec::new();
        let mut first = reply.start;
        loop {
            if written.len() >= most {
                return Ok(FinishReason::MaxTokens);
            }
            if is_cancelled() {
                return Ok(FinishReason::Cancelled);
            }
            if reply.place.cells >= self.context_tokens as usize {
                return Ok(FinishReason::ContextFull);
            }
            let logits = self.context.logits().ok_or_else(|| failed("no scores"))?;
            let constrained = if writer.is_thinking() { Constrained::No } else { Constrained::Yes };
            let token = reply.sampler.choose(logits, constrained)?;
            if written.is_empty() {
                first = Instant::now();
                reply.timings.first_token_ms = ms_since(reply.start);
            }
            reply.timings.decode_ms = ms_since(first);
            let vocab = self.model.vocab();
            if vocab.is_eog(token) {
                return Ok(FinishReason::EndOfTurn);
            }
            written.push(token);
            reply.timings.completion_tokens = count(written.len());
            bytes.clear();
            vocab.token_to_piece_into(token, &mut bytes, self.visible.contains(&token), None);
            if writer.push(&bytes, give) == Written::Stopped {
                return Ok(FinishReason::StopSequence);
            }
            if written.len() < most
                && self.step(&mut reply.place, &[token], Outputs::Last)? == Read::Cancelled
            {
                return Ok(FinishReason::Cancelled);
            }
        }
    }

    /// Takes one step, and keeps the books right whatever comes of it.
    fn step(&mut self, place: &mut Place, tokens: &[LlamaToken], outputs: Outputs) -> Result<Read, JobError> {
        let units: Vec<Unit> = tokens.iter().copied().map(Unit::Token).collect();
        let (sequence, position) = (place.sequence, place.position);
        self.take(place, &units, |engine| engine.context.step(sequence, position, tokens, outputs))
    }

    /// Has `units` read by `step`, and keeps the books right whatever comes of it.
    fn take(
        &mut self,
        place: &mut Place,
        units: &[Unit],
        mut step: impl FnMut(&mut Self) -> Result<(), StepError>,
    ) -> Result<Read, JobError> {
        let mut result = step(self);
        if result == Err(StepError::NoRoom) && !self.scales.is_empty() {
            // What was weighed gives way.
            self.scales.forget(&mut self.context);
            result = step(self);
        }
        if result.is_ok() {
            place.advance(units);
            if place.sequence == Sequence::Main {
                self.cached.extend_from_slice(units);
            }
            return Ok(Read::All);
        }
        if place.sequence == Sequence::Main {
            // Part of the step may be in the memory.
            self.cut_back(self.cached.len());
        }
        match result {
            Err(StepError::Aborted) => Ok(Read::Cancelled),
            Err(error) => Err(refused(error)),
            Ok(()) => Ok(Read::All),
        }
    }
}

/// One reply while it is made.
struct Reply {
    start: Instant,
    place: Place,
    sampler: Sampler,
    timings: Timings,
}

/// What the reply's thoughts look like, given what the prompt ends with.
fn voices(template: &ChatTemplate, segments: &[Segment<'_>]) -> ThoughtSplitter {
    match segments.last() {
        Some(Segment::Template(end)) => ThoughtSplitter::after_prompt(template.tags().to_vec(), end),
        // An answer that is continued has its thoughts behind it.
        _ => ThoughtSplitter::new(Vec::new()),
    }
}

/// A text's tokens, counted once.
fn counted(counts: &mut HashMap<u64, u32>, model: &LlamaModel, text: &str, limit: u32) -> u32 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    if counts.len() > COUNTED {
        counts.clear();
    }
    *counts.entry(hasher.finish()).or_insert_with(|| vocabulary::measure(model, text, limit))
}

/// Cells that a picture takes, where its size was looked at.
fn shown_cells(sight: Option<&Sight>, image: &Image) -> u32 {
    sight.map_or(0, |sight| count(sight.cells(image)))
}

/// What the model is called: by its maker, or by its file.
fn name(model: &LlamaModel, path: &Path) -> String {
    let stated = model.meta_val_str("general.name").ok().filter(|name| !name.trim().is_empty());
    stated.unwrap_or_else(|| {
        path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    })
}

fn refused(error: StepError) -> JobError {
    match error {
        StepError::NoRoom => failed("no room in the context"),
        StepError::Failed(code) => failed(&format!("code {code}")),
        StepError::Aborted => failed("given up"),
    }
}

fn failed(what: &str) -> JobError {
    JobError::Internal {
        reason: format!(
            "llama.cpp failed while computing ({what}). Try again; if it happens again, choose a smaller context."
        ),
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}
