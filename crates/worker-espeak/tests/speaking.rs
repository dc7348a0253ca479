//! The built program with the real library, as a host sees it. Where eSpeak NG is not installed only its sentence is
//! tested.

#![cfg(test)]

use std::io::BufReader;
use std::ops::Range;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use engine::{JobError, Language, SpeakRequest, SpeakerInfo, SpeechChunk, SpeechLoad, Spoken, WordMark};
use worker_kit::protocols::{SpeakTask, Tts, TtsOutput, TtsRequest, WordPhonemes};
use worker_kit::{JobId, Protocol, ToHost, ToWorker, frame};

struct Host {
    worker: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    jobs: u64,
}

impl Host {
    fn start_with(library: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_worker-espeak"));
        if let Some(library) = library {
            command.env("ESPEAK_NG_LIBRARY", library);
        }
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut worker = command.spawn().unwrap();
        let to = worker.stdin.take();
        let from = BufReader::new(worker.stdout.take().unwrap());
        let mut host = Self { worker, to, from, jobs: 0 };
        host.send(&ToWorker::Hello { protocol: Tts::NAME.into(), version: Tts::VERSION });
        assert!(matches!(host.next(), ToHost::Hello(hello) if hello.name == "worker-espeak"));
        host
    }

    /// A worker that has loaded the library, or none, said aloud, where there is no library.
    fn ready() -> Option<(Self, SpeakerInfo)> {
        let mut host = Self::start_with(None);
        match host.load() {
            Ok(info) => Some((host, info)),
            Err(error) => {
                println!("skipped: {error}");
                None
            }
        }
    }

    fn load(&mut self) -> Result<SpeakerInfo, JobError> {
        let load = SpeechLoad { name: "eSpeak".into(), files: Vec::new(), threads: None };
        match self.job(TtsRequest::Load(load)).1? {
            TtsOutput::Loaded(info) => Ok(info),
            other => panic!("{other:?}"),
        }
    }

    fn send(&mut self, message: &ToWorker<Tts>) {
        frame::write(self.to.as_mut().unwrap(), message).unwrap();
    }

    /// The next message that is no heartbeat.
    fn next(&mut self) -> ToHost<Tts> {
        loop {
            let payload = frame::read(&mut self.from).unwrap().expect("the worker lives");
            match frame::decode(&payload).unwrap() {
                ToHost::Beat { .. } => {}
                message => return message,
            }
        }
    }

    fn begin(&mut self, request: TtsRequest) -> JobId {
        self.jobs += 1;
        self.send(&ToWorker::Start { job: JobId(self.jobs), request });
        JobId(self.jobs)
    }

    fn finish(&mut self, job: JobId) -> (Vec<SpeechChunk>, Result<TtsOutput, JobError>) {
        let mut chunks = Vec::new();
        loop {
            match self.next() {
                ToHost::Event { job: of, event } if of == job => chunks.push(event),
                ToHost::Done { job: of, result } if of == job => return (chunks, result),
                _ => panic!("something else"),
            }
        }
    }

    fn job(&mut self, request: TtsRequest) -> (Vec<SpeechChunk>, Result<TtsOutput, JobError>) {
        let job = self.begin(request);
        self.finish(job)
    }

    fn speak(&mut self, language: &str, text: &str) -> Speech {
        self.speak_as(&request(language, text))
    }

    /// Speaks, and checks what always holds.
    fn speak_as(&mut self, request: &SpeakRequest) -> Speech {
        let (chunks, result) = self.job(speak(request.clone()));
        let Ok(TtsOutput::Spoken(spoken)) = result else { panic!("{:?}: {result:?}", request.text) };
        let speech = Speech {
            first_chunk: chunks.first().map_or(0, |chunk| chunk.pcm.0.len()),
            pcm: chunks.iter().flat_map(|chunk| chunk.pcm.0.iter().copied()).collect(),
            marks: chunks.iter().flat_map(|chunk| chunk.marks.iter().cloned()).collect(),
            spoken,
        };
        assert_eq!(speech.pcm.len() as u64, spoken.samples);
        assert!(speech.pcm.iter().all(|sample| sample.abs() <= 1.0));
        let mut before = 0;
        for chunk in &chunks {
            assert!(chunk.marks.iter().all(|mark| mark.at >= before), "a mark after its sound");
            before += chunk.pcm.0.len() as u64;
        }
        for pair in speech.marks.windows(2) {
            assert!(pair[0].at <= pair[1].at && pair[0].text.end <= pair[1].text.start, "{pair:?}");
        }
        assert!(speech.marks.iter().all(|mark| mark.at < spoken.samples));
        assert!(speech.marks.iter().all(|mark| request.text.get(mark.text.clone()).is_some()));
        speech
    }

    fn phonemes(&mut self, language: &str, text: &str) -> Vec<WordPhonemes> {
        let language = Language(language.into());
        match self.job(TtsRequest::Phonemes { text: text.into(), language }).1 {
            Ok(TtsOutput::Phonemes(words)) => words,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    /// Bytes of memory the worker has, where the system tells.
    fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.worker.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.to = None;
        let _ = self.worker.wait();
    }
}

struct Speech {
    first_chunk: usize,
    pcm: Vec<f32>,
    marks: Vec<WordMark>,
    spoken: Spoken,
}

impl Speech {
    fn words<'t>(&self, text: &'t str) -> Vec<&'t str> {
        self.marks.iter().map(|mark| &text[mark.text.clone()]).collect()
    }

    fn loudness(&self, range: Range<usize>) -> f32 {
        let part = &self.pcm[range.start..range.end.min(self.pcm.len())];
        (part.iter().map(|sample| sample * sample).sum::<f32>() / part.len().max(1) as f32).sqrt()
    }
}

fn request(language: &str, text: &str) -> SpeakRequest {
    SpeakRequest { text: text.into(), language: Language(language.into()), voice: None, rate: 1.0 }
}

fn speak(request: SpeakRequest) -> TtsRequest {
    TtsRequest::Speak(SpeakTask { request, phonemes: None })
}

macro_rules! ready_or_skip {
    () => {
        match Host::ready() {
            Some(ready) => ready,
            None => return,
        }
    };
}

#[test]
fn a_missing_library_is_a_sentence_and_what_is_not_one_too() {
    let mut host = Host::start_with(Some("/nowhere/libespeak-ng.so.1"));
    let error = host.load().unwrap_err().to_string();
    assert!(error.contains("is not installed") && error.contains("ESPEAK_NG_LIBRARY"), "{error}");
    assert!(matches!(host.job(speak(request("en", "Hi"))).1, Err(JobError::NoModel)));
}

#[test]
fn words_are_marked_where_they_sound() {
    let (mut host, info) = ready_or_skip!();
    let text = "Hello there, how are you? I have 25 cats — really.";
    let speech = host.speak("en", text);
    let words = ["Hello", "there", "how", "are", "you", "I", "have", "25", "cats", "really"];
    assert_eq!(speech.words(text), words);
    let window = info.rate as usize / 10;
    for mark in &speech.marks {
        let at = usize::try_from(mark.at).unwrap();
        assert!(speech.loudness(at..at + window) > 0.01, "{mark:?} is silent");
    }
}

#[test]
fn the_first_sound_is_heard_at_once() {
    let (mut host, info) = ready_or_skip!();
    for (language, text) in [("en", "Hello there."), ("es", "¡Hola!"), ("zh", "你好。"), ("en", "[[h]] Zoo.")]
    {
        let asked = Instant::now();
        let job = host.begin(speak(request(language, text)));
        let ToHost::Event { event, .. } = host.next() else { panic!("no sound") };
        let waited = asked.elapsed();
        let (_, result) = host.finish(job);
        let Ok(TtsOutput::Spoken(spoken)) = result else { panic!("{result:?}") };
        let silent = event.pcm.0.iter().position(|sample| sample.abs() > 0.003).unwrap();
        let silent_ms = silent as f64 * 1e3 / f64::from(info.rate);
        println!(
            "{language} {text:?}: first sound {:.2} ms in the worker, {:.2} ms for the host; {silent_ms:.1} ms of it silent; all {:.2} ms",
            spoken.first_sound_ms,
            waited.as_secs_f64() * 1e3,
            spoken.compute_ms,
        );
        assert!(silent_ms < 10.0);
    }
}

#[test]
fn other_languages_speak() {
    let (mut host, info) = ready_or_skip!();
    for (language, text, words) in [
        ("zh", "你好，世界。", 4),
        ("es", "¿Qué tal estás hoy?", 4),
        ("de", "Guten Tag, wie geht es dir?", 6),
        ("en-GB", "A lovely day.", 3),
    ] {
        let speech = host.speak(language, text);
        assert_eq!(speech.marks.len(), words, "{:?}", speech.words(text));
        assert!(speech.pcm.len() > info.rate as usize / 4 && speech.loudness(0..usize::MAX) > 0.01);
    }
    let unknown = host.job(speak(request("qq", "what"))).1;
    assert!(matches!(unknown, Err(JobError::BadRequest { .. })), "{unknown:?}");
}

#[test]
fn every_voice_that_is_listed_can_be_asked_for() {
    let (mut host, info) = ready_or_skip!();
    assert!(info.voices.len() > 20);
    for id in ["en-us", "en-gb", "es"] {
        assert!(info.voices.iter().any(|voice| voice.id == id), "{id}");
    }
    for voice in &info.voices {
        host.speak_as(&SpeakRequest { voice: Some(voice.id.clone()), ..request("en", "1") });
    }
    let none = SpeakRequest { voice: Some("nobody".into()), ..request("en", "Hi") };
    assert!(matches!(host.job(speak(none)).1, Err(JobError::BadRequest { .. })));
}

#[test]
fn faster_is_shorter() {
    let (mut host, _) = ready_or_skip!();
    let [slow, plain, fast] = [0.5, 1.0, 2.0].map(|rate| {
        host.speak_as(&SpeakRequest { rate, ..request("en", "The quick brown fox jumps.") }).spoken.samples
    });
    assert!(slow > plain * 3 / 2 && fast < plain * 2 / 3, "{slow} {plain} {fast}");
}

#[test]
fn a_cancelled_reply_ends_and_leaves_nothing_behind() {
    let (mut host, info) = ready_or_skip!();
    host.speak("en", "This goes on.");
    let fresh = host.speak("en", "One.").pcm;
    let long = "This goes on and on. ".repeat(2000);
    for _ in 0..5 {
        let job = host.begin(speak(request("en", &long)));
        assert!(matches!(host.next(), ToHost::Event { .. }));
        host.send(&ToWorker::Cancel { job });
        let (chunks, result) = host.finish(job);
        assert!(matches!(result, Err(JobError::Cancelled)), "{result:?}");
        let seconds = chunks.iter().map(|chunk| chunk.pcm.0.len()).sum::<usize>() / info.rate as usize;
        // All of it would be an hour. What was in the pipes when the cancellation came is no measure of the worker.
        assert!(seconds < 1000, "{seconds} s were made");
        let after = host.speak("en", "One.").pcm;
        // The library's voice flutters: no two are quite the same.
        assert!(after.len().abs_diff(fresh.len()) < fresh.len() / 20, "{} and {}", after.len(), fresh.len());
    }
}

#[test]
fn what_cannot_be_spoken_is_silence() {
    let (mut host, _) = ready_or_skip!();
    for text in ["", " ", "...", "— !?", "\u{0}\u{1}\n", "\u{200d}"] {
        let speech = host.speak("en", text);
        assert_eq!((speech.spoken.samples, speech.marks.len()), (0, 0), "{text:?}");
    }
}

#[test]
fn no_text_breaks_it_and_none_is_a_command() {
    let (mut host, _) = ready_or_skip!();
    let long_word = "a".repeat(3000);
    let odd = [
        "😀 👩‍👩‍👧‍👦 ok",
        "a\u{1}50S b\u{0}c",
        "<speak><break time=\"9000ms\"/>x</speak>",
        "[[h@l'oU]]",
        "e\u{301}\u{301}\u{301} \u{fffd}\u{e001}",
        "؟ 12345678901234567890.1e9 %&@#",
        long_word.as_str(),
        "你好 hello ¿qué? שלום नमस्ते",
    ];
    for text in odd {
        for language in ["en", "zh", "es"] {
            host.speak(language, text);
            host.phonemes(language, text);
        }
    }
    let with = host.speak("en", "<break time=\"9000ms\"/>x").spoken.samples;
    assert!(with < 22_050 * 8, "{with}: an element was obeyed");
}

#[test]
fn a_long_text_streams() {
    let (mut host, info) = ready_or_skip!();
    let text = "Sentences come, one after another, and each of them is read. ".repeat(82);
    assert!(text.len() > 5000);
    let speech = host.speak("en", &text);
    assert_eq!(speech.marks.len(), 82 * 11);
    // Sound waits for the next word, and for a second at most.
    let longest = info.rate as usize * 11 / 10;
    assert!(speech.first_chunk <= longest, "{}", speech.first_chunk);
    println!(
        "{} characters: first sound {:.2} ms, {:.0} s of sound in {:.0} ms",
        text.len(),
        speech.spoken.first_sound_ms,
        speech.pcm.len() as f64 / f64::from(info.rate),
        speech.spoken.compute_ms
    );
}

#[test]
fn a_hundred_jobs_take_no_more_memory_than_ten() {
    let (mut host, _) = ready_or_skip!();
    let texts = ["Hello there, how are you?", "¿Qué tal estás hoy?", "你好，世界。"];
    let run = |host: &mut Host, jobs: usize| {
        for at in 0..jobs {
            let language = ["en", "es", "zh"][at % 3];
            host.speak(language, texts[at % 3]);
            host.phonemes(language, texts[at % 3]);
        }
        host.memory()
    };
    let (Some(before), Some(after)) = (run(&mut host, 12), run(&mut host, 100)) else { return };
    println!("memory: {} KiB after 12 jobs, {} KiB after 112", before / 1024, after / 1024);
    assert!(after < before + (2 << 20), "{before} became {after}");
}

#[test]
fn words_have_phonemes() {
    let (mut host, _) = ready_or_skip!();
    let text = "Hello there, how are you?";
    let words = host.phonemes("en", text);
    let found: Vec<(&str, &str)> =
        words.iter().map(|word| (&text[word.text.clone()], word.phonemes.as_str())).collect();
    assert_eq!(found[0], ("Hello", "həlˈoʊ"));
    assert_eq!(found[1], ("there", "ðˈɛɹ,"));
    assert!(found.last().unwrap().1.ends_with('?'), "{found:?}");
    for (language, text) in [
        ("en", "I am of the 25 cats, Dr. Who's well-known U.S. friends read it."),
        ("es", "¡Hola! ¿Qué tal?"),
        ("zh", "你好，世界。"),
    ] {
        let words = host.phonemes(language, text);
        let found: Vec<String> =
            words.iter().map(|word| format!("{}={}", &text[word.text.clone()], word.phonemes)).collect();
        println!("{language}: {}", found.join(" "));
        assert!(words.len() > 2 && words.windows(2).all(|pair| pair[0].text.end <= pair[1].text.start));
        assert!(words.iter().any(|word| word.phonemes.contains('ˈ')), "no stress: {found:?}");
    }
}
