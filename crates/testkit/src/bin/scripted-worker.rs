//! A language model's worker without a model, that fails as it is told to. Its argument is a [`Script`].

use std::collections::HashSet;
use std::io::{self, Write};
use std::process::{ExitCode, abort, exit};
use std::thread::sleep;
use std::time::Duration;

use engine::{
    Channel, ChatMessage, Delta, FinishReason, GenerateEvent, GenerateRequest, Generated, Image, ImageId,
    JobError, LoadProgress, LoadRequest, ModelInfo, Prepared, PromptReport, Timings,
};
use testkit::{Mode, Script, WORDS};
use worker_kit::protocols::{Llm, LlmEvent, LlmOutput, LlmRequest};
use worker_kit::{
    FrameError, Identity, Job, JobId, Protocol, ToHost, ToWorker, Worker, WorkerHello, frame, serve,
};

/// Between two words: long enough that a test can act in the middle of a reply.
const GAP: Duration = Duration::from_millis(2);

fn main() -> ExitCode {
    let Some(Ok(mut script)) = std::env::args().nth(1).map(|arg| Script::from_arg(&arg)) else {
        eprintln!("the argument is not a script");
        return ExitCode::from(2);
    };
    if let Some(marker) = &script.once
        && std::fs::File::create_new(marker).is_err()
    {
        script.mode = Mode::Normal;
    }
    match script.mode {
        Mode::Stillborn => ExitCode::FAILURE,
        Mode::Mute => wait_for_ever(),
        Mode::Deaf | Mode::Garbage | Mode::Oversize | Mode::OtherVersion | Mode::OtherProtocol => {
            // However the pipes end, so do we.
            let _ = speak_rawly(&script);
            ExitCode::SUCCESS
        }
        _ => serve(identity(), Scripted { script, loaded: false, kept: HashSet::new() }),
    }
}

/// The build names the process, so that a test can kill it.
fn identity() -> Identity {
    Identity { name: "scripted-worker".into(), build: std::process::id().to_string(), features: Vec::new() }
}

struct Scripted {
    script: Script,
    loaded: bool,
    kept: HashSet<ImageId>,
}

impl Worker<Llm> for Scripted {
    fn run(&mut self, request: LlmRequest, job: &Job<Llm>) -> Result<LlmOutput, JobError> {
        match request {
            LlmRequest::Load(request) => {
                self.load(job)?;
                self.loaded = true;
                Ok(LlmOutput::Loaded(model(&request)))
            }
            LlmRequest::Unload => {
                self.loaded = false;
                self.kept.clear();
                Ok(LlmOutput::Unloaded)
            }
            _ if !self.loaded => Err(JobError::NoModel),
            LlmRequest::Generate(request) => {
                let shown = request.messages.iter().flat_map(ChatMessage::images);
                Ok(match self.lacking(shown) {
                    lacking if lacking.is_empty() => LlmOutput::Generated(self.generate(&request, job)),
                    lacking => LlmOutput::Missing(lacking),
                })
            }
            LlmRequest::Keep(pixels) => {
                self.kept.insert(pixels.id);
                Ok(LlmOutput::Kept)
            }
            LlmRequest::Prepare(image) => {
                let lacking = self.lacking(std::iter::once(&image));
                if !lacking.is_empty() {
                    return Ok(LlmOutput::Missing(lacking));
                }
                if self.script.mode == Mode::EndlessLook {
                    while !job.is_cancelled() {
                        sleep(GAP);
                    }
                    return Err(JobError::Cancelled);
                }
                Ok(LlmOutput::Prepared(Prepared { tokens: 64, ms: 0.0 }))
            }
        }
    }
}

impl Scripted {
    /// Those of the pictures that were not sent; in [`Mode::Forgetful`] all, always.
    fn lacking<'i>(&self, images: impl Iterator<Item = &'i Image>) -> Vec<ImageId> {
        let ids = images.map(Image::id);
        ids.filter(|id| self.script.mode == Mode::Forgetful || !self.kept.contains(id)).collect()
    }

    fn load(&self, job: &Job<Llm>) -> Result<(), JobError> {
        job.emit(LlmEvent::Load(LoadProgress(0.5)));
        match self.script.mode {
            Mode::SlowLoad => job.quiet_for(Duration::from_secs(30), || sleep(Duration::from_secs(2))),
            Mode::EndlessLoad => {
                while !job.is_cancelled() {
                    sleep(GAP);
                }
                return Err(JobError::Cancelled);
            }
            Mode::AbortAtLoad => abort(),
            Mode::BadModel => return Err(JobError::BadModel { reason: "It is not a GGUF file.".into() }),
            _ => {}
        }
        Ok(())
    }

    fn generate(&self, request: &GenerateRequest, job: &Job<Llm>) -> Generated {
        let prompt = report(request);
        job.emit(LlmEvent::Generate(GenerateEvent::Prompt(prompt)));
        let mut words = 0;
        let reason = loop {
            if job.is_cancelled() && self.script.mode != Mode::Stubborn {
                break FinishReason::Cancelled;
            }
            if words == self.script.after {
                self.fail(request, job);
            }
            let endless = matches!(self.script.mode, Mode::Endless | Mode::Stubborn);
            if words >= WORDS.len() && !endless {
                break FinishReason::EndOfTurn;
            }
            job.emit(delta(words));
            words += 1;
            sleep(GAP);
        };
        let completion_tokens = u32::try_from(words).unwrap_or(u32::MAX);
        Generated { reason, prompt, timings: Timings { completion_tokens, ..Timings::default() } }
    }

    fn fail(&self, request: &GenerateRequest, job: &Job<Llm>) {
        match self.script.mode {
            Mode::Abort | Mode::Assert | Mode::Exit => {
                // What was said must be on its way before the process goes: a worker that computes takes longer for a
                // token than its writer for a frame.
                sleep(Duration::from_millis(100));
                match self.script.mode {
                    Mode::Exit => exit(3),
                    Mode::Assert => eprintln!("/src/ggml.c:1: GGML_ASSERT(n_tokens > 0) failed"),
                    _ => {}
                }
                abort()
            }
            Mode::Hang => wait_for_ever(),
            Mode::Panic => {
                let text = request.messages.last().map(|message| message.text.clone());
                std::panic::panic_any(text);
            }
            Mode::Noisy => {
                for _ in 0..10_000 {
                    println!(
                        "ggml_cuda_init: found no device, and says so at some length on standard output"
                    );
                    eprintln!("llama_model_loader: a line of log that fills the pipe if nobody reads it");
                }
                // Not text either.
                let _ = io::stderr().write_all(&[0xff; 10_000]);
                job.tick();
            }
            _ => {}
        }
    }
}

fn model(request: &LoadRequest) -> ModelInfo {
    ModelInfo {
        name: request.weights.display().to_string(),
        context_tokens: request.context_tokens.unwrap_or(4096),
        trained_context_tokens: 4096,
        sees: request.projector.is_some(),
        hears: false,
        thinks: false,
        device: "script".into(),
        load_ms: 0.0,
    }
}

fn report(request: &GenerateRequest) -> PromptReport {
    let prompt_tokens = u32::try_from(request.messages.len()).unwrap_or(u32::MAX);
    PromptReport { prompt_tokens, context_tokens: 4096, ..PromptReport::default() }
}

fn delta(word: usize) -> LlmEvent {
    let text = WORDS[word % WORDS.len()].to_owned();
    LlmEvent::Generate(GenerateEvent::Delta(Delta { channel: Channel::Answer, text }))
}

fn wait_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// A worker that does not keep to the protocol, and so cannot be written with `serve`.
fn speak_rawly(script: &Script) -> Result<(), FrameError> {
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    while let Some(payload) = frame::read(&mut stdin)? {
        match frame::decode::<ToWorker<Llm>>(&payload)? {
            ToWorker::Hello { .. } => {
                frame::write::<_, ToHost<Llm>>(&mut stdout, &ToHost::Hello(hello(script.mode)))?;
            }
            ToWorker::Start { job, request: LlmRequest::Load(request) } => {
                let result = Ok(LlmOutput::Loaded(model(&request)));
                frame::write::<_, ToHost<Llm>>(&mut stdout, &ToHost::Done { job, result })?;
            }
            ToWorker::Start { job, request: _ } => return fail_rawly(script, job, &mut stdout),
            _ => {}
        }
    }
    Ok(())
}

fn hello(mode: Mode) -> WorkerHello {
    let protocol = if mode == Mode::OtherProtocol { "speech" } else { Llm::NAME };
    let version = if mode == Mode::OtherVersion { Llm::VERSION + 1 } else { Llm::VERSION };
    let Identity { name, build, features } = identity();
    WorkerHello { protocol: protocol.into(), version, name, build, features }
}

fn fail_rawly(script: &Script, job: JobId, stdout: &mut impl Write) -> Result<(), FrameError> {
    for word in 0..script.after {
        frame::write::<_, ToHost<Llm>>(stdout, &ToHost::Event { job, event: delta(word) })?;
    }
    match script.mode {
        Mode::Garbage => stdout.write_all(&[5, 0, 0, 0, 0xc1, 0xc1, 0xc1, 0xc1, 0xc1])?,
        Mode::Oversize => stdout.write_all(&u32::MAX.to_le_bytes())?,
        _ => {}
    }
    stdout.flush()?;
    wait_for_ever()
}
