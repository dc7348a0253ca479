//! Whether the system is asked to say that a reply has ended. Pure.

use std::time::Duration;

use api::{HostWords, MessageState, MessageView, Speaker};
use settings::Notify;

/// A reply that took as long is one that nobody waited for with folded hands.
const LONG: Duration = Duration::from_secs(8);

/// Characters of a reply that are shown, where the user has chosen so.
const SHOWN: usize = 160;

/// What is said: a title and a text, which may be empty. None when nothing is.
pub(crate) fn of(
    message: &MessageView,
    took: Duration,
    in_sight: bool,
    wanted: Notify,
    words: &HostWords,
) -> Option<(String, String)> {
    if in_sight || took < LONG || wanted == Notify::Off || message.speaker != Speaker::Assistant {
        return None;
    }
    let title = match message.state {
        MessageState::Complete => &words.answered,
        MessageState::Failed { .. } | MessageState::Interrupted => &words.failed,
        // Whoever stopped it knows.
        MessageState::Streaming | MessageState::Stopped => return None,
    };
    let text = match wanted {
        Notify::Text => beginning(&message.text),
        Notify::Plain | Notify::Off => String::new(),
    };
    (!title.is_empty()).then(|| (title.clone(), text))
}

fn beginning(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(state: MessageState) -> MessageView {
        MessageView {
            id: "m".into(),
            speaker: Speaker::Assistant,
            text: "It is\nblue. ".repeat(40),
            thinking: String::new(),
            state,
            created: 0,
            model: None,
            versions: Vec::new(),
            details: None,
            attachments: Vec::new(),
        }
    }

    fn said(state: MessageState, seconds: u64, in_sight: bool, wanted: Notify) -> Option<(String, String)> {
        let words =
            HostWords { answered: "Answered".into(), failed: "Failed".into(), ..HostWords::default() };
        of(&message(state), Duration::from_secs(seconds), in_sight, wanted, &words)
    }

    #[test]
    fn a_long_reply_out_of_sight_is_told_without_its_text() {
        let plain = Some(("Answered".to_owned(), String::new()));
        assert_eq!(said(MessageState::Complete, 30, false, Notify::Plain), plain);
        assert_eq!(said(MessageState::Interrupted, 30, false, Notify::Plain).unwrap().0, "Failed");
    }

    #[test]
    fn its_text_is_told_where_the_user_has_chosen_so_and_not_all_of_it() {
        let (_, text) = said(MessageState::Complete, 30, false, Notify::Text).unwrap();
        assert!(text.starts_with("It is blue. It is") && text.chars().count() == SHOWN + 1, "{text}");
    }

    #[test]
    fn what_was_seen_short_stopped_or_unwanted_is_not_told() {
        assert_eq!(said(MessageState::Complete, 30, true, Notify::Plain), None);
        assert_eq!(said(MessageState::Complete, 3, false, Notify::Plain), None);
        assert_eq!(said(MessageState::Stopped, 30, false, Notify::Plain), None);
        assert_eq!(said(MessageState::Complete, 30, false, Notify::Off), None);
    }
}
