//! `history.list_ms` and `history.search_ms`: lists and searches of a large history, in a file.

use history::scale::{Scale, Times, fill, measure as time};
use history::{History, OpenOptions};
use serde_json::{Value, json};

use super::figure::{Figure, rounded};
use super::setup::Setup;

/// Passes over pages and queries.
const PASSES: usize = 20;

pub(super) fn measure(_: &Setup) -> anyhow::Result<Vec<Figure>> {
    let scale = Scale::default();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("history.db");
    let mut history = History::open(OpenOptions::file(&file))?;
    fill(&mut history, scale)?;
    let bytes = std::fs::metadata(&file)?.len();
    let Some(reader) = history.reader()? else { anyhow::bail!("a history in a file has no reader") };
    let report = time(&reader, PASSES)?;
    let slowest = report.queries.iter().max_by(|a, b| a.median_ms.total_cmp(&b.median_ms));
    let figure = |name: &str, times: &Times, what: &str, slowest: Value| {
        let conditions = json!({
            "what": what,
            "p95_ms": rounded(times.p95_ms),
            "slowest": slowest,
            "conversations": scale.conversations,
            "messages_each": scale.messages_each,
            "file_mb": rounded(bytes as f64 / 1e6),
        });
        Figure::new(name, times.median_ms, "ms", times.samples, conditions)
    };
    let slowest = slowest.map(|times| json!({ "query": times.what, "median_ms": rounded(times.median_ms) }));
    Ok(vec![
        figure(
            "history.list_ms",
            &report.list,
            "a page of 50 conversations, the first five pages",
            Value::Null,
        ),
        figure("history.search_ms", &report.search, "50 results, all queries together", json!(slowest)),
    ])
}
