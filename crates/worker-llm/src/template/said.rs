//! Messages on their way into a prompt: words and pictures, joined where a template wants it.

use std::borrow::Cow;

use engine::{ChatMessage, Image, Media, Role};

/// Between messages that become one.
const BETWEEN: &str = "\n\n";

/// A part of a message.
#[derive(Debug, Clone)]
pub(super) enum Part<'m> {
    Words(Cow<'m, str>),
    Picture(&'m Image),
}

/// A message on its way into a prompt. It has no words that are empty.
#[derive(Debug, Clone)]
pub(super) struct Said<'m> {
    pub(super) role: Role,
    pub(super) parts: Vec<Part<'m>>,
}

impl<'m> Said<'m> {
    pub(super) fn of(message: &'m ChatMessage) -> Self {
        let pictures = message.media.iter().map(|Media::Image(image)| Part::Picture(image));
        let words = (!message.text.is_empty()).then_some(Part::Words(Cow::Borrowed(&message.text)));
        Self { role: message.role, parts: pictures.chain(words).collect() }
    }
}

/// Puts the instructions in front of all that the user says or shows.
pub(super) fn merge_system(said: &mut Vec<Said<'_>>) {
    if said.first().is_none_or(|first| first.role != Role::System) {
        return;
    }
    let mut system = said.remove(0);
    match said.iter_mut().find(|message| message.role == Role::User) {
        Some(message) => {
            system.parts.push(Part::Words(Cow::Borrowed(BETWEEN)));
            system.parts.append(&mut message.parts);
            message.parts = joined_words(system.parts);
        }
        None => said.insert(0, Said { role: Role::User, parts: system.parts }),
    }
}

/// Messages of one speaker in a row become one.
pub(super) fn in_strict_turns(said: Vec<Said<'_>>) -> Vec<Said<'_>> {
    let mut out: Vec<Said<'_>> = Vec::with_capacity(said.len());
    for mut message in said {
        match out.last_mut() {
            Some(last) if last.role == message.role => {
                last.parts.push(Part::Words(Cow::Borrowed(BETWEEN)));
                last.parts.append(&mut message.parts);
                last.parts = joined_words(std::mem::take(&mut last.parts));
            }
            _ => out.push(message),
        }
    }
    out
}

/// Words that stand beside each other become one part.
fn joined_words(parts: Vec<Part<'_>>) -> Vec<Part<'_>> {
    let mut out: Vec<Part<'_>> = Vec::with_capacity(parts.len());
    for part in parts {
        match (out.last_mut(), part) {
            (Some(Part::Words(before)), Part::Words(words)) => before.to_mut().push_str(&words),
            (_, part) => out.push(part),
        }
    }
    out
}
