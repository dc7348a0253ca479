//! macOS: `AVSpeechSynthesizer`, which writes to buffers from macOS 10.15 on and tells words with them from macOS 13 on.
//!
//! Its callbacks come through the run loop of the first thread, which is the one that computes in a worker: it runs in slices
//! while something is spoken. What they bring goes through a channel, so that it makes no difference if they come on another.

// Calls into Objective-C.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};
use std::ptr::NonNull;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use block2::RcBlock;
use objc2::rc::{Retained, autoreleasepool};
use objc2::runtime::NSObjectProtocol;
use objc2::sel;
use objc2_avf_audio::{
    AVAudioBuffer, AVAudioCommonFormat, AVAudioPCMBuffer, AVSpeechBoundary, AVSpeechSynthesisMarker,
    AVSpeechSynthesisMarkerMark, AVSpeechSynthesisVoice, AVSpeechSynthesisVoiceTraits, AVSpeechSynthesizer,
    AVSpeechUtterance, AVSpeechUtteranceDefaultSpeechRate, AVSpeechUtteranceMaximumSpeechRate,
};
use objc2_core_foundation::{CFRunLoop, CFRunLoopRunResult, kCFRunLoopDefaultMode};
use objc2_foundation::{NSArray, NSString};

use crate::pace;
use crate::synthesiser::{Format, Hear, Heard, Listed, Place, Say, Standing, Synthesiser, Trouble};

/// Name for people.
pub const NAME: &str = "macOS voices";
/// Where voices are added.
pub const SETTINGS: &str = "Accessibility, Spoken Content, System Voice";
/// They are there.
pub const ABSENT: Option<&str> = None;

/// The longest slice of the run loop, in seconds: what comes on another thread waits so long at most.
const SLICE: f64 = 0.01;
/// How long to wait where the run loop has nothing to wait for.
const LOOK: Duration = Duration::from_millis(10);

/// macOS' speech.
pub struct Macos {
    synthesizer: Retained<AVSpeechSynthesizer>,
}

/// Makes a synthesizer.
///
/// # Errors
/// None.
pub fn start() -> Result<Macos, Trouble> {
    // SAFETY: a plain constructor.
    Ok(Macos { synthesizer: unsafe { AVSpeechSynthesizer::new() } })
}

/// What the callbacks bring.
enum Come {
    Word {
        text: Range<usize>,
        at: Place,
    },
    Sound {
        format: Format,
        samples: Vec<f32>,
    },
    /// An empty buffer is the last.
    End,
    UnknownSound,
}

impl Synthesiser for Macos {
    fn voices(&mut self) -> Result<Vec<Listed>, Trouble> {
        autoreleasepool(|_| {
            // SAFETY: plain getters of immutable objects, here and below.
            let voices = unsafe { AVSpeechSynthesisVoice::speechVoices() };
            let mut favoured: HashMap<String, Option<String>> = HashMap::new();
            let listed = voices.iter().map(|voice| {
                // SAFETY: as above.
                let (key, language) = unsafe { (voice.identifier(), voice.language()) };
                let key = key.to_string();
                let of_language = favoured.entry(language.to_string()).or_insert_with(|| {
                    // SAFETY: as above.
                    let voice = unsafe { AVSpeechSynthesisVoice::voiceWithLanguage(Some(&language)) }?;
                    // SAFETY: as above.
                    Some(unsafe { voice.identifier() }.to_string())
                });
                let standing = if is_novelty(&voice) {
                    Standing::Novelty
                } else if of_language.as_ref() == Some(&key) {
                    Standing::Favoured
                } else {
                    Standing::Usual
                };
                // SAFETY: as above.
                let (name, quality) = unsafe { (voice.name().to_string(), voice.quality().0) };
                let quality = u8::try_from(quality).unwrap_or(0);
                Listed { key, name, language: language.to_string(), standing, quality }
            });
            Ok(listed.collect())
        })
    }

    fn speak(&mut self, say: &Say<'_>, hear: &mut Hear<'_>) -> Result<(), Trouble> {
        autoreleasepool(|_| {
            let (tell, told) = mpsc::channel();
            let utterance = utterance(say)?;
            self.write(&utterance, &tell);
            let ended = pump(&told, hear);
            if !matches!(ended, Ok(Ended::AllHeard)) {
                // SAFETY: may be called at any time. What still comes goes into a channel that nobody reads, and what
                // state this leaves behind goes with the synthesizer.
                unsafe { self.synthesizer.stopSpeakingAtBoundary(AVSpeechBoundary::Immediate) };
                *self = start()?;
            }
            ended.map(drop)
        })
    }
}

/// Whether a voice is for fun, as macOS 14 and newer tell.
fn is_novelty(voice: &AVSpeechSynthesisVoice) -> bool {
    voice.respondsToSelector(sel!(voiceTraits))
        // SAFETY: the voice has this getter.
        && unsafe { voice.voiceTraits() }.contains(AVSpeechSynthesisVoiceTraits::IsNoveltyVoice)
}

fn utterance(say: &Say<'_>) -> Result<Retained<AVSpeechUtterance>, Trouble> {
    let key = NSString::from_str(say.voice);
    let text = NSString::from_str(say.text);
    // SAFETY: plain constructors and setters of an object that nobody else has yet; the two rates are constants of the
    // framework.
    unsafe {
        let voice = AVSpeechSynthesisVoice::voiceWithIdentifier(&key).ok_or(Trouble::VoiceGone)?;
        let utterance = AVSpeechUtterance::speechUtteranceWithString(&text);
        utterance.setVoice(Some(&voice));
        utterance.setRate(pace::macos(
            say.rate,
            AVSpeechUtteranceDefaultSpeechRate,
            AVSpeechUtteranceMaximumSpeechRate,
        ));
        Ok(utterance)
    }
}

impl Macos {
    /// Begins to write an utterance; everything comes through `tell`.
    fn write(&self, utterance: &AVSpeechUtterance, tell: &Sender<Come>) {
        let for_sound = tell.clone();
        // Nobody listens any more to what was cancelled.
        let on_buffer = RcBlock::new(move |buffer: NonNull<AVAudioBuffer>| {
            // SAFETY: the buffer lives for the call.
            drop(for_sound.send(sound(unsafe { buffer.as_ref() })));
        });
        let for_words = tell.clone();
        let on_markers = RcBlock::new(move |markers: NonNull<NSArray<AVSpeechSynthesisMarker>>| {
            // SAFETY: the array lives for the call.
            for marker in unsafe { markers.as_ref() } {
                drop(word(&marker).map(|word| for_words.send(word)));
            }
        });
        let tells_words =
            self.synthesizer.respondsToSelector(sel!(writeUtterance:toBufferCallback:toMarkerCallback:));
        // SAFETY: the blocks have the arguments that the callbacks are declared with, and the synthesizer copies them.
        unsafe {
            if tells_words {
                self.synthesizer.writeUtterance_toBufferCallback_toMarkerCallback(
                    utterance,
                    RcBlock::as_ptr(&on_buffer),
                    RcBlock::as_ptr(&on_markers),
                );
            } else {
                self.synthesizer.writeUtterance_toBufferCallback(utterance, RcBlock::as_ptr(&on_buffer));
            }
        }
    }
}

/// How listening ended.
enum Ended {
    AllHeard,
    NotWanted,
}

/// Runs the run loop and hands on what comes, until the end.
fn pump(told: &Receiver<Come>, hear: &mut Hear<'_>) -> Result<Ended, Trouble> {
    loop {
        // SAFETY: a constant of the framework.
        let mode = unsafe { kCFRunLoopDefaultMode };
        let ran = CFRunLoop::run_in_mode(mode, SLICE, true);
        let mut next = told.try_recv().ok();
        if next.is_none() && ran == CFRunLoopRunResult::Finished {
            next = told.recv_timeout(LOOK).ok();
        }
        let mut flow = if next.is_none() { hear(Heard::Nothing) } else { ControlFlow::Continue(()) };
        while let Some(come) = next {
            flow = match come {
                Come::Word { text, at } => hear(Heard::Word { text, at }),
                Come::Sound { format, samples } => hear(Heard::Sound { format, samples: &samples }),
                Come::End => return Ok(Ended::AllHeard),
                Come::UnknownSound => return Err(Trouble::UnknownSound),
            };
            next = if flow.is_break() { None } else { told.try_recv().ok() };
        }
        if flow.is_break() {
            return Ok(Ended::NotWanted);
        }
    }
}

/// A word of the text, by its place in the utterance's sound. `byteSampleOffset` counts bytes from the utterance's beginning.
fn word(marker: &AVSpeechSynthesisMarker) -> Option<Come> {
    // SAFETY: plain getters.
    let (mark, text, bytes) = unsafe { (marker.mark(), marker.textRange(), marker.byteSampleOffset()) };
    let at = Place::Bytes(u64::try_from(bytes).ok()?);
    let end = text.location.checked_add(text.length)?;
    (mark == AVSpeechSynthesisMarkerMark::Word).then_some(Come::Word { text: text.location..end, at })
}

/// The first channel of a buffer.
fn sound(buffer: &AVAudioBuffer) -> Come {
    let Some(buffer) = buffer.downcast_ref::<AVAudioPCMBuffer>() else { return Come::UnknownSound };
    // SAFETY: plain getters, here and of the channels: a pointer to `frames` samples, `stride` apart, of the first of at
    // least one channel, in the one format that the buffer has; null in the others.
    unsafe {
        let frames = usize::try_from(buffer.frameLength()).unwrap_or(0);
        if frames == 0 {
            return Come::End;
        }
        let (kind, stride) = (buffer.format(), buffer.stride().max(1));
        let (sample_bytes, samples): (u32, Vec<f32>) = match kind.commonFormat() {
            AVAudioCommonFormat::PCMFormatFloat32 => {
                (4, channel(buffer.floatChannelData(), frames, stride, |sample| sample))
            }
            AVAudioCommonFormat::PCMFormatInt16 => {
                (2, channel(buffer.int16ChannelData(), frames, stride, |sample| f32::from(sample) / 32_768.0))
            }
            AVAudioCommonFormat::PCMFormatInt32 => (
                4,
                channel(buffer.int32ChannelData(), frames, stride, |sample| sample as f32 / 2_147_483_648.0),
            ),
            _ => return Come::UnknownSound,
        };
        // A rate is some thousands; what is none is refused later.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rate = kind.sampleRate().round() as u32;
        Come::Sound { format: Format { rate, sample_bytes }, samples }
    }
}

/// # Safety
/// `channels` is null or points to a pointer to `frames` samples, `stride` apart.
unsafe fn channel<T: Copy>(
    channels: *mut NonNull<T>,
    frames: usize,
    stride: usize,
    level: impl Fn(T) -> f32,
) -> Vec<f32> {
    // SAFETY: as this function's.
    let Some(first) = (unsafe { channels.as_ref() }) else { return Vec::new() };
    // SAFETY: as this function's.
    (0..frames).map(|frame| level(unsafe { first.add(frame * stride).read() })).collect()
}
