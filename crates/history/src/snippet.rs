//! Short pieces of long texts for lists, with what was searched for marked.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A piece of a text on one line, cut ends marked with an ellipsis.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// The piece, white space collapsed.
    pub text: String,
    /// What matched: byte ranges of `text`, in order, apart from each other. See [`Snippet::pieces`].
    pub matches: Vec<Range<usize>>,
}

/// Characters shown before the first match.
const LEAD_CHARS: usize = 40;

impl Snippet {
    /// The first `chars` characters of `text`.
    pub(crate) fn beginning(text: &str, chars: usize) -> Self {
        Self::around(text, &[], chars)
    }

    /// About `chars` characters of `text` from shortly before the first place where one of `terms` (folded, see
    /// [`fold`]) is found, or from the beginning.
    pub(crate) fn around(text: &str, terms: &[Vec<char>], chars: usize) -> Self {
        let shown = one_line(text, if terms.is_empty() { chars + 1 } else { usize::MAX });
        let folded: Vec<char> = shown.iter().copied().map(fold).collect();
        let first = (0..folded.len()).find(|at| longest_match(&folded, *at, terms).is_some()).unwrap_or(0);
        let start = if first <= LEAD_CHARS { 0 } else { word_start(&shown, first - LEAD_CHARS, first) };
        let end = shown.len().min(start + chars);
        let mut snippet = Self { text: String::new(), matches: Vec::new() };
        if start > 0 {
            snippet.text.push('…');
        }
        let mut hit_until = start;
        for (at, c) in shown.iter().enumerate().take(end).skip(start) {
            if let Some(length) = longest_match(&folded, at, terms) {
                hit_until = hit_until.max(at + length);
            }
            let from = snippet.text.len();
            snippet.text.push(*c);
            if at < hit_until {
                snippet.mark(from);
            }
        }
        if end < shown.len() {
            snippet.text.push('…');
        }
        snippet
    }

    /// Marks the character that starts at byte `from` and ends the text.
    fn mark(&mut self, from: usize) {
        let until = self.text.len();
        match self.matches.last_mut() {
            Some(last) if last.end == from => last.end = until,
            _ => self.matches.push(from..until),
        }
    }
}

/// At most `limit` characters of `text`, white space collapsed, none at the start.
fn one_line(text: &str, limit: usize) -> Vec<char> {
    let mut line: Vec<char> = Vec::new();
    for c in text.chars() {
        if line.len() >= limit {
            break;
        }
        match (c.is_whitespace() || c.is_control(), line.last()) {
            (true, None | Some(' ')) => {}
            (true, Some(_)) => line.push(' '),
            (false, _) => line.push(c),
        }
    }
    line
}

/// The first start of a word in `from..until`, so that a snippet does not begin within one.
fn word_start(text: &[char], from: usize, until: usize) -> usize {
    (from..until).find(|at| text[at - 1] == ' ').unwrap_or(from)
}

fn longest_match(folded: &[char], at: usize, terms: &[Vec<char>]) -> Option<usize> {
    terms.iter().filter(|term| folded[at..].starts_with(term)).map(Vec::len).max()
}

/// A character without case and without the accents of Latin letters, as the search index sees it.
pub(crate) fn fold(c: char) -> char {
    match c.to_lowercase().next().unwrap_or(c) {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' => 'i',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' => 's',
        'ţ' | 'ť' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        lower => lower,
    }
}
