//! `hark talk`: the spoken conversation in a terminal, for a person, a file or a program.
//!
//! It is the window's application with the window's history. What always holds: what was said goes into the history and
//! to standard output only; whatever happens, the terminal is as it was when this ends.

mod follow;
mod json;
mod keys;
mod plain;
mod screen;
mod show;
mod typed;
mod watch;

use std::io::{self, IsTerminal};

use api::{App, Commands, Nothing, OneConversation, StartVoice};
use assembly::speech::{Hearing, SystemSpeech};
use media::Direction;
use settings::{Settings, TurnMode};
use tokio::runtime::Handle;

use crate::exit::Exit;
use crate::models::Opened;
use crate::opened;
use crate::opening::{self, Keeping, Open, Wanted};
use crate::speech::{device, have_recogniser};
use show::Beginning;

const KEYS: &str = "\
Keys, in a terminal:
  m         close and open the microphone
  Space     talk, and again: that was all (with --push-to-talk; a terminal does not tell when a key is let go)
  Esc       stop the reply that is heard
  t         type a message; Enter sends it
  q         end, as Ctrl-C does

With --json: events are lines on standard output, after {\"snapshot\": …}; commands are lines on standard input, as in
{\"command\": \"mute_voice\", \"args\": {\"muted\": true}}. The end of standard input ends the conversation.";

/// The arguments of `hark talk`.
#[derive(clap::Args)]
#[command(after_help = KEYS)]
#[allow(clippy::struct_excessive_bools)] // each is a flag on the command line
pub(crate) struct Args {
    /// Go on with this conversation
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
    /// Go on with the last conversation
    #[arg(short = 'c', long = "continue", conflicts_with = "conversation")]
    resume: bool,
    /// The model: an id, a GGUF file, or server:ID
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
    /// The microphone, by its name or a part of it
    #[arg(long, value_name = "NAME")]
    microphone: Option<String>,
    /// The loudspeaker, by its name or a part of it
    #[arg(long, value_name = "NAME")]
    speaker: Option<String>,
    /// Only what is said while the talk key is down counts
    #[arg(long)]
    push_to_talk: bool,
    /// Show it what is seen here, as it changes: screen, screen:NAME, window:TITLE, camera or camera:NAME (parts of names
    /// are enough). The model has to be one that sees
    #[arg(long, value_name = "WHAT")]
    show: Option<String>,
    /// Keep nothing: the conversation is in memory alone
    #[arg(long, conflicts_with_all = ["resume", "conversation"])]
    no_history: bool,
    /// For programs: events and commands as lines of JSON
    #[arg(long)]
    json: bool,
}

/// Talks.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    opened::block_on(async {
        let opened = Opened::here()?;
        if !have_recogniser(&opened, Hearing::of(&opened.settings.voice)).await? {
            return Ok(Exit::Cancelled);
        }
        let Some(open) = open(&opened, args).await? else { return Ok(Exit::Cancelled) };
        let done = talk(&open, args).await;
        // It may have ended by itself.
        let _ = open.app.stop_voice(Nothing {}).await;
        let Open { app, .. } = open;
        opened::close(app).await;
        done
    })
}

async fn open(opened: &Opened, args: &Args) -> anyhow::Result<Option<Open>> {
    let system = SystemSpeech::new(opened.paths.clone(), Handle::current());
    let microphone = device(&system, Direction::Input, args.microphone.as_deref()).await?;
    let speaker = device(&system, Direction::Output, args.speaker.as_deref()).await?;
    let change = |settings: &mut Settings| {
        let voice = &mut settings.voice;
        if let Some(microphone) = &microphone {
            voice.microphone = Some(microphone.0.clone());
        }
        if let Some(speaker) = &speaker {
            voice.speaker = Some(speaker.0.clone());
        }
        if args.push_to_talk {
            voice.mode = TurnMode::PushToTalk;
        }
    };
    let wanted = Wanted {
        model: args.model.as_deref(),
        resumes: args.resume || args.conversation.is_some(),
        keeping: if args.no_history { Keeping::Nothing } else { Keeping::History },
        change: &change,
    };
    opening::open(opened, &wanted).await
}

async fn talk(open: &Open, args: &Args) -> anyhow::Result<Exit> {
    let app = &open.app;
    let conversation = match (&args.conversation, args.resume) {
        (None, true) => Some(opening::last_conversation(app).await?),
        (named, _) => named.clone(),
    };
    if let Some(conversation) = &conversation {
        // Whether it is there; and a model named on the command line is meant for it.
        app.open_conversation(OneConversation { conversation: conversation.clone() }).await?;
        if let Some(model) = &open.model.as_ref().filter(|_| args.model.is_some()) {
            let chosen =
                api::ChooseModel { conversation: Some(conversation.clone()), model: Some((*model).clone()) };
            app.choose_model(chosen).await?;
        }
    }
    let show = match &args.show {
        Some(words) => Some(show::find(app, words).await?),
        None => None,
    };
    let start = Beginning { start: StartVoice { conversation }, show };
    if args.json {
        return json::talk(app, start).await;
    }
    let person = io::stdin().is_terminal() && io::stdout().is_terminal();
    if person { watch::talk(app, start).await } else { plain::talk(app, start).await }
}

/// Begins, with somebody listening to the events from before it.
async fn begin(app: &App, start: Beginning) -> anyhow::Result<follow::Follow> {
    let follow = follow::Follow::new(app);
    start.begin(app).await?;
    Ok(follow)
}
