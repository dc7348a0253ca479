//! Reading along: while the user speaks, the model reads what was said so far, so that a draft finds all but the last words
//! in the KV cache. What the recogniser changes afterwards is read again.
//!
//! Always holds: at most one reading is under way, and none once a draft is wanted. Only for models that can be asked to
//! read without answering, which is known from their weighing the words of a prompt.

use std::sync::Arc;

use engine::{GenerateRequest, LanguageModel};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Events that may wait: nobody is interested in them.
const QUEUE: usize = 8;

/// Whether the model can read without answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Unknown,
    Along,
}

pub(super) struct Reader {
    model: Arc<dyn LanguageModel>,
    runtime: Handle,
    reads: Reads,
    reading: Option<(JoinHandle<()>, CancellationToken)>,
    /// What was last read.
    read: String,
}

impl Reader {
    pub(super) fn new(model: Arc<dyn LanguageModel>, runtime: Handle) -> Self {
        Self { model, runtime, reads: Reads::Unknown, reading: None, read: String::new() }
    }

    /// The model weighs words: it can read along.
    pub(super) fn can_read(&mut self) {
        self.reads = Reads::Along;
    }

    /// Has these words read, unless they are, or others still are being read: those that come next bring them along.
    pub(super) fn read(&mut self, said: &str, request: impl FnOnce() -> GenerateRequest) {
        let is_busy = self.reading.as_ref().is_some_and(|(task, _)| !task.is_finished());
        if self.reads == Reads::Unknown || is_busy || said == self.read {
            return;
        }
        said.clone_into(&mut self.read);
        let request = GenerateRequest { max_tokens: Some(0), ..request() };
        let cancel = CancellationToken::new();
        let (model, stop) = (self.model.clone(), cancel.clone());
        let task = self.runtime.spawn(async move {
            let (events, mut told) = mpsc::channel(QUEUE);
            let drain = async { while told.recv().await.is_some() {} };
            // A model that fails says so when it is asked for an answer.
            let (_, ()) = tokio::join!(model.generate(request, events, stop), drain);
        });
        self.reading = Some((task, cancel));
    }

    /// Makes way for a draft.
    pub(super) fn stop(&mut self) {
        if let Some((_, cancel)) = self.reading.take() {
            cancel.cancel();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop();
    }
}
