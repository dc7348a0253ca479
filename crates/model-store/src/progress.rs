//! How far a download is.
//!
//! Always holds: reports come at most ten a second, except that a change of stage and the last one always come, and
//! `done` never exceeds `total`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Another download of the same file is under way here or in another process.
    Waiting,
    /// What was fetched earlier is read again.
    Checking,
    /// Bytes are coming.
    Downloading,
    /// The connection is gone; it is tried again.
    Retrying,
    /// Everything is there.
    Done,
}

/// How far the download of a model is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Which file.
    pub file: String,
    /// Bytes of the whole model that are there.
    pub done: u64,
    /// Bytes of the whole model, once known.
    pub total: Option<u64>,
    /// Bytes a second, over the last few seconds.
    pub bytes_per_s: f64,
    /// Time left at this speed.
    pub eta: Option<Duration>,
}

/// Who wants to know.
pub type ProgressSink = Arc<dyn Fn(Progress) + Send + Sync>;

const INTERVAL: Duration = Duration::from_millis(100);
const WINDOW: Duration = Duration::from_secs(5);

/// Turns counts of bytes into reports. Belongs to one download of one model.
pub(crate) struct Meter {
    sink: ProgressSink,
    file: String,
    /// Bytes of the files before this one.
    before: u64,
    /// Bytes of this file.
    here: u64,
    /// Bytes of all files whose size is known, and how many there are without.
    known: u64,
    unknown: usize,
    /// The size of the current file, if it is among the known ones.
    size: Option<u64>,
    stage: Stage,
    samples: VecDeque<(Instant, u64)>,
    reported: Option<Instant>,
}

impl Meter {
    /// `sizes` are those of the files to come, as far as they are known.
    pub(crate) fn new(sink: ProgressSink, sizes: &[Option<u64>]) -> Self {
        Self {
            sink,
            file: String::new(),
            before: 0,
            here: 0,
            known: sizes.iter().flatten().sum(),
            unknown: sizes.iter().filter(|size| size.is_none()).count(),
            size: None,
            stage: Stage::Downloading,
            samples: VecDeque::new(),
            reported: None,
        }
    }

    /// Goes to the next file, of which nothing is there yet.
    pub(crate) fn begin(&mut self, file: &str, size: Option<u64>) {
        file.clone_into(&mut self.file);
        self.size = size;
        self.here = 0;
        self.samples.clear();
    }

    /// The current file is complete, with `bytes`.
    pub(crate) fn finish(&mut self, bytes: u64) {
        self.learn(bytes);
        self.before += bytes;
        self.here = 0;
        self.samples.clear();
    }

    /// The size of the current file is `size`; says nothing new if it was known.
    pub(crate) fn learn(&mut self, size: u64) {
        if self.size.is_none() {
            self.size = Some(size);
            self.unknown = self.unknown.saturating_sub(1);
            self.known += size;
        }
    }

    fn total(&self) -> Option<u64> {
        (self.unknown == 0).then_some(self.known)
    }

    /// Changes the stage and says so at once.
    pub(crate) fn stage(&mut self, stage: Stage) {
        if self.stage != stage {
            self.stage = stage;
            self.samples.clear();
            self.report(Instant::now());
        }
    }

    /// `bytes` of the current file are there.
    pub(crate) fn at(&mut self, bytes: u64) {
        self.here = bytes;
        let now = Instant::now();
        if self.reported.is_none_or(|last| now - last >= INTERVAL) {
            self.samples.push_back((now, self.before + bytes));
            while self.samples.front().is_some_and(|(at, _)| now - *at > WINDOW) {
                self.samples.pop_front();
            }
            self.report(now);
        }
    }

    fn report(&mut self, now: Instant) {
        self.reported = Some(now);
        let total = self.total();
        let done = self.before + self.here;
        let done = total.map_or(done, |total| done.min(total));
        let bytes_per_s = match (self.samples.front(), self.samples.back()) {
            (Some((t0, b0)), Some((t1, b1))) if t1 > t0 => {
                b1.saturating_sub(*b0) as f64 / (*t1 - *t0).as_secs_f64()
            }
            _ => 0.0,
        };
        let left = total.map(|total| (total - done) as f64);
        let eta = left
            .filter(|_| bytes_per_s > 0.0)
            .and_then(|left| Duration::try_from_secs_f64(left / bytes_per_s).ok());
        (self.sink)(Progress { stage: self.stage, file: self.file.clone(), done, total, bytes_per_s, eta });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Runs `steps` of (milliseconds to pass, bytes there) and gives every report.
    async fn reports(total: Option<u64>, steps: &[(u64, u64)]) -> Vec<Progress> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let mut meter = Meter::new(Arc::new(move |p| sink.lock().unwrap().push(p)), &[total]);
        meter.begin("a.gguf", total);
        for (pass, bytes) in steps {
            tokio::time::advance(Duration::from_millis(*pass)).await;
            meter.at(*bytes);
        }
        meter.stage(Stage::Done);
        let seen = seen.lock().unwrap();
        seen.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_ten_reports_a_second_and_the_last_one_always() {
        let steps: Vec<_> = (1..=1000).map(|n| (1, n * 10)).collect();
        let seen = reports(Some(10_000), &steps).await;
        assert!(seen.len() <= 12, "{}", seen.len());
        let last = seen.last().unwrap();
        assert_eq!((last.stage, last.done), (Stage::Done, 10_000));
    }

    #[tokio::test(start_paused = true)]
    async fn speed_and_time_left_are_those_of_the_last_seconds() {
        let mut steps = vec![(0, 0)];
        steps.extend((1..=60).map(|n| (1000, n * 100)));
        let seen = reports(Some(10_000), &steps).await;
        let p = &seen[seen.len() - 2];
        assert!((p.bytes_per_s - 100.0).abs() < 0.01, "{p:?}");
        assert_eq!(p.eta, Some(Duration::from_secs(40)));
    }

    #[test]
    fn the_total_is_known_once_every_file_is() {
        let mut meter = Meter::new(Arc::new(|_| {}), &[None, Some(5), None]);
        meter.begin("a", None);
        meter.learn(10);
        meter.learn(10);
        assert_eq!(meter.total(), None);
        meter.finish(10);
        meter.begin("b", Some(5));
        meter.finish(5);
        meter.begin("c", None);
        meter.finish(7);
        assert_eq!(meter.total(), Some(22));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_size_has_no_time_left_and_a_wrong_one_is_not_exceeded() {
        assert_eq!(reports(None, &[(0, 0), (1000, 50)]).await[1].eta, None);
        assert_eq!(reports(Some(40), &[(0, 0), (1000, 50)]).await[1].done, 40);
    }
}
