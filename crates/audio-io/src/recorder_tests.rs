use super::*;
use assert_no_alloc::assert_no_alloc;
use rtrb::RingBuffer;

/// What the ears get of this, as samples of this type over so many channels.
fn heard<T: Sample>(channels: u16, data: &[T]) -> Vec<f32>
where
    f32: FromSample<T>,
{
    let (ring, mut out) = RingBuffer::new(4_000);
    let inlet = Arc::<Inlet>::default();
    let ears = Arc::<Waker>::default();
    assert!(ears.wakes_me());
    let mut recorder = Recorder::new(ring, Arc::clone(&inlet), ears, Clock::start(), (8_000, channels));
    assert_no_alloc(|| recorder.take(data));
    assert!(inlet.beat.load(Ordering::Acquire) > 0);
    let mut got = vec![0.0; out.slots()];
    out.pop_entire_slice(&mut got).unwrap();
    got
}

#[test]
fn every_format_becomes_mono() {
    assert_eq!(heard(1, &[0.5_f32, -0.5]), [0.5, -0.5]);
    assert_eq!(heard(2, &[0.5_f32, 0.25, -1.0, 1.0]), [0.375, 0.0]);
    assert_eq!(heard(1, &[16_384_i16, i16::MIN]), [0.5, -1.0]);
    assert_eq!(heard(1, &[128_u8, 0]), [0.0, -1.0]);
    assert_eq!(heard(1, &[32_768_u16, 0]), [0.0, -1.0]);
    assert_eq!(heard(1, &[1_i32 << 30]), [0.5]);
    // Of eight channels the first two, and a frame that is not whole is nothing.
    assert_eq!(heard(8, &[1.0_f32, 0.5, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 1.0]), [0.75]);
}

#[test]
fn long_blocks_are_taken_whole() {
    assert_eq!(heard(2, &vec![0.5_f32; 6_000]).len(), 3_000);
}

#[test]
fn what_finds_no_room_is_counted() {
    let (ring, _out) = RingBuffer::new(100);
    let inlet = Arc::<Inlet>::default();
    let mut recorder = Recorder::new(ring, Arc::clone(&inlet), Arc::default(), Clock::start(), (8_000, 1));
    assert_no_alloc(|| recorder.take(&[0.5_f32; 250]));
    assert_eq!(inlet.dropped.load(Ordering::Acquire), 150);
}
