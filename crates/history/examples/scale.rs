//! Prints, as JSON lines, how long lists and searches take in a history of 10,000 conversations of 10 messages (or
//! as many conversations as the first argument says).

use history::scale::{Scale, Times, fill, measure};
use history::{History, OpenOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut scale = Scale::default();
    if let Some(conversations) = std::env::args().nth(1) {
        scale.conversations = conversations.parse()?;
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("history.db");
    let mut history = History::open(OpenOptions::file(&path))?;
    let start = std::time::Instant::now();
    fill(&mut history, scale)?;
    let bytes = std::fs::metadata(&path)?.len();
    eprintln!("filled in {:.1} s: {:.1} MB", start.elapsed().as_secs_f64(), bytes as f64 / 1e6);
    let reader = history.reader()?.ok_or("a history in a file has readers")?;
    let report = measure(&reader, 20)?;
    print("history.list_ms", &report.list, scale);
    print("history.search_ms", &report.search, scale);
    for query in &report.queries {
        print("history.search_ms", query, scale);
    }
    Ok(())
}

fn print(name: &str, times: &Times, scale: Scale) {
    let line = serde_json::json!({
        "name": name, "what": times.what, "median_ms": times.median_ms, "p95_ms": times.p95_ms,
        "samples": times.samples, "conversations": scale.conversations, "messages_each": scale.messages_each,
    });
    println!("{line}");
}
