//! Fetching a model, with its progress for people or for programs.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model_store::{
    CatalogueEntry, DownloadError, HubReference, InstalledModel, Machine, ModelId, Progress, ProgressSink,
    Stage, Starter, Verdict,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Opened, VOICE};
use crate::exit::{Exit, Failure};
use crate::terminal::{bytes, note, span, warn};

/// How a download is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// A bar, where there is a terminal.
    Bar,
    /// Lines of JSON on standard output.
    Json,
}

pub(super) async fn run(opened: &Opened, name: &str, json: bool) -> anyhow::Result<Exit> {
    if name != VOICE {
        return one(opened, name, json).await;
    }
    let set = opened.store.catalogue().iter().filter(|entry| entry.starter == Some(Starter::Voice));
    let mut failed = None;
    for entry in set {
        match one(opened, entry.id.as_str(), json).await {
            Ok(Exit::Done) => {}
            Ok(exit) => return Ok(exit),
            // The others may be of use without it.
            Err(error) => failed = Some(failed.unwrap_or(error)),
        }
    }
    failed.map_or(Ok(Exit::Done), Err)
}

async fn one(opened: &Opened, name: &str, json: bool) -> anyhow::Result<Exit> {
    let show = if json { Show::Json } else { Show::Bar };
    let id = if name.contains('/') { look_up(opened, name).await? } else { opened.id(name)? };
    let model = match usable(opened, &id) {
        Some(model) => model,
        None => match fetch(opened, &id, show).await? {
            Fetched::All(model) => *model,
            Fetched::Stopped => {
                warn(format!(
                    "The download was stopped; what is here stays. Go on with: hark models pull {name}"
                ));
                return Ok(Exit::Interrupted);
            }
        },
    };
    let path = model.files.first().map(|file| file.path.as_path());
    let mut out = anstream::stdout();
    if json {
        writeln!(out, "{}", json!({ "stage": "done", "id": id.as_str(), "name": model.name, "path": path }))?;
    } else {
        writeln!(
            out,
            "{} is here: {}",
            model.name,
            path.map(|p| p.display().to_string()).unwrap_or_default()
        )?;
    }
    Ok(Exit::Done)
}

/// The model if nothing is left to fetch.
fn usable(opened: &Opened, id: &ModelId) -> Option<InstalledModel> {
    opened.store.installed_model(id).filter(|model| model.problem.is_none() && model.missing.is_empty())
}

/// Asks the hub what the repository holds, and remembers what was chosen.
async fn look_up(opened: &Opened, name: &str) -> anyhow::Result<ModelId> {
    let reference: HubReference = name.parse().map_err(|error| Failure::usage(format!("{error}")))?;
    let cancel = CancellationToken::new();
    let entry = tokio::select! {
        entry = opened.store.look_up(&reference, &cancel) => entry?,
        _ = tokio::signal::ctrl_c() => return Err(Failure::new(Exit::Interrupted, "Stopped.").into()),
    };
    opened.store.adopt(&entry)?;
    describe(&entry);
    Ok(entry.id)
}

fn describe(entry: &CatalogueEntry) {
    let files: Vec<&str> = entry.files.iter().map(|file| file.name.as_str()).collect();
    note(format!("Chosen: {}. Its licence and terms: {}", files.join(" and "), entry.licence.link));
}

/// How a download ended, failures apart.
pub(crate) enum Fetched {
    All(Box<InstalledModel>),
    /// By Ctrl-C; what was fetched stays.
    Stopped,
}

/// Fetches a model. Ctrl-C stops it.
pub(crate) async fn fetch(opened: &Opened, id: &ModelId, show: Show) -> anyhow::Result<Fetched> {
    tell_fit(opened, id);
    let name = opened.store.entry(id).map_or_else(|| id.to_string(), |entry| entry.name);
    let cancel = CancellationToken::new();
    let (sink, bar): (ProgressSink, ProgressBar) = match show {
        Show::Bar => bar_sink(&name),
        Show::Json => (Arc::new(|progress| json_line(&progress)), ProgressBar::hidden()),
    };
    let download = opened.store.download(id, &cancel, sink);
    tokio::pin!(download);
    let result = tokio::select! {
        result = &mut download => result,
        _ = tokio::signal::ctrl_c() => {
            cancel.cancel();
            download.await
        }
    };
    bar.finish_and_clear();
    match result {
        Ok(model) => Ok(Fetched::All(Box::new(model))),
        Err(DownloadError::Cancelled) => Ok(Fetched::Stopped),
        Err(error) => Err(error.into()),
    }
}

/// Says beforehand what would be a disappointment afterwards.
fn tell_fit(opened: &Opened, id: &ModelId) {
    let fit = opened.store.fit(id, opened.settings.model.context_tokens, &Machine::probe());
    if let Some(fit) = fit.filter(|fit| fit.verdict != Verdict::Fits) {
        warn(fit);
    }
}

fn bar_sink(name: &str) -> (ProgressSink, ProgressBar) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // The template is fixed; were it wrong, the default one would do.
    if let Ok(style) = ProgressStyle::with_template("{prefix}  {bar:30} {msg}") {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar.set_prefix(name.to_owned());
    bar.set_message("connecting");
    if std::io::stderr().is_terminal() {
        bar.enable_steady_tick(Duration::from_millis(250));
    } else {
        note(format!("Fetching {name} …"));
    }
    let shown = bar.clone();
    let sink = Arc::new(move |progress: Progress| {
        shown.set_length(progress.total.unwrap_or(0));
        shown.set_position(progress.done);
        shown.set_message(words(&progress));
    });
    (sink, bar)
}

fn words(progress: &Progress) -> String {
    let have = match progress.total {
        Some(total) => format!("{} of {}", bytes(progress.done), bytes(total)),
        None => bytes(progress.done),
    };
    match progress.stage {
        Stage::Waiting => format!("{have} · another Hark is fetching it"),
        Stage::Checking => format!("{have} · checking"),
        Stage::Retrying => format!("{have} · the connection broke, trying again"),
        Stage::Downloading | Stage::Done if progress.bytes_per_s < 1.0 => have,
        Stage::Downloading | Stage::Done => {
            // Speeds are positive and far from the edge of what a whole number holds.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let speed = bytes(progress.bytes_per_s as u64);
            let left = progress.eta.map(|left| format!(" · {} left", span(left.as_secs_f64())));
            format!("{have} · {speed}/s{}", left.unwrap_or_default())
        }
    }
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Waiting => "waiting",
        Stage::Checking => "checking",
        Stage::Downloading => "downloading",
        Stage::Retrying => "retrying",
        // The last line says it, with the path.
        Stage::Done => "fetched",
    }
}

fn json_line(progress: &Progress) {
    let line = json!({
        "stage": stage_name(progress.stage), "file": progress.file, "done_bytes": progress.done,
        "total_bytes": progress.total, "bytes_per_s": progress.bytes_per_s,
        "seconds_left": progress.eta.map(|left| left.as_secs_f64()),
    });
    // Whoever stopped reading is noticed at the end.
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(stage: Stage, total: Option<u64>, bytes_per_s: f64) -> Progress {
        let eta = Some(Duration::from_secs(65));
        Progress { stage, file: "f".into(), done: 50_000_000, total, bytes_per_s, eta }
    }

    #[test]
    fn progress_says_speed_and_time_left() {
        let all = progress(Stage::Downloading, Some(98_362_432), 12.3e6);
        assert_eq!(words(&all), "50 MB of 98 MB · 12 MB/s · 1 min 5 s left");
        assert_eq!(words(&progress(Stage::Downloading, None, 0.0)), "50 MB");
        assert_eq!(words(&progress(Stage::Checking, Some(98_362_432), 0.0)), "50 MB of 98 MB · checking");
    }
}
