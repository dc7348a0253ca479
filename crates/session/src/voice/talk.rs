//! What was said, heard and shown so far, as the next prompt needs it.
//!
//! A copy of the branch that the history has: the conversation's thread adds to both in the same order, so that a draft
//! waits for no disk. A change from outside comes as a whole new copy.

use std::collections::HashMap;

use dialogue::files::with_files;
use dialogue::prompt::{PromptMessage, Speaker, Turn, assemble_shown};
use engine::{GenerateRequest, Image, Media, Weigh};
use turn::Gen;

use super::types::Shown;
use crate::engine_messages;

/// A picture that was shown in one of the last so many turns is not shown again. (One that is longer ago may have left the
/// model's context.)
const STILL_KNOWN: usize = 8;

pub(super) struct Talk {
    system: String,
    turns: Vec<(Turn, Vec<Media>)>,
    request: GenerateRequest,
    most_pictures: usize,
    /// Where the answer of each reply that was released is in `turns`; its question is before it.
    answers: HashMap<Gen, usize>,
}

impl Talk {
    pub(super) fn new(
        system: String,
        turns: Vec<(Turn, Vec<Media>)>,
        request: GenerateRequest,
        most_pictures: usize,
    ) -> Self {
        let mut talk = Self { system, turns, request, most_pictures, answers: HashMap::new() };
        talk.forget_pictures();
        talk
    }

    pub(super) fn set_turns(&mut self, turns: Vec<(Turn, Vec<Media>)>) {
        self.turns = turns;
        self.answers.clear();
        self.forget_pictures();
    }

    /// The request for a reply to `said`, with what is `shown` and what is `seen` of what is shared.
    pub(super) fn request(
        &self,
        said: &str,
        replaces: Option<Gen>,
        shown: &Shown,
        seen: &[Image],
    ) -> GenerateRequest {
        let (before, first_half) = self.before(replaces);
        let mut turns = before.to_vec();
        let question = question(said, first_half, shown, &new(before, first_half, seen));
        turns.push(question);
        self.request_of(assemble_shown(&self.system, turns))
    }

    /// A request that reads all there is so far into the model's KV cache and says next to nothing.
    pub(super) fn warm_up(&self) -> GenerateRequest {
        GenerateRequest { max_tokens: Some(1), ..self.request("Hello.", None, &Shown::default(), &[]) }
    }

    fn request_of(&self, prompt: Vec<(PromptMessage, Vec<Media>)>) -> GenerateRequest {
        let (prompt, media): (Vec<_>, Vec<_>) = prompt.into_iter().unzip();
        let mut messages = engine_messages(prompt);
        for (message, media) in messages.iter_mut().zip(media) {
            message.media = media;
        }
        GenerateRequest { messages, weigh: Weigh::TurnEnd, ..self.request.clone() }
    }

    /// A reply was released: what was said is said. Gives back what of `seen` the model was shown with it.
    pub(super) fn released(
        &mut self,
        reply: Gen,
        said: &str,
        replaces: Option<Gen>,
        shown: &Shown,
        seen: &[Image],
    ) -> Vec<Image> {
        let (before, first_half) = self.before(replaces);
        let seen = new(before, first_half, seen);
        let (question, length) = (question(said, first_half, shown, &seen), before.len());
        if let Some(replaced) = replaces {
            self.answers.remove(&replaced);
        }
        self.turns.truncate(length);
        self.turns.push(question);
        self.answers.insert(reply, self.turns.len());
        self.turns.push((Turn { speaker: Speaker::Assistant, text: String::new() }, Vec::new()));
        self.forget_pictures();
        seen
    }

    /// What comes before the question that is asked now, and what was shown with the first half of it.
    fn before(&self, replaces: Option<Gen>) -> (&[(Turn, Vec<Media>)], &[Media]) {
        match replaces.and_then(|replaced| self.answers.get(&replaced)) {
            Some(answer) => {
                let (before, from) = self.turns.split_at(answer.saturating_sub(1).min(self.turns.len()));
                (before, from.first().map_or(&[], |(_, media)| media))
            }
            None => (&self.turns, &[]),
        }
    }

    /// So much of a reply was heard.
    pub(super) fn heard(&mut self, reply: Gen, text: &str) {
        if let Some((turn, _)) = self.answers.get(&reply).and_then(|at| self.turns.get_mut(*at)) {
            turn.text.push_str(text);
        }
    }

    /// Too many pictures would leave no room for words: then only the newest half of them is kept. Many go at once,
    /// because the model reads everything behind the first of them anew.
    fn forget_pictures(&mut self) {
        let pictures: usize = self.turns.iter().map(|(_, media)| media.len()).sum();
        if pictures <= self.most_pictures {
            return;
        }
        let mut kept = self.most_pictures.div_ceil(2);
        for (_, media) in self.turns.iter_mut().rev() {
            let keep = media.len().min(kept);
            media.drain(..media.len() - keep);
            kept -= keep;
        }
    }
}

/// Of what is seen, what the model does not know already.
fn new(before: &[(Turn, Vec<Media>)], first_half: &[Media], seen: &[Image]) -> Vec<Image> {
    let lately = &before[before.len().saturating_sub(STILL_KNOWN)..];
    let mut last = lately.iter().flat_map(|(_, media)| media).chain(first_half).next_back().cloned();
    let mut new = Vec::new();
    for image in seen.iter().cloned().map(Media::Image) {
        if last.as_ref() != Some(&image) && !first_half.contains(&image) {
            let Media::Image(picture) = &image;
            new.push(picture.clone());
            last = Some(image);
        }
    }
    new
}

fn question(said: &str, first_half: &[Media], shown: &Shown, seen: &[Image]) -> (Turn, Vec<Media>) {
    let pictures = shown.pictures.iter().chain(seen).cloned().map(Media::Image);
    let media = first_half.iter().cloned().chain(pictures).collect();
    (Turn { speaker: Speaker::User, text: with_files(&shown.files, said) }, media)
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
        Talk::new("Be brief.".into(), Vec::new(), request, 4)
    }

    impl Talk {
        fn ask(&self, said: &str, replaces: Option<Gen>) -> GenerateRequest {
            self.request(said, replaces, &Shown::default(), &[])
        }

        fn answered(&mut self, reply: Gen, said: &str, replaces: Option<Gen>) {
            self.released(reply, said, replaces, &Shown::default(), &[]);
        }

        /// Shades of the pictures that the next request shows, message by message, when these are seen.
        fn shades(&self, seen: &[u8]) -> Vec<Vec<u8>> {
            let request = self.request("?", None, &Shown::default(), &pictures(seen));
            let asked = request.messages.iter().filter(|message| message.role == Role::User);
            let shade = |image: &Image| image.pixels().unwrap().rgb[0];
            asked.map(|message| message.images().map(shade).collect()).collect()
        }
    }

    fn pictures(shades: &[u8]) -> Vec<Image> {
        shades.iter().map(|shade| Image::new(1, 1, vec![*shade; 3]).unwrap()).collect()
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
        talk.answered(Gen(1), "How are you?", None);
        talk.heard(Gen(1), "I am");
        talk.heard(Gen(1), " fine.");
        check(&talk.ask("Good.", None), &["How are you?", "I am fine.", "Good."]);
    }

    #[test]
    fn a_joined_question_takes_the_place_of_its_first_half_and_what_was_answered_to_it() {
        let mut talk = talk();
        talk.answered(Gen(1), "Hello.", None);
        talk.heard(Gen(1), "Hi.");
        talk.answered(Gen(2), "I would like.", None);
        talk.heard(Gen(2), "What");
        let whole = "I would like to order.";
        check(&talk.ask(whole, Some(Gen(2))), &["Hello.", "Hi.", whole]);
        talk.answered(Gen(3), whole, Some(Gen(2)));
        talk.heard(Gen(3), "Sure.");
        check(&talk.ask("Now.", None), &["Hello.", "Hi.", whole, "Sure.", "Now."]);
    }

    #[test]
    fn a_change_from_outside_takes_the_place_of_all() {
        let mut talk = talk();
        talk.answered(Gen(1), "How are you?", None);
        talk.set_turns(vec![(Turn { speaker: Speaker::User, text: "Edited.".into() }, Vec::new())]);
        talk.heard(Gen(1), "stale");
        check(&talk.ask("Go on.", None), &["Edited.\n\nGo on."]);
    }

    #[test]
    fn what_has_not_changed_is_not_shown_again() {
        let mut talk = talk();
        assert_eq!(talk.shades(&[1]), [vec![1]]);
        let seen = talk.released(Gen(1), "What is this?", None, &Shown::default(), &pictures(&[1]));
        assert_eq!(seen, pictures(&[1]));
        talk.heard(Gen(1), "A plot.");
        assert_eq!(talk.shades(&[1]), [vec![1], vec![]]);
        assert_eq!(talk.shades(&[1, 2]), [vec![1], vec![2]]);
        let seen = talk.released(Gen(2), "And now?", None, &Shown::default(), &pictures(&[1, 2]));
        assert_eq!(seen, pictures(&[2]));
        talk.heard(Gen(2), "Another.");
        assert_eq!(talk.shades(&[1]), [vec![1], vec![2], vec![1]], "as it was before is news again");
    }

    #[test]
    fn a_joined_question_keeps_what_was_shown_with_its_first_half() {
        let mut talk = talk();
        talk.released(Gen(1), "What is", None, &Shown::default(), &pictures(&[1]));
        let seen =
            talk.released(Gen(2), "What is this?", Some(Gen(1)), &Shown::default(), &pictures(&[1, 2]));
        assert_eq!(seen, pictures(&[2]), "the first is there already");
        talk.heard(Gen(2), "A plot.");
        assert_eq!(talk.shades(&[2]), [vec![1, 2], vec![]]);
    }

    #[test]
    fn of_many_pictures_the_newest_stay() {
        let mut talk = talk();
        for shade in 1..=5 {
            talk.released(Gen(shade.into()), "?", None, &Shown::default(), &pictures(&[shade]));
            talk.heard(Gen(shade.into()), "!");
        }
        assert_eq!(talk.shades(&[5]), [vec![], vec![], vec![], vec![4], vec![5], vec![]]);
    }

    #[test]
    fn what_was_typed_brings_its_files() {
        let shown = Shown { files: vec![("a.rs".into(), "fn a() {}".into())], pictures: pictures(&[7]) };
        let request = talk().request("Explain.", None, &shown, &pictures(&[8]));
        let asked = &request.messages[1];
        assert_eq!(asked.text, "The file “a.rs”:\n```\nfn a() {}\n```\n\nExplain.");
        assert_eq!(asked.images().cloned().collect::<Vec<_>>(), pictures(&[7, 8]));
    }
}
