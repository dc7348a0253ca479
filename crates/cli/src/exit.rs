//! How the program ends: one status for each kind of end, one sentence for each failure.

use std::io::{self, Write};
use std::process::ExitCode;

use api::{ApiError, ErrorCode};
use model_store::DownloadError;

/// The end of every help text.
pub(crate) const HELP: &str = "\
Exit status:
  0    done
  1    failed; the sentence on standard error says why and what to do
  2    the call is wrong: arguments or standard input
  3    there is no model, or it cannot be used
  4    the network, the hub or a server cannot be reached
  5    you said no, or the reply was stopped
  130  ended by Ctrl-C

Environment:
  HARK_HOME  one folder for settings, conversations and models
  HARK_LOG   what is logged to standard error, e.g. info
  NO_COLOR   no colours";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    Usage,
    NoModel,
    Network,
    Cancelled,
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NoModel => 3,
            Exit::Network => 4,
            Exit::Cancelled => 5,
            Exit::Interrupted => 130,
        })
    }
}

/// A failure that knows its status.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub(crate) struct Failure {
    exit: Exit,
    sentence: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into() }
    }

    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Usage, sentence)
    }
}

/// The kind of a failure.
fn exit_of(error: &anyhow::Error) -> Exit {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.exit;
    }
    if let Some(error) = error.downcast_ref::<ApiError>() {
        return exit_of_code(error.code);
    }
    if let Some(error) = error.downcast_ref::<DownloadError>() {
        return match error {
            DownloadError::Disk(_) | DownloadError::NoPip => Exit::Failed,
            DownloadError::Unknown(_) => Exit::NoModel,
            DownloadError::Cancelled => Exit::Cancelled,
            _ => Exit::Network,
        };
    }
    Exit::Failed
}

/// The status that tells what the user interface is told by a code.
pub(crate) fn exit_of_code(code: ErrorCode) -> Exit {
    match code {
        ErrorCode::NoModel | ErrorCode::BadModel => Exit::NoModel,
        ErrorCode::Server | ErrorCode::Network => Exit::Network,
        ErrorCode::BadRequest | ErrorCode::CannotSee | ErrorCode::PromptTooLong => Exit::Usage,
        ErrorCode::Cancelled => Exit::Cancelled,
        _ => Exit::Failed,
    }
}

/// Says why it failed and returns the status.
pub(crate) fn tell(error: &anyhow::Error) -> Exit {
    if is_broken_pipe(error) {
        // Whoever read our output has had enough of it, as `head` has.
        return Exit::Done;
    }
    // With standard error gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "hark: {error:#}");
    exit_of(error)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    fn exit(error: impl Into<anyhow::Error>) -> Exit {
        exit_of(&error.into())
    }

    #[test]
    fn the_kind_of_a_failure_decides_the_status() {
        let api = |code| exit(ApiError::new(code, "…"));
        assert_eq!(api(ErrorCode::NoModel), Exit::NoModel);
        assert_eq!(api(ErrorCode::PromptTooLong), Exit::Usage);
        assert_eq!(api(ErrorCode::Network), Exit::Network);
        assert_eq!(api(ErrorCode::EngineGone), Exit::Failed);
        assert_eq!(exit(Failure::usage("…")), Exit::Usage);
        assert_eq!(exit(DownloadError::Unreachable { host: "h".into() }), Exit::Network);
        assert_eq!(exit(io::Error::other("…")), Exit::Failed);
    }

    #[test]
    fn context_does_not_hide_the_kind() {
        let error = Err::<(), _>(ApiError::new(ErrorCode::NoModel, "…")).context("While asking");
        assert_eq!(exit_of(&error.unwrap_err()), Exit::NoModel);
    }
}
