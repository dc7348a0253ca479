//! A link to a virtual card, driven by hand.

use audio_io::SystemCard;
use media::{Batch, DeviceName, Direction, Ears, Mouth, Side, SoundCard, SoundLink, SoundNews, SoundRequest};
use soundcard_sim::{Recording, Sound};
use std::time::{Duration, Instant};

/// After this a test has failed. Generous: the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A link, and all that it has told so far.
pub(crate) struct Rig {
    pub(crate) ears: Box<dyn Ears>,
    pub(crate) mouth: Box<dyn Mouth>,
    pub(crate) news: Vec<SoundNews>,
    /// Time heard, gaps included.
    pub(crate) heard_for: Duration,
    pub(crate) gaps: Duration,
    /// The last batch.
    pub(crate) batch: Batch,
}

impl Rig {
    pub(crate) fn open() -> Self {
        Self::with(&SoundRequest::default())
    }

    pub(crate) fn on(input: &str, output: &str) -> Self {
        let name = |name: &str| Some(DeviceName(name.to_owned()));
        Self::with(&SoundRequest { input: name(input), output: name(output), ..SoundRequest::default() })
    }

    pub(crate) fn with(request: &SoundRequest) -> Self {
        let SoundLink { ears, mouth } = SystemCard.open(request).unwrap();
        let (heard_for, gaps) = (Duration::ZERO, Duration::ZERO);
        Self { ears, mouth, news: Vec::new(), heard_for, gaps, batch: Batch::default() }
    }

    /// One look of the ears.
    pub(crate) fn read(&mut self) -> &Batch {
        self.ears.read(&mut self.batch, Duration::from_millis(20)).unwrap();
        self.news.extend(self.batch.news.iter().cloned());
        let rate = f64::from(self.batch.mic_rate.max(1));
        let heard = Duration::from_secs_f64(self.batch.mic.len() as f64 / rate);
        self.heard_for += heard + self.batch.gap;
        self.gaps += self.batch.gap;
        &self.batch
    }

    /// Reads until this holds of what was read.
    pub(crate) fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "{what}: never; told so far: {:#?}", self.news);
            self.read();
        }
    }

    /// Reads until the news tell this; forgets the news up to there.
    pub(crate) fn until_told(&mut self, what: &str, is_it: impl Fn(&SoundNews) -> bool) -> SoundNews {
        self.until(what, |rig| rig.news.iter().any(&is_it));
        let place = self.news.iter().position(is_it).unwrap();
        self.news.drain(..=place).next_back().unwrap()
    }

    pub(crate) fn until_open(&mut self, direction: Direction) -> u32 {
        let told = self.until_told(
            "open",
            |told| matches!(told, SoundNews::Changed(way, Side::Open { .. }) if *way == direction),
        );
        let SoundNews::Changed(_, Side::Open { rate, .. }) = told else { unreachable!() };
        rate
    }

    pub(crate) fn until_lost(&mut self, direction: Direction) -> media::SoundError {
        let told = self.until_told(
            "lost",
            |told| matches!(told, SoundNews::Changed(way, Side::Lost { .. }) if *way == direction),
        );
        let SoundNews::Changed(_, Side::Lost { why }) = told else { unreachable!() };
        why
    }

    pub(crate) fn until_both_open(&mut self) {
        let is_open = |told: &SoundNews, direction| matches!(told, SoundNews::Changed(way, Side::Open { .. }) if *way == direction);
        self.until("both sides are open", |rig| {
            [Direction::Input, Direction::Output]
                .iter()
                .all(|direction| rig.news.iter().any(|told| is_open(told, *direction)))
        });
        self.news.clear();
    }

    /// Reads until the microphone hears something louder than this.
    pub(crate) fn until_heard(&mut self, level: f32) {
        self.until("something is heard", |rig| rig.batch.mic.iter().any(|sample| sample.abs() > level));
    }

    /// Queues all of it as room comes, reading meanwhile; returns when all is queued.
    pub(crate) fn say(&mut self, pcm: &[f32]) {
        let mut next = 0;
        self.until("all is queued", |rig| {
            next += rig.mouth.queue(&pcm[next..]);
            next == pcm.len()
        });
    }

    /// Reads until so many frames of this epoch were played.
    pub(crate) fn until_played(&mut self, frames: u64) {
        self.until("it is played", |rig| rig.mouth.played().frames >= frames);
    }

    /// Reads for so long.
    pub(crate) fn listen(&mut self, length: Duration) {
        let until = Instant::now() + length;
        while Instant::now() < until {
            self.read();
        }
    }
}

/// A tone of 440 Hz for the mouth, at its rate.
pub(crate) fn tone(rate: u32, amplitude: f32, length: Duration) -> Vec<f32> {
    let frames = length.as_millis() * u128::from(rate) / 1000;
    let step = std::f32::consts::TAU * 440.0 / rate as f32;
    (0..frames).map(|n| amplitude * (step * n as f32).sin()).collect()
}

/// What the user says in these tests.
pub(crate) fn hello() -> Sound {
    Sound::tone(300.0, 0.5, Duration::from_millis(300))
}

/// Where the recording is first and last louder than this.
pub(crate) fn extent(track: &[f32], level: f32) -> (usize, usize) {
    let first = track.iter().position(|sample| sample.abs() > level).expect("nothing was played");
    let last = track.iter().rposition(|sample| sample.abs() > level).unwrap();
    (first, last + 1)
}

/// The loudest sample in each 10 ms of the loudspeaker's track.
pub(crate) fn peaks(recording: &Recording) -> Vec<f32> {
    recording
        .speaker
        .chunks(480)
        .map(|part| part.iter().fold(0.0, |most: f32, sample| most.max(sample.abs())))
        .collect()
}
