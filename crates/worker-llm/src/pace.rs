//! How many threads to compute with, by how long steps take. Pure.
//!
//! ggml's threads spin at a barrier between the parts of a step. Where another program has one of the cores, all of them
//! wait there for the one that has to share, for whole slices of the scheduler: with two threads on two cores, one of
//! which is busy, SmolLM2-135M makes 39 tokens a second; with one thread it makes 94, which is three quarters of what two
//! make when nothing else runs (128; measured on an AMD EPYC). So when steps have become much slower than they can be,
//! one thread fewer is tried, and now and then whether all of them are worth it again.

use std::time::Duration;

/// Steps slower than the fastest by this much have to do with other programs.
const SLOWED: f64 = 1.5;

/// So many steps in a row tell; a single one may have been interrupted by anything.
const TELLING: u32 = 3;

/// After so many steps with fewer threads all are tried again, and after twice as many the next time.
const FIRST_RETRY: u32 = 24;

/// So many steps are made with fewer at the very beginning: the machine may be busy from the start.
const FIRST: u32 = 8;

/// With this many all are tried again every few seconds while a reply is made.
const LAST_RETRY: u32 = 384;

/// Steps that count in a mean, about.
const MEAN_OF: f64 = 8.0;

/// A fastest step is forgotten by this share with each that is slower: steps become slower with the history too.
const FORGETTING: f64 = 0.002;

/// The threads of one context, for steps of one token.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    most: u32,
    with: With,
    /// The fastest step with all threads, seconds.
    fastest: Option<f64>,
    retry: u32,
}

#[derive(Debug, Clone, Copy)]
enum With {
    /// All threads; so many slow steps in a row.
    All { slow: u32 },
    /// One fewer; steps so far, and what one takes in the mean.
    Fewer { steps: u32, mean: f64 },
    /// All on trial: steps so far, what they took, and what a step takes with fewer.
    Trial { steps: u32, took: f64, fewer: f64 },
}

impl Pace {
    pub(crate) fn new(most: u32) -> Self {
        let with = if most < 2 {
            With::All { slow: 0 }
        } else {
            With::Fewer { steps: FIRST_RETRY - FIRST, mean: 0.0 }
        };
        Self { most, with, fastest: None, retry: FIRST_RETRY }
    }

    /// How many there are.
    pub(crate) fn most(&self) -> u32 {
        self.most
    }

    /// Threads for the next step.
    pub(crate) fn threads(&self) -> u32 {
        match self.with {
            With::Fewer { .. } => self.most - 1,
            With::All { .. } | With::Trial { .. } => self.most,
        }
    }

    /// Takes note of a step of one token; whether [`Pace::threads`] has changed.
    pub(crate) fn took(&mut self, time: Duration) -> bool {
        if self.most < 2 {
            return false;
        }
        let (before, time) = (self.threads(), time.as_secs_f64());
        self.with = match self.with {
            With::All { slow } => self.with_all(time, slow),
            With::Fewer { steps, mean } => self.with_fewer(time, steps, mean),
            With::Trial { steps, took, fewer } => self.on_trial(time, steps, took, fewer),
        };
        self.threads() != before
    }

    fn with_all(&mut self, time: f64, slow: u32) -> With {
        let fastest = self.fastest.map_or(time, |fastest| time.min(fastest * (1.0 + FORGETTING)));
        self.fastest = Some(fastest);
        if time < fastest * SLOWED {
            return With::All { slow: 0 };
        }
        if slow + 1 < TELLING {
            return With::All { slow: slow + 1 };
        }
        With::Fewer { steps: 0, mean: 0.0 }
    }

    fn with_fewer(&mut self, time: f64, steps: u32, mean: f64) -> With {
        let steps = steps + 1;
        let mean = if mean > 0.0 { mean + (time - mean) / MEAN_OF } else { time };
        if steps < self.retry {
            return With::Fewer { steps, mean };
        }
        With::Trial { steps: 0, took: 0.0, fewer: mean }
    }

    fn on_trial(&mut self, time: f64, steps: u32, took: f64, fewer: f64) -> With {
        let (steps, took) = (steps + 1, took + time);
        if steps < TELLING {
            return With::Trial { steps, took, fewer };
        }
        if took < fewer * f64::from(steps) {
            self.retry = FIRST_RETRY;
            return With::All { slow: 0 };
        }
        self.retry = (self.retry * 2).min(LAST_RETRY);
        With::Fewer { steps: 0, mean: fewer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds of a step, by the number of threads.
    fn run(pace: &mut Pace, steps: usize, time: impl Fn(u32) -> u64) -> Vec<u32> {
        let step = |_| {
            let threads = pace.threads();
            pace.took(Duration::from_millis(time(threads)));
            threads
        };
        (0..steps).map(step).collect()
    }

    const QUIET: fn(u32) -> u64 = |threads| if threads == 2 { 7 } else { 11 };
    const BUSY: fn(u32) -> u64 = |threads| if threads == 2 { 26 } else { 11 };

    /// One that knows how fast it is when nothing else runs.
    fn settled() -> Pace {
        let mut pace = Pace::new(2);
        run(&mut pace, 20, QUIET);
        pace
    }

    #[test]
    fn alone_all_threads_compute() {
        assert!(run(&mut settled(), 500, QUIET).iter().all(|&threads| threads == 2));
    }

    #[test]
    fn a_machine_that_is_busy_from_the_start_is_known_too() {
        let mut pace = Pace::new(2);
        let with_all = run(&mut pace, 200, BUSY).iter().filter(|&&threads| threads == 2).count();
        assert!(with_all < 20, "{with_all}");
    }

    #[test]
    fn beside_a_busy_program_one_computes_and_soon() {
        let mut pace = settled();
        let threads = run(&mut pace, 200, BUSY);
        assert_eq!(threads[..4], [2, 2, 2, 1]);
        let with_all = threads.iter().filter(|&&threads| threads == 2).count();
        assert!(with_all < 20, "{with_all}");
    }

    #[test]
    fn when_the_other_program_has_ended_all_compute_again() {
        let mut pace = settled();
        run(&mut pace, 400, BUSY);
        assert_eq!(run(&mut pace, 800, QUIET).last(), Some(&2));
    }

    #[test]
    fn a_single_slow_step_changes_nothing() {
        let mut pace = settled();
        for _ in 0..20 {
            run(&mut pace, 1, |_| 90);
            assert!(run(&mut pace, 5, QUIET).iter().all(|&threads| threads == 2));
        }
    }

    #[test]
    fn a_history_that_grows_is_no_busy_machine() {
        let mut pace = settled();
        for step in 0..4_000 {
            assert_eq!(run(&mut pace, 1, |_| 7 + step / 200), [2]);
        }
    }

    #[test]
    fn a_single_core_has_nothing_to_choose() {
        let mut pace = Pace::new(1);
        assert_eq!(run(&mut pace, 50, |_| 30), vec![1; 50]);
    }
}
