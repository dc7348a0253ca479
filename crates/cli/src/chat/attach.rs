//! Files that a question is about.

use std::io::Read;
use std::path::{Path, PathBuf};

use api::{App, Attach, AttachedFile, Commands, MOST_ATTACHED_BYTES};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::exit::{Exit, Failure};
use crate::terminal::warn;

/// Keeps the files for the next message; what has to be said about them is said.
pub(super) async fn all(
    app: &App,
    conversation: Option<&str>,
    files: &[PathBuf],
) -> anyhow::Result<Vec<AttachedFile>> {
    let mut kept = Vec::with_capacity(files.len());
    for file in files {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let data = STANDARD.encode(read(file)?);
        let attach = Attach { conversation: conversation.map(str::to_owned), name, data };
        let attached = app
            .attach(attach)
            .await
            .map_err(|error| Failure::usage(format!("{}: {}", file.display(), error.message)))?;
        if let Some(part) = attached.part {
            warn(format!(
                "{} has {} pages; only the first {} go with the message.",
                file.display(),
                part.pages,
                part.read
            ));
        }
        if let Some(caution) = attached.caution {
            warn(caution.message);
        }
        kept.extend(
            attached.attachments.into_iter().map(|it| AttachedFile { content: it.content, name: it.name }),
        );
    }
    Ok(kept)
}

/// No more than is taken, and one byte, by which the application sees that it is too much.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file);
    let read = opened.and_then(|opened| opened.take(MOST_ATTACHED_BYTES as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => {
            let sentence = format!("{} cannot be read: {error}.", file.display());
            Err(Failure::new(Exit::Usage, sentence).into())
        }
    }
}
