use super::*;
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use rtrb::RingBuffer;

// Every test of this crate runs with it; only what is inside of `assert_no_alloc` may not allocate or free.
#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

const RATE: u32 = 48_000;

/// A player without a device. What it plays is what [`Bench::play`] returns.
struct Bench {
    player: Player,
    queue: Producer<f32>,
    far: Consumer<f32>,
    outlet: Arc<Outlet>,
    order: Arc<GainOrder>,
    queued: u64,
}

impl Bench {
    fn new(channels: u16) -> Self {
        let (queue, queued) = RingBuffer::new(28_800);
        let (sent, far) = RingBuffer::new(96_000);
        let (outlet, order) = (Arc::<Outlet>::default(), Arc::<GainOrder>::default());
        let told = (Arc::clone(&outlet), Arc::clone(&order));
        let player = Player::new((queued, sent), told, Clock::start(), RATE, channels);
        Self { player, queue, far, outlet, order, queued: 0 }
    }

    fn queue(&mut self, value: f32, frames: usize) {
        self.queue.push_entire_slice(&vec![value; frames]).unwrap();
        self.queued += frames as u64;
    }

    fn flush(&mut self) {
        self.outlet.flush(self.queued);
    }

    /// What the device is given in a callback of so many samples.
    fn play<T: Sample + FromSample<f32>>(&mut self, samples: usize) -> Vec<T> {
        let mut out = vec![T::EQUILIBRIUM; samples];
        assert_no_alloc(|| self.player.fill(&mut out, Duration::from_millis(20)));
        out
    }
}

#[test]
fn what_is_queued_is_played_and_counted() {
    let mut bench = Bench::new(1);
    bench.queue(0.25, 700);
    assert_eq!(bench.play::<f32>(480), vec![0.25; 480]);
    assert_eq!(bench.outlet.taken(), 480);
    let rest = bench.play::<f32>(480);
    assert_eq!(rest[..220], [0.25; 220]);
    assert_eq!(rest[220..], [0.0; 260]);
    assert_eq!(bench.outlet.taken(), 700);
    assert_eq!(bench.far.slots(), 960, "silence is far-end sound, too");
}

#[test]
fn a_flush_fades_and_skips_and_lets_the_new_through() {
    let mut bench = Bench::new(1);
    bench.queue(0.5, 9_600);
    bench.play::<f32>(480);
    bench.flush();
    bench.queue(-0.5, 480);
    let out = bench.play::<f32>(480);
    assert!(out[..239].is_sorted_by(|a, b| a >= b), "it fades");
    assert!(out[..239].iter().all(|sample| *sample > 0.0), "for five milliseconds");
    assert!(out[240..].iter().all(|sample| *sample <= 0.0), "then there is the new");
    assert_eq!(out[400..], [-0.5; 80]);
    assert_eq!(bench.outlet.taken(), 9_600 + 240, "what was skipped counts as taken");
}

#[test]
fn a_flush_with_nothing_queued_changes_nothing() {
    let mut bench = Bench::new(1);
    bench.flush();
    bench.queue(0.5, 100);
    assert_eq!(bench.play::<f32>(100), vec![0.5; 100]);
    bench.flush();
    bench.queue(0.5, 100);
    assert_eq!(bench.play::<f32>(100), vec![0.5; 100]);
}

#[test]
fn a_flush_with_little_queued_joins_the_new() {
    let mut bench = Bench::new(1);
    bench.queue(0.5, 100);
    bench.flush();
    bench.queue(0.5, 480);
    let out = bench.play::<f32>(580);
    assert!(out.windows(2).all(|two| (two[1] - two[0]).abs() < 0.01), "no jump");
    assert_eq!(out[579..], [0.5]);
}

#[test]
fn two_flushes_during_one_fade() {
    let mut bench = Bench::new(1);
    bench.queue(0.5, 4_800);
    bench.play::<f32>(48);
    bench.flush();
    bench.play::<f32>(48);
    bench.queue(0.4, 4_800);
    bench.flush();
    bench.queue(-0.5, 960);
    let out = bench.play::<f32>(960);
    assert!(out[..191].iter().all(|sample| *sample > 0.0));
    assert!(out[192..].iter().all(|sample| *sample <= 0.0));
}

#[test]
fn a_gain_is_reached_within_its_ramp_and_not_before() {
    let mut bench = Bench::new(1);
    bench.queue(1.0, 4_800);
    bench.order.set(0.2, Duration::from_millis(20));
    let out = bench.play::<f32>(1_200);
    assert!((out[480] - 0.6).abs() < 0.01, "half way: {}", out[480]);
    assert!(out[..960].is_sorted_by(|a, b| a > b));
    assert_eq!(out[960..], [0.2; 240]);
}

#[test]
fn only_the_front_is_played_to() {
    let mut bench = Bench::new(6);
    bench.queue(0.5, 2);
    assert_eq!(bench.play::<i16>(12), [16_384, 16_384, 0, 0, 0, 0, 16_384, 16_384, 0, 0, 0, 0]);
    bench.queue(0.0, 1);
    assert_eq!(bench.play::<u8>(6), [128; 6]);
}

#[test]
fn what_is_in_flight_is_over_some_time() {
    let mut bench = Bench::new(1);
    bench.queue(0.5, 480);
    let before = bench.player.clock.now();
    bench.play::<f32>(960);
    let left = bench.outlet.in_flight(before);
    assert!(left >= Duration::from_millis(30), "20 ms of the device and 10 ms of sound: {left:?}");
    assert_eq!(bench.outlet.in_flight(before + nanos(Duration::from_hours(1))), Duration::ZERO);
}

#[test]
fn too_loud_is_cut_and_no_number_is_silence() {
    let mut bench = Bench::new(1);
    bench.order.set(f32::NAN, Duration::ZERO);
    bench.queue(1.0, 10);
    assert_eq!(bench.play::<f32>(10)[9..], [0.0]);
    bench.order.set(3.0, Duration::ZERO);
    bench.queue(1.0, 10);
    assert_eq!(bench.play::<f32>(10)[9..], [1.0]);
}
