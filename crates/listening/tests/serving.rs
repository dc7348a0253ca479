//! An utterance over the wire, with a recogniser that waits to be told.
#![allow(clippy::unwrap_used)]

use std::io::{PipeReader, PipeWriter, pipe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use engine::{Hypothesis, JobError, ListenRequest, Pcm, SoundIn, SpeechTask};
use listening::{PassText, Recogniser};
use worker_kit::protocols::{Stt, SttOutput, SttRequest};
use worker_kit::{End, Identity, Job, JobId, Protocol, ToHost, ToWorker, Worker, frame};

/// What the scripted recogniser does with a pass.
enum Does {
    Tells(&'static str),
    /// Computes until nobody wants it.
    WaitsForAbort,
    Fails,
    Panics,
}

struct Scripted {
    script: Receiver<Does>,
    /// Samples of each pass that begins.
    begun: Sender<usize>,
}

impl Recogniser for Scripted {
    fn begin(&mut self, request: &ListenRequest) -> Result<(), JobError> {
        match &request.language {
            Some(language) => Err(JobError::BadRequest { reason: format!("no {}", language.0) }),
            None => Ok(()),
        }
    }

    fn pass(&mut self, sound: &[f32], abort: &AtomicBool) -> Result<PassText, JobError> {
        self.begun.send(sound.len()).unwrap();
        match self.script.recv().unwrap() {
            Does::Tells(text) => Ok(PassText::plain(text)),
            Does::WaitsForAbort => {
                while !abort.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                Err(JobError::Cancelled)
            }
            Does::Fails => Err(JobError::Internal { reason: "broken".into() }),
            Does::Panics => panic!("scripted"),
        }
    }
}

impl Worker<Stt> for Scripted {
    fn run(&mut self, request: SttRequest, job: &Job<Stt>) -> Result<SttOutput, JobError> {
        let SttRequest::Listen(request) = request else { return Err(JobError::NoModel) };
        listening::serve_job(job, self, &request).map(SttOutput::Heard)
    }
}

struct Host {
    to: PipeWriter,
    from: PipeReader,
    script: Sender<Does>,
    begun: Receiver<usize>,
    worker: JoinHandle<End>,
}

const JOB: JobId = JobId(1);

impl Host {
    fn listening() -> Self {
        let mut host = Self::start();
        host.send(&ToWorker::Start { job: JOB, request: listen(None) });
        host
    }

    fn start() -> Self {
        let ((worker_in, to), (from, worker_out)) = (pipe().unwrap(), pipe().unwrap());
        let ((script, incoming), (outgoing, begun)) = (mpsc::channel(), mpsc::channel());
        let identity = Identity { name: "scripted".into(), build: String::new(), features: Vec::new() };
        let scripted = Scripted { script: incoming, begun: outgoing };
        let worker = thread::spawn(move || {
            worker_kit::serve_on::<Stt, _>(identity, scripted, worker_in, worker_out, || ())
        });
        let mut host = Self { to, from, script, begun, worker };
        host.send(&ToWorker::Hello { protocol: Stt::NAME.into(), version: Stt::VERSION });
        assert!(matches!(host.next(), ToHost::Hello(_)));
        host
    }

    fn send(&mut self, message: &ToWorker<Stt>) {
        frame::write(&mut self.to, message).unwrap();
    }

    fn sound(&mut self, ms: usize) {
        let input = SoundIn::Sound(Pcm(vec![0.1; ms * 16]));
        self.send(&ToWorker::Input { job: JOB, input });
    }

    fn settle(&mut self, number: u32) {
        self.send(&ToWorker::Input { job: JOB, input: SoundIn::Settle(number) });
    }

    fn will(&self, does: Does) {
        self.script.send(does).unwrap();
    }

    fn next(&mut self) -> ToHost<Stt> {
        loop {
            match frame::decode(&frame::read(&mut self.from).unwrap().unwrap()).unwrap() {
                ToHost::Beat { .. } => {}
                message => return message,
            }
        }
    }

    fn hypothesis(&mut self) -> Hypothesis {
        match self.next() {
            ToHost::Event { event, .. } => event,
            ToHost::Done { result, .. } => panic!("it ended: {result:?}"),
            _ => panic!("something else"),
        }
    }

    fn done(&mut self) -> Result<SttOutput, JobError> {
        match self.next() {
            ToHost::Done { result, .. } => result,
            _ => panic!("something else"),
        }
    }
}

fn listen(language: Option<&str>) -> SttRequest {
    let language = language.map(|language| engine::Language(language.into()));
    SttRequest::Listen(ListenRequest { language, task: SpeechTask::Transcribe, word_times: false })
}

#[test]
fn an_utterance_is_heard_while_it_is_spoken() {
    let mut host = Host::listening();
    host.will(Does::Tells("one"));
    host.sound(600);
    let told = host.hypothesis();
    assert_eq!((told.committed.as_str(), told.tentative.as_str(), told.through), ("", "one", 9600));
    host.will(Does::Tells("one two"));
    host.sound(600);
    assert_eq!(host.hypothesis().committed, "one");
    host.settle(5);
    let answer = host.hypothesis();
    assert_eq!((answer.settles, answer.tentative.as_str()), (Some(5), "two"));
    host.send(&ToWorker::EndInput { job: JOB });
    let Ok(SttOutput::Heard(transcript)) = host.done() else { panic!("not heard") };
    assert_eq!(transcript.text, "one two");
    assert!((transcript.sound_ms - 1200.0).abs() < 1e-6);
    assert_eq!(host.begun.try_iter().collect::<Vec<_>>(), [9600, 19_200], "no pass too many");
}

#[test]
fn a_pause_breaks_off_a_pass_over_less() {
    let mut host = Host::listening();
    host.sound(600);
    assert_eq!(host.begun.recv().unwrap(), 9600);
    host.will(Does::WaitsForAbort);
    host.sound(50);
    host.settle(1);
    assert_eq!(host.begun.recv().unwrap(), 10_400);
    host.will(Does::Tells("all of it"));
    let told = host.hypothesis();
    assert_eq!((told.settles, told.through), (None, 10_400));
    assert_eq!(host.hypothesis().settles, Some(1));
}

#[test]
fn the_end_breaks_off_a_pass_over_less() {
    let mut host = Host::listening();
    host.sound(600);
    assert_eq!(host.begun.recv().unwrap(), 9600);
    host.will(Does::WaitsForAbort);
    host.sound(10);
    host.send(&ToWorker::EndInput { job: JOB });
    host.will(Does::Tells("all"));
    assert_eq!(host.hypothesis().through, 9760);
    assert!(matches!(host.done(), Ok(SttOutput::Heard(transcript)) if transcript.text == "all"));
}

#[test]
fn a_cancelled_utterance_ends_in_the_middle_of_a_pass_and_the_next_works() {
    let mut host = Host::listening();
    host.sound(600);
    host.begun.recv().unwrap();
    host.will(Does::WaitsForAbort);
    host.send(&ToWorker::Cancel { job: JOB });
    assert_eq!(host.done(), Err(JobError::Cancelled));
    host.send(&ToWorker::Start { job: JobId(2), request: listen(None) });
    host.send(&ToWorker::EndInput { job: JobId(2) });
    assert!(matches!(host.done(), Ok(SttOutput::Heard(transcript)) if transcript.text.is_empty()));
}

#[test]
fn a_recogniser_that_fails_fails_the_utterance_alone() {
    let mut host = Host::listening();
    host.will(Does::Fails);
    host.sound(600);
    assert_eq!(host.done(), Err(JobError::Internal { reason: "broken".into() }));
    host.send(&ToWorker::Start { job: JobId(2), request: listen(Some("qq")) });
    assert_eq!(host.done(), Err(JobError::BadRequest { reason: "no qq".into() }));
}

#[test]
fn a_recogniser_that_panics_ends_the_worker_with_a_word() {
    let mut host = Host::listening();
    host.will(Does::Panics);
    host.sound(600);
    assert!(matches!(host.next(), ToHost::Leaving));
    assert!(host.done().is_err());
    assert_eq!(host.worker.join().unwrap(), End::Panicked);
}
