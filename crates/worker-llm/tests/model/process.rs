//! The built program, as a host sees it: frames in, frames out, and its end.

use std::io::{BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use engine::{FinishReason, GenerateEvent, JobError};
use worker_kit::protocols::{Llm, LlmEvent, LlmOutput, LlmRequest};
use worker_kit::{JobId, Protocol, ToHost, ToWorker, WorkerHello, frame};

use crate::common::*;

/// A host that speaks one line at a time.
struct Host {
    worker: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Host {
    /// Starts the program and greets it.
    fn start() -> (Self, WorkerHello) {
        let mut worker = Command::new(env!("CARGO_BIN_EXE_worker-llm"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = worker.stdin.take();
        let from = BufReader::new(worker.stdout.take().unwrap());
        let mut host = Self { worker, to, from };
        host.send(&ToWorker::Hello { protocol: Llm::NAME.into(), version: Llm::VERSION });
        let ToHost::Hello(hello) = host.next().unwrap() else { panic!("no hello") };
        (host, hello)
    }

    fn send(&mut self, message: &ToWorker<Llm>) {
        let to = self.to.as_mut().unwrap();
        frame::write(to, message).unwrap();
        to.flush().unwrap();
    }

    fn start_job(&mut self, job: u64, request: LlmRequest) {
        self.send(&ToWorker::Start { job: JobId(job), request });
    }

    /// The next message that is no heartbeat.
    fn next(&mut self) -> Option<ToHost<Llm>> {
        loop {
            let payload = frame::read(&mut self.from).unwrap()?;
            match frame::decode(&payload).unwrap() {
                ToHost::Beat { .. } => {}
                message => return Some(message),
            }
        }
    }

    /// All events of the job, and how it ended; `hear` may answer.
    fn finish(
        &mut self,
        job: u64,
        mut hear: impl FnMut(&mut Self, &LlmEvent),
    ) -> (Vec<LlmEvent>, Result<LlmOutput, JobError>) {
        let mut events = Vec::new();
        loop {
            match self.next().unwrap() {
                ToHost::Event { job: of, event } => {
                    assert_eq!(of, JobId(job));
                    hear(self, &event);
                    events.push(event);
                }
                ToHost::Done { job: of, result } => {
                    assert_eq!(of, JobId(job));
                    return (events, result);
                }
                _ => panic!("something else"),
            }
        }
    }

    /// Ends the program's input, and waits for its end.
    fn end(mut self) -> std::process::ExitStatus {
        self.to = None;
        while self.next().is_some() {}
        self.worker.wait().unwrap()
    }
}

#[test]
fn without_a_model_it_greets_refuses_and_ends() {
    let (mut host, hello) = Host::start();
    assert_eq!((hello.protocol.as_str(), hello.version), (Llm::NAME, Llm::VERSION));
    assert_eq!(hello.name, "worker-llm");
    assert!(hello.features.contains(&"cpu".to_owned()));
    host.start_job(1, LlmRequest::Generate(ask(&["u:Hi"])));
    assert_eq!(host.finish(1, |_, _| ()).1, Err(JobError::NoModel));
    host.start_job(2, LlmRequest::Load(load_request("/nowhere/none.gguf".as_ref())));
    assert!(matches!(host.finish(2, |_, _| ()).1, Err(JobError::BadModel { .. })));
    assert!(host.end().success());
}

#[test]
fn it_loads_answers_is_cancelled_and_ends() {
    let model = model_or_skip!();
    let (mut host, _) = Host::start();
    host.start_job(1, LlmRequest::Load(load_request(&model)));
    let (progress, loaded) = host.finish(1, |_, _| ());
    assert!(progress.iter().all(|event| matches!(event, LlmEvent::Load(_))) && !progress.is_empty());
    assert!(matches!(loaded, Ok(LlmOutput::Loaded(info)) if info.context_tokens == 1024));

    host.start_job(2, LlmRequest::Generate(ask(&["u:Hello"])));
    let (events, result) = host.finish(2, |_, _| ());
    assert!(matches!(events[0], LlmEvent::Generate(GenerateEvent::Prompt(_))));
    assert!(events.iter().any(|event| matches!(event, LlmEvent::Generate(GenerateEvent::Delta(_)))));
    let Ok(LlmOutput::Generated(generated)) = result else { panic!("{result:?}") };
    assert_eq!(generated.timings.completion_tokens, 24);

    // A reply without an end, so that only the cancellation can end it.
    let mut endless = ask(&["u:Hello"]);
    endless.max_tokens = None;
    endless.constraint = Some(engine::Constraint::Grammar("root ::= \"a\" root".into()));
    host.start_job(3, LlmRequest::Generate(endless));
    let (_, result) = host.finish(3, |host, event| {
        if matches!(event, LlmEvent::Generate(GenerateEvent::Delta(_))) {
            host.send(&ToWorker::Cancel { job: JobId(3) });
        }
    });
    let Ok(LlmOutput::Generated(generated)) = result else { panic!("{result:?}") };
    assert_eq!(generated.reason, FinishReason::Cancelled);

    host.start_job(4, LlmRequest::Unload);
    assert_eq!(host.finish(4, |_, _| ()).1, Ok(LlmOutput::Unloaded));
    host.start_job(5, LlmRequest::Generate(ask(&["u:Hi"])));
    assert_eq!(host.finish(5, |_, _| ()).1, Err(JobError::NoModel));
    assert!(host.end().success());
}

#[test]
fn the_end_of_its_input_ends_it_in_the_middle_of_a_reply() {
    let model = model_or_skip!();
    let (mut host, _) = Host::start();
    host.start_job(1, LlmRequest::Load(load_request(&model)));
    host.finish(1, |_, _| ()).1.unwrap();
    let mut endless = ask(&["u:Hello"]);
    endless.max_tokens = None;
    host.start_job(2, LlmRequest::Generate(endless));
    while !matches!(
        host.next(),
        Some(ToHost::Event { event: LlmEvent::Generate(GenerateEvent::Delta(_)), .. })
    ) {}
    assert!(host.end().success());
}

#[test]
fn it_lists_what_it_can_run_on() {
    let output = Command::new(env!("CARGO_BIN_EXE_worker-llm")).arg("--devices").output().unwrap();
    assert!(output.status.success());
    let devices: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(devices.as_array().unwrap().iter().any(|device| device["kind"] == "cpu"), "{devices}");
}

#[test]
fn it_explains_its_arguments() {
    let output = Command::new(env!("CARGO_BIN_EXE_worker-llm")).arg("--what").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"));
}
