//! Windows: `Windows.Media.SpeechSynthesis`, which is there from Windows 10 on.
//!
//! It makes all sound of a text at once, and where its words are with it; Hark's spoken units are short. Nothing here has to
//! be set up for COM: the bindings do, on first use.

use std::ops::ControlFlow;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use windows::Media::Core::SpeechCue;
use windows::Media::SpeechSynthesis::{
    SpeechAppendedSilence, SpeechSynthesisStream, SpeechSynthesizer, VoiceInformation,
};
use windows::Storage::Streams::DataReader;
use windows::core::{Error, HSTRING, Interface};

use crate::pace;
use crate::synthesiser::{Hear, Heard, Listed, Place, Say, Standing, Synthesiser, Trouble};
use crate::wav;

/// Name for people.
pub const NAME: &str = "Windows voices";
/// Where voices are added.
pub const SETTINGS: &str = "Time & language, Speech";
/// They are there.
pub const ABSENT: Option<&str> = None;

/// How long to wait before it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(20);

/// The name of the track that holds the words (`TimedMetadataTrack.Id`).
const WORDS: &str = "SpeechWord";

/// Windows' speech.
pub struct Windows {
    synthesizer: SpeechSynthesizer,
}

/// Makes a synthesizer.
///
/// # Errors
/// [`Trouble::Failed`] where Windows has none, as in some editions without media.
pub fn start() -> Result<Windows, Trouble> {
    let synthesizer = SpeechSynthesizer::new().map_err(failed("SpeechSynthesizer"))?;
    // Without its options a voice speaks all the same: without times of words, and with more silence to cut off.
    if let Ok(options) = synthesizer.Options() {
        let _ = options.SetIncludeWordBoundaryMetadata(true);
        // Of Windows 10 1709.
        let _ = options.SetAppendedSilence(SpeechAppendedSilence::Min);
    }
    Ok(Windows { synthesizer })
}

impl Synthesiser for Windows {
    fn voices(&mut self) -> Result<Vec<Listed>, Trouble> {
        let chosen = SpeechSynthesizer::DefaultVoice().and_then(|voice| voice.Id()).ok();
        let listed = |voice: &VoiceInformation| -> windows::core::Result<Listed> {
            let id = voice.Id()?;
            Ok(Listed {
                key: id.to_string(),
                name: voice.DisplayName()?.to_string(),
                language: voice.Language()?.to_string(),
                standing: if Some(&id) == chosen.as_ref() { Standing::Default } else { Standing::Usual },
                quality: 0,
            })
        };
        Ok(installed()?.iter().filter_map(|voice| listed(voice).ok()).collect())
    }

    fn speak(&mut self, say: &Say<'_>, hear: &mut Hear<'_>) -> Result<(), Trouble> {
        let of_key = |voice: &VoiceInformation| voice.Id().is_ok_and(|id| id == say.voice);
        let voice = installed()?.into_iter().find(of_key).ok_or(Trouble::VoiceGone)?;
        self.synthesizer.SetVoice(&voice).map_err(failed("SetVoice"))?;
        let options = self.synthesizer.Options().map_err(failed("Options"))?;
        options.SetSpeakingRate(pace::windows(say.rate)).map_err(failed("SpeakingRate"))?;
        let Some(stream) = self.stream(say.text, hear)? else { return Ok(()) };
        let (format, samples) = wav::read(&bytes(&stream)?)?;
        // Without words speech is speech all the same.
        for (text, at) in words(&stream).unwrap_or_default() {
            if hear(Heard::Word { text, at }).is_break() {
                return Ok(());
            }
        }
        // A break would end what has ended.
        let _ = hear(Heard::Sound { format, samples: &samples });
        Ok(())
    }
}

impl Windows {
    /// What is made of the text; none when it is not wanted any more.
    fn stream(&self, text: &str, hear: &mut Hear<'_>) -> Result<Option<SpeechSynthesisStream>, Trouble> {
        let call = "SynthesizeTextToStreamAsync";
        let making =
            self.synthesizer.SynthesizeTextToStreamAsync(&HSTRING::from(text)).map_err(failed(call))?;
        let (made, waiting) = mpsc::channel();
        // Nobody waits any more for what was cancelled.
        making.when(move |stream| drop(made.send(stream))).map_err(failed(call))?;
        loop {
            match waiting.recv_timeout(LOOK) {
                Ok(stream) => return stream.map(Some).map_err(failed(call)),
                Err(RecvTimeoutError::Timeout) => {
                    if let ControlFlow::Break(()) = hear(Heard::Nothing) {
                        // What cannot be cancelled is made for nobody.
                        let _ = making.Cancel();
                        return Ok(None);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(Trouble::Failed { call, code: 0 }),
            }
        }
    }
}

fn installed() -> Result<Vec<VoiceInformation>, Trouble> {
    let voices = SpeechSynthesizer::AllVoices();
    voices.and_then(|voices| all(voices.Size()?, |at| voices.GetAt(at))).map_err(failed("AllVoices"))
}

/// What a list holds. The bindings' own iterator panics where a list cannot be walked through.
fn all<T>(size: u32, at: impl Fn(u32) -> windows::core::Result<T>) -> windows::core::Result<Vec<T>> {
    (0..size).map(at).collect()
}

/// The stream's bytes: a WAV file.
fn bytes(stream: &SpeechSynthesisStream) -> Result<Vec<u8>, Trouble> {
    let read = || -> windows::core::Result<Vec<u8>> {
        let size = u32::try_from(stream.Size()?).unwrap_or(u32::MAX);
        let reader = DataReader::CreateDataReader(&stream.GetInputStreamAt(0)?)?;
        let there = reader.LoadAsync(size)?.join()?;
        let mut bytes = vec![0; usize::try_from(there).unwrap_or(0)];
        reader.ReadBytes(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(failed("SpeechSynthesisStream"))
}

/// The words' code units of the text and their places in the sound. Windows' `EndPositionInInput` is the last unit of the
/// word and not the one after it (as Microsoft's own sample highlights words).
fn words(stream: &SpeechSynthesisStream) -> windows::core::Result<Vec<(std::ops::Range<usize>, Place)>> {
    let mut words = Vec::new();
    let tracks = stream.TimedMetadataTracks()?;
    for track in all(tracks.Size()?, |at| tracks.GetAt(at))? {
        if track.Id()? != WORDS {
            continue;
        }
        let cues = track.Cues()?;
        for cue in all(cues.Size()?, |at| cues.GetAt(at))? {
            let cue: SpeechCue = cue.cast()?;
            let (from, last) = (cue.StartPositionInInput()?.Value()?, cue.EndPositionInInput()?.Value()?);
            if let (Ok(from), Ok(last)) = (usize::try_from(from), usize::try_from(last)) {
                words.push((from..last.saturating_add(1), Place::Ticks(cue.StartTime()?.Duration)));
            }
        }
    }
    Ok(words)
}

fn failed(call: &'static str) -> impl FnOnce(Error) -> Trouble {
    move |error| Trouble::Failed { call, code: error.code().0 }
}
