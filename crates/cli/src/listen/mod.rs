//! `hark listen`: a recording to text or subtitles, or dictation from the microphone.
//!
//! Always holds: standard output carries what was said and nothing else; it is never in a log.

mod file;
mod live;
mod out;
pub(crate) mod read;
mod subtitles;
mod timed;

use std::path::PathBuf;
use std::sync::Arc;

use api::ApiError;
use assembly::speech::{Hearing, SystemSpeech};
use engine::{Language, ListenRequest, RecogniserInfo, SpeechTask, SpeechToText};
use tokio::runtime::Handle;

use crate::exit::{Exit, Failure};
use crate::models::Opened;
use crate::opened;
use crate::speech::{self, have_recogniser};
use out::Output;

const EXAMPLES: &str = "\
Examples:
  hark listen                             writes down what you say, until Ctrl-C
  hark listen talk.mp3                    what is said in a recording
  hark listen talk.mp3 --format srt -o talk.srt";

/// The arguments of `hark listen`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A recording: WAV, FLAC, MP3, Ogg or M4A; without it the microphone
    file: Option<PathBuf>,
    /// What is written
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The language that is spoken, as in en or es; without it the one of the settings
    #[arg(short, long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// Write it down in English, whatever is spoken; needs a Whisper model
    #[arg(long)]
    translate: bool,
    /// The recogniser: an id of `hark models list --all`
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
    /// The microphone, by its name or a part of it
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    microphone: Option<String>,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// The words, a line for each part
    Text,
    /// Subtitles, as most players take them
    Srt,
    /// Subtitles, as browsers take them
    Vtt,
    /// Everything, with the time of each word
    Json,
}

/// Listens.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    opened::block_on(async {
        let opened = Opened::here()?;
        let task = if args.translate { SpeechTask::TranslateToEnglish } else { SpeechTask::Transcribe };
        let settings = &opened.settings.voice;
        let wanted = Hearing::of(settings);
        let hearing = Hearing {
            model: args.model.as_deref().or(wanted.model),
            language: args.language.as_deref().or(wanted.language),
            task,
        };
        // A file that cannot be read is said before anything is fetched for it.
        let sound = args.file.as_deref().map(read::sound).transpose()?;
        if !have_recogniser(&opened, hearing).await? {
            return Ok(Exit::Cancelled);
        }
        let system = SystemSpeech::new(opened.paths.clone(), Handle::current());
        let recogniser = system.recogniser(&opened.store, hearing)?;
        let info = recogniser.ready().await.map_err(ApiError::from)?;
        suits(&info, hearing)?;
        let request = ListenRequest {
            language: hearing.language.map(|tag| Language(tag.to_owned())),
            task,
            word_times: args.format != Format::Text,
        };
        let job = Job { recogniser, request };
        let mut output = Output::open(args.format, args.output.as_deref())?;
        let exit = if let Some(sound) = sound {
            file::listen(&job, &sound, &mut output).await?
        } else {
            let microphone = speech::device(&system, media::Direction::Input, args.microphone.as_deref());
            let request = media::SoundRequest {
                input: microphone.await?.or_else(|| settings.microphone.clone().map(media::DeviceName)),
                ..media::SoundRequest::default()
            };
            let activity = system.voice_activity(&opened.store);
            live::listen(&job, system.card().as_ref(), &request, activity, &mut output).await?
        };
        output.end()?;
        Ok(exit)
    })
}

/// What a recogniser is asked, again and again.
struct Job {
    recogniser: Arc<dyn SpeechToText>,
    request: ListenRequest,
}

/// Whether the recogniser can do what is asked of it.
fn suits(info: &RecogniserInfo, hearing: Hearing<'_>) -> anyhow::Result<()> {
    let refuse = |sentence: String| Err(Failure::new(Exit::NoModel, sentence).into());
    if hearing.task == SpeechTask::TranslateToEnglish && !info.translates {
        return refuse(format!("{} does not translate. Choose a Whisper model with --model.", info.name));
    }
    let Some(tag) = hearing.language else { return Ok(()) };
    let primary = tag.split(['-', '_']).next().unwrap_or(tag);
    if info.languages.is_empty() || info.languages.iter().any(|known| known.0.eq_ignore_ascii_case(primary)) {
        return Ok(());
    }
    refuse(format!("{} does not know the language “{tag}”. Choose another model with --model.", info.name))
}
