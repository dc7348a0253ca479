//! `asr.*`: words got wrong, clean and in an office, and how much quicker than speech it is understood.

use std::time::Duration;

use engine::{Language, ListenRequest, Pcm, SPEECH_RATE, SoundIn, SpeechTask, SpeechToText};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voice_bench::{WordErrors, wer};

use super::super::figure::{Figure, rounded};
use super::super::spoken::Files;
use crate::listen;

/// Speech above noise, decibels.
const SIGNAL_TO_NOISE: f64 = 10.0;
/// Sound in one message: as often as a microphone gives a recogniser some.
const MESSAGE: usize = SPEECH_RATE as usize / 10;

struct Recording {
    name: String,
    text: String,
    sound: Vec<f32>,
}

/// What a recogniser made of all recordings.
struct Understood {
    errors: WordErrors,
    compute_ms: f64,
    sound_ms: f64,
    each: Vec<Value>,
}

pub(super) fn measure(files: &Files) -> anyhow::Result<Vec<Figure>> {
    let recordings = recordings(files)?;
    let recogniser = files.recogniser()?;
    let (info, clean, noisy) = files.runtime.block_on(async {
        let info = recogniser.ready().await.map_err(api::ApiError::from)?;
        let clean = understand(recogniser.as_ref(), &recordings, None).await?;
        let noisy = match &files.noise {
            Some(noise) => Some(understand(recogniser.as_ref(), &recordings, Some(noise)).await?),
            None => None,
        };
        anyhow::Ok((info, clean, noisy))
    })?;
    let conditions = |noise: &str, understood: &Understood| {
        json!({
            "what": "words changed, left out and added, by words said; case and punctuation do not count",
            "recogniser": info.name, "recordings": recordings.len(), "words": understood.errors.words,
            "noise": noise, "each": understood.each,
        })
    };
    let rtf = json!({
        "what": "time of computing by time of sound, over whole utterances that come at once",
        "recogniser": info.name, "seconds_of_sound": rounded(clean.sound_ms / 1000.0),
    });
    let count = recordings.len();
    let mut figures =
        vec![Figure::new("asr.wer_clean", clean.errors.rate(), "", count, conditions("none", &clean))];
    if let Some(noisy) = noisy {
        let conditions = conditions("an office, 10 dB below the speech", &noisy);
        figures.push(Figure::new("asr.wer_noise10", noisy.errors.rate(), "", count, conditions));
    }
    figures.push(Figure::new("asr.rtf", clean.compute_ms / clean.sound_ms.max(1.0), "x", count, rtf));
    Ok(figures)
}

fn recordings(files: &Files) -> anyhow::Result<Vec<Recording>> {
    let utterances = voice_bench::voices::recordings(&files.recordings)?;
    let recording = |utterance: voice_bench::voices::Utterance| {
        let sound = listen::read::sound(&files.recordings.join(&utterance.name))?;
        Ok(Recording { text: utterance.text.unwrap_or_default(), sound, name: utterance.name })
    };
    utterances.into_iter().map(recording).collect()
}

async fn understand(
    recogniser: &dyn SpeechToText,
    recordings: &[Recording],
    noise: Option<&Vec<f32>>,
) -> anyhow::Result<Understood> {
    let mut all =
        Understood { errors: WordErrors::default(), compute_ms: 0.0, sound_ms: 0.0, each: Vec::new() };
    for recording in recordings {
        voice_bench::go_on()?;
        let sound = noise.map_or_else(|| recording.sound.clone(), |noise| mixed(&recording.sound, noise));
        let (to, coming) = mpsc::channel(8);
        let (heard, mut hypotheses) = mpsc::channel(64);
        let request = ListenRequest {
            language: Some(Language("en".into())),
            task: SpeechTask::Transcribe,
            word_times: false,
        };
        let feed = async {
            for piece in sound.chunks(MESSAGE) {
                if to.send(SoundIn::Sound(Pcm(piece.to_vec()))).await.is_err() {
                    break;
                }
            }
            drop(to);
        };
        let drain = async { while hypotheses.recv().await.is_some() {} };
        let listening = recogniser.listen(request, coming, heard, CancellationToken::new());
        let listening = tokio::time::timeout(Duration::from_mins(2), listening);
        let ((), (), transcript) = tokio::join!(feed, drain, listening);
        let transcript = transcript?.map_err(api::ApiError::from)?;
        let errors = wer(&recording.text, &transcript.text);
        all.errors = all.errors + errors;
        all.compute_ms += transcript.compute_ms;
        all.sound_ms += transcript.sound_ms;
        all.each.push(json!({"recording": recording.name, "wrong": errors.errors, "words": errors.words}));
    }
    Ok(all)
}

/// Speech with noise below it, by their powers over the recording's loud half.
fn mixed(speech: &[f32], noise: &[f32]) -> Vec<f32> {
    let mut powers: Vec<f64> = speech.chunks(MESSAGE / 5).map(power).collect();
    powers.sort_by(f64::total_cmp);
    let loud = &powers[powers.len() / 2..];
    let voice = loud.iter().sum::<f64>() / loud.len().max(1) as f64;
    let wanted = voice / 10_f64.powf(SIGNAL_TO_NOISE / 10.0);
    #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
    let gain = (wanted / power(noise).max(1e-12)).sqrt() as f32;
    speech.iter().zip(noise.iter().cycle()).map(|(sample, noise)| sample + noise * gain).collect()
}

fn power(sound: &[f32]) -> f64 {
    sound.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / sound.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_so_far_below_the_speech() {
        let mut speech = vec![0.0; 16_000];
        speech[8_000..].fill(0.1);
        let noise: Vec<f32> = (0..700).map(|n| if n % 2 == 0 { 0.5 } else { -0.5 }).collect();
        let mixed = mixed(&speech, &noise);
        let ratio = 10.0 * (0.01 / power(&mixed[..8_000])).log10();
        assert!((ratio - 10.0).abs() < 0.1, "{ratio}");
    }
}
