//! What is heard.

use engine::{SoundIn, SpeechToText};
use testkit::wer;

use crate::setup::{listen, load, models, pieces, silence, speech, wav, worker};

pub(crate) const QUILTER: &str =
    "Mr. Quilter is the apostle of the middle classes and we are glad to welcome his gospel.";

#[tokio::test]
async fn a_sentence_is_heard() {
    let (Some(models), Some(speech)) = (models(), speech()) else { return };
    let worker = worker(load(&models));
    let info = worker.ready().await.unwrap();
    assert_eq!((info.translates, info.languages.len()), (false, 1));
    let sound = wav(&speech.join("librispeech_quilter.wav"));
    let (transcript, _) = listen(&worker, pieces(&sound)).await;
    assert_eq!(wer(QUILTER, &transcript.text).errors, 0, "{}", transcript.text);
    assert!((transcript.sound_ms - sound.len() as f64 / 16.0).abs() < 1.0);
    let words = &transcript.words;
    assert_eq!(words.len(), transcript.text.split(' ').count());
    assert!(words.is_sorted_by_key(|word| word.samples.start));
    assert!(words.iter().all(|word| word.samples.end <= sound.len() as u64));
}

#[tokio::test]
async fn every_question_is_answered_and_committed_words_stay() {
    let (Some(models), Some(speech)) = (models(), speech()) else { return };
    let worker = worker(load(&models));
    let mut all = pieces(&wav(&speech.join("jfk.wav")));
    for (number, at) in [(1, 100), (2, 101), (3, 250)] {
        all.insert(at, SoundIn::Settle(number));
    }
    let (transcript, hypotheses) = listen(&worker, all).await;
    let answers: Vec<u32> = hypotheses.iter().filter_map(|hypothesis| hypothesis.settles).collect();
    assert_eq!(answers, [1, 2, 3]);
    for pair in hypotheses.windows(2) {
        assert!(pair[1].committed.starts_with(&pair[0].committed), "{pair:?}");
    }
    let last = hypotheses.last().unwrap();
    assert!(transcript.text.starts_with(&last.committed), "{transcript:?}");
    assert!(transcript.text.ends_with("your country."), "{}", transcript.text);
}

#[tokio::test]
async fn a_dictation_of_a_minute_is_heard_whole() {
    let (Some(models), Some(speech)) = (models(), speech()) else { return };
    let worker = worker(load(&models));
    let parts = [
        (
            "librivox_0870.wav",
            "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do for them",
        ),
        ("librispeech_quilter.wav", QUILTER),
        (
            "jfk.wav",
            "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.",
        ),
    ];
    let (mut sound, mut said) = (Vec::new(), Vec::new());
    for (file, text) in parts.iter().cycle().take(7) {
        sound.extend(wav(&speech.join(file)));
        sound.extend(silence(500));
        said.push(*text);
    }
    assert!(sound.len() > 55 * 16_000);
    let (transcript, _) = listen(&worker, pieces(&sound)).await;
    let score = wer(&said.join(" "), &transcript.text);
    assert!(score.rate() < 0.06, "{score:?} {}", transcript.text);
}

#[tokio::test]
async fn what_is_no_speech_has_no_words() {
    let Some(models) = models() else { return };
    let worker = worker(load(&models));
    let noise = |seed: u32, length: usize, loudness: f32| -> Vec<f32> {
        let mut state = seed;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (f32::from((state >> 16) as u16) / 32768.0 - 1.0) * loudness
            })
            .collect()
    };
    let knock = [silence(500), noise(3, 480, 0.5), silence(500)].concat();
    for sound in
        [vec![], vec![0.1; 100], silence(3000), noise(1, 32_000, 0.001), noise(2, 32_000, 0.1), knock]
    {
        let (transcript, _) = listen(&worker, pieces(&sound)).await;
        assert_eq!(transcript.text, "");
    }
}
