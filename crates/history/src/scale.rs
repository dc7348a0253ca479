//! How quick a large history is: a made-up one, and the measure of its lists and searches.
//!
//! `cargo run --release -p history --example scale` prints the figures; `hark bench text` reports them as
//! `history.list_ms` and `history.search_ms`.

use std::time::Instant;

use crate::import::insert;
use crate::{
    ConversationId, ExportedConversation, ExportedMessage, History, HistoryError, MessageId, MessageState,
    Reader, Role, TimestampMs,
};

/// A made-up history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// How many conversations.
    pub conversations: u32,
    /// Messages of each.
    pub messages_each: u32,
}

/// What the product promises to be quick with.
impl Default for Scale {
    fn default() -> Self {
        Self { conversations: 10_000, messages_each: 10 }
    }
}

/// Times of one kind of call, ms.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// What was called.
    pub what: String,
    /// The middle one.
    pub median_ms: f64,
    /// The one that 95 of 100 stay below.
    pub p95_ms: f64,
    /// How many calls.
    pub samples: usize,
}

/// The lists and searches of one history.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Pages of 50 conversations: the first one, and those after it.
    pub list: Times,
    /// All searches below together.
    pub search: Times,
    /// Searches of 50 results, by query.
    pub queries: Vec<Times>,
}

/// Searched for: common and rare words, pieces of words, several words, one and two characters, what is not there.
/// The last one is all of common trigrams: the most work for the index.
const QUERIES: [&str; 13] = [
    "water",
    "tion",
    "kalimoro",
    "and the",
    "window model",
    "天气",
    "模型运行",
    "的",
    "th",
    "corazón",
    "qzxv",
    "x9",
    "\"memory language light morning window\"",
];
const PAGE: u32 = 50;

/// Fills a history with conversations in English, Chinese and Spanish; the same ones each time.
pub fn fill(history: &mut History, scale: Scale) -> Result<(), HistoryError> {
    let mut words = Words(0x9E37_79B9_7F4A_7C15);
    let mut made = 0;
    while made < scale.conversations {
        let batch = 500.min(scale.conversations - made);
        let conversations: Vec<_> =
            (made..made + batch).map(|n| conversation(&mut words, n, scale)).collect();
        let tx = history.begin()?;
        insert(&tx, &conversations)?;
        tx.commit()?;
        made += batch;
    }
    // As SQLite advises for statistics (https://sqlite.org/lang_analyze.html); the plans must not depend on them.
    history.conn.execute_batch("PRAGMA optimize")?;
    Ok(())
}

/// Times `rounds` passes over pages and queries.
pub fn measure(reader: &Reader, rounds: usize) -> Result<Report, HistoryError> {
    let mut list = Vec::new();
    for _ in 0..rounds {
        let mut after = None;
        for _ in 0..5 {
            let (page, ms) = timed(|| reader.list(after, PAGE))?;
            list.push(ms);
            after = page.next;
        }
    }
    let mut queries = Vec::new();
    let mut all = Vec::new();
    for query in QUERIES {
        let times = (0..rounds)
            .map(|_| timed(|| reader.search(query, PAGE)).map(|(_, ms)| ms))
            .collect::<Result<Vec<_>, _>>()?;
        all.extend_from_slice(&times);
        queries.push(Times::of(query, times));
    }
    Ok(Report { list: Times::of("list", list), search: Times::of("search", all), queries })
}

impl Times {
    fn of(what: &str, mut ms: Vec<f64>) -> Self {
        ms.sort_by(f64::total_cmp);
        let at = |percent: usize| ms.get((ms.len() * percent / 100).min(ms.len().saturating_sub(1))).copied();
        Self {
            what: what.to_owned(),
            median_ms: at(50).unwrap_or(f64::NAN),
            p95_ms: at(95).unwrap_or(f64::NAN),
            samples: ms.len(),
        }
    }
}

fn timed<T>(call: impl FnOnce() -> Result<T, HistoryError>) -> Result<(T, f64), HistoryError> {
    let start = Instant::now();
    let value = call()?;
    Ok((value, start.elapsed().as_secs_f64() * 1000.0))
}

fn conversation(words: &mut Words, n: u32, scale: Scale) -> ExportedConversation {
    let begun = TimestampMs(1_700_000_000_000 + i64::from(n) * 600_000);
    let mut messages: Vec<ExportedMessage> = Vec::new();
    for m in 0..scale.messages_each {
        let created = TimestampMs(begun.0 + i64::from(m) * 30_000);
        let (role, length) = if m % 2 == 0 { (Role::User, 15) } else { (Role::Assistant, 70) };
        messages.push(ExportedMessage {
            id: MessageId::new(created),
            parent: messages.last().map(|last| last.id),
            role,
            text: words.text(length),
            thinking: String::new(),
            state: MessageState::Complete,
            model: None,
            created,
            usage: None,
            attachments: Vec::new(),
        });
    }
    ExportedConversation {
        id: ConversationId::new(begun),
        title: Some(words.text(4)),
        pinned: n.is_multiple_of(500),
        created: begun,
        updated: messages.last().map_or(begun, |last| last.created),
        draft: String::new(),
        head: None,
        model: None,
        messages,
    }
}

/// Makes texts; a xorshift generator (Marsaglia, 2003), so that every run has the same ones.
struct Words(u64);

const ENGLISH: &[&str] = &[
    "the",
    "and",
    "of",
    "to",
    "a",
    "in",
    "is",
    "that",
    "for",
    "water",
    "window",
    "model",
    "question",
    "information",
    "sentence",
    "conversation",
    "because",
    "between",
    "machine",
    "weather",
    "memory",
    "light",
    "morning",
    "language",
];
const CHINESE: &[&str] = &[
    "的",
    "天气",
    "模型",
    "运行",
    "今天",
    "我们",
    "可以",
    "问题",
    "怎么样",
    "记忆",
    "对话",
    "因为",
    "语言",
    "窗口",
];
const SPANISH: &[&str] =
    &["el", "la", "de", "que", "corazón", "mañana", "ventana", "pregunta", "memoria", "también"];
const SYLLABLES: &[&str] =
    &["ka", "li", "mo", "ro", "ten", "sa", "vi", "du", "pel", "nor", "ga", "fi", "bru", "shi"];

impl Words {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap_or(0)
    }

    fn text(&mut self, words: usize) -> String {
        let (list, between) = match self.below(10) {
            0..6 => (ENGLISH, " "),
            6..9 => (CHINESE, ""),
            _ => (SPANISH, " "),
        };
        let mut text = String::new();
        for n in 0..words {
            if n > 0 {
                text.push_str(between);
            }
            // The longer list of the made-up words stands for all the rarer ones.
            if self.below(3) == 0 && list != CHINESE {
                for _ in 0..2 + self.below(3) {
                    text.push_str(SYLLABLES[self.below(SYLLABLES.len())]);
                }
            } else {
                text.push_str(list[self.below(list.len())]);
            }
        }
        text
    }
}
