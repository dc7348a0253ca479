//! Where a call's events go.

use async_trait::async_trait;
use tokio::sync::mpsc;

/// Where the events of one call go: made from a bounded channel, whose slowness holds the worker back and whose
/// closing cancels the call.
pub struct Events<E>(Box<dyn Listener<E>>);

/// Why an event was not taken.
pub(crate) enum Unheard<E> {
    /// There is no room now; the event comes back.
    Full(E),
    /// Nobody listens any more.
    Closed,
}

#[async_trait]
trait Listener<E>: Send + Sync {
    fn try_hear(&self, event: E) -> Result<(), Unheard<E>>;
    /// Waits until there is room, or nobody listens any more.
    async fn room(&self);
    /// Waits until nobody listens any more.
    async fn closed(&self);
}

impl<E: Send + 'static> Events<E> {
    /// Those for which `map` gives something go to `sender`.
    pub fn mapped<T: Send + 'static>(
        sender: mpsc::Sender<T>,
        map: impl Fn(E) -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(Mapped { sender, map }))
    }

    /// Every event is given to `hear`, which must not wait.
    pub fn heard_by(hear: impl Fn(E) + Send + Sync + 'static) -> Self {
        Self(Box::new(HeardBy(hear)))
    }

    /// Nobody wants to know.
    pub fn ignored() -> Self {
        Self::heard_by(drop)
    }

    pub(crate) fn try_hear(&self, event: E) -> Result<(), Unheard<E>> {
        self.0.try_hear(event)
    }

    pub(crate) async fn room(&self) {
        self.0.room().await;
    }

    pub(crate) async fn closed(&self) {
        self.0.closed().await;
    }
}

impl<E: Send + 'static> From<mpsc::Sender<E>> for Events<E> {
    fn from(sender: mpsc::Sender<E>) -> Self {
        Self::mapped(sender, Some)
    }
}

struct Mapped<T, F> {
    sender: mpsc::Sender<T>,
    map: F,
}

#[async_trait]
impl<E: Send + 'static, T: Send, F: Fn(E) -> Option<T> + Send + Sync> Listener<E> for Mapped<T, F> {
    fn try_hear(&self, event: E) -> Result<(), Unheard<E>> {
        match self.sender.try_reserve() {
            Ok(permit) => {
                if let Some(event) = (self.map)(event) {
                    permit.send(event);
                }
                Ok(())
            }
            Err(mpsc::error::TrySendError::Full(())) => Err(Unheard::Full(event)),
            Err(mpsc::error::TrySendError::Closed(())) => Err(Unheard::Closed),
        }
    }

    async fn room(&self) {
        // A closed channel is told by the next attempt.
        let _ = self.sender.reserve().await;
    }

    async fn closed(&self) {
        self.sender.closed().await;
    }
}

struct HeardBy<F>(F);

#[async_trait]
impl<E: Send + 'static, F: Fn(E) + Send + Sync> Listener<E> for HeardBy<F> {
    fn try_hear(&self, event: E) -> Result<(), Unheard<E>> {
        (self.0)(event);
        Ok(())
    }

    async fn room(&self) {}

    async fn closed(&self) {
        std::future::pending::<()>().await;
    }
}
