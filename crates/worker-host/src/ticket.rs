//! A place in a queue that can be given up until its turn comes.
//!
//! Always holds: either the queue claims what was handed in and then answers, or the one who waits withdraws it and the
//! queue passes the ticket over; never both. What is withdrawn is dropped at once, not when the queue comes to it,
//! because others may wait for its end (a listener for the end of its channel).

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// A new ticket for `what`, for the queue, and the wait for its answer.
pub(crate) fn ticket<T, R>(what: T) -> (Ticket<T, R>, Waiting<T, R>) {
    let slot = Slot(Arc::new(Mutex::new(Some(what))));
    let (answer, answered) = oneshot::channel();
    (Ticket { slot: Slot(Arc::clone(&slot.0)), answer }, Waiting { slot, answered })
}

// A mutex because whoever comes first takes it; held for the taking.
struct Slot<T>(Arc<Mutex<Option<T>>>);

impl<T> Slot<T> {
    fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// In the queue.
pub(crate) struct Ticket<T, R> {
    slot: Slot<T>,
    answer: oneshot::Sender<R>,
}

impl<T, R> Ticket<T, R> {
    /// Its turn has come; `None` when it was withdrawn.
    pub(crate) fn claim(self) -> Option<(T, oneshot::Sender<R>)> {
        self.slot.take().map(|what| (what, self.answer))
    }

    /// Claims and answers at once.
    pub(crate) fn answer(self, answer: R) {
        if let Some((_, sender)) = self.claim() {
            // Whoever asked may have stopped waiting.
            let _ = sender.send(answer);
        }
    }
}

/// With the one who waits. Dropping it withdraws.
pub(crate) struct Waiting<T, R> {
    slot: Slot<T>,
    answered: oneshot::Receiver<R>,
}

/// What waiting came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome<R> {
    /// The answer.
    Answer(R),
    /// Cancelled before its turn came.
    Withdrawn,
    /// The queue is gone.
    Lost,
}

impl<T, R> Waiting<T, R> {
    /// Waits for the answer; withdraws if `cancel` comes before the turn does.
    pub(crate) async fn outcome(mut self, cancel: &CancellationToken) -> Outcome<R> {
        tokio::select! {
            biased;
            answer = &mut self.answered => return answer.map_or(Outcome::Lost, Outcome::Answer),
            () = cancel.cancelled() => {}
        }
        if self.slot.take().is_some() {
            return Outcome::Withdrawn;
        }
        (&mut self.answered).await.map_or(Outcome::Lost, Outcome::Answer)
    }
}

impl<T, R> Drop for Waiting<T, R> {
    fn drop(&mut self) {
        drop(self.slot.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn withdrawn_before_its_turn_it_is_dropped_and_passed_over() {
        let (held, mut listener) = tokio::sync::mpsc::channel::<()>(1);
        let (ticket, waiting) = ticket::<_, u8>(held);
        let cancel = CancellationToken::new();
        cancel.cancel();
        assert_eq!(waiting.outcome(&cancel).await, Outcome::Withdrawn);
        assert_eq!(listener.recv().await, None);
        assert!(ticket.claim().is_none());
    }

    #[test]
    fn one_who_stops_waiting_withdraws() {
        let (ticket, waiting) = ticket::<_, u8>(());
        drop(waiting);
        assert!(ticket.claim().is_none());
    }

    #[tokio::test]
    async fn once_claimed_it_is_answered_also_when_cancelled() {
        let (ticket, waiting) = ticket::<_, u8>(());
        let cancel = CancellationToken::new();
        let ((), sender) = ticket.claim().unwrap();
        cancel.cancel();
        let (outcome, ()) = tokio::join!(waiting.outcome(&cancel), async { sender.send(7).unwrap() });
        assert_eq!(outcome, Outcome::Answer(7));
    }

    #[tokio::test]
    async fn a_queue_that_is_gone_is_told() {
        let (ticket, waiting) = ticket::<_, u8>(());
        drop(ticket);
        assert_eq!(waiting.outcome(&CancellationToken::new()).await, Outcome::Lost);
    }
}
