//! Documents and HEIC pictures, each read in a process of its own, which may die of what it reads.

use std::collections::VecDeque;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::{ApiError, Documents, ErrorCode, ReadsText};
use async_trait::async_trait;
use attachments::pdf::{Document, Unread};
use attachments::{Refused, Trouble};
use dialogue::reading::{Piece, laid_out};
use engine::{Image, ImageId, ReadAnswer, ReadPicture, SpeechLoad, TextLine};
use model_store::ModelStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use worker_host::worker_program;

/// Longer than any document takes that can be read at all; the program limits its computing time itself where it can.
const PATIENCE: Duration = Duration::from_mins(1);

/// The most bytes it may answer with: eight pages' pictures, none of them as large as its pixels.
const MOST_ANSWER: u64 = 128 << 20;

/// What is said then.
const NO_LIBHEIF: &str = if cfg!(target_os = "macos") {
    "HEIC pictures are read by libheif, which is not installed. Install it with “brew install libheif”, or attach the \
     picture as JPEG or PNG."
} else if cfg!(windows) {
    "HEIC pictures cannot be read here. Attach the picture as JPEG or PNG."
} else {
    "HEIC pictures are read by libheif, which is not installed. Install it (“sudo apt install libheif1” on Debian and \
     Ubuntu), or attach the picture as JPEG or PNG."
};

/// The programs `worker-pdf`, `worker-heic` and `worker-paddle`.
#[derive(Default)]
pub(crate) struct Programs {
    read: Arc<Read>,
}

#[async_trait]
impl Documents for Programs {
    fn text_reader(&self, models: &ModelStore) -> Option<Arc<dyn ReadsText>> {
        let load = crate::speech::text_recognition(models)?;
        Some(Arc::new(TextReader { load, read: self.read.clone() }))
    }

    async fn read_pdf(&self, bytes: Vec<u8>) -> Result<Document, ApiError> {
        let program = worker_program("worker-pdf")?;
        let answer = tokio::time::timeout(PATIENCE, ask(Command::new(program), bytes)).await;
        let refused = |refused| ApiError::from(Trouble::Refused(refused));
        match answer {
            Ok(Ok(answer)) => match rmp_serde::from_slice(&answer) {
                Ok(Ok(document)) => Ok(document),
                Ok(Err(Unread::Locked)) => Err(refused(Refused::LockedDocument)),
                Ok(Err(Unread::Damaged | Unread::Empty)) | Err(_) => Err(refused(Refused::DamagedDocument)),
            },
            // It ended without an answer, or did not end: both are what it was given.
            Ok(Err(Unanswered::Ended(_))) | Err(_) => Err(refused(Refused::DamagedDocument)),
            Ok(Err(Unanswered::Io(error))) => {
                let words = format!("PDF files cannot be read: the program for it does not start ({error}).");
                Err(ApiError::new(ErrorCode::EngineMissing, words))
            }
        }
    }

    async fn read_heic(&self, bytes: Vec<u8>) -> Result<Vec<u8>, ApiError> {
        let program = worker_program("worker-heic")?;
        let answer = tokio::time::timeout(PATIENCE, ask(Command::new(program), bytes)).await;
        match answer {
            Ok(Ok(picture)) => Ok(picture),
            Ok(Err(Unanswered::Ended(Some(NO_LIBRARY)))) => {
                Err(ApiError::new(ErrorCode::BadRequest, NO_LIBHEIF))
            }
            Ok(Err(Unanswered::Ended(_))) | Err(_) => {
                Err(ApiError::from(Trouble::Refused(Refused::DamagedPicture)))
            }
            Ok(Err(Unanswered::Io(error))) => {
                let words =
                    format!("HEIC pictures cannot be read: the program for it does not start ({error}).");
                Err(ApiError::new(ErrorCode::EngineMissing, words))
            }
        }
    }
}

/// How `worker-heic` ends where the system has no libheif.
const NO_LIBRARY: i32 = 3;

/// Why it did not answer.
enum Unanswered {
    /// It ended otherwise than well, with this code where it had one.
    Ended(Option<i32>),
    /// It does not start, or the pipes to it broke.
    Io(std::io::Error),
}

/// What it answers. It is ended when nobody waits for it any more.
async fn ask(mut program: Command, bytes: Vec<u8>) -> Result<Vec<u8>, Unanswered> {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(Unanswered::Io)?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Unanswered::Ended(None));
    };
    let give = async move {
        // It may have ended already; then its answer tells.
        let _ = input.write_all(&bytes).await;
        drop(input);
    };
    let mut answer = Vec::new();
    let mut output = output.take(MOST_ANSWER);
    let ((), read) = tokio::join!(give, output.read_to_end(&mut answer));
    read.map_err(Unanswered::Io)?;
    let status = child.wait().await.map_err(Unanswered::Io)?;
    if status.success() { Ok(answer) } else { Err(Unanswered::Ended(status.code())) }
}

/// The texts of so many pictures are remembered.
const REMEMBERED: usize = 64;

/// What was read lately, the last at the end; and one picture is read at a time: it takes all processors.
#[derive(Default)]
struct Read {
    texts: Mutex<VecDeque<(ImageId, String)>>,
    turn: tokio::sync::Mutex<()>,
}

impl Read {
    fn known(&self, id: ImageId) -> Option<String> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.iter().find(|(known, _)| *known == id).map(|(_, text)| text.clone())
    }

    fn remember(&self, id: ImageId, text: &str) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() == REMEMBERED {
            texts.pop_front();
        }
        texts.push_back((id, text.to_owned()));
    }
}

struct TextReader {
    load: SpeechLoad,
    read: Arc<Read>,
}

#[async_trait]
impl ReadsText for TextReader {
    async fn text_in(&self, image: &Image) -> Result<String, ApiError> {
        let _turn = self.read.turn.lock().await;
        if let Some(text) = self.read.known(image.id()) {
            return Ok(text);
        }
        let file = |role| self.load.file(role).map(std::path::Path::to_path_buf);
        let (Some(library), Some(detector), Some(recogniser)) =
            (file("library"), file("weights"), file("decoder"))
        else {
            return Err(unread("its files are not whole; download it again"));
        };
        let picture = image.clone();
        let pixels = tokio::task::spawn_blocking(move || picture.pixels()).await;
        let picture = pixels.map_err(|_| unread("the picture could not be opened"))?;
        let picture = picture.map_err(|gone| ApiError::new(ErrorCode::NotFound, gone))?;
        let asked = rmp_serde::to_vec_named(&ReadPicture { library, detector, recogniser, picture });
        let asked = asked.map_err(|error| unread(&error.to_string()))?;
        let program = worker_program("worker-paddle")?;
        let answer = tokio::time::timeout(PATIENCE, ask(Command::new(program), asked)).await;
        let Ok(Ok(answer)) = answer else { return Err(unread("its program failed; try again")) };
        let answer: ReadAnswer =
            rmp_serde::from_slice(&answer).map_err(|_| unread("its program failed; try again"))?;
        let lines = answer.map_err(|reason| unread(&reason))?;
        let text = laid_out(lines.into_iter().map(piece).collect());
        self.read.remember(image.id(), &text);
        Ok(text)
    }
}

fn piece(line: TextLine) -> Piece {
    let TextLine { text, left, top, width, height } = line;
    Piece { text, left, top, width, height }
}

fn unread(reason: &str) -> ApiError {
    ApiError::new(ErrorCode::Other, format!("The text in the picture cannot be read: {reason}."))
}
