//! From what the parts know to what is shown, and failures to codes.

use engine::{EngineError, JobError};
use history::{ConversationId, HistoryError, Message, MessageId, PathEntry, Role};
use session::{Outcome, ReplyEnd, Usage};

use super::attached::attachment_view;
use crate::contract::{
    ApiError, ConversationSummary, ErrorCode, MessageDetails, MessageState, MessageView, Speaker,
};

/// Reads an id that a user interface sent.
pub(crate) fn conversation_id(text: &str) -> Result<ConversationId, ApiError> {
    text.parse()
        .map_err(|_| ApiError::new(ErrorCode::NotFound, "That conversation is no longer in the history."))
}

/// Reads an id that a user interface sent.
pub(crate) fn message_id(text: &str) -> Result<MessageId, ApiError> {
    text.parse().map_err(|_| ApiError::new(ErrorCode::NotFound, "That message is no longer in the history."))
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        let code = match &error {
            HistoryError::NewerVersion { .. } => ErrorCode::NewerVersion,
            HistoryError::ReadOnly | HistoryError::CannotOpen => ErrorCode::ReadOnly,
            HistoryError::DiskFull => ErrorCode::DiskFull,
            HistoryError::NotFound { .. } => ErrorCode::NotFound,
            HistoryError::InvalidImport { .. } | HistoryError::TooLarge { .. } => ErrorCode::BadRequest,
            _ => ErrorCode::Other,
        };
        Self::new(code, error.to_string())
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let code = match &error {
            EngineError::Job(job) => match job {
                JobError::NoModel => ErrorCode::NoModel,
                JobError::BadModel { .. } => ErrorCode::BadModel,
                JobError::PromptTooLong { .. } => ErrorCode::PromptTooLong,
                JobError::OutOfMemory { .. } => ErrorCode::OutOfMemory,
                JobError::BadRequest { .. } => ErrorCode::BadRequest,
                JobError::CannotSee { .. } => ErrorCode::CannotSee,
                JobError::Server { .. } => ErrorCode::Server,
                JobError::Cancelled => ErrorCode::Cancelled,
                JobError::Internal { .. } => ErrorCode::Other,
            },
            EngineError::Gone { .. } => ErrorCode::EngineGone,
            EngineError::Degraded { .. } => ErrorCode::EngineDegraded,
            EngineError::CannotStart { .. } => ErrorCode::EngineMissing,
            EngineError::Unreachable { .. } => ErrorCode::Server,
        };
        Self::new(code, error.to_string())
    }
}

/// A failure as the history keeps it: the code in front, so that the same action can be offered later.
pub(crate) fn kept_reason(error: &ApiError) -> String {
    let code = serde_json::to_value(error.code).ok().and_then(|code| code.as_str().map(str::to_owned));
    format!("{}\u{1f}{}", code.unwrap_or_default(), error.message)
}

fn from_kept_reason(reason: &str) -> ApiError {
    let (code, message) = reason.split_once('\u{1f}').unwrap_or(("other", reason));
    let code = serde_json::from_value(code.into()).unwrap_or(ErrorCode::Other);
    ApiError::new(code, message)
}

pub(crate) fn state_view(state: &history::MessageState) -> MessageState {
    match state {
        history::MessageState::Streaming => MessageState::Streaming,
        history::MessageState::Complete => MessageState::Complete,
        history::MessageState::Stopped => MessageState::Stopped,
        history::MessageState::Interrupted => MessageState::Interrupted,
        history::MessageState::Failed { reason } => MessageState::Failed { error: from_kept_reason(reason) },
    }
}

pub(crate) fn reply_end(end: &ReplyEnd) -> history::ReplyEnd {
    match end {
        ReplyEnd::Complete | ReplyEnd::CutShort => history::ReplyEnd::Complete,
        ReplyEnd::Stopped => history::ReplyEnd::Stopped,
        ReplyEnd::Interrupted(_) => history::ReplyEnd::Interrupted,
        ReplyEnd::Failed(error) => {
            history::ReplyEnd::Failed { reason: kept_reason(&ApiError::from(error.clone())) }
        }
    }
}

pub(crate) fn kept_usage(outcome: &Outcome) -> Option<history::Usage> {
    let usage = outcome.usage.as_ref().map(kept_usage_of)?;
    Some(history::Usage { cut_short: outcome.end == ReplyEnd::CutShort, ..usage })
}

pub(crate) fn kept_usage_of(usage: &Usage) -> history::Usage {
    history::Usage {
        prompt_tokens: usage.prompt.prompt_tokens,
        reused_tokens: usage.prompt.reused_tokens,
        completion_tokens: usage.completion_tokens,
        time_to_first_token_ms: usage.first_token_ms,
        decode_tokens_per_s: usage.decode_tokens_per_s,
        prefill_tokens_per_s: usage.prefill_tokens_per_s,
        dropped_messages: usage.prompt.dropped_messages,
        context_tokens: usage.prompt.context_tokens,
        cut_short: false,
    }
}

pub(crate) fn details(usage: &history::Usage) -> MessageDetails {
    MessageDetails {
        prompt_tokens: usage.prompt_tokens,
        reused_tokens: usage.reused_tokens,
        completion_tokens: usage.completion_tokens,
        first_token_ms: usage.time_to_first_token_ms,
        prefill_tokens_per_s: usage.prefill_tokens_per_s,
        decode_tokens_per_s: usage.decode_tokens_per_s,
        dropped_messages: usage.dropped_messages,
        context_tokens: usage.context_tokens,
        cut_short: usage.cut_short,
    }
}

fn message_view(message: &Message, versions: &[MessageId]) -> MessageView {
    MessageView {
        id: message.id.to_string(),
        speaker: if message.role == Role::User { Speaker::User } else { Speaker::Assistant },
        text: message.text.clone(),
        thinking: message.thinking.clone(),
        state: state_view(&message.state),
        created: message.created.0,
        model: message.model.clone(),
        versions: versions.iter().map(ToString::to_string).collect(),
        details: message.usage.as_ref().map(details),
        attachments: message.attachments.iter().map(attachment_view).collect(),
    }
}

pub(crate) fn path_view(path: &[PathEntry]) -> Vec<MessageView> {
    path.iter().map(|entry| message_view(&entry.message, &entry.siblings)).collect()
}

pub(crate) fn summary_view(summary: &history::ConversationSummary, replying: bool) -> ConversationSummary {
    ConversationSummary {
        id: summary.id.to_string(),
        title: summary.title.clone().unwrap_or_default(),
        pinned: summary.pinned,
        updated: summary.updated.0,
        snippet: summary.snippet.clone(),
        matches: Vec::new(),
        replying,
        model: summary.model.clone(),
    }
}

/// Byte ranges of `text` as pairs of UTF-16 positions, which is how a web view counts.
pub(crate) fn utf16_ranges(text: &str, ranges: &[std::ops::Range<usize>]) -> Vec<(u32, u32)> {
    let position = |at: usize| {
        let units = text.get(..at).map_or(0, |head| head.encode_utf16().count());
        u32::try_from(units).unwrap_or(u32::MAX)
    };
    ranges.iter().map(|range| (position(range.start), position(range.end))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_counted_as_the_web_view_counts() {
        let text = "a😀bc";
        assert_eq!(utf16_ranges(text, std::slice::from_ref(&(5..7))), [(3, 5)]);
    }

    #[test]
    fn a_kept_failure_keeps_its_code() {
        let error = ApiError::new(ErrorCode::NoModel, "No model is loaded.");
        assert_eq!(from_kept_reason(&kept_reason(&error)), error);
    }

    #[test]
    fn a_failure_from_elsewhere_is_still_a_sentence() {
        let error = from_kept_reason("Something broke.");
        assert_eq!(error, ApiError::new(ErrorCode::Other, "Something broke."));
    }
}
