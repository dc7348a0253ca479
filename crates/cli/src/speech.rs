//! What the spoken subcommands have in common: the models they need, and devices by name.

use assembly::speech::{Hearing, SystemSpeech, missing};
use media::{DeviceName, Direction};

use crate::exit::{Exit, Failure};
use crate::models::pull::{Fetched, Show, fetch};
use crate::models::{Opened, VOICE};
use crate::opening::agreed;
use crate::terminal::{bytes, can_ask, note};

/// Whether there is a recogniser; where a person can be asked, it is offered.
pub(crate) async fn have_recogniser(opened: &Opened, hearing: Hearing<'_>) -> anyhow::Result<bool> {
    let missing = missing(&opened.store, hearing);
    if missing.is_empty() {
        return Ok(true);
    }
    let entries: Vec<_> = missing.iter().filter_map(|id| opened.store.entry(id)).collect();
    let name = match missing.as_slice() {
        [one] if hearing.model.is_some() || !is_starter(opened, one) => one.to_string(),
        _ => VOICE.to_owned(),
    };
    let what = "The models for understanding speech are not on this machine yet.";
    if !can_ask() || entries.len() < missing.len() {
        let sentence = format!("{what} Fetch them with: hark models pull {name}");
        return Err(Failure::new(Exit::NoModel, sentence).into());
    }
    let known: u64 = entries.iter().filter_map(model_store::CatalogueEntry::download_bytes).sum();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let question = format!("{what} Download {} ({} or more)?", names.join(", "), bytes(known));
    if !agreed(&question).await? {
        note("`hark models list --all` shows what else there is.");
        return Ok(false);
    }
    for id in &missing {
        if let Fetched::Stopped = fetch(opened, id, Show::Bar).await? {
            let sentence =
                format!("The download was stopped; what is here stays. Go on with: hark models pull {name}");
            return Err(Failure::new(Exit::Interrupted, sentence).into());
        }
    }
    Ok(true)
}

fn is_starter(opened: &Opened, id: &model_store::ModelId) -> bool {
    opened.store.entry(id).is_some_and(|entry| entry.starter.is_some())
}

/// The device that a person means by its name, or by a part of what it is called; none means none in particular.
pub(crate) async fn device(
    system: &SystemSpeech,
    direction: Direction,
    wanted: Option<&str>,
) -> anyhow::Result<Option<DeviceName>> {
    let Some(wanted) = wanted else { return Ok(None) };
    let devices = system.sound_devices().await?;
    let those = || devices.iter().filter(|device| device.direction == direction);
    let part = wanted.to_lowercase();
    let exactly = those().find(|device| device.name.0 == wanted || device.label == wanted);
    let found = exactly.or_else(|| those().find(|device| device.label.to_lowercase().contains(&part)));
    if let Some(device) = found {
        return Ok(Some(device.name.clone()));
    }
    let what = if direction == Direction::Input { "microphone" } else { "loudspeaker" };
    let labels: Vec<&str> = those().map(|device| device.label.as_str()).collect();
    let there = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
    let sentence = format!("There is no {what} called “{wanted}”. Found: {there}.");
    Err(Failure::usage(sentence).into())
}
