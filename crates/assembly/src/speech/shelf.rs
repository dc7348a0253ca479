//! Workers that are kept for the next who want the same, for some minutes.

use std::sync::{Arc, Mutex, PoisonError};

/// So many looks at which nobody used it, and a worker goes.
const IDLE_LOOKS: u32 = 5;

/// What is kept, by what it was made for.
pub(super) struct Shelf<K, W> {
    // A mutex because conversations, the settings page and the sweeper come from different threads; held for a look.
    kept: Mutex<Vec<Kept<K, W>>>,
}

struct Kept<K, W> {
    made_for: K,
    worker: Arc<W>,
    idle_looks: u32,
}

impl<K, W> Default for Shelf<K, W> {
    fn default() -> Self {
        Self { kept: Mutex::default() }
    }
}

impl<K: PartialEq, W> Shelf<K, W> {
    /// The worker for this, which is made when there is none.
    pub(super) fn take(&self, wanted: K, make: impl FnOnce(&K) -> W) -> Arc<W> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter_mut().find(|known| known.made_for == wanted) {
            known.idle_looks = 0;
            return known.worker.clone();
        }
        let worker = Arc::new(make(&wanted));
        kept.push(Kept { made_for: wanted, worker: worker.clone(), idle_looks: 0 });
        worker
    }

    /// Lets go what nobody has used for so many calls of this.
    pub(super) fn sweep(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain_mut(|known| {
            let used = Arc::strong_count(&known.worker) > 1;
            known.idle_looks = if used { 0 } else { known.idle_looks + 1 };
            known.idle_looks < IDLE_LOOKS
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_shared_and_another_is_made() {
        let shelf = Shelf::<&str, u32>::default();
        let (one, again, other) = (shelf.take("a", |_| 1), shelf.take("a", |_| 2), shelf.take("b", |_| 3));
        assert_eq!((*one, *again, *other), (1, 1, 3));
    }

    #[test]
    fn what_is_used_stays_and_what_is_idle_goes_after_a_while() {
        let shelf = Shelf::<&str, u32>::default();
        let used = shelf.take("used", |_| 1);
        drop(shelf.take("idle", |_| 1));
        for _ in 1..IDLE_LOOKS {
            shelf.sweep();
        }
        assert_eq!(*shelf.take("idle", |_| 2), 1, "taken again in time");
        for _ in 0..IDLE_LOOKS {
            shelf.sweep();
        }
        assert_eq!(*shelf.take("idle", |_| 2), 2);
        assert_eq!((*shelf.take("used", |_| 2), *used), (1, 1));
    }
}
