//! Models that are here: removing, taking in, finding.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use model_store::{ImportError, Removed};
use serde_json::json;

use super::Opened;
use crate::exit::{Exit, Failure};
use crate::terminal::bytes;

pub(super) fn remove(opened: &Opened, name: &str) -> anyhow::Result<Exit> {
    let id = opened.id(name)?;
    let said = match opened.store.remove(&id)? {
        Removed::Deleted { bytes: 0 } => format!("What was left of {id} is removed."),
        Removed::Deleted { bytes: freed } => format!("{id} is removed; {} are free again.", bytes(freed)),
        Removed::Forgotten => format!("{id} is no longer listed. Its file is yours and stays where it is."),
        Removed::Nothing => {
            let sentence = format!("{id} is not on this machine, so there is nothing to remove.");
            return Err(Failure::new(Exit::NoModel, sentence).into());
        }
    };
    writeln!(anstream::stdout(), "{said}")?;
    Ok(Exit::Done)
}

pub(super) fn import(opened: &Opened, file: &Path, json: bool) -> anyhow::Result<Exit> {
    let model = opened.store.import(file).map_err(|error| match error {
        ImportError::Disk(error) => anyhow::Error::from(error),
        error => Failure::new(Exit::NoModel, error.to_string()).into(),
    })?;
    let mut out = anstream::stdout();
    if json {
        let path = model.path(model_store::FileRole::Weights);
        writeln!(out, "{}", json!({ "id": model.id.as_str(), "name": model.name, "path": path }))?;
    } else {
        writeln!(out, "{} is {} now, used where it lies.", model.name, model.id)?;
        writeln!(out, "Chat with it: hark chat -m {}", model.id)?;
    }
    Ok(Exit::Done)
}

pub(super) fn locate(opened: &Opened, name: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let mut out = anstream::stdout();
    let Some(name) = name else {
        let folder = opened.store.folder();
        if json {
            writeln!(out, "{}", json!({ "folder": folder }))?;
        } else {
            writeln!(out, "{}", folder.display())?;
        }
        return Ok(Exit::Done);
    };
    let id = opened.id(name)?;
    let model = opened.store.installed_model(&id).ok_or_else(|| {
        let sentence = format!("{id} is not on this machine. Fetch it: hark models pull {id}");
        Failure::new(Exit::NoModel, sentence)
    })?;
    if json {
        let files = serde_json::to_value(&model.files).context("The files could not be told")?;
        writeln!(out, "{}", json!({ "id": id.as_str(), "files": files, "problem": model.problem }))?;
    } else {
        for file in &model.files {
            writeln!(out, "{}", file.path.display())?;
        }
    }
    Ok(Exit::Done)
}
