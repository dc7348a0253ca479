//! What a user interface may ask for, as one table: from it come the trait the application implements, the
//! dispatcher both hosts use, and the TypeScript signatures.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use super::{
    ApiError, Attach, Attached, AttachedFile, ChooseVoiceMode, ConversationPage, ConversationView, ErrorCode,
    FileData, MuteVoice, OneAttachment, ReadAloud, ServerReport, Sharable, ShareSight, Snapshot,
    SoundDevices, StartVoice, TalkKey, Voices,
};

/// No arguments, or nothing to tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Nothing {}

/// Which conversations to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ListConversations {
    /// Words to search for in titles and messages; empty for all.
    pub query: String,
    /// From a page's `next`.
    pub cursor: Option<String>,
    /// At most so many, 1..=200.
    pub limit: u32,
}

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OneConversation {
    /// Which.
    pub conversation: String,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OneMessage {
    /// Which conversation.
    pub conversation: String,
    /// Which message.
    pub message: String,
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Send {
    /// Where to; none begins a new conversation.
    pub conversation: Option<String>,
    /// What.
    pub text: String,
    /// The kept files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<AttachedFile>>")]
    pub attachments: Vec<AttachedFile>,
}

impl Send {
    /// Words alone.
    pub fn words(conversation: Option<String>, text: impl Into<String>) -> Self {
        Self { conversation, text: text.into(), attachments: Vec::new() }
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Sent {
    /// The conversation it went to.
    pub conversation: String,
    /// Whether it waits for the reply that is being made.
    pub queued: bool,
}

/// A message written anew; the old version stays as a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EditMessage {
    /// Which conversation.
    pub conversation: String,
    /// Which of the user's messages.
    pub message: String,
    /// The new words.
    pub text: String,
}

/// A waiting message to be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TakeBack {
    /// Which conversation.
    pub conversation: String,
    /// Which waiting message.
    pub queued: String,
}

/// A new title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Rename {
    /// Which conversation.
    pub conversation: String,
    /// Title.
    pub title: String,
}

/// On top or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Pin {
    /// Which conversation.
    pub conversation: String,
    /// On top.
    pub pinned: bool,
}

/// Text typed and not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SaveDraft {
    /// Which conversation; none before one is begun.
    pub conversation: Option<String>,
    /// Text.
    pub text: String,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// The branch shown, to be read.
    Markdown,
    /// Everything, to be imported again.
    Json,
}

/// A conversation to be written to a file in the user's downloads folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Export {
    /// Which conversation.
    pub conversation: String,
    /// How.
    pub format: ExportFormat,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WrittenFile {
    /// Its path.
    pub path: String,
}

/// Conversations to be read in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Import {
    /// The text of an exported JSON file.
    pub json: String,
}

/// How many were read in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Imported {
    /// How many.
    pub conversations: u32,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OneModel {
    /// Its id.
    pub model: String,
}

/// A model to be used: for one conversation, or from now on for all that have none of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChooseModel {
    /// Which conversation; none for the setting.
    pub conversation: Option<String>,
    /// A model's id, or `server:ID`; none goes back to the setting.
    pub model: Option<String>,
}

/// A GGUF file to be used where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ImportModel {
    /// Its path.
    pub path: String,
}

/// One setting to be changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ChangeSetting {
    /// For example `general.theme`.
    pub path: String,
    /// The new value; null goes back to the default.
    #[ts(type = "unknown")]
    pub value: Value,
}

/// A server of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SaveServer {
    /// Id; none adds a new one.
    pub id: Option<String>,
    /// Name for people.
    pub name: String,
    /// For example `http://127.0.0.1:8080`.
    pub base_url: String,
    /// The model asked for there.
    pub model: String,
    /// A new key, kept in the system's keyring; none leaves the old one, an empty one removes it.
    pub key: Option<String>,
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OneServer {
    /// Its id.
    pub server: String,
}

/// A server to be asked what it offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TestServer {
    /// For example `http://127.0.0.1:8080`.
    pub base_url: String,
    /// Key to try; none takes the kept one of `id`.
    pub key: Option<String>,
    /// The server this is about, if it is a known one.
    pub id: Option<String>,
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OneNotice {
    /// Its id.
    pub notice: String,
}

macro_rules! commands {
    ($($(#[doc = $doc:literal])+ $name:ident($args:ty) -> $reply:ty;)+) => {
        /// What the application can be asked for.
        #[async_trait]
        pub trait Commands: std::marker::Send + Sync {
            $($(#[doc = $doc])+ async fn $name(&self, args: $args) -> Result<$reply, ApiError>;)+
        }

        /// Calls the command `name` with JSON arguments.
        ///
        /// # Errors
        /// `BadRequest` for an unknown name or arguments of another shape; else what the command says.
        pub async fn dispatch(app: &dyn Commands, name: &str, args: Value) -> Result<Value, ApiError> {
            match name {
                $(stringify!($name) => {
                    let args = serde_json::from_value::<$args>(args).map_err(|e| bad_request(name, &e))?;
                    serde_json::to_value(app.$name(args).await?).map_err(|e| bad_request(name, &e))
                })+
                _ => Err(ApiError::new(ErrorCode::BadRequest, format!("There is no command “{name}”."))),
            }
        }

        /// The TypeScript type that maps every command to its arguments and reply.
        pub(crate) fn typescript_signatures(config: &ts_rs::Config) -> String {
            let mut out = String::from("export type Commands = {\n");
            $(
                for line in [$($doc),+] {
                    out.push_str(&format!("  /**{line} */\n"));
                }
                out.push_str(&format!(
                    "  {}: {{ args: {}; reply: {} }};\n",
                    stringify!($name),
                    <$args as TS>::name(config),
                    <$reply as TS>::name(config),
                ));
            )+
            out.push_str("};\n");
            out
        }

        /// Shows every command's argument and reply types to `visitor`.
        pub(crate) fn visit_command_types(visitor: &mut impl ts_rs::TypeVisitor) {
            $( visitor.visit::<$args>(); visitor.visit::<$reply>(); )+
        }
    };
}

fn bad_request(name: &str, error: &serde_json::Error) -> ApiError {
    // serde's words name fields and types, never the values: they are safe to show and to log.
    ApiError::new(
        ErrorCode::BadRequest,
        format!("The call “{name}” has arguments of another shape: {error}."),
    )
}

commands! {
    /// Everything a fresh window needs.
    snapshot(Nothing) -> Snapshot;
    /// A page of conversations, or of those in which words were found.
    list_conversations(ListConversations) -> ConversationPage;
    /// One conversation with its messages.
    open_conversation(OneConversation) -> ConversationView;
    /// Sends a message, or queues it while a reply is being made.
    send(Send) -> Sent;
    /// Keeps a file for a message that is to be sent. The model begins to look at a picture.
    attach(Attach) -> Attached;
    /// Forgets a file that is not to be sent after all; one that a message has stays.
    detach(OneAttachment) -> Nothing;
    /// A small picture of an attached one, at most 256 pixels a side.
    thumbnail(OneAttachment) -> FileData;
    /// An attached file, as the model was shown it.
    attached_file(OneAttachment) -> FileData;
    /// Stops the reply that is being made; what was made stays.
    stop(OneConversation) -> Nothing;
    /// Writes one of the user's messages anew and makes a new reply.
    edit(EditMessage) -> Nothing;
    /// Makes another reply in place of this one, or continues after a failed one.
    regenerate(OneMessage) -> Nothing;
    /// Shows the branch of this version of a message.
    switch_branch(OneMessage) -> Nothing;
    /// Takes back a message that waits.
    take_back(TakeBack) -> Nothing;
    /// Gives a conversation a title.
    rename(Rename) -> Nothing;
    /// Keeps a conversation on top, or no longer.
    pin(Pin) -> Nothing;
    /// Deletes a conversation; it can be brought back.
    delete(OneConversation) -> Nothing;
    /// Brings a deleted conversation back.
    undelete(OneConversation) -> Nothing;
    /// Keeps what was typed and not sent.
    save_draft(SaveDraft) -> Nothing;
    /// Writes a conversation to a file.
    export(Export) -> WrittenFile;
    /// Reads conversations in.
    import(Import) -> Imported;
    /// Chooses a model or a server.
    choose_model(ChooseModel) -> Nothing;
    /// Begins or continues a download.
    download_model(OneModel) -> Nothing;
    /// Stops a download; what is there stays for later. Also clears a failed one.
    cancel_download(OneModel) -> Nothing;
    /// Removes a model's files, or forgets an imported one.
    remove_model(OneModel) -> Nothing;
    /// Uses a GGUF file where it is.
    import_model(ImportModel) -> OneModel;
    /// Starts the engine again after it gave up.
    restart_engine(Nothing) -> Nothing;
    /// Changes one setting.
    change_setting(ChangeSetting) -> Nothing;
    /// Opens the settings file in the user's editor.
    open_settings_file(Nothing) -> Nothing;
    /// Ends the first-run pages for good.
    finish_first_run(Nothing) -> Nothing;
    /// Adds or changes a server.
    save_server(SaveServer) -> OneServer;
    /// Removes a server and its key.
    remove_server(OneServer) -> Nothing;
    /// Asks a server what it offers.
    test_server(TestServer) -> ServerReport;
    /// Dismisses a notice.
    dismiss_notice(OneNotice) -> Nothing;
    /// Begins a spoken conversation: opens the microphone and makes the engines ready. How it goes is told in events.
    /// Typed messages to its conversation are answered aloud.
    start_voice(StartVoice) -> Nothing;
    /// Ends it: the microphone is closed, what was heard of a reply stays.
    stop_voice(Nothing) -> Nothing;
    /// Closes or opens the microphone in a spoken conversation.
    mute_voice(MuteVoice) -> Nothing;
    /// Chooses how turns are taken.
    choose_voice_mode(ChooseVoiceMode) -> Nothing;
    /// The talk key went down or up.
    talk_key(TalkKey) -> Nothing;
    /// Makes the reply that is heard stop.
    stop_speaking(Nothing) -> Nothing;
    /// The microphones and loudspeakers there are.
    sound_devices(Nothing) -> SoundDevices;
    /// The voices there are for speaking.
    voices(Nothing) -> Voices;
    /// Opens the microphone for a meter, without a conversation; ends with `stop_voice`.
    check_microphone(Nothing) -> Nothing;
    /// Plays a short tone.
    play_test_tone(Nothing) -> Nothing;
    /// Reads a message aloud; `stop_speaking` ends it.
    read_aloud(ReadAloud) -> Nothing;
    /// What can be shared in a spoken conversation. Looking does not open any camera.
    sharable(Nothing) -> Sharable;
    /// Shares a screen, a window or a camera in the spoken conversation; ends with it.
    share(ShareSight) -> Nothing;
    /// Shares nothing any more.
    stop_sharing(Nothing) -> Nothing;
    /// What is shared as it is now: a small picture, at most 640 pixels a side.
    shared_picture(Nothing) -> FileData;
}
