//! A model's own chat template: messages in, the prompt's text out, with every message's words marked as such.
//!
//! What always holds: the template never sees what people wrote. It is given placeholders, so neither a template's
//! string tricks nor a control token in a message can change the prompt's structure; the words are put in afterwards.

use std::borrow::Cow;

use dialogue::thoughts::Tags;
use engine::{ChatMessage, Image, Role, Thinking};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, Value, context};

use self::said::{Part, Said, in_strict_turns, merge_system};

/// The format that most models without a template understand.
const CHATML: &str = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + \
                      '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' \
                      }}{% endif %}";

/// What models put around their thoughts, as far as it is known. Read from the templates of the models that use them.
const KNOWN_TAGS: [(&str, &str); 6] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|channel>thought", "<channel|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
];

/// Around a placeholder stands blank space of a kind that no template writes: where it is gone after rendering, the
/// template trims, and the words are trimmed likewise. Private-use characters make the placeholder itself.
const PAD: char = '\u{2000}';
const OPEN: char = '\u{f5a0}';
const CLOSE: char = '\u{f5a1}';

/// A part of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment<'m> {
    /// The template's own text; control tokens in it are meant.
    Template(String),
    /// A message's words; whatever they contain is meant literally.
    Words {
        /// Who wrote them.
        role: Role,
        /// What was written.
        text: Cow<'m, str>,
    },
    /// A picture; the marks that a family of models wants around it are not the template's.
    Picture(&'m Image),
}

/// How a template takes a message's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// As text.
    Text,
    /// As a list of parts, each with its type.
    Parts,
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is no valid Jinja, uses something unknown, or refuses the conversation.
    #[error("The model's chat template failed: {0}")]
    Failed(String),
    /// It changes the messages' words beyond recognition.
    #[error("The model's chat template leaves a message out.")]
    LosesWords,
}

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// How a template takes instructions that stand before the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SystemRole {
    /// As a message of their own.
    Own,
    /// It refuses or drops them: they go in front of the first message of the user.
    InFirstMessage,
}

/// A template that works.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    begin: String,
    end: String,
    tags: Vec<Tags>,
    system: SystemRole,
    content: Content,
    /// How "no tools" is said: most templates want nothing, some the empty list.
    tools: Value,
}

impl ChatTemplate {
    /// The template `source`, with the model's own texts for "begin of text" and "end of text".
    ///
    /// # Errors
    /// When it cannot render the simplest conversation.
    pub fn new(source: &str, begin: &str, end: &str) -> Result<Self, TemplateError> {
        let mut environment = environment();
        environment.add_template_owned("chat", without_training_marks(source))?;
        let tags = KNOWN_TAGS
            .into_iter()
            .filter(|(open, close)| source.contains(open) && source.contains(close))
            .map(|(open, close)| Tags::new(open, close))
            .collect();
        let mut template = Self::plain(environment, begin, end);
        template.tags = tags;
        let user = ChatMessage::new(Role::User, "1");
        let system = ChatMessage::new(Role::System, "2");
        let mut result = Ok(());
        for content in [Content::Text, Content::Parts] {
            template.content = content;
            for tools in [Value::from(()), Value::from(Vec::<Value>::new())] {
                template.tools = tools;
                template.system = SystemRole::Own;
                if template.attempt(&[&system, &user], Thinking::Auto).is_ok() {
                    return Ok(template);
                }
                template.system = SystemRole::InFirstMessage;
                match template.attempt(&[&user], Thinking::Auto) {
                    Ok(_) => return Ok(template),
                    Err(error) => result = result.and(Err(error)),
                }
            }
        }
        result.map(|()| template)
    }

    fn plain(environment: Environment<'static>, begin: &str, end: &str) -> Self {
        let (begin, end) = (begin.into(), end.into());
        let (system, content) = (SystemRole::Own, Content::Text);
        Self { environment, begin, end, tags: Vec::new(), system, content, tools: Value::from(()) }
    }

    /// The model's template, or `ChatML` where it has none that works.
    pub fn or_chatml(source: Option<&str>, begin: &str, end: &str) -> Self {
        match source.map(|source| Self::new(source, begin, end)) {
            Some(Ok(template)) => return template,
            Some(Err(error)) => {
                tracing::warn!(%error, "the model's own chat template is not used, ChatML is");
            }
            None => tracing::warn!("the model has no chat template, ChatML is used"),
        }
        let mut environment = environment();
        // A constant that the tests render; were it broken, every render would say so.
        let _ = environment.add_template("chat", CHATML);
        Self::plain(environment, begin, end)
    }

    /// What the model puts around its thoughts; empty where it does not think.
    pub fn tags(&self) -> &[Tags] {
        &self.tags
    }

    /// The whole prompt. After it the model speaks: a new message of its own, or the rest of the last one if that is
    /// the assistant's.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn render<'m>(
        &self,
        messages: &[&'m ChatMessage],
        thinking: Thinking,
    ) -> Result<Vec<Segment<'m>>, TemplateError> {
        let said: Vec<Said<'m>> = messages.iter().map(|message| Said::of(message)).collect();
        self.put(said.clone(), thinking).or_else(|error| {
            // Some templates insist on strict turns. After a failed reply there are two questions in a row.
            let joined = in_strict_turns(said);
            if joined.len() == messages.len() { Err(error) } else { self.put(joined, thinking) }
        })
    }

    fn attempt<'m>(
        &self,
        messages: &[&'m ChatMessage],
        thinking: Thinking,
    ) -> Result<Vec<Segment<'m>>, TemplateError> {
        self.put(messages.iter().map(|message| Said::of(message)).collect(), thinking)
    }

    fn put<'m>(
        &self,
        mut said: Vec<Said<'m>>,
        thinking: Thinking,
    ) -> Result<Vec<Segment<'m>>, TemplateError> {
        if self.system == SystemRole::InFirstMessage {
            merge_system(&mut said);
        }
        // An assistant's message without words cannot be continued: it is the same as none.
        if said.last().is_some_and(|last| last.role == Role::Assistant && last.parts.is_empty()) {
            said.pop();
        }
        let continued = said.last().is_some_and(|last| last.role == Role::Assistant);
        let shown = said.iter().enumerate().map(|(at, message)| {
            // Templates ask whether there is content at all.
            let text =
                if message.parts.is_empty() { String::new() } else { format!("{PAD}{OPEN}{at}{CLOSE}{PAD}") };
            let content = match self.content {
                Content::Text => Value::from(text),
                // Pictures are in the text here too: which marks they want, mtmd knows for every family.
                Content::Parts => Value::from(vec![context! { type => "text", text => text }]),
            };
            context! { role => role_name(message.role), content => content }
        });
        let shown: Vec<Value> = shown.collect();
        let rendered =
            self.environment.get_template("chat")?.render(self.variables(shown, thinking, continued))?;
        let mut segments = fill(&rendered, &said)?;
        if continued {
            // What closes the last message is left out: the model goes on in it.
            let last = segments.iter().rposition(|segment| matches!(segment, Segment::Words { .. }));
            segments.truncate(last.map_or(0, |last| last + 1));
        }
        Ok(segments)
    }

    /// What templates may ask for. `tools` and `documents` are there and nothing, as in the library they come from.
    fn variables(&self, messages: Vec<Value>, thinking: Thinking, continued: bool) -> Value {
        let base = context! {
            messages => Value::from(messages),
            add_generation_prompt => !continued,
            bos_token => self.begin.as_str(),
            eos_token => self.end.as_str(),
            tools => self.tools.clone(),
            documents => (),
        };
        match thinking {
            Thinking::Auto => base,
            // Two names are in use for one switch.
            Thinking::Off => context! { enable_thinking => false, thinking => false, ..base },
        }
    }
}

/// Jinja as chat templates expect it.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    // The library that templates are written for strips blank space around blocks.
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Chainable);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |why: String| -> Result<Value, minijinja::Error> {
        Err(minijinja::Error::new(ErrorKind::InvalidOperation, why))
    });
    environment.add_function("strftime_now", |format: String| -> Result<String, minijinja::Error> {
        jiff::fmt::strtime::format(&format, &jiff::Zoned::now())
            .map_err(|error| minijinja::Error::new(ErrorKind::InvalidOperation, error.to_string()))
    });
    environment
}

/// Templates used in training mark the assistant's words with a tag that only the trainer knows.
fn without_training_marks(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let Some(end) = rest[start..].find("%}").map(|end| start + end + 2) else { break };
        let tag = &rest[start..end];
        let name = tag[2..tag.len() - 2].trim_matches('-').trim();
        out.push_str(&rest[..start]);
        match name {
            "generation" => out.push_str(&tag.replace("generation", "if true")),
            "endgeneration" => out.push_str(&tag.replace("endgeneration", "endif")),
            _ => out.push_str(tag),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Puts what was said where its placeholders are.
fn fill<'m>(rendered: &str, said: &[Said<'m>]) -> Result<Vec<Segment<'m>>, TemplateError> {
    let mut segments = Vec::new();
    let mut found = vec![false; said.len()];
    let mut rest = rendered;
    while let Some(start) = rest.find(OPEN) {
        let digits = start + OPEN.len_utf8();
        let end = rest[digits..].find(CLOSE).map(|end| digits + end).ok_or(TemplateError::LosesWords)?;
        let at: usize = rest[digits..end].parse().map_err(|_| TemplateError::LosesWords)?;
        let Said { role, parts } = said.get(at).ok_or(TemplateError::LosesWords)?;
        found[at] = true;
        let (before, after) = (&rest[..start], &rest[end + CLOSE.len_utf8()..]);
        let (before, trim_start) = before.strip_suffix(PAD).map_or((before, true), |before| (before, false));
        let (after, trim_end) = after.strip_prefix(PAD).map_or((after, true), |after| (after, false));
        if !before.is_empty() {
            segments.push(Segment::Template(before.to_owned()));
        }
        segments.extend(parts.iter().enumerate().map(|(at, part)| match part {
            Part::Picture(image) => Segment::Picture(image),
            Part::Words(text) => {
                let (first, last) = (at == 0, at + 1 == parts.len());
                Segment::Words {
                    role: *role,
                    text: trimmed(text.clone(), trim_start && first, trim_end && last),
                }
            }
        }));
        rest = after;
    }
    if !rest.is_empty() {
        segments.push(Segment::Template(rest.to_owned()));
    }
    let lost = said.iter().zip(found).any(|(said, found)| !found && !said.parts.is_empty());
    if lost { Err(TemplateError::LosesWords) } else { Ok(segments) }
}

fn trimmed(text: Cow<'_, str>, start: bool, end: bool) -> Cow<'_, str> {
    fn cut(text: &str, start: bool, end: bool) -> &str {
        let text = if start { text.trim_start() } else { text };
        if end { text.trim_end() } else { text }
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(cut(text, start, end)),
        Cow::Owned(text) => Cow::Owned(cut(&text, start, end).to_owned()),
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

mod said;
#[cfg(test)]
mod tests;
