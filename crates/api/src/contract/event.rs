//! What happens.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    AttachmentView, ConversationSummary, DownloadView, EngineView, MessageView, ModelView, Notice,
    QueuedView, SensorsView, ServerView, SettingsView, SummonView, VoiceLevels, VoiceView,
};

/// One numbered event. Numbers rise by one; a gap means the stream was lost: take a new snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct UiEvent {
    /// Number.
    #[ts(type = "number")]
    pub seq: u64,
    /// What happened.
    pub body: UiEventBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UiEventBody {
    /// A conversation is new or changed its title, pin, date or snippet.
    ConversationChanged {
        /// As it is now.
        conversation: ConversationSummary,
    },
    /// A conversation was deleted (it can be brought back for a while).
    ConversationRemoved {
        /// Which.
        id: String,
    },
    /// The branch shown changed: after the message `after` (none: from the beginning) these follow, and nothing else.
    Path {
        /// Which conversation.
        conversation: String,
        /// The last message that stays.
        after: Option<String>,
        /// What follows it.
        messages: Vec<MessageView>,
    },
    /// The engine reads the prompt.
    Reading {
        /// Which conversation.
        conversation: String,
        /// Which message is to come.
        message: String,
        /// Tokens read.
        done: u32,
        /// Tokens to read.
        total: u32,
    },
    /// More of a reply. Gathered for about 30 ms.
    Delta {
        /// Which conversation.
        conversation: String,
        /// Which message.
        message: String,
        /// To be appended to its text.
        text: String,
        /// To be appended to its thoughts.
        thinking: String,
    },
    /// A message changed as a whole: a reply ended.
    Message {
        /// Which conversation.
        conversation: String,
        /// As it is now.
        message: MessageView,
    },
    /// What waits to be sent changed.
    Queue {
        /// Which conversation.
        conversation: String,
        /// Oldest first.
        queue: Vec<QueuedView>,
    },
    /// What was typed and not sent changed by itself: messages that waited came back after a failure.
    Draft {
        /// Which conversation.
        conversation: String,
        /// The draft as it is now.
        text: String,
        /// The files that were to go with those messages.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<AttachmentView>>")]
        attachments: Vec<AttachmentView>,
    },
    /// The engine's state changed.
    Engine {
        /// As it is now.
        engine: EngineView,
    },
    /// The models changed.
    Models {
        /// All of them.
        models: Vec<ModelView>,
    },
    /// A download moved.
    Download {
        /// As it stands.
        download: DownloadView,
    },
    /// A download ended (well, or cancelled); `models` tells which.
    DownloadEnded {
        /// The model's id.
        model: String,
    },
    /// The settings changed.
    Settings {
        /// As they are now.
        settings: SettingsView,
        /// The user's own servers.
        servers: Vec<ServerView>,
    },
    /// Something has to be said.
    Notice {
        /// What.
        notice: Notice,
    },
    /// A notice was dismissed or no longer holds.
    NoticeGone {
        /// Which.
        id: String,
    },
    /// The spoken conversation changed.
    Voice {
        /// As it is now.
        voice: VoiceView,
    },
    /// A sensor went on or off.
    Sensors {
        /// All of them, as they are now.
        sensors: SensorsView,
    },
    /// How the program can be summoned changed.
    Summon {
        /// As it is now.
        summon: SummonView,
    },
    /// How loud both voices are, about 30 times a second while there is a spoken conversation or a check.
    VoiceLevels {
        /// Levels.
        levels: VoiceLevels,
    },
}
