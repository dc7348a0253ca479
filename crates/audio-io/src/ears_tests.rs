use super::*;
use crate::recorder::Recorder;
use rtrb::Producer;

/// Ears whose microphones are made by hand.
struct Bench {
    ears: LinkEars,
    to_ears: mpsc::Sender<ToEars>,
    batch: Batch,
}

impl Bench {
    fn new() -> Self {
        let (to_ears, inbox) = mpsc::channel();
        let (door, _) = Door::new(Arc::default());
        let ears = LinkEars::new(inbox, Arc::default(), Clock::start(), Arc::new(door));
        Self { ears, to_ears, batch: Batch::default() }
    }

    fn plug(&self, rate: u32) -> Recorder {
        let (sound, heard) = ring(rate);
        let inlet = Arc::<Inlet>::default();
        let recorder = recorder(sound, &inlet, &self.ears, rate);
        self.to_ears.send(ToEars::Mic(MicLine { ring: heard, rate, inlet })).unwrap();
        recorder
    }

    fn read(&mut self) -> &Batch {
        self.ears.read(&mut self.batch, Duration::ZERO).unwrap();
        &self.batch
    }
}

fn recorder(sound: Producer<f32>, inlet: &Arc<Inlet>, ears: &LinkEars, rate: u32) -> Recorder {
    Recorder::new(sound, Arc::clone(inlet), Arc::clone(&ears.waker), ears.clock, (rate, 1))
}

#[test]
fn what_is_left_of_the_old_microphone_comes_first() {
    let mut bench = Bench::new();
    let mut old = bench.plug(8_000);
    old.take(&[0.1_f32; 80]);
    bench.to_ears.send(ToEars::MicLost).unwrap();
    let mut new = bench.plug(16_000);
    new.take(&[0.2_f32; 160]);
    assert_eq!((bench.read().mic_rate, bench.batch.mic.len()), (8_000, 80));
    assert_eq!((bench.read().mic_rate, bench.batch.mic.len()), (16_000, 160));
}

#[test]
fn time_without_a_microphone_is_a_gap() {
    let mut bench = Bench::new();
    bench.read();
    let first = bench.ears.clock.now();
    let gap = bench.read().gap;
    let second = bench.ears.clock.now();
    assert!(gap > Duration::ZERO && gap <= Duration::from_nanos(second), "{gap:?} around {first}");
    // An hour asleep is not an hour of silence.
    bench.ears.silent_since = Some(0);
    bench.ears.clock = Clock::start();
    let long_ago = bench.ears.clock.now();
    assert!(bench.read().gap <= LONGEST_GAP, "since {long_ago}");
}

#[test]
fn what_was_dropped_is_a_gap_behind_it() {
    let mut bench = Bench::new();
    let mut recorder = bench.plug(8_000);
    bench.read();
    recorder.take(&vec![0.1_f32; 16_000 + 800]);
    assert_eq!(bench.read().mic.len(), 16_000);
    recorder.take(&[0.1_f32; 80]);
    assert_eq!(bench.read().gap, Duration::from_millis(100));
    recorder.take(&[0.1_f32; 80]);
    assert_eq!(bench.read().gap, Duration::ZERO);
}

#[test]
fn a_closed_link_says_so() {
    let mut bench = Bench::new();
    drop(bench.to_ears);
    let closed = bench.ears.read(&mut bench.batch, Duration::from_mins(1));
    assert_eq!(closed, Err(Closed));
}

#[test]
fn sound_ends_the_wait() {
    let mut bench = Bench::new();
    let mut recorder = bench.plug(8_000);
    bench.read();
    let speaker = std::thread::spawn(move || recorder.take(&[0.1_f32; 80]));
    bench.ears.read(&mut bench.batch, Duration::from_mins(1)).unwrap();
    assert_eq!(bench.batch.mic.len(), 80);
    speaker.join().unwrap();
}
