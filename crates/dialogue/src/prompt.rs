//! From what was said to what the model is shown.
//!
//! An interrupted reply is shown as far as it was heard ([`heard_text`](crate::heard::heard_text)) and nothing says that
//! it was interrupted: the model then goes on from what the user knows, a small model is not led to talk about the
//! interruption, and the prompt stays a beginning of the next one, which the engine's cache needs.

/// The system text of a spoken conversation: short answers in plain words. At most 120 tokens, because a model without
/// a warm cache reads it before its first word.
pub const SPOKEN: &str = include_str!("../../../assets/prompts/spoken.md");

/// Who spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One turn of the branch that is shown, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who spoke.
    pub speaker: Speaker,
    /// What was said; for an interrupted reply what there is of it. Thoughts are not part of it.
    pub text: String,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptMessage {
    /// Instructions.
    System(String),
    /// The person.
    User(String),
    /// The model.
    Assistant(String),
}

/// The prompt for the next reply: the system text (when there is one), then user and assistant in turn.
///
/// A reply that failed before its first word is left out, and the questions on both sides of it become one message,
/// because chat templates expect speakers to alternate.
pub fn assemble(system: &str, turns: &[Turn]) -> Vec<PromptMessage> {
    let turns = turns.iter().map(|turn| (turn.clone(), Vec::<()>::new()));
    assemble_shown(system, turns).into_iter().map(|(message, _)| message).collect()
}

/// The same for turns in which something is shown, which stays with its message. What is shown without a word is a
/// message too.
pub fn assemble_shown<T>(
    system: &str,
    turns: impl IntoIterator<Item = (Turn, Vec<T>)>,
) -> Vec<(PromptMessage, Vec<T>)> {
    let mut prompt = Vec::new();
    if !system.trim().is_empty() {
        prompt.push((PromptMessage::System(system.trim().to_owned()), Vec::new()));
    }
    for (turn, shown) in turns {
        if turn.text.trim().is_empty() && shown.is_empty() {
            continue;
        }
        match (prompt.last_mut(), turn.speaker) {
            (Some((PromptMessage::User(text), before)), Speaker::User)
            | (Some((PromptMessage::Assistant(text), before)), Speaker::Assistant) => {
                if !(text.is_empty() || turn.text.is_empty()) {
                    text.push_str("\n\n");
                }
                text.push_str(&turn.text);
                before.extend(shown);
            }
            (_, Speaker::User) => prompt.push((PromptMessage::User(turn.text), shown)),
            (_, Speaker::Assistant) => prompt.push((PromptMessage::Assistant(turn.text), shown)),
        }
    }
    prompt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Turn {
        Turn { speaker: Speaker::User, text: text.into() }
    }

    fn assistant(text: &str) -> Turn {
        Turn { speaker: Speaker::Assistant, text: text.into() }
    }

    fn check(turns: &[Turn], wanted: &[&str]) {
        let found: Vec<String> = assemble("Be brief.", turns)
            .iter()
            .map(|message| match message {
                PromptMessage::System(text) => format!("s:{text}"),
                PromptMessage::User(text) => format!("u:{text}"),
                PromptMessage::Assistant(text) => format!("a:{text}"),
            })
            .collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn the_system_text_comes_first() {
        check(&[user("Hello")], &["s:Be brief.", "u:Hello"]);
    }

    #[test]
    fn the_spoken_system_text_is_short() {
        // English has about 1.3 tokens a word.
        assert!(SPOKEN.split_whitespace().count() * 13 / 10 <= 120);
    }

    #[test]
    fn a_blank_system_text_is_none() {
        assert_eq!(assemble("  \n", &[user("Hello")]), [PromptMessage::User("Hello".into())]);
    }

    #[test]
    fn a_reply_that_never_began_joins_the_questions_around_it() {
        check(&[user("One"), assistant(""), user("Two")], &["s:Be brief.", "u:One\n\nTwo"]);
    }

    #[test]
    fn what_is_shown_stays_with_its_message() {
        let turns = [
            (user(""), vec![1]),
            (assistant(""), vec![]),
            (user("What is it?"), vec![2]),
            (assistant("A"), vec![]),
        ];
        let found = assemble_shown("", turns);
        assert_eq!(
            found,
            [
                (PromptMessage::User("What is it?".into()), vec![1, 2]),
                (PromptMessage::Assistant("A".into()), vec![]),
            ]
        );
    }

    #[test]
    fn an_interrupted_reply_stays_as_far_as_it_came() {
        check(
            &[user("One"), assistant("It is"), user("Go on")],
            &["s:Be brief.", "u:One", "a:It is", "u:Go on"],
        );
    }
}
