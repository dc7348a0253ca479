//! Playing one track at a time: feeds the loudspeaker a little ahead, and knows exactly how far it was heard.
//!
//! Positions are samples of the track's own sound, at its own rate, from its beginning.

use std::time::Duration;

use dsp::Resampler;
use media::{Epoch, Mouth};

use super::happened::Track;
use super::reply::SpokenReply;

/// So much is handed over in advance: what a busy machine may keep this thread waiting. It does not delay a stop,
/// because what is handed over can be taken back.
const AHEAD: Duration = Duration::from_millis(200);

/// Gain under a voice that may be an interruption: -14 dB, plainly quieter and still there.
const DUCKED: f32 = 0.2;

/// A change of gain takes so long, so that it does not click.
const RAMP: Duration = Duration::from_millis(20);

pub(super) struct Player {
    mouth: Box<dyn Mouth>,
    volume: f32,
    playing: Option<Playing>,
}

struct Playing {
    track: Track,
    /// The mouth's epoch in which the sound from `base` on is played.
    epoch: Epoch,
    base: u64,
    /// Frames of the epoch that were played before `base`.
    before: u64,
    /// Samples taken from the track so far.
    cursor: u64,
    /// To the mouth's rate, which comes with it.
    resampler: Option<(u32, Resampler)>,
    /// At the mouth's rate, not handed over yet.
    pending: Vec<f32>,
    /// Frames handed over in this epoch.
    queued: u64,
    flow: Flow,
    /// The farthest position that was played: a held reply repeats a word.
    farthest: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Playing,
    /// All of the track is in `pending` or handed over.
    Drained,
    Held,
}

impl Player {
    pub(super) fn new(mouth: Box<dyn Mouth>, volume: f32) -> Self {
        let mut player = Self { mouth, volume, playing: None };
        player.gain(1.0);
        player
    }

    pub(super) fn set_volume(&mut self, volume: f32) {
        self.volume = volume;
        self.gain(1.0);
    }

    fn gain(&mut self, gain: f32) {
        self.mouth.set_gain(gain * self.volume, RAMP);
    }

    pub(super) fn track(&self) -> Option<Track> {
        self.playing.as_ref().map(|playing| playing.track)
    }

    /// Plays this track from its beginning, in place of any other.
    pub(super) fn begin(&mut self, track: Track) {
        let epoch = self.mouth.flush();
        self.gain(1.0);
        self.playing = Some(Playing {
            track,
            epoch,
            base: 0,
            before: 0,
            cursor: 0,
            resampler: None,
            pending: Vec::new(),
            queued: 0,
            flow: Flow::Playing,
            farthest: 0,
        });
    }

    /// Silence, at once. Answers how far the track was heard.
    pub(super) fn stop(&mut self, reply: &SpokenReply) -> u64 {
        let played = self.played(reply.rate());
        self.playing = None;
        self.mouth.flush();
        self.gain(1.0);
        played
    }

    pub(super) fn duck(&mut self) {
        self.gain(DUCKED);
    }

    /// Silence, and the place is remembered: the beginning of the word that was being spoken.
    pub(super) fn hold(&mut self, reply: &SpokenReply) {
        let at = reply.resume(self.position(reply.rate()));
        let epoch = self.mouth.flush();
        if let Some(playing) = &mut self.playing {
            playing.seek(at, epoch, 0);
            playing.flow = Flow::Held;
        }
    }

    pub(super) fn resume(&mut self) {
        self.gain(1.0);
        if let Some(playing) = &mut self.playing
            && playing.flow == Flow::Held
        {
            playing.flow = Flow::Playing;
        }
    }

    /// Where the track is: the next sample to be heard.
    fn position(&self, rate: u32) -> u64 {
        let Some(playing) = &self.playing else { return 0 };
        let played = self.mouth.played();
        if played.epoch != playing.epoch || rate == 0 {
            return playing.base;
        }
        let frames = played.frames.saturating_sub(playing.before);
        if playing.flow == Flow::Drained && playing.pending.is_empty() && frames >= playing.queued {
            return playing.cursor;
        }
        let samples = frames * u64::from(rate) / u64::from(self.mouth.rate().max(1));
        (playing.base + samples).min(playing.cursor)
    }

    /// How far the track was ever heard.
    pub(super) fn played(&mut self, rate: u32) -> u64 {
        let position = self.position(rate);
        match &mut self.playing {
            Some(playing) => {
                playing.farthest = playing.farthest.max(position);
                playing.farthest
            }
            None => 0,
        }
    }

    /// Frames that were handed over and are still on their way to the ear, as time.
    pub(super) fn in_flight(&self) -> Duration {
        let frames = self.mouth.played().in_flight;
        Duration::from_secs_f64(f64::from(frames) / f64::from(self.mouth.rate().max(1)))
    }

    /// Hands over what is due of the track.
    pub(super) fn feed(&mut self, reply: &SpokenReply) {
        let rate = self.mouth.rate();
        let position = self.position(reply.rate());
        let Some(playing) = &mut self.playing else { return };
        let played = self.mouth.played();
        let other_rate = playing.resampler.as_ref().is_some_and(|(to, _)| *to != rate);
        if played.epoch != playing.epoch || other_rate {
            // Another device took over: what was queued is lost, so the word is said again.
            let held = playing.flow == Flow::Held;
            playing.seek(reply.resume(position), played.epoch, played.frames);
            playing.flow = if held { Flow::Held } else { Flow::Playing };
        }
        if playing.flow == Flow::Held {
            return;
        }
        let ahead = frames(AHEAD, rate);
        loop {
            let played = played.frames.saturating_sub(playing.before);
            let due = ahead.saturating_sub(playing.queued.saturating_sub(played));
            let room = self.mouth.room().min(usize::try_from(due).unwrap_or(usize::MAX));
            if room == 0 || !playing.prepare(reply, rate, room) {
                return;
            }
            let wanted = room.min(playing.pending.len());
            let taken = self.mouth.queue(&playing.pending[..wanted]);
            playing.pending.drain(..taken);
            playing.queued += taken as u64;
            if taken < wanted {
                return;
            }
        }
    }
}

impl Playing {
    /// Goes on from `at` in `epoch`, of which `before` frames were played already.
    fn seek(&mut self, at: u64, epoch: Epoch, before: u64) {
        self.farthest = self.farthest.max(at);
        (self.base, self.cursor) = (at, at);
        (self.epoch, self.before) = (epoch, before);
        (self.resampler, self.queued) = (None, 0);
        self.pending.clear();
        self.flow = Flow::Playing;
    }

    /// Makes sure there is something to hand over; false when there is nothing now.
    fn prepare(&mut self, reply: &SpokenReply, rate: u32, wanted: usize) -> bool {
        if reply.rate() == 0 {
            return false;
        }
        if self.resampler.is_none() {
            // Rates that no device or voice has: nothing can be played.
            self.resampler = Resampler::new(reply.rate(), rate).ok().map(|resampler| (rate, resampler));
        }
        let Some((_, resampler)) = &mut self.resampler else { return false };
        while self.pending.len() < wanted && self.flow == Flow::Playing {
            let piece = frames(Duration::from_millis(20), reply.rate());
            let sound = reply.sound_from(self.cursor);
            let piece = &sound[..sound.len().min(usize::try_from(piece).unwrap_or(usize::MAX))];
            if !piece.is_empty() {
                resampler.push(piece, &mut self.pending);
                self.cursor += piece.len() as u64;
            } else if reply.is_made() {
                resampler.finish(&mut self.pending);
                self.flow = Flow::Drained;
            } else {
                break;
            }
        }
        !self.pending.is_empty()
    }
}

fn frames(length: Duration, rate: u32) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX) * u64::from(rate) / 1000
}
