//! The worker with a scripted system, and the built program, as a host sees them.

#![cfg(test)]

use std::io::{BufReader, PipeWriter, Read, Write};
use std::ops::ControlFlow;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::thread::JoinHandle;

use engine::{JobError, Language, SpeakRequest, SpeakerInfo, SpeechChunk, SpeechLoad, Spoken};
use worker_kit::protocols::{SpeakTask, Tts, TtsOutput, TtsRequest};
use worker_kit::{End, JobId, Protocol, ToHost, ToWorker, frame, serve_on};
use worker_system_voice::synthesiser::{
    Format, Hear, Heard, Listed, Place, Say, Standing, Synthesiser, Trouble,
};
use worker_system_voice::{RATE, SystemVoiceWorker, identity};

/// What the scripted system was asked last. The tests that look at it ask for texts of their own.
static ASKED: Mutex<Vec<(String, String, f32)>> = Mutex::new(Vec::new());

/// A voice that speaks 200 ms a word, and as its texts tell it.
struct Scripted;

// As every system's.
#[allow(clippy::unnecessary_wraps)]
fn start() -> Result<Scripted, Trouble> {
    Ok(Scripted)
}

impl Synthesiser for Scripted {
    fn voices(&mut self) -> Result<Vec<Listed>, Trouble> {
        let listed = |key: &str, language: &str| Listed {
            key: key.into(),
            name: key.into(),
            language: language.into(),
            standing: Standing::Usual,
            quality: 0,
        };
        Ok(vec![listed(r"Tokens\Zira", "en-US"), listed(r"Tokens\Huihui", "zh-CN")])
    }

    fn speak(&mut self, say: &Say<'_>, hear: &mut Hear<'_>) -> Result<(), Trouble> {
        ASKED.lock().unwrap().push((say.text.into(), say.voice.into(), say.rate));
        let format = Format { rate: 16_000, sample_bytes: 2 };
        match say.text {
            "fail" => return Err(Trouble::Failed { call: "SetVoice", code: 5 }),
            "gone" => return Err(Trouble::VoiceGone),
            "panic" => panic!("as a broken system"),
            "unknown" => {
                let _ = hear(Heard::Sound { format: Format { rate: 1, sample_bytes: 2 }, samples: &[0.5] });
                return Ok(());
            }
            // Until somebody has enough of it.
            "for ever" => {
                while hear(Heard::Sound { format, samples: &[0.5; 1_600] }).is_continue() {}
                return Ok(());
            }
            "never" => {
                while hear(Heard::Nothing) == ControlFlow::Continue(()) {
                    std::thread::yield_now();
                }
                return Ok(());
            }
            _ => {}
        }
        let mut at = 0;
        for (index, word) in say.text.split(' ').enumerate() {
            let length = word.encode_utf16().count();
            let place = Place::Bytes(index as u64 * 3_200 * 2);
            if hear(Heard::Word { text: at..at + length, at: place }).is_break()
                || hear(Heard::Sound { format, samples: &[0.5; 3_200] }).is_break()
            {
                return Ok(());
            }
            at += length + 1;
        }
        Ok(())
    }
}

struct Host<W, R> {
    to: W,
    from: R,
    jobs: u64,
}

type Answer<T> = Result<T, JobError>;

impl<W: Write, R: Read> Host<W, R> {
    fn greet(to: W, from: R) -> Self {
        let mut host = Self { to, from, jobs: 0 };
        host.send(&ToWorker::Hello { protocol: Tts::NAME.into(), version: Tts::VERSION });
        assert!(matches!(host.next(), ToHost::Hello(hello) if hello.name == "worker-system-voice"));
        host
    }

    fn send(&mut self, message: &ToWorker<Tts>) {
        frame::write(&mut self.to, message).unwrap();
    }

    /// The next message that is no heartbeat.
    fn next(&mut self) -> ToHost<Tts> {
        loop {
            let payload = frame::read(&mut self.from).unwrap().expect("the worker lives");
            match frame::decode(&payload).unwrap() {
                ToHost::Beat { .. } | ToHost::Leaving => {}
                message => return message,
            }
        }
    }

    fn begin(&mut self, request: TtsRequest) -> JobId {
        self.jobs += 1;
        self.send(&ToWorker::Start { job: JobId(self.jobs), request });
        JobId(self.jobs)
    }

    fn finish(&mut self, job: JobId) -> (Vec<SpeechChunk>, Answer<TtsOutput>) {
        let mut chunks = Vec::new();
        loop {
            match self.next() {
                ToHost::Event { job: of, event } if of == job => chunks.push(event),
                ToHost::Done { job: of, result } if of == job => return (chunks, result),
                _ => panic!("something else"),
            }
        }
    }

    fn load(&mut self) -> Answer<SpeakerInfo> {
        let load = SpeechLoad { name: "the system's voices".into(), files: Vec::new(), threads: None };
        let job = self.begin(TtsRequest::Load(load));
        match self.finish(job).1? {
            TtsOutput::Loaded(info) => Ok(info),
            other => panic!("{other:?}"),
        }
    }

    fn speak(
        &mut self,
        text: &str,
        language: &str,
        voice: Option<&str>,
    ) -> (Vec<SpeechChunk>, Answer<Spoken>) {
        let job = self.begin(speak(text, language, voice));
        let (chunks, result) = self.finish(job);
        let spoken = result.map(|output| match output {
            TtsOutput::Spoken(spoken) => spoken,
            other => panic!("{other:?}"),
        });
        (chunks, spoken)
    }
}

fn speak(text: &str, language: &str, voice: Option<&str>) -> TtsRequest {
    let request = SpeakRequest {
        text: text.into(),
        language: Language(language.into()),
        voice: voice.map(Into::into),
        rate: 1.5,
    };
    TtsRequest::Speak(SpeakTask { request, phonemes: None })
}

type Scene = (Host<PipeWriter, BufReader<std::io::PipeReader>>, JoinHandle<End>);

fn scripted() -> Scene {
    let (worker_in, to) = std::io::pipe().unwrap();
    let (from, worker_out) = std::io::pipe().unwrap();
    let serving = std::thread::spawn(move || {
        serve_on::<Tts, _>(identity(), SystemVoiceWorker::new(start), worker_in, worker_out, || {})
    });
    (Host::greet(to, BufReader::new(from)), serving)
}

fn ready() -> Scene {
    let mut scene = scripted();
    scene.0.load().unwrap();
    scene
}

fn end((host, serving): Scene) {
    drop(host);
    assert_eq!(serving.join().unwrap(), End::HostGone);
}

#[test]
fn it_tells_its_voices() {
    let mut scene = scripted();
    assert_eq!(scene.0.speak("hello", "en", None).1, Err(JobError::NoModel));
    let info = scene.0.load().unwrap();
    assert_eq!(info.rate, RATE);
    let voices: Vec<(&str, &str)> =
        info.voices.iter().map(|voice| (voice.id.as_str(), voice.languages[0].0.as_str())).collect();
    assert_eq!(voices, [("Zira", "en-US"), ("Huihui", "zh-CN")]);
    // Again, as a host does that has lost sight of it.
    assert_eq!(scene.0.load().unwrap().voices.len(), 2);
    end(scene);
}

#[test]
fn what_is_said_comes_with_its_words() {
    let mut scene = ready();
    let text = "Näh, \"[[rate]]\" 😀 go!";
    let (chunks, spoken) = scene.0.speak(text, "en", None);
    let spoken = spoken.unwrap();
    let samples: usize = chunks.iter().map(|chunk| chunk.pcm.0.len()).sum();
    assert_eq!((samples as u64, spoken.samples), (6 * 4_800, 6 * 4_800));
    assert!(spoken.first_sound_ms > 0.0 && spoken.compute_ms >= spoken.first_sound_ms);
    let marks: Vec<(&str, u64)> = chunks
        .iter()
        .flat_map(|chunk| &chunk.marks)
        .map(|mark| (&text[mark.text.clone()], mark.at))
        .collect();
    // What the system was given has no such brackets, and its words are found in what was asked for.
    assert_eq!(marks, [("Näh", 0), ("rate", 3 * 4_800), ("go", 5 * 4_800)]);
    end(scene);
}

#[test]
fn the_system_is_asked_for_the_voice_that_suits() {
    let mut scene = ready();
    let mut asked = |text: &str, language: &str, voice: Option<&str>| {
        let spoken = scene.0.speak(text, language, voice).1;
        let asked = ASKED.lock().unwrap();
        let found = asked.iter().find(|(said, ..)| said == text);
        spoken.map(|_| found.map(|(_, voice, rate)| (voice.clone(), *rate)))
    };
    assert_eq!(asked("ask one", "en", None), Ok(Some((r"Tokens\Zira".into(), 1.5))));
    assert_eq!(asked("ask two", "zh-TW", None), Ok(Some((r"Tokens\Huihui".into(), 1.5))));
    assert_eq!(asked("ask three", "en", Some("Huihui")), Ok(Some((r"Tokens\Huihui".into(), 1.5))));
    assert_eq!(asked("... !", "en", None), Ok(None));
    let bad = |result: Answer<Option<(String, f32)>>| matches!(result, Err(JobError::BadRequest { .. }));
    assert!(bad(asked("ask four", "eo", None)));
    assert!(bad(asked("ask five", "en", Some("Nobody"))));
    end(scene);
}

#[test]
fn it_stops_when_it_is_told_to() {
    let mut scene = ready();
    for text in ["for ever", "never"] {
        let job = scene.0.begin(speak(text, "en", None));
        if text == "for ever" {
            assert!(matches!(scene.0.next(), ToHost::Event { .. }));
        }
        scene.0.send(&ToWorker::Cancel { job });
        assert_eq!(scene.0.finish(job).1, Err(JobError::Cancelled), "{text}");
    }
    assert!(scene.0.speak("and goes on", "en", None).1.is_ok());
    end(scene);
}

#[test]
fn what_fails_costs_one_unit() {
    let mut scene = ready();
    for (text, says) in [("fail", "SetVoice"), ("gone", "find this voice"), ("unknown", "format")] {
        match scene.0.speak(text, "en", None).1 {
            Err(JobError::Internal { reason }) => assert!(reason.contains(says), "{reason}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let job = scene.0.begin(TtsRequest::Phonemes { text: "x".into(), language: Language("en".into()) });
    assert!(matches!(scene.0.finish(job).1, Err(JobError::BadRequest { .. })));
    assert!(scene.0.speak("and goes on", "en", None).1.is_ok());
    end(scene);
}

type Program = (Child, Host<ChildStdin, BufReader<ChildStdout>>);

/// The built program.
fn program() -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker-system-voice"));
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().unwrap();
    let to = program.stdin.take().unwrap();
    let from = BufReader::new(program.stdout.take().unwrap());
    (program, Host::greet(to, from))
}

/// What the program wrote to its log until it ended well.
fn log_of((program, host): Program) -> String {
    drop(host);
    let output = program.wait_with_output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert!(output.status.success(), "{log}");
    log
}

#[cfg(not(any(windows, target_os = "macos")))]
#[test]
fn where_there_are_no_voices_it_says_so() {
    let mut program = program();
    let Err(JobError::BadModel { reason }) = program.1.load() else { panic!("there are voices") };
    assert_eq!(program.1.speak("hello", "en", None).1, Err(JobError::NoModel));
    assert!(reason.contains("eSpeak NG"), "{reason}");
    assert_eq!(log_of(program), reason);
}

/// With the real voices, where at least one is installed.
#[cfg(any(windows, target_os = "macos"))]
#[test]
fn the_systems_own_voices_speak() {
    let mut program = program();
    match program.1.load() {
        Err(error) => println!("skipped: {error}"),
        Ok(info) => info.voices.first().into_iter().for_each(|voice| hear(&mut program.1, voice)),
    }
    assert_eq!(log_of(program), "");
}

/// Lets a voice speak, and checks what always holds. Figures are words in every language.
#[cfg(any(windows, target_os = "macos"))]
fn hear<W: Write, R: Read>(host: &mut Host<W, R>, voice: &engine::Voice) {
    let text = "1, 2, 3, 4, 5, 6, 7, 8.";
    let (chunks, spoken) = host.speak(text, &voice.languages[0].0, Some(&voice.id));
    let spoken = spoken.unwrap();
    let mut before = 0;
    for chunk in &chunks {
        assert!(chunk.marks.iter().all(|mark| mark.at >= before), "a mark after its sound");
        before += chunk.pcm.0.len() as u64;
    }
    assert_eq!(before, spoken.samples);
    assert!((u64::from(RATE)..u64::from(RATE) * 20).contains(&before), "{before} samples");
    let marks: Vec<&str> =
        chunks.iter().flat_map(|chunk| &chunk.marks).map(|mark| &text[mark.text.clone()]).collect();
    println!("{}: {} samples, {spoken:?}, {marks:?}", voice.name, before);
    let job = host.begin(speak(&text.repeat(20), &voice.languages[0].0, Some(&voice.id)));
    host.send(&ToWorker::Cancel { job });
    assert_eq!(host.finish(job).1, Err(JobError::Cancelled));
    assert!(host.speak(text, &voice.languages[0].0, None).1.is_ok());
}
