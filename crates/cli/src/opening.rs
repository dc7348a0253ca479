//! The application for one run in a terminal: with the settings of the command line, and with a model.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use api::{App, Commands, ListConversations, Nothing, Snapshot};
use model_store::{ModelId, Task};
use settings::{Paths, Settings, SettingsFile};
use tokio::runtime::Handle;

use crate::exit::{Exit, Failure};
use crate::models::pull::{Fetched, Show, fetch};
use crate::models::{Opened, STARTER};
use crate::terminal::{bytes, can_ask, note, warn};

/// In front of a server's id where a model's id could stand.
const SERVER: &str = "server:";

/// What is kept of a run's conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// All, as the window keeps it.
    History,
    /// Nothing: they are in memory alone.
    Nothing,
}

/// What the command line wants of the application.
pub(crate) struct Wanted<'a> {
    /// The model that was named.
    pub(crate) model: Option<&'a str>,
    /// Goes on with a conversation, which may have a model of its own.
    pub(crate) resumes: bool,
    /// What is kept.
    pub(crate) keeping: Keeping,
    /// The settings that hold for this run alone.
    pub(crate) change: &'a dyn Fn(&mut Settings),
}

/// An open application and what belongs to it.
pub(crate) struct Open {
    pub(crate) app: App,
    /// As it was at the beginning.
    pub(crate) snapshot: Snapshot,
    /// The model wanted for new conversations; none takes the best that is here.
    pub(crate) model: Option<String>,
    /// Holds the settings of this run.
    _settings: SettingsOfThisRun,
}

/// Opens the application. `None` when there is no model and the user does not want one.
pub(crate) async fn open(opened: &Opened, wanted: &Wanted<'_>) -> anyhow::Result<Option<Open>> {
    for problem in &opened.problems {
        let line = problem.place.map(|place| format!("line {}: ", place.line)).unwrap_or_default();
        warn(format!("{}: {line}{}", opened.paths.settings_file().display(), problem.sentence));
    }
    let named = wanted.model.map(|model| named(opened, model)).transpose()?;
    let model = named.or_else(|| opened.settings.model.active.clone());
    // A conversation may have a model of its own, which the application knows.
    let needed = wanted.model.is_some() || !wanted.resumes;
    if needed && !have_model(opened, model.as_deref()).await? {
        return Ok(None);
    }
    let settings = SettingsOfThisRun::new(opened, wanted, model.clone())?;
    let app = assembly::open_under(settings.paths.clone(), &Handle::current())?;
    let snapshot = app.snapshot(Nothing {}).await?;
    for notice in &snapshot.notices {
        // Without a history wanted, that there is none is no news.
        if !(wanted.keeping == Keeping::Nothing && notice.id == "history") {
            warn(&notice.error.message);
        }
    }
    Ok(Some(Open { app, snapshot, model, _settings: settings }))
}

/// The id of the model that was named on the command line. A file is taken in where it lies.
fn named(opened: &Opened, model: &str) -> anyhow::Result<String> {
    if let Some(server) = model.strip_prefix(SERVER) {
        let known = opened.settings.servers.iter().any(|known| known.id == server);
        let sentence = || format!("There is no server “{server}” in the settings.");
        return known.then(|| model.to_owned()).ok_or_else(|| Failure::new(Exit::NoModel, sentence()).into());
    }
    if is_file(model) {
        let imported = opened.store.import(Path::new(model));
        let imported = imported.map_err(|error| Failure::new(Exit::NoModel, error.to_string()))?;
        return Ok(imported.id.as_str().to_owned());
    }
    Ok(opened.id(model)?.as_str().to_owned())
}

fn is_file(model: &str) -> bool {
    let ending = Path::new(model).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"));
    ending || (model.contains(std::path::is_separator) && Path::new(model).is_file())
}

/// The same, for a conversation that is to have it from now on.
pub(crate) fn id_for_conversation(model: &str) -> anyhow::Result<String> {
    named(&Opened::here()?, model)
}

/// Whether the model, or any, is here; where a person can be asked, it is offered.
async fn have_model(opened: &Opened, model: Option<&str>) -> anyhow::Result<bool> {
    let store = &opened.store;
    let (id, missing) = match model {
        Some(model) if model.starts_with(SERVER) => return Ok(true),
        Some(model) => {
            let id = opened.id(model)?;
            match store.installed_model(&id) {
                Some(here) => {
                    return here
                        .problem
                        .map_or(Ok(true), |problem| Err(Failure::new(Exit::NoModel, problem).into()));
                }
                None => (id, format!("The model {model} is not on this machine.")),
            }
        }
        None => {
            let usable =
                |model: &model_store::InstalledModel| model.task == Task::Chat && model.problem.is_none();
            if store.installed().iter().any(usable) {
                return Ok(true);
            }
            (opened.id(STARTER)?, "There is no model on this machine yet.".to_owned())
        }
    };
    if !can_ask() {
        let name = if model.is_none() { STARTER } else { id.as_str() };
        let sentence = format!("{missing} Fetch it with: hark models pull {name}");
        return Err(Failure::new(Exit::NoModel, sentence).into());
    }
    offer(opened, &id, &missing).await
}

async fn offer(opened: &Opened, id: &ModelId, missing: &str) -> anyhow::Result<bool> {
    let entry = opened.store.entry(id).context("The catalogue no longer has this model")?;
    let size = entry.download_bytes().map(|size| format!(", {}", bytes(size))).unwrap_or_default();
    if !agreed(&format!("{missing} Download {}{size}?", entry.name)).await? {
        note("`hark models list` shows what else there is.");
        return Ok(false);
    }
    match fetch(opened, id, Show::Bar).await? {
        Fetched::All(_) => Ok(true),
        Fetched::Stopped => {
            let sentence =
                format!("The download was stopped; what is here stays. Go on with: hark models pull {id}");
            Err(Failure::new(Exit::Interrupted, sentence).into())
        }
    }
}

/// Asks a person, who is there.
pub(crate) async fn agreed(question: &str) -> anyhow::Result<bool> {
    let mut err = anstream::stderr();
    write!(err, "{question} [Y/n] ")?;
    err.flush()?;
    let answer = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = answer.await.context("The answer could not be read")??;
    // The end of input has no line at all, and is no yes.
    Ok(answer.ends_with('\n') && !answer.trim().to_lowercase().starts_with('n'))
}

/// The conversation that was written in last.
pub(crate) async fn last_conversation(app: &App) -> anyhow::Result<String> {
    // Pinned ones come first, whatever their age.
    let page =
        app.list_conversations(ListConversations { query: String::new(), cursor: None, limit: 200 }).await?;
    let newest = page.items.into_iter().max_by_key(|one| one.updated);
    newest
        .map(|one| one.id)
        .ok_or_else(|| Failure::new(Exit::Failed, "There is no conversation to go on with yet.").into())
}

/// The user's settings, changed by the command line, in a folder that is gone when this run ends. What is chosen in a
/// terminal for a while must not change what the window does.
struct SettingsOfThisRun {
    paths: Paths,
    _folder: tempfile::TempDir,
}

impl SettingsOfThisRun {
    fn new(opened: &Opened, run: &Wanted<'_>, model: Option<String>) -> anyhow::Result<Self> {
        let what = "The settings of this run could not be prepared";
        let folder = tempfile::Builder::new().prefix("hark-").tempdir().context(what)?;
        let mut paths = Paths { config: folder.path().to_path_buf(), ..opened.paths.clone() };
        let mut wanted = opened.settings.clone();
        (run.change)(&mut wanted);
        wanted.model.active = model;
        // Relative folders count from the data folder, which may be another here.
        wanted.models.folder = Some(opened.paths.models_folder(&opened.settings));
        if run.keeping == Keeping::Nothing {
            // Below a file there can be no folder, so the history can only be in memory.
            paths.data = std::env::current_exe().context(what)?.join("nowhere");
        }
        wanted.check().map_err(|problem| Failure::usage(problem.sentence))?;
        let (mut file, _) = SettingsFile::open(paths.settings_file());
        file.save(&wanted).context(what)?;
        Ok(Self { paths, _folder: folder })
    }
}
