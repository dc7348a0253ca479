//! Which part of a conversation the model is shown when all of it does not fit.
//!
//! What always holds: whole turns leave, oldest first; the system message and the newest turn never do. A cut goes
//! well below the limit and is remembered, so that the turns after it keep sharing the prompt's beginning (and with
//! it the KV cache) instead of dropping one turn each time.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use engine::{CacheUse, ChatMessage, Role};

/// Conversations whose cuts are remembered.
const REMEMBERED: usize = 16;

/// The newest turn does not fit, even alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// Tokens that the system message and the newest turn need.
    pub needed: u32,
}

/// Where a conversation was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    /// Messages before the first one that is shown, the system message included.
    at: usize,
    /// Of all messages before `at`.
    hash: u64,
}

/// Cuts conversations, and remembers where.
#[derive(Debug, Clone, Default)]
pub struct Window {
    cuts: VecDeque<Cut>,
}

impl Window {
    /// The index of the first message after the system message that is shown. `size` tells a message's tokens; it is
    /// asked from the newest message backwards, and not for more than fits.
    ///
    /// # Errors
    /// [`TooLong`] when not even the newest turn fits into `budget` tokens.
    pub fn fit(
        &mut self,
        messages: &[ChatMessage],
        mut size: impl FnMut(&ChatMessage) -> u32,
        budget: u32,
        cache: CacheUse,
    ) -> Result<usize, TooLong> {
        let first = usize::from(messages.first().is_some_and(|message| message.role == Role::System));
        let turns = turn_starts(messages, first);
        let mut total = messages[..first].iter().map(&mut size).sum::<u32>();
        // Every start that fits, newest first, with the tokens from there on.
        let mut fitting: Vec<(usize, u32)> = Vec::new();
        let mut end = messages.len();
        for &start in turns.iter().rev() {
            total = messages[start..end].iter().map(&mut size).fold(total, u32::saturating_add);
            if total > budget {
                break;
            }
            fitting.push((start, total));
            end = start;
        }
        let Some(&(earliest, earliest_total)) = fitting.last() else {
            return if turns.is_empty() { Ok(first) } else { Err(TooLong { needed: total }) };
        };
        let low = budget / 4 * 3;
        if earliest == first && earliest_total <= low {
            return Ok(first);
        }
        if let Some(at) =
            self.remembered(messages).filter(|&at| fitting.iter().any(|&(start, _)| start == at))
        {
            return Ok(at);
        }
        if earliest == first {
            return Ok(first);
        }
        let below = fitting.iter().rev().find(|&&(_, total)| total <= low).or(fitting.first());
        let at = below.map_or(earliest, |&(start, _)| start);
        if cache == CacheUse::Reuse {
            self.remember(Cut { at, hash: hash(&messages[..at]) });
        }
        Ok(at)
    }

    /// The latest cut made in this conversation.
    fn remembered(&self, messages: &[ChatMessage]) -> Option<usize> {
        self.cuts
            .iter()
            .filter(|cut| cut.at < messages.len() && cut.hash == hash(&messages[..cut.at]))
            .map(|cut| cut.at)
            .max()
    }

    fn remember(&mut self, cut: Cut) {
        self.cuts.push_back(cut);
        if self.cuts.len() > REMEMBERED {
            self.cuts.pop_front();
        }
    }
}

/// Where turns begin: at the user's messages, and at the very first message whoever wrote it. The user's last message
/// and all that follows are one turn.
fn turn_starts(messages: &[ChatMessage], first: usize) -> Vec<usize> {
    (first..messages.len()).filter(|&at| at == first || messages[at].role == Role::User).collect()
}

fn hash(messages: &[ChatMessage]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for message in messages {
        (message.role, message.text.as_str()).hash(&mut hasher);
        message.images().for_each(|image| image.id().hash(&mut hasher));
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages whose sizes are their texts' lengths.
    fn messages(lines: &[&str]) -> Vec<ChatMessage> {
        lines
            .iter()
            .map(|line| {
                let (role, text) = line.split_once(':').unwrap();
                let role = match role {
                    "s" => Role::System,
                    "u" => Role::User,
                    _ => Role::Assistant,
                };
                ChatMessage::new(role, text)
            })
            .collect()
    }

    fn fit(window: &mut Window, lines: &[&str], budget: u32) -> Result<usize, TooLong> {
        let size = |message: &ChatMessage| u32::try_from(message.text.len()).unwrap();
        window.fit(&messages(lines), size, budget, CacheUse::Reuse)
    }

    #[track_caller]
    fn check(lines: &[&str], budget: u32, expect: Result<usize, u32>) {
        assert_eq!(fit(&mut Window::default(), lines, budget), expect.map_err(|needed| TooLong { needed }));
    }

    #[test]
    fn what_fits_stays() {
        check(&["s:1", "u:1234", "a:1234", "u:1"], 10, Ok(1));
        check(&["u:1234", "a:1234", "u:12"], 10, Ok(0));
    }

    #[test]
    fn whole_turns_leave_down_to_three_quarters() {
        // 13 of 12: without the first turn 9, which is at three quarters.
        check(&["s:1", "u:12", "a:12", "u:12", "a:12", "u:1234"], 12, Ok(3));
        // 10 of 9: without the first turn 8, which is above, so the second leaves too.
        check(&["u:1", "a:1", "u:12", "a:12", "u:1234"], 9, Ok(4));
    }

    #[test]
    fn the_newest_turn_stays_even_above_three_quarters() {
        check(&["s:1", "u:1234", "a:1234", "u:123456789"], 10, Ok(3));
    }

    #[test]
    fn a_continued_reply_belongs_to_the_newest_turn() {
        check(&["u:1234", "a:1234", "u:1234", "a:1234"], 10, Ok(2));
        check(&["u:123", "a:123", "u:123456", "a:12345"], 10, Err(11));
    }

    #[test]
    fn too_long_alone_is_an_error_with_numbers() {
        check(&["s:123", "u:1", "u:12345678"], 10, Err(11));
    }

    #[test]
    fn odd_conversations_do_not_break_it() {
        check(&[], 10, Ok(0));
        check(&["s:1"], 10, Ok(1));
        check(&["a:1", "u:2"], 10, Ok(0));
    }

    #[test]
    fn a_cut_is_kept_until_it_is_full_again() {
        let mut window = Window::default();
        let mut lines = vec!["s:1", "u:123", "a:123", "u:123", "a:123"];
        let mut cuts = Vec::new();
        for _ in 0..6 {
            lines.push("u:12");
            cuts.push(fit(&mut window, &lines, 16).unwrap());
            lines.push("a:12");
        }
        // 15 fits; 19 is cut to 11 (at 5); 15 keeps the cut; 19 would not fit, and so on.
        assert_eq!(cuts, [1, 5, 5, 5, 9, 9]);
    }

    #[test]
    fn another_conversation_has_no_part_in_it() {
        let mut window = Window::default();
        assert_eq!(fit(&mut window, &["u:123456", "a:123", "u:123"], 10), Ok(2));
        assert_eq!(fit(&mut window, &["u:123", "a:123", "u:123"], 10), Ok(0));
        assert_eq!(
            fit(&mut window, &["u:123456", "a:123", "u:1", "a:1"], 11),
            Ok(2),
            "the cut is remembered"
        );
    }

    #[test]
    fn all_comes_back_when_there_is_room_for_long() {
        let mut window = Window::default();
        assert_eq!(fit(&mut window, &["u:12", "a:12", "u:1234567"], 10), Ok(2));
        assert_eq!(fit(&mut window, &["u:12", "a:12", "u:1"], 10), Ok(0));
    }

    #[test]
    fn only_as_much_is_measured_as_fits() {
        let mut asked = 0;
        let lines: Vec<ChatMessage> = (0..1000).map(|_| ChatMessage::new(Role::User, "1234")).collect();
        let size = |message: &ChatMessage| {
            asked += 1;
            u32::try_from(message.text.len()).unwrap()
        };
        Window::default().fit(&lines, size, 20, CacheUse::Reuse).unwrap();
        assert!(asked <= 6, "{asked}");
    }

    #[test]
    fn an_aside_leaves_no_cut_behind() {
        let mut window = Window::default();
        let size = |message: &ChatMessage| u32::try_from(message.text.len()).unwrap();
        window.fit(&messages(&["u:123456", "a:123", "u:123"]), size, 10, CacheUse::Aside).unwrap();
        assert!(window.cuts.is_empty());
    }
}
