//! The listening chain: what a sound card hands over becomes blocks of cleaned sound on the conversation's clock, and
//! the events of the voice in it. Belongs to one thread.
//!
//! - The clock never stops: a gap becomes marked silence. Of a long gap (the system slept) only the first
//!   [`LONGEST_FILL`] is sound; over the rest the clock jumps, which is said.
//! - Every block is cleaned, judged and kept before it is handed out, and what was heard in it comes after it.
//! - Memory does not grow: about 10 s of cleaned sound are kept.

use std::path::PathBuf;
use std::time::Duration;

use media::{BLOCK, Batch, Level, Ms, Probability, RATE, SamplePos, SoundNews, samples_of_ms};

use crate::align::FarQueue;
use crate::doze::Dozing;
use crate::echo::{Canceller, EchoCanceller, NoiseSuppression, open_canceller};
use crate::recent::Recent;
use crate::{
    Detector, Earshot, Far, Frame, JudgeInput, Meter, ModelError, Resampler, Segmenter, SegmenterConfig,
    Silero, Utterance, VAD_FRAME, VoiceActivity, VoiceEvent,
};

/// The longest gap that is filled with silence sample by sample: enough for every pause to be seen.
const LONGEST_FILL: Ms = Ms(500);
/// Cleaned sound that is kept: the 8 s of a judgement and the time until it is asked for.
const KEPT: usize = 10 * RATE as usize;
/// Louder than this the loudspeaker plays: below it, its echo is lost in the noise of any room.
const FAR_HEARD: f32 = -60.0;
/// An echo is over so long after its cause: the longest delay that is reckoned with (250 ms) and a room's decay.
const ECHO_TAIL: Ms = Ms(400);
/// Sound that must have been played until the canceller knows the room (measured: 2-4 s after a change).
const SETTLES_IN: Ms = Ms(3_000);

/// How to listen.
#[derive(Debug, Clone, Default)]
pub struct FrontendConfig {
    /// Silero's file; without it the built-in detector takes its place.
    pub vad: Option<PathBuf>,
    /// Which echo canceller.
    pub canceller: Canceller,
    /// How much steady noise is taken out.
    pub noise: NoiseSuppression,
    /// What is a pause, and so on.
    pub segmenter: SegmenterConfig,
}

/// Where the sound of a block comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The microphone.
    Heard,
    /// The microphone gave nothing: silence in its place.
    Gap,
}

/// 10 ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Where it begins.
    pub at: SamplePos,
    /// What was heard, without echo: mono, 16 kHz.
    pub cleaned: [f32; BLOCK],
    /// How loud it was before cleaning.
    pub mic: Level,
    /// How loud the loudspeaker played in it.
    pub far: Level,
    /// Where it comes from.
    pub origin: Origin,
}

/// What comes out of a [`Frontend`], in order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Out<'a> {
    /// The next 10 ms.
    Block(&'a Block),
    /// Something was heard; known at `at`, the end of the block before.
    Voice {
        /// Where the clock stands.
        at: SamplePos,
        /// What.
        event: VoiceEvent,
    },
    /// The microphone gave nothing for long: the clock goes on at `to`, and there are no blocks in between.
    Skipped {
        /// Where the last block ended.
        from: SamplePos,
        /// Where the next begins.
        to: SamplePos,
    },
}

/// Whether the echo canceller knows the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Convergence {
    /// It has not heard enough of the loudspeaker yet, or a device changed: some of what it plays may come through.
    Learning,
    /// It has.
    Settled,
}

/// Levels for display, smoothed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Levels {
    /// Of the microphone.
    pub mic: Level,
    /// Of the loudspeaker.
    pub far: Level,
}

/// The listening chain.
pub struct Frontend {
    mic: Option<Resampler>,
    far: Option<Resampler>,
    /// Microphone at 16 kHz that makes no block yet.
    pending: Vec<f32>,
    far_sound: Vec<f32>,
    far_queue: FarQueue,
    canceller: Box<dyn EchoCanceller + Send>,
    voice: Voice,
    recent: Recent,
    meters: (Meter, Meter),
    /// Where the loudspeaker's last echo is over.
    echo_until: SamplePos,
    /// Blocks played since the room was last unknown.
    played: Ms,
}

/// Detector and segmenter, with the frame that fills.
struct Voice {
    activity: Box<dyn VoiceActivity>,
    detector: Detector,
    segmenter: Segmenter,
    cleaned: Vec<f32>,
    mic: Vec<f32>,
}

impl Frontend {
    /// Opens the chain. A detector's file that is named but absent is no error; one that is broken is.
    pub fn new(config: &FrontendConfig) -> Result<Self, ModelError> {
        Ok(Self {
            mic: None,
            far: None,
            pending: Vec::with_capacity(BLOCK * 64),
            far_sound: Vec::with_capacity(BLOCK * 64),
            far_queue: FarQueue::default(),
            canceller: open_canceller(config.canceller, config.noise),
            voice: Voice::new(config)?,
            recent: Recent::new(KEPT),
            meters: (Meter::default(), Meter::default()),
            echo_until: SamplePos::START,
            played: Ms(0),
        })
    }

    /// Takes what was heard and played, and hands on what is known by now. Sound at a rate that no device has is left
    /// out.
    pub fn push(&mut self, batch: &Batch, out: &mut impl FnMut(Out<'_>)) {
        if batch.news.iter().any(|news| matches!(news, SoundNews::Changed(..))) {
            self.played = Ms(0);
        }
        self.take_far(&batch.far, batch.far_rate);
        if !batch.gap.is_zero() {
            self.fill(batch.gap, out);
        }
        self.take_mic(&batch.mic, batch.mic_rate);
        self.drain(Origin::Heard, out);
        self.far_queue.bound();
    }

    /// The utterance is over: the next voiced sound is the onset of another.
    pub fn close(&mut self, utt: Utterance) {
        self.voice.segmenter.close(utt);
    }

    /// Where the clock stands: the end of the last block.
    pub fn now(&self) -> SamplePos {
        self.recent.end()
    }

    /// The cleaned sound from `from` until now, as far as it is kept (about 10 s): what was said shortly before an
    /// onset is the beginning of the first word.
    pub fn pre_roll(&self, from: SamplePos) -> Vec<f32> {
        self.between(from, self.now())
    }

    /// The cleaned sound between these, as far as it is kept.
    pub fn between(&self, from: SamplePos, to: SamplePos) -> Vec<f32> {
        self.recent.between(from, to)
    }

    /// What an [`EndOfTurn`](crate::EndOfTurn) needs to judge an utterance, from half a second before its onset up to
    /// where its pause was told. What is kept of the last 8 s counts. Not later: the longer the silence at the end, the
    /// more often a sentence that was cut is taken for a whole one (5 of 48 where the pause was told, 21 with 200 ms more).
    pub fn judge_input(&self, from: SamplePos, to: SamplePos) -> JudgeInput {
        JudgeInput::new(self.recent.between(from, to))
    }

    /// Levels for display.
    pub fn levels(&self) -> Levels {
        Levels { mic: self.meters.0.level(), far: self.meters.1.level() }
    }

    /// Which detector is at work.
    pub fn detector(&self) -> Detector {
        self.voice.detector
    }

    /// The room seems to be another than the canceller knows, though no device said that it changed: it counts as unknown
    /// until enough has been played.
    pub fn doubt_room(&mut self) {
        self.played = Ms(0);
    }

    /// Whether the echo canceller knows the room. While it learns, its own voice is heard as a person's in one of eight
    /// beginnings of a reply, for half a second at most: whoever takes the turns should not stop for voice alone then.
    pub fn convergence(&self) -> Convergence {
        if self.played >= SETTLES_IN { Convergence::Settled } else { Convergence::Learning }
    }

    fn take_mic(&mut self, sound: &[f32], rate: u32) {
        change_rate(&mut self.mic, rate, &mut self.pending);
        if let Some(mic) = &mut self.mic {
            mic.push(sound, &mut self.pending);
        }
    }

    fn take_far(&mut self, sound: &[f32], rate: u32) {
        if sound.is_empty() {
            return;
        }
        change_rate(&mut self.far, rate, &mut self.far_sound);
        if let Some(far) = &mut self.far {
            far.push(sound, &mut self.far_sound);
        }
        self.far_queue.push(&self.far_sound);
        self.far_sound.clear();
    }

    /// Puts silence in place of a gap.
    fn fill(&mut self, gap: Duration, out: &mut impl FnMut(Out<'_>)) {
        // What the resampler still holds belongs before the gap.
        if let Some(mic) = &mut self.mic {
            mic.finish(&mut self.pending);
        }
        self.drain(Origin::Heard, out);
        let samples =
            u64::try_from(gap.as_nanos() * u128::from(RATE) / 1_000_000_000).unwrap_or(u64::MAX / 2);
        let filled = samples.min(samples_of_ms(LONGEST_FILL));
        let silence = self.pending.len() + usize::try_from(filled).unwrap_or(0);
        self.pending.resize(silence, 0.0);
        self.drain(Origin::Gap, out);
        let block = BLOCK as u64;
        let skipped = (samples - filled) / block * block;
        if skipped > 0 {
            let from = self.now();
            let to = SamplePos(from.0 + skipped);
            self.recent.jump(to);
            self.voice.forget();
            self.far_queue = FarQueue::default();
            self.echo_until = to;
            out(Out::Skipped { from, to });
        }
    }

    /// Hands out every whole block.
    fn drain(&mut self, origin: Origin, out: &mut impl FnMut(Out<'_>)) {
        let whole = self.pending.len() / BLOCK * BLOCK;
        for begin in (0..whole).step_by(BLOCK) {
            let mut near = [0.0; BLOCK];
            near.copy_from_slice(&self.pending[begin..begin + BLOCK]);
            self.block(&near, origin, out);
        }
        self.pending.drain(..whole);
    }

    fn block(&mut self, near: &[f32; BLOCK], origin: Origin, out: &mut impl FnMut(Out<'_>)) {
        let at = self.now();
        let played = self.far_queue.pop();
        let mut block = Block { at, cleaned: *near, mic: Level::of(near), far: Level::of(&played), origin };
        self.canceller.process(&played, near, &mut block.cleaned);
        if origin == Origin::Gap {
            block.cleaned = [0.0; BLOCK];
        }
        self.recent.push(&block.cleaned);
        self.meters.0.push(block.mic);
        self.meters.1.push(block.far);
        if block.far.db() > FAR_HEARD {
            self.echo_until = self.now() + ECHO_TAIL;
            self.played = Ms(self.played.0.saturating_add(10));
        }
        let far = match self.convergence() {
            _ if at >= self.echo_until => Far::Silent,
            Convergence::Settled => Far::Playing,
            Convergence::Learning => Far::PlayingInStrangeRoom,
        };
        out(Out::Block(&block));
        let now = self.now();
        self.voice.block(&block.cleaned, near, now, far, &mut |event| out(Out::Voice { at: now, event }));
    }
}

/// Makes sure that `resampler` takes sound at `rate`; what another one still held is appended to `out` first.
fn change_rate(resampler: &mut Option<Resampler>, rate: u32, out: &mut Vec<f32>) {
    if resampler.as_ref().is_some_and(|resampler| resampler.from() == rate) || rate == 0 {
        return;
    }
    if let Some(old) = resampler {
        old.finish(out);
    }
    *resampler = Resampler::new(rate, RATE).ok();
}

impl Voice {
    fn new(config: &FrontendConfig) -> Result<Self, ModelError> {
        let (activity, detector): (Box<dyn VoiceActivity>, _) = match &config.vad {
            Some(path) if path.exists() => (Box::new(Dozing::new(Silero::load(path)?)), Detector::Silero),
            _ => (Box::new(Earshot::default()), Detector::Earshot),
        };
        Ok(Self {
            activity,
            detector,
            segmenter: Segmenter::new(config.segmenter),
            cleaned: Vec::with_capacity(VAD_FRAME + BLOCK),
            mic: Vec::with_capacity(VAD_FRAME + BLOCK),
        })
    }

    /// Adds a block that ends at `now`.
    fn block(
        &mut self,
        cleaned: &[f32],
        mic: &[f32],
        now: SamplePos,
        far: Far,
        heard: &mut dyn FnMut(VoiceEvent),
    ) {
        self.cleaned.extend_from_slice(cleaned);
        self.mic.extend_from_slice(mic);
        self.frame(now, far, heard);
        if let Some(event) = self.segmenter.block(now, Level::of(cleaned), far) {
            heard(event);
        }
    }

    /// Judges the frame that is full.
    fn frame(&mut self, now: SamplePos, far: Far, heard: &mut dyn FnMut(VoiceEvent)) {
        let Some(sound) = self.cleaned.first_chunk::<VAD_FRAME>() else { return };
        let probability = self.activity.judge(sound).unwrap_or_else(|_| {
            // A network that fails will fail again.
            (self.activity, self.detector) = (Box::new(Earshot::default()), Detector::Earshot);
            Probability::default()
        });
        let frame = Frame {
            end: SamplePos(now.0 - (self.cleaned.len() - VAD_FRAME) as u64),
            probability,
            cleaned: Level::of(sound),
            mic: Level::of(&self.mic[..VAD_FRAME]),
            far,
        };
        self.cleaned.drain(..VAD_FRAME);
        self.mic.drain(..VAD_FRAME);
        if let Some(event) = self.segmenter.frame(&frame) {
            heard(event);
        }
    }

    fn forget(&mut self) {
        self.activity.forget();
        self.cleaned.clear();
        self.mic.clear();
    }
}

#[cfg(test)]
mod tests;
