//! A made-up conversation of about 3,000 tokens, and follow-up questions; the same ones each time.

use engine::{ChatMessage, Role};

/// Questions and answers before the first follow-up: with these sentences about 3,000 tokens, whatever the tokenizer
/// (the figure's conditions say how many).
const EXCHANGES: usize = 10;
const SENTENCES_OF_AN_ANSWER: usize = 14;

const SENTENCES: [&str; 10] = [
    "The keeper of the old lighthouse climbed the stairs every evening before the lamps were lit.",
    "Far below, the harbour was full of small boats that had come in ahead of the weather.",
    "Nobody in the village could remember a winter in which the water had stood so high.",
    "She wrote the hour, the wind and the height of the waves into a book with a blue cover.",
    "In the morning a letter arrived, and it asked a question that she could not answer at once.",
    "The baker said that flour had become dearer, and that the road over the hill was closed again.",
    "There were three ways to mend the bell, and each of them needed something that was not there.",
    "Children came after school to look through the telescope and to hear about distant ships.",
    "When the fog lifted, the island seemed much nearer than it was drawn on any of the maps.",
    "He counted the steps once more, and this time there was one fewer than on the day before.",
];

const QUESTIONS: [&str; 5] = [
    "Tell me more about what the keeper wrote into her book that evening.",
    "What do you think the letter asked, and how would you answer it?",
    "Describe the harbour as it looked from the top of the stairs.",
    "Which of the three ways to mend the bell would you choose, and why?",
    "What did the children see when they looked through the telescope?",
];

/// The conversation so far: it ends with an answer.
pub(super) fn history() -> Vec<ChatMessage> {
    let mut sentences = SENTENCES.iter().cycle();
    let mut answer = |n: usize| {
        let words: Vec<&str> = sentences.by_ref().take(SENTENCES_OF_AN_ANSWER).copied().collect();
        format!("This is part {n} of the story. {}", words.join(" "))
    };
    (1..=EXCHANGES)
        .flat_map(|n| {
            let question = message(Role::User, format!("Go on with part {n} of the story, please."));
            [question, message(Role::Assistant, answer(n))]
        })
        .collect()
}

/// The `n`-th follow-up question.
pub(super) fn question(n: usize) -> ChatMessage {
    message(Role::User, QUESTIONS[n % QUESTIONS.len()].to_owned())
}

pub(super) fn message(role: Role, text: String) -> ChatMessage {
    ChatMessage::new(role, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_take_turns_and_the_person_is_next() {
        let history = history();
        assert!(history.chunks(2).all(|pair| (pair[0].role, pair[1].role) == (Role::User, Role::Assistant)));
        assert_eq!(question(0).role, Role::User);
    }

    #[test]
    fn it_is_long_enough_for_three_thousand_tokens_and_fits_a_usual_context() {
        // English has about 1.2 tokens a word with today's tokenizers.
        let words: usize = history().iter().map(|message| message.text.split_whitespace().count()).sum();
        assert!((2_000..3_000).contains(&words), "{words}");
    }
}
