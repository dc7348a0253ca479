//! `hark models`: what there is, fetching it, taking in own files, removing, and where it lies.

mod list;
mod local;
pub(crate) mod pull;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Subcommand;
use model_store::{ModelId, ModelStore, Starter};
use settings::{Paths, Settings, SettingsFile};

use crate::exit::{Exit, Failure};
use crate::opened;

/// The name under which the model of the first conversation can be asked for.
pub(crate) const STARTER: &str = "starter";

/// The name of the models of the first spoken conversation.
pub(crate) const VOICE: &str = "voice";

/// The arguments of `hark models`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the models that are here and those that can be fetched
    #[command(visible_alias = "ls")]
    List {
        /// Every kind of model, not only those to chat with
        #[arg(long)]
        all: bool,
        /// With a sentence on how each fits this machine
        #[arg(long, short)]
        long: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model; what is here already is not fetched again
    Pull {
        /// An id of the list, `starter`, `voice`, or org/repo[:quantisation] on the model hub
        model: String,
        /// Progress and result as lines of JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a model's files, or forget an imported one
    Rm {
        /// Its id
        model: String,
    },
    /// Use a GGUF file where it lies; it is neither copied nor changed
    Import {
        /// The file
        file: PathBuf,
        /// The new model's id and path as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print where models lie, or the files of one
    Where {
        /// Its id
        model: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Does what is asked.
pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let opened = Opened::here()?;
    match args.command {
        Command::List { all, long, json } => list::run(&opened, all, list::Form::of(json, long)),
        Command::Pull { model, json } => opened::block_on(pull::run(&opened, &model, json)),
        Command::Rm { model } => local::remove(&opened, &model),
        Command::Import { file, json } => local::import(&opened, &file, json),
        Command::Where { model, json } => local::locate(&opened, model.as_deref(), json),
    }
}

/// The settings and the models, without the rest of the application.
pub(crate) struct Opened {
    pub(crate) paths: Paths,
    pub(crate) settings: Settings,
    pub(crate) problems: Vec<settings::SettingsProblem>,
    pub(crate) store: Arc<ModelStore>,
}

impl Opened {
    /// This user's, on this machine.
    pub(crate) fn here() -> anyhow::Result<Self> {
        let paths = Paths::from_env().context("The folders for settings and data could not be found")?;
        let (_, loaded) = SettingsFile::open(paths.settings_file());
        let store = assembly::model_store_of(&paths, &loaded.settings)
            .context("The catalogue of models could not be read")?;
        let store = Arc::new(store);
        Ok(Self { paths, settings: loaded.settings, problems: loaded.problems, store })
    }

    /// The id that a person means; `starter` is that of the first conversation's model.
    pub(crate) fn id(&self, name: &str) -> anyhow::Result<ModelId> {
        if name == STARTER {
            let starter = self.store.catalogue().iter().find(|entry| entry.starter == Some(Starter::Chat));
            return Ok(starter.context("The catalogue names no starter model")?.id.clone());
        }
        let id = name.parse::<ModelId>().ok();
        let known = |id: &ModelId| self.store.entry(id).is_some() || self.store.installed_model(id).is_some();
        id.filter(known).ok_or_else(|| {
            let sentence = format!(
                "There is no model called “{name}”. `hark models list --all` shows them; one on the hub is org/repo."
            );
            Failure::new(Exit::NoModel, sentence).into()
        })
    }
}
