//! `hark chat`: the typed conversation in a terminal, or one question and its answer.
//!
//! It is the window's application with the window's history. What always holds: standard output carries the reply and
//! nothing else; what is typed goes into the history only, never into a file of the line editor's.

mod asked;
mod attach;
mod follow;
mod show;
mod talk;

use std::io::IsTerminal;
use std::path::PathBuf;

use api::{App, Commands, OneConversation, Send};

use crate::exit::{Exit, Failure};
use crate::models::Opened;
use crate::opened;
use crate::opening::{self, Keeping, Open, Wanted};
use crate::terminal::{note, warn};
use follow::{Ended, Follow};
use settings::Settings;
use show::Show;

const EXAMPLES: &str = "\
Examples:
  hark chat                                  a conversation; /help in it shows more
  hark chat -p 'What is a monad?'            one question, one answer
  git diff | hark chat -p 'What changed?'    about what is piped in
  hark chat -a plot.png -p 'The highest point?'    about a picture or a file";

/// The arguments of `hark chat`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // each is a flag on the command line
pub(crate) struct Args {
    /// Ask this one question and print the answer; standard input, if piped, is added to it
    #[arg(short, long, value_name = "TEXT")]
    prompt: Option<String>,
    /// A picture, a PDF or a text file that the question is about; may be given several times
    #[arg(short, long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// The model: an id, a GGUF file, or server:ID
    #[arg(short, long, value_name = "MODEL")]
    model: Option<String>,
    /// Go on with the last conversation
    #[arg(short = 'c', long = "continue", conflicts_with = "conversation")]
    resume: bool,
    /// Go on with this conversation
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
    /// Keep nothing: the conversation is in memory alone
    #[arg(long, conflicts_with_all = ["resume", "conversation"])]
    no_history: bool,
    /// What the model is told beforehand
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Makes replies repeatable
    #[arg(long)]
    seed: Option<u32>,
    /// How daring replies are, 0 to 2
    #[arg(long, value_name = "NUMBER")]
    temperature: Option<f64>,
    /// The most tokens a reply may have
    #[arg(long, value_name = "NUMBER")]
    max_tokens: Option<u32>,
    /// The answer with its figures as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Talks, or asks once.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let question = asked::question(args.prompt.as_deref())?;
    if args.json && question.is_none() {
        return Err(Failure::usage("--json is for one question: add -p, or pipe the question in.").into());
    }
    opened::block_on(async {
        let Some(open) = open(args).await? else { return Ok(Exit::Cancelled) };
        let done = match question {
            Some(question) => once(&open, args, question).await,
            None => talk::talk(&open, args).await,
        };
        let Open { app, .. } = open;
        opened::close(app).await;
        done
    })
}

async fn open(args: &Args) -> anyhow::Result<Option<Open>> {
    let change = |settings: &mut Settings| change(settings, args);
    let wanted = Wanted {
        model: args.model.as_deref(),
        resumes: args.resume || args.conversation.is_some(),
        keeping: if args.no_history { Keeping::Nothing } else { Keeping::History },
        change: &change,
    };
    opening::open(&Opened::here()?, &wanted).await
}

fn change(settings: &mut Settings, args: &Args) {
    let model = &mut settings.model;
    if let Some(system) = &args.system {
        model.system_prompt.clone_from(system);
    }
    if let Some(temperature) = args.temperature {
        model.temperature = temperature;
    }
    model.seed = args.seed.map(Into::into).or(model.seed);
    model.max_tokens = args.max_tokens.or(model.max_tokens);
}

/// One question, one answer.
async fn once(open: &Open, args: &Args, text: String) -> anyhow::Result<Exit> {
    let conversation = conversation(&open.app, args).await?;
    let mut show = if args.json {
        Show::collecting()
    } else if std::io::stdout().is_terminal() {
        Show::for_people()
    } else {
        Show::plain()
    };
    let mut follow = Follow::new(&open.app);
    let attachments = attach::all(&open.app, conversation.as_deref(), &args.attach).await?;
    let sent = open.app.send(Send { conversation, text, attachments }).await?;
    let ended = follow.reply(&sent.conversation, &mut show).await?;
    if args.json {
        Show::json(&ended, (!args.no_history).then_some(sent.conversation.as_str()))?;
    }
    finish(&ended)
}

/// Says how a reply ended, where that has to be said, and with which status.
fn finish(ended: &Ended) -> anyhow::Result<Exit> {
    if let Some(details) = &ended.message.details {
        if details.cut_short {
            note("The reply is cut short: its allowance of tokens or the context is used up.");
        }
        if details.dropped_messages > 0 {
            note(format!(
                "The {} oldest messages no longer fit the context and were left out.",
                details.dropped_messages
            ));
        }
    }
    match &ended.message.state {
        api::MessageState::Complete | api::MessageState::Streaming => Ok(Exit::Done),
        api::MessageState::Stopped if ended.interrupted => Ok(Exit::Interrupted),
        api::MessageState::Stopped => Ok(Exit::Cancelled),
        api::MessageState::Interrupted => {
            warn("The engine ended in the middle of the reply. What is there is kept; ask again.");
            Ok(Exit::Failed)
        }
        api::MessageState::Failed { error } => Err(error.clone().into()),
    }
}

/// The conversation to go on with; none begins a new one.
async fn conversation(app: &App, args: &Args) -> anyhow::Result<Option<String>> {
    let id = match (&args.conversation, args.resume) {
        (Some(id), _) => id.clone(),
        (None, false) => return Ok(None),
        (None, true) => opening::last_conversation(app).await?,
    };
    // Whether it is there; and a model named on the command line is meant for it.
    app.open_conversation(OneConversation { conversation: id.clone() }).await?;
    if let Some(model) = &args.model {
        let model = opening::id_for_conversation(model)?;
        app.choose_model(api::ChooseModel { conversation: Some(id.clone()), model: Some(model) }).await?;
    }
    Ok(Some(id))
}
