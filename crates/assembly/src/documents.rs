//! Documents, read in a process of their own, which may die of what it reads.

use std::process::Stdio;
use std::time::Duration;

use api::{ApiError, Documents, ErrorCode};
use async_trait::async_trait;
use attachments::pdf::{Document, Unread};
use attachments::{Refused, Trouble};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use worker_host::worker_program;

/// Longer than any document takes that can be read at all; the program limits its computing time itself where it can.
const PATIENCE: Duration = Duration::from_mins(1);

/// The most bytes it may answer with: eight pages' pictures, none of them as large as its pixels.
const MOST_ANSWER: u64 = 128 << 20;

/// The program `worker-pdf`.
pub(crate) struct PdfProgram;

#[async_trait]
impl Documents for PdfProgram {
    async fn read_pdf(&self, bytes: Vec<u8>) -> Result<Document, ApiError> {
        let program = worker_program("worker-pdf")?;
        let answer = tokio::time::timeout(PATIENCE, ask(Command::new(program), bytes)).await;
        let refused = |refused| ApiError::from(Trouble::Refused(refused));
        match answer {
            Ok(Ok(Some(answer))) => match rmp_serde::from_slice(&answer) {
                Ok(Ok(document)) => Ok(document),
                Ok(Err(Unread::Locked)) => Err(refused(Refused::LockedDocument)),
                Ok(Err(Unread::Damaged | Unread::Empty)) | Err(_) => Err(refused(Refused::DamagedDocument)),
            },
            // It ended without an answer, or did not end: both are what it was given.
            Ok(Ok(None)) | Err(_) => Err(refused(Refused::DamagedDocument)),
            Ok(Err(error)) => {
                let words = format!("PDF files cannot be read: the program for it does not start ({error}).");
                Err(ApiError::new(ErrorCode::EngineMissing, words))
            }
        }
    }
}

/// What it answers; none when it failed. It is ended when nobody waits for it any more.
async fn ask(mut program: Command, bytes: Vec<u8>) -> std::io::Result<Option<Vec<u8>>> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { return Ok(None) };
    let give = async move {
        // It may have ended already; then its answer tells.
        let _ = input.write_all(&bytes).await;
        drop(input);
    };
    let mut answer = Vec::new();
    let mut output = output.take(MOST_ANSWER);
    let ((), read) = tokio::join!(give, output.read_to_end(&mut answer));
    read?;
    Ok(child.wait().await?.success().then_some(answer))
}
