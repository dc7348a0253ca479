//! A message that is being typed, while the conversation goes on above it.

use super::keys::Key;

/// What a key did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typing {
    Goes(String),
    /// It is to be sent.
    Sent(String),
    GivenUp,
}

/// The text after one more key.
pub(super) fn typing(mut text: String, key: Key) -> Typing {
    match key {
        Key::Char(character) => {
            text.push(character);
            Typing::Goes(text)
        }
        Key::Backspace => {
            text.pop();
            Typing::Goes(text)
        }
        Key::Enter if text.trim().is_empty() => Typing::GivenUp,
        Key::Enter => Typing::Sent(text.trim().to_owned()),
        Key::Escape | Key::Interrupt | Key::End => Typing::GivenUp,
        Key::Resized => Typing::Goes(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_make_a_message() {
        let keys = [Key::Char('a'), Key::Char('é'), Key::Backspace, Key::Char('b'), Key::Resized];
        let text = keys.into_iter().fold(String::new(), |text, key| match typing(text, key) {
            Typing::Goes(text) => text,
            other => panic!("{other:?}"),
        });
        assert_eq!(typing(text, Key::Enter), Typing::Sent("ab".into()));
        assert_eq!(typing(" ".into(), Key::Enter), Typing::GivenUp);
        assert_eq!(typing("abc".into(), Key::Escape), Typing::GivenUp);
    }
}
