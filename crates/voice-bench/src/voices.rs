//! Who speaks in the scenes: recordings of people, and what is no turn (coughs, "uh-huh").

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use soundcard_sim::{RATE, Sound};

use crate::sound::{Audible, WINDOW, frames, level};

/// One sentence, or what is between two pauses.
#[derive(Debug, Clone)]
pub struct Utterance {
    /// For people.
    pub name: String,
    /// What is said, where that is known.
    pub text: Option<String>,
    /// The sound.
    pub sound: Sound,
    /// From the first to the last voiced frame (see [`crate::sound`]).
    pub voiced: Range<usize>,
}

impl Utterance {
    /// With its voiced frames found; none if there are none.
    pub fn new(name: impl Into<String>, text: Option<String>, sound: Sound) -> Option<Self> {
        let audible = Audible::of(sound.samples());
        let voiced = audible.onset(0)?..audible.offset(0..sound.samples().len())?;
        Some(Self { name: name.into(), text, sound, voiced })
    }

    /// The gain at which it is as loud as one person at one place would speak all of them: -24 dB of full scale (RMS) from
    /// its first to its last voiced frame. Who is 10 dB quieter than the user was so far counts as somebody else.
    pub fn as_one_person(&self) -> f32 {
        const LEVEL: f32 = 0.063;
        let voiced = &self.sound.samples()[self.voiced.clone()];
        let mean = voiced.iter().map(|sample| sample * sample).sum::<f32>() / voiced.len().max(1) as f32;
        if mean > 0.0 { LEVEL / mean.sqrt() } else { 1.0 }
    }

    /// Louder or quieter.
    #[must_use]
    pub fn at(&self, gain: f32) -> Sound {
        let scaled: Vec<f32> = self.sound.samples().iter().map(|sample| sample * gain).collect();
        Sound::of(&scaled, RATE)
    }

    /// At most so long, from its first voiced frame.
    pub fn beginning(&self, milliseconds: usize) -> Sound {
        let end = (self.voiced.start + frames(milliseconds)).min(self.sound.samples().len());
        Sound::of(&self.sound.samples()[self.voiced.start..end], RATE)
    }

    /// The same with a pause at this frame, filled with its own noise floor.
    #[must_use]
    pub fn with_pause(&self, cut: usize, milliseconds: usize) -> Self {
        let samples = self.sound.samples();
        let added = frames(milliseconds);
        let mut with = samples[..cut].to_vec();
        with.extend(self.silence().take(added));
        with.extend_from_slice(&samples[cut..]);
        Self {
            name: format!("{} + {milliseconds} ms", self.name),
            text: self.text.clone(),
            sound: Sound::of(&with, RATE),
            voiced: self.voiced.start..self.voiced.end + added,
        }
    }

    /// Frames in the first, second and last part of its middle where it is weakest for 40 ms; the weakest first.
    pub fn cuts(&self) -> Vec<usize> {
        let mut cuts: Vec<usize> =
            [30..45, 45..60, 60..75].into_iter().filter_map(|part| self.weakest(part)).collect();
        let samples = self.sound.samples();
        cuts.sort_by(|one, other| dip(samples, one - DIP / 2).total_cmp(&dip(samples, other - DIP / 2)));
        cuts
    }

    /// Its beginning up to this frame.
    pub fn until(&self, cut: usize) -> Option<Self> {
        let sound = Sound::of(&self.sound.samples()[..cut], RATE);
        Self::new(format!("{} up to {} ms", self.name, cut * 1000 / RATE as usize), None, sound)
    }

    /// It between so much of its own noise floor, in milliseconds.
    #[must_use]
    pub fn between(&self, before: usize, after: usize) -> Self {
        let mut silence = self.silence();
        let mut whole: Vec<f32> = silence.by_ref().take(frames(before)).collect();
        whole.extend_from_slice(self.sound.samples());
        whole.extend(silence.take(frames(after)));
        let voiced = self.voiced.start + frames(before)..self.voiced.end + frames(before);
        Self { name: self.name.clone(), text: self.text.clone(), sound: Sound::of(&whole, RATE), voiced }
    }

    /// The middle of the weakest 40 ms in this part of the voiced sound, in percent.
    fn weakest(&self, part: Range<usize>) -> Option<usize> {
        let samples = self.sound.samples();
        let at = |percent: usize| self.voiced.start + self.voiced.len() * percent / 100;
        let places = (at(part.start)..at(part.end)).step_by(WINDOW / 2);
        let weakest = places.min_by(|one, other| dip(samples, *one).total_cmp(&dip(samples, *other)))?;
        Some(weakest + DIP / 2)
    }

    /// White noise as loud as the quietest 10 ms, at most -45 dB.
    fn silence(&self) -> impl Iterator<Item = f32> {
        let levels = self.sound.samples().chunks(WINDOW).map(level);
        let floor = levels.min_by(f32::total_cmp).unwrap_or(-80.0).clamp(-80.0, -45.0);
        // White noise in -1..=1 has a level of -4.8 dB.
        let amplitude = 10_f32.powf(floor / 20.0) * 1.7;
        let mut noise = Noise(0x1234_5678);
        std::iter::repeat_with(move || noise.next() * amplitude)
    }
}

const DIP: usize = RATE as usize / 25;

fn dip(samples: &[f32], at: usize) -> f32 {
    level(&samples[at..(at + DIP).min(samples.len())])
}

/// White noise in -1..=1 that is always the same.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        // Marsaglia, Xorshift RNGs (2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 as f32 / u32::MAX as f32 - 0.5) * 2.0
    }
}

/// The English recordings that a folder's `transcripts.tsv` lists (file, language, transcript).
///
/// # Errors
/// If there is no such file, it lists nothing that is here, or a recording cannot be read.
pub fn recordings(folder: &Path) -> anyhow::Result<Vec<Utterance>> {
    let list = folder.join("transcripts.tsv");
    let text = fs::read_to_string(&list).with_context(|| {
        format!("{} is missing: a line for each recording, with its file, language and words", list.display())
    })?;
    let mut found = Vec::new();
    for line in text.lines().skip(1) {
        let mut fields = line.split('\t');
        let (Some(file), Some(language), Some(said)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let path = folder.join(file);
        let is_wav = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("wav"));
        if language == "en" && is_wav && path.is_file() {
            found.extend(Utterance::new(file, Some(said.to_owned()), Sound::read(&path)?));
        }
    }
    ensure!(!found.is_empty(), "{} lists no English WAV file that is here", list.display());
    Ok(found)
}

/// What is said between the pauses of a longer recording: pieces of 0.8 to 8 s.
///
/// # Errors
/// If it cannot be read.
pub fn pieces(file: &Path) -> anyhow::Result<Vec<Utterance>> {
    let sound = Sound::read(file)?;
    let samples = sound.samples();
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let margin = frames(60);
    let pieces = Audible::of(samples).stretches(frames(250)).into_iter().filter_map(|piece| {
        if !(frames(800)..frames(8_000)).contains(&piece.len()) {
            return None;
        }
        let (from, to) = (piece.start.saturating_sub(margin), (piece.end + margin).min(samples.len()));
        let at = crate::sound::ms(piece.start) / 1000.0;
        Utterance::new(format!("{name} at {at:.1} s"), None, Sound::of(&samples[from..to], RATE))
    });
    Ok(pieces.collect())
}

/// A sentence by espeak-ng's own program.
///
/// # Errors
/// If it is not installed.
pub fn spoken(text: &str, voice: &str) -> anyhow::Result<Utterance> {
    let file = tempfile::Builder::new().suffix(".wav").tempfile()?;
    let done = Command::new("espeak-ng").args(["-v", voice, "-w"]).arg(file.path()).arg(text).status();
    let done = done.context("espeak-ng is not installed (Debian: espeak-ng)")?;
    ensure!(done.success(), "espeak-ng has no voice {voice}");
    let sound = Sound::read(file.path())?;
    Utterance::new(format!("“{text}” ({voice})"), Some(text.to_owned()), sound)
        .context("espeak-ng said nothing")
}

/// Something like a cough: one to three bursts of noise of 90 to 160 ms with a hard beginning, lowpassed at about 2 kHz.
/// `which` makes it another one.
pub fn cough(which: u32) -> Option<Utterance> {
    let mut noise = Noise(0x9e37_79b9 ^ which.wrapping_mul(0x85eb_ca6b).max(1));
    let mut sound = vec![0.0; frames(20)];
    for burst in 0..=which % 3 {
        let length = frames(90 + 35 * ((which + burst) % 3) as usize);
        let (mut low, mut lower) = (0.0, 0.0);
        for n in 0..length {
            let share = n as f32 / length as f32;
            let decay = (share * 20.0).min(1.0) * (-4.0 * share).exp();
            // Two poles at 2 kHz.
            low += 0.23 * (noise.next() - low);
            lower += 0.23 * (low - lower);
            sound.push((lower * decay * 1.2).clamp(-0.9, 0.9));
        }
        sound.extend(vec![0.0; frames(110)]);
    }
    Utterance::new(format!("cough {which}"), None, Sound::of(&sound, RATE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::ms;
    use std::time::Duration;

    fn two_words() -> Utterance {
        let mut sound = vec![0.0; frames(100)];
        for _ in 0..2 {
            sound.extend_from_slice(Sound::tone(300.0, 0.3, Duration::from_millis(400)).samples());
            sound.extend(vec![0.0; frames(60)]);
        }
        Utterance::new("two", None, Sound::of(&sound, RATE)).unwrap()
    }

    #[test]
    fn a_pause_is_put_where_the_words_part() {
        let whole = two_words();
        let weakest = whole.cuts()[0];
        let paused = whole.with_pause(weakest, 700);
        assert_eq!(paused.sound.samples().len(), whole.sound.samples().len() + frames(700));
        let parts = Audible::of(paused.sound.samples()).stretches(frames(200));
        assert_eq!(parts.len(), 2, "{parts:?}");
        assert!((ms(parts[0].end) - 500.0).abs() < 12.0, "{parts:?}");
        assert_eq!(paused.voiced.len(), whole.voiced.len() + frames(700));
    }

    #[test]
    fn coughs_are_short_and_loud_and_differ() {
        for which in 0..6 {
            let cough = cough(which).unwrap();
            assert!((60.0..700.0).contains(&ms(cough.voiced.len())), "{}", ms(cough.voiced.len()));
            let peak = cough.sound.samples().iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
            assert!(peak > 0.1, "{peak}");
        }
    }
}
