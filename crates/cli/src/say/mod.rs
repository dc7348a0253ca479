//! `hark say`: speaks a text, or writes it as sound.
//!
//! Always holds: a text that is piped in is spoken while it still comes, sentence by sentence; Ctrl-C is silence at once.

mod play;
mod text;
mod wav;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use api::ApiError;
use assembly::speech::SystemSpeech;
use dialogue::speakable::SpokenLanguage;
use engine::{Language, SpeakRequest, SpeakerInfo, SpeechChunk, TextToSpeech};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::exit::{Exit, Failure};
use crate::models::Opened;
use crate::opened;
use crate::speech::device;
use crate::terminal::{Cell, DIM, table};
use text::{Source, Unit};

const EXAMPLES: &str = "\
Examples:
  hark say 'Good morning.'
  hark chat -p 'Tell me a story' | hark say    speaks while the story is being written
  hark say -o greeting.wav 'Good morning.'";

/// Pieces of sound on their way from the voice.
const PIECES: usize = 16;

/// The arguments of `hark say`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What is said; without it, or as -, standard input
    text: Option<String>,
    /// The voice: an id of --list-voices
    #[arg(long, value_name = "ID")]
    voice: Option<String>,
    /// How fast, relative to the voice's own pace: 0.5 to 3
    #[arg(long, value_name = "NUMBER", value_parser = rate)]
    rate: Option<f32>,
    /// The language of the text, as in en or es; without it, it is found out
    #[arg(short, long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// The loudspeaker, by its name or a part of it
    #[arg(long, value_name = "NAME", conflicts_with = "output")]
    speaker: Option<String>,
    /// Write the sound to this file, as WAV, in place of playing it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the voices there are
    #[arg(long, conflicts_with_all = ["text", "output"])]
    list_voices: bool,
    /// The list of voices as JSON
    #[arg(long, requires = "list_voices")]
    json: bool,
}

fn rate(text: &str) -> Result<f32, String> {
    let rate: f32 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.5..=3.0).contains(&rate) { Ok(rate) } else { Err("not between 0.5 and 3".to_owned()) }
}

/// Speaks.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let source = if args.list_voices { None } else { Some(Source::of(args.text.as_deref())?) };
    opened::block_on(async {
        let opened = Opened::here()?;
        let system = SystemSpeech::new(opened.paths.clone(), Handle::current());
        let voice = system.voice(&opened.store)?;
        let info = voice.ready().await.map_err(ApiError::from)?;
        let Some(source) = source else { return list(&info, args.json) };
        let settings = &opened.settings.voice;
        let wanted = args.voice.clone().or_else(|| settings.voice.clone());
        if let Some(id) = args.voice.as_ref().filter(|id| info.voices.iter().all(|voice| voice.id != **id)) {
            let sentence = format!("There is no voice “{id}”. `hark say --list-voices` shows them.");
            return Err(Failure::usage(sentence).into());
        }
        // The file holds decimal numbers in double precision.
        #[allow(clippy::cast_possible_truncation)]
        let rate = args.rate.unwrap_or(settings.rate as f32);
        let speaker = Speaker { voice, wanted, rate };
        let language = args.language.as_deref();
        if let Some(path) = &args.output {
            return wav::write(&speaker, source, language, info.rate, path).await;
        }
        let output = device(&system, media::Direction::Output, args.speaker.as_deref()).await?;
        let output = output.or_else(|| settings.speaker.clone().map(media::DeviceName));
        #[allow(clippy::cast_possible_truncation)]
        let sound = play::Sound { card: system.card(), output, volume: settings.volume as f32 };
        play::play(&speaker, source, language, info.rate, sound).await
    })
}

/// A voice, and how it is to speak.
struct Speaker {
    voice: Arc<dyn TextToSpeech>,
    wanted: Option<String>,
    rate: f32,
}

impl Speaker {
    /// Speaks all of a text as it comes; its sound goes to `out`, which ends with it.
    async fn speak(
        &self,
        mut units: mpsc::Receiver<Unit>,
        out: mpsc::Sender<SpeechChunk>,
        cancel: CancellationToken,
    ) -> anyhow::Result<()> {
        while let Some(unit) = units.recv().await {
            let request = SpeakRequest {
                text: unit.say,
                language: Language(unit.language),
                voice: self.wanted.clone(),
                rate: self.rate,
            };
            self.voice.speak(request, out.clone(), cancel.clone()).await.map_err(ApiError::from)?;
        }
        Ok(())
    }

    /// The sound of a text, as it is made, and the task that makes it.
    async fn sound<T>(
        &self,
        source: Source,
        language: Option<&str>,
        cancel: &CancellationToken,
        play: impl AsyncFnOnce(mpsc::Receiver<SpeechChunk>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let expected = match language {
            Some(tag) => SpokenLanguage::from_tag(tag).ok_or_else(|| tag.to_owned()),
            None => Ok(SpokenLanguage::default()),
        };
        let units = text::units(source, expected);
        let (out, sound) = mpsc::channel(PIECES);
        let (spoken, played) = tokio::join!(self.speak(units, out, cancel.clone()), play(sound));
        // What the listener says explains what the voice says, and not the other way round.
        let played = played?;
        if !cancel.is_cancelled() {
            spoken?;
        }
        Ok(played)
    }
}

fn list(info: &SpeakerInfo, json: bool) -> anyhow::Result<Exit> {
    let mut out = anstream::stdout();
    if json {
        let voices: Vec<_> = info
            .voices
            .iter()
            .map(|voice| json!({ "id": voice.id, "name": voice.name, "languages": voice.languages }))
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&voices)?)?;
        return Ok(Exit::Done);
    }
    let row = |voice: &engine::Voice| {
        let languages: Vec<&str> = voice.languages.iter().map(|language| language.0.as_str()).collect();
        vec![Cell::plain(&voice.id), Cell::plain(&voice.name), Cell::new(languages.join(" "), DIM)]
    };
    let rows: Vec<_> = info.voices.iter().map(row).collect();
    write!(out, "{}", table(&["ID", "NAME", "LANGUAGES"], &rows))?;
    Ok(Exit::Done)
}
