//! The policy with a scripted recogniser: whatever order things come in, what is promised holds.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use engine::{Hypothesis, Language, ListenRequest, SpeechTask, Transcript};
use listening::{LONGEST, Next, Order, PassText, PassWord, Utterance};
use proptest::prelude::*;

/// Samples from one word to the next: 300 ms of sound and 200 ms of silence.
const WORD: usize = 8000;
const LOUD: usize = 4800;

const fn ms(ms: usize) -> usize {
    ms * 16
}

/// An endless speech, `w0 w1 w2 …`, from sample `from` on.
fn speech(from: usize, samples: usize) -> Vec<f32> {
    (from..from + samples)
        .map(|at| if at % WORD < LOUD { 0.3 * (at as f32 * 0.3).sin() } else { 0.0005 })
        .collect()
}

/// What a recogniser makes of the part of it that starts at `base`: the word that is cut off at the end is heard wrong.
fn heard(base: usize, samples: usize) -> PassText {
    let end = base + samples;
    let words = (0..).map(|number| (number, number * WORD)).skip_while(|(_, start)| start + LOUD <= base);
    let words = words.take_while(|(_, start)| *start + 800 < end).map(|(number, start)| {
        let whole = start + LOUD <= end;
        let at = |sample: usize| sample.saturating_sub(base).min(samples) as u64;
        PassWord {
            text: if whole { format!(" w{number}") } else { " w".into() },
            samples: Some(at(start)..at(start + LOUD)),
            probability: 0.9,
        }
    });
    PassText { words: words.collect(), language: Some(Language("en".into())) }
}

fn truth(samples: usize) -> String {
    (0..samples.div_ceil(WORD)).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ")
}

/// A host and a recogniser around the policy, and all that is promised checked on the way.
struct Scene {
    utterance: Utterance,
    total: usize,
    running: Option<Order>,
    passes: usize,
    longest: usize,
    committed: String,
    asked: Vec<(u32, usize)>,
    answered: Vec<u32>,
    mishear: Box<dyn FnMut(&mut PassText)>,
}

impl Scene {
    fn new() -> Self {
        let request = ListenRequest { language: None, task: SpeechTask::Transcribe, word_times: true };
        Self {
            utterance: Utterance::new(request),
            total: 0,
            running: None,
            passes: 0,
            longest: 0,
            committed: String::new(),
            asked: Vec::new(),
            answered: Vec::new(),
            mishear: Box::new(|_| ()),
        }
    }

    fn hear(&mut self, samples: usize) {
        self.utterance.hear(&speech(self.total, samples));
        self.total += samples;
        self.act();
    }

    fn settle(&mut self) {
        let number = u32::try_from(self.asked.len()).unwrap();
        self.asked.push((number, self.total));
        self.utterance.settle(number);
        self.act();
    }

    fn act(&mut self) {
        while let Some(answer) = self.utterance.answer() {
            let number = answer.settles.unwrap();
            let (_, before) = self.asked[number as usize];
            assert!(answer.through >= before as u64, "{number} is answered with less than came before it");
            self.answered.push(number);
            self.check(&answer);
        }
        if self.running.is_some_and(|order| self.utterance.is_lesser(&order)) {
            self.utterance.broken_off(Duration::from_millis(1));
            self.running = None;
        }
        if self.running.is_none()
            && let Next::Run(order) = self.utterance.next_step()
        {
            assert!(order.samples <= LONGEST && order.samples <= self.utterance.sound().len());
            self.running = Some(order);
        }
    }

    /// The pass that runs comes to its end.
    fn pass(&mut self) {
        let Some(order) = self.running.take() else { return };
        self.passes += 1;
        self.longest = self.longest.max(order.samples);
        let base = usize::try_from(order.through).unwrap() - order.samples;
        let mut text = heard(base, order.samples);
        (self.mishear)(&mut text);
        let told = self.utterance.take(&order, text, Duration::from_millis(60));
        self.check(&told);
        self.act();
    }

    fn check(&mut self, told: &Hypothesis) {
        assert!(
            told.committed.starts_with(&self.committed),
            "{:?} became {:?}",
            self.committed,
            told.committed
        );
        self.committed.clone_from(&told.committed);
        assert!(told.through <= self.total as u64);
    }

    fn end(mut self) -> (Transcript, usize) {
        self.utterance.end();
        self.act();
        while self.running.is_some() {
            self.pass();
        }
        assert_eq!(self.utterance.next_step(), Next::Done);
        assert_eq!(self.answered, (0..u32::try_from(self.asked.len()).unwrap()).collect::<Vec<_>>());
        let transcript = self.utterance.transcript();
        assert!(transcript.text.starts_with(&self.committed), "{:?}, {:?}", self.committed, transcript.text);
        for pair in transcript.words.windows(2) {
            assert!(pair[0].samples.start <= pair[1].samples.start, "{pair:?}");
        }
        (transcript, self.passes)
    }
}

#[test]
fn words_are_committed_when_two_passes_agree() {
    let mut scene = Scene::new();
    scene.hear(ms(500));
    scene.pass();
    assert_eq!(scene.committed, "");
    scene.hear(ms(700));
    scene.pass();
    assert_eq!(scene.committed, "w0");
    scene.hear(ms(800));
    scene.pass();
    assert_eq!(scene.committed, "w0 w1");
    let (transcript, _) = scene.end();
    assert_eq!(transcript.text, truth(ms(2000)));
    assert_eq!(transcript.language, Some(Language("en".into())));
    assert_eq!(transcript.words[1].samples, 8000..8000 + 4800);
}

#[test]
fn little_new_sound_is_worth_no_pass() {
    let mut scene = Scene::new();
    scene.hear(ms(249));
    assert_eq!(scene.running, None);
    scene.hear(ms(1));
    assert!(scene.running.is_some());
}

#[test]
fn the_first_quiet_is_worth_a_pass_at_once_and_answers_the_pause() {
    let mut scene = Scene::new();
    scene.hear(ms(250));
    scene.pass();
    scene.hear(ms(90));
    assert_eq!(scene.running, None);
    scene.hear(ms(10));
    assert_eq!(scene.running.unwrap().samples, ms(350));
    scene.pass();
    scene.hear(ms(100));
    scene.settle();
    assert_eq!((scene.running, scene.answered.as_slice()), (None, [0].as_slice()));
}

#[test]
fn slow_passes_become_rare() {
    let mut scene = Scene::new();
    scene.hear(ms(500));
    let order = scene.running.take().unwrap();
    scene.utterance.take(&order, heard(0, order.samples), Duration::from_millis(900));
    scene.hear(ms(1799));
    assert_eq!(scene.running, None);
    scene.hear(ms(1));
    assert!(scene.running.is_some());
}

#[test]
fn a_pause_without_new_sound_is_answered_without_a_pass() {
    let mut scene = Scene::new();
    scene.hear(ms(600));
    scene.pass();
    scene.settle();
    assert_eq!((scene.passes, scene.answered.as_slice()), (1, [0].as_slice()));
    let (transcript, passes) = scene.end();
    assert_eq!((transcript.text.as_str(), passes), ("w0 w", 1));
}

#[test]
fn a_pause_breaks_off_a_lesser_pass_and_spares_one_that_is_enough() {
    let mut scene = Scene::new();
    scene.hear(ms(600));
    let lesser = scene.running.unwrap();
    scene.hear(ms(100));
    assert_eq!(scene.running, Some(lesser));
    scene.settle();
    let enough = scene.running.unwrap();
    assert_eq!((enough.samples, enough.through), (ms(700), ms(700) as u64));
    scene.hear(ms(100));
    scene.utterance.settle(99);
    assert!(scene.utterance.is_lesser(&enough));
}

#[test]
fn nothing_said_is_nothing() {
    let (transcript, passes) = Scene::new().end();
    assert_eq!((transcript.text.as_str(), transcript.words.len(), passes), ("", 0, 0));
    let mut scene = Scene::new();
    scene.settle();
    assert_eq!(scene.answered, [0]);
}

#[test]
fn a_long_speech_is_cut_in_its_pauses_and_nothing_is_lost() {
    let mut scene = Scene::new();
    for _ in 0..240 {
        scene.hear(ms(500));
        scene.pass();
    }
    assert!(scene.longest <= ms(12_000), "passes became long: {}", scene.longest);
    assert_eq!(scene.end().0.text, truth(ms(120_000)));
}

#[test]
fn a_recording_pushed_at_once_is_cut_too() {
    let mut scene = Scene::new();
    scene.hear(ms(100_000));
    scene.settle();
    let (transcript, passes) = scene.end();
    assert_eq!(transcript.text, truth(ms(100_000)));
    assert!(passes < 10, "{passes}");
    assert_eq!(transcript.words.len(), 200);
}

#[test]
fn a_word_heard_differently_later_is_neither_lost_nor_told_twice() {
    let mut scene = Scene::new();
    let mut pass = 0;
    scene.mishear = Box::new(move |text| {
        pass += 1;
        if pass > 4 && text.words.len() > 2 {
            text.words[0].text = " something".into();
            text.words[1].text = " else".into();
        }
    });
    for _ in 0..8 {
        scene.hear(ms(1000));
        scene.pass();
    }
    assert_eq!(scene.end().0.text, truth(ms(8000)));
}

#[derive(Debug, Clone)]
enum Happens {
    Hear(usize),
    Settle,
    PassEnds,
}

fn happens() -> impl Strategy<Value = Vec<Happens>> {
    let one = prop_oneof![
        4 => (1usize..20_000).prop_map(Happens::Hear),
        1 => (100_000usize..400_000).prop_map(Happens::Hear),
        2 => Just(Happens::Settle),
        4 => Just(Happens::PassEnds),
    ];
    proptest::collection::vec(one, 0..25)
}

fn play(scene: &mut Scene, all: &[Happens]) {
    for happens in all {
        match happens {
            Happens::Hear(samples) => scene.hear(*samples),
            Happens::Settle => scene.settle(),
            Happens::PassEnds => scene.pass(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_happens_all_is_heard_and_every_pause_is_answered_once(all in happens()) {
        let mut scene = Scene::new();
        play(&mut scene, &all);
        // To the end of a word, so that the truth is known.
        let rest = (WORD - scene.total % WORD) % WORD;
        scene.hear(rest);
        let total = scene.total;
        prop_assert_eq!(scene.end().0.text, truth(total));
    }

    #[test]
    fn a_recogniser_that_mishears_breaks_no_promise(all in happens(), mut seed in any::<u64>()) {
        let mut scene = Scene::new();
        scene.mishear = Box::new(move |text| {
            text.words.retain_mut(|word| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                if (seed >> 33).is_multiple_of(4) {
                    word.text = format!(" x{}", seed % 7);
                }
                !(seed >> 40).is_multiple_of(5)
            });
        });
        play(&mut scene, &all);
        scene.end();
    }
}
