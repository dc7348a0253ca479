//! Settings, folders, free space, conversations.

use std::path::Path;

use history::{History, HistoryError, OpenOptions};

use super::Check;
use crate::models::Opened;
use crate::terminal::bytes;

/// Less free space is too little for most models.
const TIGHT: u64 = 5_000_000_000;
/// Less is too little for conversations to be safe.
const TOO_LITTLE: u64 = 200_000_000;

pub(super) fn checks(opened: &Opened) -> Vec<Check> {
    let mut checks = settings(opened);
    checks.extend(folders(opened));
    checks.push(space(opened.store.folder()));
    checks.push(conversations(opened));
    checks
}

fn settings(opened: &Opened) -> Vec<Check> {
    let (id, name) = ("settings", "Settings");
    let file = opened.paths.settings_file();
    if opened.problems.is_empty() {
        return vec![Check::ok(id, name, file.display().to_string())];
    }
    let todo = format!("Correct it in {}. Everything else in the file holds.", file.display());
    let one = |problem: &settings::SettingsProblem| {
        let line = problem.place.map(|place| format!("Line {}: ", place.line)).unwrap_or_default();
        Check::warning(id, name, format!("{line}{}", problem.sentence), todo.clone())
    };
    opened.problems.iter().map(one).collect()
}

fn folders(opened: &Opened) -> Vec<Check> {
    let (id, name) = ("folders", "Folders");
    let paths = &opened.paths;
    let mut wanted = vec![&paths.config, &paths.data, &paths.cache];
    let models = opened.store.folder().to_path_buf();
    wanted.push(&models);
    wanted.dedup();
    // What cannot be made shows as a folder that cannot be written to.
    let _ = paths.create();
    let bad: Vec<Check> = wanted
        .iter()
        .filter_map(|folder| writable(folder).err().map(|error| (folder, error)))
        .map(|(folder, error)| {
            let says = format!("{} cannot be written to: {error}.", folder.display());
            Check::problem(id, name, says, "Allow it, or name another place with HARK_HOME.")
        })
        .collect();
    if bad.is_empty() {
        let data = paths.data.display();
        return vec![Check::ok(id, name, format!("Conversations in {data}, models in {}", models.display()))];
    }
    bad
}

fn writable(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    tempfile::Builder::new().prefix(".hark-doctor-").tempfile_in(folder).map(drop)
}

fn space(folder: &Path) -> Check {
    let (id, name) = ("space", "Free space");
    // A folder that is not there yet will lie where its nearest ancestor does.
    let there = folder.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(folder);
    match fs4::available_space(there) {
        Err(error) => {
            Check::warning(id, name, format!("Not known: {error}."), "Look whether the disk is mounted.")
        }
        Ok(free) if free < TOO_LITTLE => Check::problem(
            id,
            name,
            format!("Only {} are free.", bytes(free)),
            "Make room, or new messages may be lost.",
        ),
        Ok(free) if free < TIGHT => {
            let says = format!("{} are free: room for small models only.", bytes(free));
            Check::warning(id, name, says, "Make room, or set another models.folder in the settings.")
        }
        Ok(free) => Check::ok(id, name, format!("{} for models", bytes(free))),
    }
}

fn conversations(opened: &Opened) -> Check {
    let (id, name) = ("history", "History");
    let file = opened.paths.history_file();
    if !file.exists() {
        return Check::ok(id, name, "No conversation yet");
    }
    let looked =
        History::open(OpenOptions::file(&file).read_only()).and_then(|history| history.list(None, 1));
    match looked {
        Ok(page) if page.conversations.is_empty() => Check::ok(id, name, "No conversation yet"),
        Ok(_) => Check::ok(id, name, file.display().to_string()),
        Err(error @ HistoryError::NewerVersion { .. }) => {
            Check::problem(id, name, error.to_string(), "Update Hark.")
        }
        Err(error) => Check::failed(id, name, error.to_string()),
    }
}
