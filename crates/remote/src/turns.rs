//! Which turns leave when a conversation is longer than the server's context. Servers do not trim; a conversation that
//! has outgrown the context is refused whole.
//!
//! Pure. The system message and the newest turn never leave, and turns leave whole, oldest first.

use std::hash::{DefaultHasher, Hash, Hasher};

use engine::{ChatMessage, Role};

/// A conversation cut into the system message and turns; a turn begins with what the user said.
pub(crate) struct Turns<'a> {
    messages: &'a [ChatMessage],
    /// Where each turn begins; the first begins right after the system message.
    starts: Vec<usize>,
}

impl<'a> Turns<'a> {
    pub(crate) fn of(messages: &'a [ChatMessage]) -> Self {
        let head = usize::from(messages.first().is_some_and(|message| message.role == Role::System));
        let mut starts: Vec<usize> =
            (head..messages.len()).filter(|&at| at == head || messages[at].role == Role::User).collect();
        // The newest turn is the newest user message and what follows it.
        if starts.is_empty() {
            starts.push(head);
        }
        Self { messages, starts }
    }

    /// How many turns can leave.
    pub(crate) fn droppable(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many messages stand in the oldest `turns` turns.
    pub(crate) fn dropped_messages(&self, turns: usize) -> u32 {
        u32::try_from(self.starts[turns.min(self.droppable())] - self.starts[0]).unwrap_or(u32::MAX)
    }

    /// The conversation without its oldest `turns` turns.
    pub(crate) fn without(&self, turns: usize) -> impl Iterator<Item = &'a ChatMessage> {
        let (head, rest) = self.messages.split_at(self.starts[0]);
        let gone = self.starts[turns.min(self.droppable())] - self.starts[0];
        head.iter().chain(&rest[gone..])
    }

    /// How many turns to leave out after a prompt without the oldest `dropped` was too long: enough to come to
    /// `target` tokens if all text has as many tokens a byte as the refused prompt of `needed` had; half of what is
    /// left where the server names no numbers. `None` when only the newest turn is left already.
    pub(crate) fn after_refusal(&self, dropped: usize, sizes: Option<Sizes>) -> Option<usize> {
        if dropped >= self.droppable() {
            return None;
        }
        let Some(sizes) = sizes else {
            return Some(dropped + (self.droppable() - dropped).div_ceil(2));
        };
        let refused = self.bytes(dropped).max(1);
        let fits = |turns: usize| {
            self.bytes(turns) as u64 * u64::from(sizes.needed) <= u64::from(sizes.target) * refused as u64
        };
        Some((dropped + 1..self.droppable()).find(|&turns| fits(turns)).unwrap_or(self.droppable()))
    }

    /// Bytes of text that stay.
    pub(crate) fn bytes(&self, dropped: usize) -> usize {
        self.without(dropped).map(|message| message.text.len()).sum()
    }

    /// What is remembered of a cut, to make the same one next time.
    pub(crate) fn cut(&self, turns: usize) -> Cut {
        Cut { turns, fingerprint: self.fingerprint(turns) }
    }

    /// How many turns to leave out from the beginning: as many as last time, if it is the same conversation. The
    /// prompt then begins as the last one did and the server's cache of it still serves.
    pub(crate) fn as_before(&self, cut: Option<Cut>) -> usize {
        cut.filter(|cut| cut.turns <= self.droppable() && self.fingerprint(cut.turns) == cut.fingerprint)
            .map_or(0, |cut| cut.turns)
    }

    fn fingerprint(&self, turns: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        for message in &self.messages[..self.starts[turns.min(self.droppable())]] {
            message.role.hash(&mut hasher);
            message.text.hash(&mut hasher);
            message.images().for_each(|image| image.id().hash(&mut hasher));
        }
        hasher.finish()
    }
}

/// Tokens of a prompt that is too long, and how many it shall have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) needed: u32,
    pub(crate) target: u32,
}

/// A cut that was made, and in which conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    turns: usize,
    fingerprint: u64,
}

/// Tokens a prompt may have, so that a reply fits behind it: a quarter of the context is kept at most.
pub(crate) fn room(limit: u32, max_tokens: Option<u32>) -> u32 {
    /// A reply of ordinary length.
    const REPLY: u32 = 512;
    limit - max_tokens.unwrap_or(REPLY).min(limit / 4)
}

/// Tokens a prompt is cut down to: low enough that the next few turns fit without another cut.
pub(crate) fn target(limit: u32, max_tokens: Option<u32>) -> u32 {
    room(limit, max_tokens).min(limit / 8 * 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `s` is the system, `u` the user, `a` the assistant; each says ten letters and its place.
    fn conversation(roles: &str) -> Vec<ChatMessage> {
        let role = |letter| match letter {
            's' => Role::System,
            'u' => Role::User,
            _ => Role::Assistant,
        };
        let text = |at| format!("0123456789{at:02}");
        roles.chars().enumerate().map(|(at, letter)| ChatMessage::new(role(letter), text(at))).collect()
    }

    /// What stays: the places of the messages.
    fn kept(roles: &str, dropped: usize) -> Vec<usize> {
        let messages = conversation(roles);
        let turns = Turns::of(&messages);
        turns.without(dropped).map(|message| message.text[10..].parse().unwrap()).collect()
    }

    #[test]
    fn turns_leave_whole_and_the_system_message_and_the_newest_turn_stay() {
        assert_eq!(kept("suauau", 0), [0, 1, 2, 3, 4, 5]);
        assert_eq!(kept("suauau", 1), [0, 3, 4, 5]);
        assert_eq!(kept("suauau", 2), [0, 5]);
        assert_eq!(kept("suauau", 9), [0, 5]);
        assert_eq!(kept("uauaua", 2), [4, 5]);
        assert_eq!(kept("auau", 1), [1, 2, 3]);
        assert_eq!(kept("su", 1), [0, 1]);
        assert_eq!(kept("s", 1), [0]);
        assert_eq!(kept("", 1), [0; 0]);
        assert_eq!(Turns::of(&conversation("suauau")).dropped_messages(2), 4);
    }

    #[test]
    fn as_many_turns_leave_as_the_numbers_ask_for() {
        let messages = conversation("suauauauau");
        let turns = Turns::of(&messages);
        let after = |dropped, needed, target| turns.after_refusal(dropped, Some(Sizes { needed, target }));
        // Ten messages of equal length; each turn that leaves takes a fifth of the tokens.
        assert_eq!(after(0, 1000, 990), Some(1));
        assert_eq!(after(0, 1000, 600), Some(2));
        assert_eq!(after(0, 1000, 599), Some(3));
        assert_eq!(after(0, 1000, 1), Some(4));
        assert_eq!(after(4, 1000, 1), None);
        assert_eq!(turns.after_refusal(0, None), Some(2));
        assert_eq!(turns.after_refusal(2, None), Some(3));
        assert_eq!(turns.after_refusal(3, None), Some(4));
        assert_eq!(turns.after_refusal(4, None), None);
    }

    #[test]
    fn a_cut_is_repeated_in_the_same_conversation_only() {
        let messages = conversation("suauauauau");
        let cut = Some(Turns::of(&messages[..6]).cut(2));
        assert_eq!(Turns::of(&messages).as_before(cut), 2);
        assert_eq!(Turns::of(&messages[..4]).as_before(cut), 0);
        let mut other = messages.clone();
        other[2].text.push('!');
        assert_eq!(Turns::of(&other).as_before(cut), 0);
        assert_eq!(Turns::of(&messages).as_before(None), 0);
    }
}
