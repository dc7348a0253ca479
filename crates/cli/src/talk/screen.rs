//! What is drawn: what is over scrolls away like any output, and below it a few live lines are drawn anew.
//!
//! Always holds: the live lines fit the terminal, so that going up as many lines as were drawn is where they began.

use std::io::{self, Write};

use anstyle::Style;
use api::{SoundSide, VoicePhase};
use crossterm::cursor::MoveUp;
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::follow::Standing;
use crate::terminal::{BAD, BOLD, CAUTION, DIM, GOOD, harmless, styled};
use crate::wrap::{columns, wrapped};

/// Cells of the level bar.
const BAR: usize = 12;
/// Lines that one live text may take; of a longer one the end is shown.
const LINES: usize = 3;

/// The terminal below what was printed.
pub(super) struct Screen {
    /// Live lines that are there.
    drawn: Vec<String>,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self { drawn: Vec::new() }
    }

    /// Prints something that stays.
    pub(super) fn print(&mut self, text: &str) -> io::Result<()> {
        let mut out = anstream::stdout();
        erase(&mut out, self.drawn.len())?;
        // The terminal is in raw mode: a line feed alone does not go back to the first column.
        write!(out, "{}\r\n", text.replace('\n', "\r\n"))?;
        let drawn = std::mem::take(&mut self.drawn);
        self.live(&drawn)
    }

    /// Prints something to know.
    pub(super) fn note(&mut self, sentence: &str) -> io::Result<()> {
        self.print(&styled(CAUTION, wrapped(&harmless(sentence), columns(), 2)))
    }

    /// Draws the live lines anew, if they have changed.
    pub(super) fn live(&mut self, lines: &[String]) -> io::Result<()> {
        if self.drawn == lines {
            return Ok(());
        }
        let mut out = anstream::stdout();
        erase(&mut out, self.drawn.len())?;
        for line in lines {
            write!(out, "{line}\r\n")?;
        }
        self.drawn = lines.to_vec();
        out.flush()
    }

    /// Takes the live lines away.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.live(&[])
    }
}

fn erase(out: &mut impl Write, lines: usize) -> io::Result<()> {
    if let Some(lines) = u16::try_from(lines).ok().filter(|lines| *lines > 0) {
        queue!(out, MoveUp(lines), Clear(ClearType::FromCursorDown))?;
    }
    Ok(())
}

/// Something that was said, and how it ended.
pub(super) fn over(who: &str, text: &str, how: Option<&str>) -> String {
    let indent = who.width() + 2;
    let how = how.map(|how| format!(" {}", styled(DIM, harmless(how)))).unwrap_or_default();
    format!("{}  {}{how}", styled(BOLD, who), wrapped(&harmless(text.trim()), columns(), indent))
}

/// The live lines.
pub(super) fn live(standing: &Standing, typed: Option<&str>) -> Vec<String> {
    let columns = columns();
    let caption = &standing.voice.caption;
    let mut lines = Vec::new();
    if !(caption.committed.is_empty() && caption.tentative.is_empty()) {
        lines.extend(said("You", &[(Style::new(), &caption.committed), (DIM, &caption.tentative)], columns));
    }
    if let Some(reply) = &standing.reply {
        lines.extend(said("Hark", &[(Style::new(), reply)], columns));
    }
    if let Some(typed) = typed {
        lines.extend(said(">", &[(Style::new(), &format!("{typed}▏"))], columns));
    }
    lines.push(state(standing, columns));
    lines
}

/// The end of a text in several styles, as lines of a terminal.
fn said(who: &str, parts: &[(Style, &str)], columns: usize) -> Vec<String> {
    let indent = who.width() + 2;
    let room = columns.saturating_sub(indent + 1).max(10);
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut width) = (String::new(), 0);
    for (style, text) in parts.iter().filter(|(_, text)| !text.trim().is_empty()) {
        for word in harmless(text).split_whitespace() {
            for piece in narrow(word, room) {
                if width > 0 && width + 1 + piece.width() > room {
                    lines.push(std::mem::take(&mut line));
                    width = 0;
                }
                if width > 0 {
                    line.push(' ');
                    width += 1;
                }
                width += piece.width();
                line.push_str(&styled(*style, piece));
            }
        }
    }
    lines.push(line);
    let begin = lines.len().saturating_sub(LINES);
    let shown = lines.split_off(begin).into_iter().enumerate();
    shown
        .map(|(index, line)| {
            let head = if index == 0 { styled(BOLD, who) + "  " } else { " ".repeat(indent) };
            head + &line
        })
        .collect()
}

/// A word in pieces that fit a line.
fn narrow(word: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut width = 0;
    for character in word.chars() {
        let own = character.width().unwrap_or(0);
        if width + own > room {
            pieces.push(String::new());
            width = 0;
        }
        width += own;
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

fn state(standing: &Standing, columns: usize) -> String {
    let voice = &standing.voice;
    let (style, words) = match voice.phase {
        VoicePhase::Off => (DIM, "Over"),
        VoicePhase::Starting => (DIM, "Starting"),
        VoicePhase::Listening => (GOOD, "Listening"),
        VoicePhase::Hearing => (GOOD, "Hearing you"),
        VoicePhase::Thinking => (CAUTION, "Thinking"),
        VoicePhase::Speaking => (BOLD, "Speaking"),
        VoicePhase::Contested => (BOLD, "Speaking, quietly"),
        VoicePhase::Muted => (CAUTION, "Muted (m opens the microphone)"),
        VoicePhase::NoMicrophone => (BAD, "No microphone"),
        VoicePhase::WaitingForKey => (DIM, "Space to talk"),
    };
    let mut parts = vec![(style, format!("● {words}")), (DIM, bar(standing.levels.user))];
    if let Some(engine) = &standing.engine {
        parts.push((DIM, engine.clone()));
    }
    if let Some(first) = voice.timings.and_then(|timings| timings.first_sound) {
        parts.push((DIM, format!("answered after {first:.0} ms")));
    }
    if let SoundSide::Open { device } = &voice.microphone {
        parts.push((DIM, device.clone()));
    }
    let mut left = columns.saturating_sub(1);
    let mut line = String::new();
    for (style, text) in parts {
        let text = harmless(&text);
        if text.width() + 2 > left {
            break;
        }
        left -= text.width() + 2;
        line = line + &styled(style, text) + "  ";
    }
    line
}

fn bar(level: f32) -> String {
    // A part of the bar's few cells.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let full = ((level.clamp(0.0, 1.0) * BAR as f32).round() as usize).min(BAR);
    "█".repeat(full) + &"░".repeat(BAR - full)
}

#[cfg(test)]
mod tests {
    use api::{TurnTimingsView, VoiceCaption, VoiceLevels, VoiceView};

    use super::*;

    fn plain(lines: &[String]) -> Vec<String> {
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect()
    }

    #[test]
    fn the_state_is_one_line_with_level_and_latency() {
        let standing = Standing {
            voice: VoiceView {
                phase: VoicePhase::Listening,
                timings: Some(TurnTimingsView { first_sound: Some(321.4), ..TurnTimingsView::default() }),
                microphone: SoundSide::Open { device: "Built-in".into() },
                ..VoiceView::default()
            },
            levels: VoiceLevels { user: 0.5, assistant: 0.0 },
            ..Standing::default()
        };
        let line = plain(&[state(&standing, 80)]);
        assert_eq!(line, ["● Listening  ██████░░░░░░  answered after 321 ms  Built-in  "]);
        assert!(plain(&[state(&standing, 20)])[0].width() < 20);
    }

    #[test]
    fn captions_of_both_sides_are_shown_with_their_ends() {
        let caption = VoiceCaption { committed: "What is".into(), tentative: "the".into() };
        let standing = Standing {
            voice: VoiceView { caption, ..VoiceView::default() },
            reply: Some("It was the best of times".into()),
            ..Standing::default()
        };
        let lines = plain(&live(&standing, Some("hi")));
        assert_eq!(lines[..3], ["You  What is the", "Hark  It was the best of times", ">  hi▏"]);
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn a_long_text_shows_its_end_and_never_breaks_a_line() {
        let text = "word ".repeat(100) + &"x".repeat(100) + " end";
        let lines = plain(&said("Hark", &[(Style::new(), &text)], 30));
        assert_eq!(lines.len(), LINES);
        assert!(lines.iter().all(|line| line.width() < 30), "{lines:?}");
        assert!(lines[2].ends_with("end"), "{lines:?}");
    }
}
