//! The conversation: a line, its reply, the next line.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use api::{AttachedFile, ChooseModel, Commands, ModelPlace, OneConversation, OneMessage, Send, Speaker};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use super::follow::Follow;
use super::show::Show;
use super::{Args, attach, conversation, finish};
use crate::exit::{self, Exit};
use crate::models::STARTER;
use crate::opening::Open;
use crate::terminal::{BOLD, note, styled};

const HELP: &str = "\
/new            begin a new conversation
/model [ID]     show the models, or take another one
/regenerate     another reply in place of the last
/attach FILE    a picture, a PDF or a text file goes with the next message
/quit           leave, as Ctrl-D does
A \\ at the end of a line goes on in the next. Ctrl-C stops a reply.
A message that begins with / is sent when a space stands before it.";

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Said<'l> {
    Nothing,
    Help,
    New,
    Models,
    Model(&'l str),
    Attach(&'l str),
    Regenerate,
    Quit,
    Unknown(&'l str),
    Message(&'l str),
}

fn read(line: &str) -> Said<'_> {
    if !line.starts_with('/') {
        return if line.trim().is_empty() { Said::Nothing } else { Said::Message(line.trim()) };
    }
    let (word, rest) = line.trim_end().split_once(char::is_whitespace).unwrap_or((line.trim_end(), ""));
    match (word, rest.trim()) {
        ("/help" | "/?", _) => Said::Help,
        ("/new", _) => Said::New,
        ("/model" | "/models", "") => Said::Models,
        ("/model", id) => Said::Model(id),
        ("/attach", file) => Said::Attach(file),
        ("/regenerate" | "/again", _) => Said::Regenerate,
        ("/quit" | "/exit" | "/bye", _) => Said::Quit,
        (word, _) => Said::Unknown(word),
    }
}

/// Talks until the user leaves.
pub(super) async fn talk(open: &Open, args: &Args) -> anyhow::Result<Exit> {
    // What is typed stays in memory: the editor is given no file.
    let mut editor = DefaultEditor::new().context("The terminal cannot be used for typing")?;
    let conversation = conversation(&open.app, args).await?;
    let attached = attach::all(&open.app, conversation.as_deref(), &args.attach).await?;
    let mut talk = Talk { open, conversation, attached };
    talk.greet().await?;
    let mut leaving = Leaving::No;
    loop {
        let read = tokio::task::spawn_blocking(move || {
            let line = lines(&mut editor);
            (editor, line)
        });
        let (returned, line) = read.await.context("The terminal could not be read")?;
        editor = returned;
        match line {
            Ok(line) => {
                leaving = Leaving::No;
                // Only for this run, to be brought back with the arrow keys.
                let _ = editor.add_history_entry(line.trim_end());
                match talk.take(&line).await {
                    Ok(Next::Line) => {}
                    Ok(Next::Leave) => return Ok(Exit::Done),
                    // What failed is said, and the conversation goes on.
                    Err(error) => {
                        exit::tell(&error);
                    }
                }
            }
            Err(ReadlineError::Interrupted) if leaving == Leaving::No => {
                leaving = Leaving::Asked;
                note("Ctrl-C again, or Ctrl-D, leaves.");
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => return Ok(Exit::Done),
            Err(error) => return Err(error).context("The terminal could not be read"),
        }
    }
}

/// Whether the user is about to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    Asked,
}

/// What comes after a line.
enum Next {
    Line,
    Leave,
}

/// A line, with those that follow it when it ends with a backslash.
fn lines(editor: &mut DefaultEditor) -> rustyline::Result<String> {
    let mut text = editor.readline("> ")?;
    while text.ends_with('\\') {
        text.pop();
        text.push('\n');
        text += &editor.readline("… ")?;
    }
    Ok(text)
}

struct Talk<'o> {
    open: &'o Open,
    conversation: Option<String>,
    /// What goes with the next message.
    attached: Vec<AttachedFile>,
}

impl Talk<'_> {
    async fn greet(&self) -> anyhow::Result<()> {
        let mut err = anstream::stderr();
        if let Some(conversation) = &self.conversation {
            let view =
                self.open.app.open_conversation(OneConversation { conversation: conversation.clone() });
            writeln!(err, "{}", styled(BOLD, view.await?.title))?;
        }
        let model = match &self.open.snapshot.engine {
            api::EngineView::Idle { model }
            | api::EngineView::Loading { model, .. }
            | api::EngineView::Ready { model, .. } => format!("{model} answers. "),
            _ => String::new(),
        };
        note(format!("{model}/help shows what else there is; Ctrl-D leaves."));
        // By the time the first line is typed the model should be there. This run's settings are nobody else's.
        let chosen = ChooseModel { conversation: None, model: self.open.model.clone() };
        // What is wrong with it is said with the first reply.
        let _ = self.open.app.choose_model(chosen).await;
        Ok(())
    }

    async fn take(&mut self, line: &str) -> anyhow::Result<Next> {
        match read(line) {
            Said::Nothing => {}
            Said::Help => writeln!(anstream::stderr(), "{HELP}")?,
            Said::New => {
                self.conversation = None;
                note("A new conversation.");
            }
            Said::Models => self.tell_models().await?,
            Said::Model(id) => self.choose(id).await?,
            Said::Attach(file) => self.attach(file).await?,
            Said::Regenerate => self.regenerate().await?,
            Said::Quit => return Ok(Next::Leave),
            Said::Unknown(word) => note(format!("There is no {word}. /help shows what there is.")),
            Said::Message(text) => self.send(text).await?,
        }
        Ok(Next::Line)
    }

    async fn send(&mut self, text: &str) -> anyhow::Result<()> {
        let mut follow = Follow::new(&self.open.app);
        let attachments = self.attached.clone();
        let message = Send { conversation: self.conversation.clone(), text: text.to_owned(), attachments };
        let sent = self.open.app.send(message).await?;
        self.attached.clear();
        self.conversation = Some(sent.conversation.clone());
        self.show(&mut follow, &sent.conversation).await
    }

    async fn attach(&mut self, file: &str) -> anyhow::Result<()> {
        if file.is_empty() {
            note("Name a file: /attach FILE");
            return Ok(());
        }
        let file = [Path::new(file).to_path_buf()];
        let attached = attach::all(&self.open.app, self.conversation.as_deref(), &file).await?;
        self.attached.extend(attached);
        note("It goes with the next message.");
        Ok(())
    }

    async fn regenerate(&mut self) -> anyhow::Result<()> {
        let Some(conversation) = self.conversation.clone() else {
            note("There is no reply yet.");
            return Ok(());
        };
        let app = &self.open.app;
        let view = app.open_conversation(OneConversation { conversation: conversation.clone() }).await?;
        let last = view.messages.into_iter().rev().find(|message| message.speaker == Speaker::Assistant);
        let Some(last) = last else {
            note("There is no reply yet.");
            return Ok(());
        };
        let mut follow = Follow::new(app);
        app.regenerate(OneMessage { conversation: conversation.clone(), message: last.id }).await?;
        self.show(&mut follow, &conversation).await
    }

    async fn show(&self, follow: &mut Follow, conversation: &str) -> anyhow::Result<()> {
        let mut show = Show::for_people();
        let ended = follow.reply(conversation, &mut show).await?;
        finish(&ended)?;
        Ok(writeln!(anstream::stderr())?)
    }

    async fn tell_models(&self) -> anyhow::Result<()> {
        let snapshot = self.open.app.snapshot(api::Nothing {}).await?;
        let mut err = anstream::stderr();
        let here = |model: &&api::ModelView| {
            model.task == "chat" && matches!(model.place, ModelPlace::Installed { .. })
        };
        for model in snapshot.models.iter().filter(here) {
            writeln!(err, "{}  {}", model.id, styled(crate::terminal::DIM, &model.name))?;
        }
        for server in &snapshot.servers {
            writeln!(err, "server:{}  {}", server.id, styled(crate::terminal::DIM, &server.name))?;
        }
        note("/model ID takes one. `hark models list` shows what can be fetched.");
        Ok(())
    }

    async fn choose(&self, id: &str) -> anyhow::Result<()> {
        let id = if id == STARTER { self.starter() } else { id.to_owned() };
        let app = &self.open.app;
        if self.conversation.is_some() {
            let chosen = ChooseModel { conversation: self.conversation.clone(), model: Some(id.clone()) };
            app.choose_model(chosen).await?;
        }
        // Also for the conversations that are begun in this run.
        app.choose_model(ChooseModel { conversation: None, model: Some(id.clone()) }).await?;
        note(format!("{id} answers from now on."));
        Ok(())
    }

    fn starter(&self) -> String {
        let starter = self.open.snapshot.models.iter().find(|model| model.starter);
        starter.map_or_else(|| STARTER.to_owned(), |model| model.id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_messages_unless_they_begin_with_a_slash() {
        let cases = [
            ("", Said::Nothing),
            ("  ", Said::Nothing),
            ("hello ", Said::Message("hello")),
            (" /help", Said::Message("/help")),
            ("/help", Said::Help),
            ("/new", Said::New),
            ("/model", Said::Models),
            ("/model smollm2-135m", Said::Model("smollm2-135m")),
            ("/again", Said::Regenerate),
            ("/attach a plot.png", Said::Attach("a plot.png")),
            ("/bye ", Said::Quit),
            ("/usr/bin is what?", Said::Unknown("/usr/bin")),
        ];
        for (line, said) in cases {
            assert_eq!(read(line), said, "{line:?}");
        }
    }
}
