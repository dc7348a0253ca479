//! What is shared while somebody talks, and what of it goes with what is said.
//!
//! Always holds: with every turn goes what was there when the user began to speak, unless the model was shown just that
//! lately; and what is there when the turn is answered, if it has changed since.

use std::sync::Arc;
use std::time::Instant;

use engine::{Image, LanguageModel};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What is shared while somebody talks: the screen, a window, a camera. Asked from the conversation's thread, so that
/// every answer comes at once.
pub trait Eyes: Send + Sync {
    /// What was there at a moment of the last seconds; none when nothing is shared.
    fn at(&self, moment: Instant) -> Option<Image>;

    /// What is there now; none when nothing is shared.
    fn newest(&self) -> Option<Image>;
}

/// Follows what is shared from the moment a turn begins, and has the model look at it before the turn ends.
pub(super) struct Looking {
    eyes: Option<Arc<dyn Eyes>>,
    model: Arc<dyn LanguageModel>,
    runtime: Handle,
    /// What was there when the user began to speak.
    before: Option<Image>,
    /// A look that the model takes, and at what.
    look: Option<Look>,
}

struct Look {
    image: Image,
    task: JoinHandle<()>,
    cancel: CancellationToken,
}

impl Looking {
    pub(super) fn new(eyes: Option<Arc<dyn Eyes>>, model: Arc<dyn LanguageModel>, runtime: Handle) -> Self {
        Self { eyes, model, runtime, before: None, look: None }
    }

    /// A turn began at this moment.
    pub(super) fn begun(&mut self, moment: Instant) {
        self.before = self.eyes.as_ref().and_then(|eyes| eyes.at(moment));
        self.prepare(self.before.clone());
    }

    /// What there is now may have changed: the model looks at that too, once it has looked at what was before.
    pub(super) fn follow(&mut self) {
        if self.is_done() {
            self.prepare(self.eyes.as_ref().and_then(|eyes| eyes.newest()));
        }
    }

    /// Whether the model looks at nothing just now.
    pub(super) fn is_done(&self) -> bool {
        self.look.as_ref().is_none_or(|look| look.task.is_finished())
    }

    /// What goes with a turn that is answered now, oldest first.
    pub(super) fn shown(&self) -> Vec<Image> {
        let Some(eyes) = &self.eyes else { return Vec::new() };
        let Some(newest) = eyes.newest() else { return Vec::new() };
        match &self.before {
            Some(before) if *before != newest => vec![before.clone(), newest],
            _ => vec![newest],
        }
    }

    fn prepare(&mut self, image: Option<Image>) {
        let Some(image) = image else { return };
        if self.look.as_ref().is_some_and(|look| look.image == image) {
            return;
        }
        if let Some(look) = self.look.take() {
            look.cancel.cancel();
        }
        let cancel = CancellationToken::new();
        let (model, wanted, stop) = (self.model.clone(), image.clone(), cancel.clone());
        let task = self.runtime.spawn(async move {
            // A model that cannot see says so when it is asked for an answer.
            let _ = model.prepare(wanted, stop).await;
        });
        self.look = Some(Look { image, task, cancel });
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        if let Some(look) = self.look.take() {
            look.cancel.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use engine::ScriptedModel;

    use super::*;

    fn picture(shade: u8) -> Image {
        Image::new(1, 1, vec![shade; 3]).unwrap()
    }

    /// Pictures with the moments at which they were taken.
    struct Taken(Mutex<Vec<(Instant, Image)>>);

    impl Taken {
        fn add(&self, at: Instant, shade: u8) {
            self.0.lock().unwrap().push((at, picture(shade)));
        }
    }

    impl Eyes for Taken {
        fn at(&self, moment: Instant) -> Option<Image> {
            let taken = self.0.lock().unwrap();
            let found = taken.iter().rev().find(|(at, _)| *at <= moment).or(taken.first());
            found.map(|(_, image)| image.clone())
        }
        fn newest(&self) -> Option<Image> {
            self.0.lock().unwrap().last().map(|(_, image)| image.clone())
        }
    }

    fn looking(taken: &Arc<Taken>) -> Looking {
        let model = Arc::new(ScriptedModel::default());
        Looking::new(Some(taken.clone()), model, Handle::current())
    }

    #[tokio::test]
    async fn what_was_there_at_the_beginning_goes_along_and_what_is_new_since() {
        let taken = Arc::new(Taken(Mutex::default()));
        let start = Instant::now();
        taken.add(start, 1);
        let mut looking = looking(&taken);
        taken.add(start + Duration::from_millis(500), 2);
        looking.begun(start + Duration::from_millis(100));
        assert_eq!(looking.shown(), [picture(1), picture(2)]);
        looking.begun(start + Duration::from_millis(600));
        assert_eq!(looking.shown(), [picture(2)]);
    }

    #[tokio::test]
    async fn what_is_no_longer_shared_does_not_go_along() {
        let taken = Arc::new(Taken(Mutex::default()));
        taken.add(Instant::now(), 1);
        let mut looking = looking(&taken);
        looking.begun(Instant::now());
        taken.0.lock().unwrap().clear();
        assert_eq!(looking.shown(), []);
    }
}
