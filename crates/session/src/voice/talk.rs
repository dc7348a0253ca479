//! What was said and heard so far, as the next prompt needs it.
//!
//! A copy of the branch that the history has: the conversation's thread adds to both in the same order, so that a draft
//! waits for no disk. A change from outside comes as a whole new copy.

use std::collections::HashMap;

use dialogue::prompt::{PromptMessage, Speaker, Turn, assemble};
use engine::{GenerateRequest, Weigh};
use turn::Gen;

use crate::engine_messages;

pub(super) struct Talk {
    system: String,
    turns: Vec<Turn>,
    request: GenerateRequest,
    /// Where the answer of each reply that was released is in `turns`; its question is before it.
    answers: HashMap<Gen, usize>,
}

impl Talk {
    pub(super) fn new(system: String, turns: Vec<Turn>, request: GenerateRequest) -> Self {
        Self { system, turns, request, answers: HashMap::new() }
    }

    pub(super) fn set_turns(&mut self, turns: Vec<Turn>) {
        self.turns = turns;
        self.answers.clear();
    }

    /// The request for a reply to `said`.
    pub(super) fn request(&self, said: &str, replaces: Option<Gen>) -> GenerateRequest {
        let before = match replaces.and_then(|replaced| self.answers.get(&replaced)) {
            // Its question and all after it.
            Some(answer) => &self.turns[..answer.saturating_sub(1)],
            None => &self.turns,
        };
        let mut turns = before.to_vec();
        turns.push(Turn { speaker: Speaker::User, text: said.to_owned() });
        self.request_of(assemble(&self.system, &turns))
    }

    /// A request that reads all there is so far into the model's KV cache and says next to nothing.
    pub(super) fn warm_up(&self) -> GenerateRequest {
        GenerateRequest { max_tokens: Some(1), ..self.request("Hello.", None) }
    }

    fn request_of(&self, prompt: Vec<PromptMessage>) -> GenerateRequest {
        GenerateRequest { messages: engine_messages(prompt), weigh: Weigh::TurnEnd, ..self.request.clone() }
    }

    /// A reply was released: what was said is said.
    pub(super) fn released(&mut self, reply: Gen, said: &str, replaces: Option<Gen>) {
        if let Some(answer) = replaces.and_then(|replaced| self.answers.remove(&replaced)) {
            self.turns.truncate(answer.saturating_sub(1));
        }
        self.turns.push(Turn { speaker: Speaker::User, text: said.to_owned() });
        self.answers.insert(reply, self.turns.len());
        self.turns.push(Turn { speaker: Speaker::Assistant, text: String::new() });
    }

    /// So much of a reply was heard.
    pub(super) fn heard(&mut self, reply: Gen, text: &str) {
        if let Some(turn) = self.answers.get(&reply).and_then(|at| self.turns.get_mut(*at)) {
            turn.text.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::{CacheUse, Role, Sampling, Thinking, Weigh};

    use super::*;

    fn talk() -> Talk {
        let request = GenerateRequest {
            messages: Vec::new(),
            sampling: Sampling::default(),
            max_tokens: Some(100),
            stop: Vec::new(),
            thinking: Thinking::Off,
            constraint: None,
            cache: CacheUse::Reuse,
            weigh: Weigh::Nothing,
        };
        Talk::new("Be brief.".into(), Vec::new(), request)
    }

    #[track_caller]
    fn check(request: &GenerateRequest, wanted: &[&str]) {
        let said: Vec<_> = request
            .messages
            .iter()
            .filter(|message| message.role != Role::System)
            .map(|message| message.text.as_str())
            .collect();
        assert_eq!(said, wanted);
    }

    #[test]
    fn the_next_prompt_has_what_was_heard() {
        let mut talk = talk();
        talk.released(Gen(1), "How are you?", None);
        talk.heard(Gen(1), "I am");
        talk.heard(Gen(1), " fine.");
        check(&talk.request("Good.", None), &["How are you?", "I am fine.", "Good."]);
    }

    #[test]
    fn a_joined_question_takes_the_place_of_its_first_half_and_what_was_answered_to_it() {
        let mut talk = talk();
        talk.released(Gen(1), "Hello.", None);
        talk.heard(Gen(1), "Hi.");
        talk.released(Gen(2), "I would like.", None);
        talk.heard(Gen(2), "What");
        let whole = "I would like to order.";
        check(&talk.request(whole, Some(Gen(2))), &["Hello.", "Hi.", whole]);
        talk.released(Gen(3), whole, Some(Gen(2)));
        talk.heard(Gen(3), "Sure.");
        check(&talk.request("Now.", None), &["Hello.", "Hi.", whole, "Sure.", "Now."]);
    }

    #[test]
    fn a_change_from_outside_takes_the_place_of_all() {
        let mut talk = talk();
        talk.released(Gen(1), "How are you?", None);
        talk.set_turns(vec![Turn { speaker: Speaker::User, text: "Edited.".into() }]);
        talk.heard(Gen(1), "stale");
        check(&talk.request("Go on.", None), &["Edited.\n\nGo on."]);
    }
}
