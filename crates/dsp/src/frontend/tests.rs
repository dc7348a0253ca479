use media::{Direction, Side};

use super::*;

/// All that a frontend said about its blocks.
#[derive(Default)]
struct Told {
    blocks: Vec<Block>,
    skipped: Vec<(u64, u64)>,
}

fn push(frontend: &mut Frontend, batch: &Batch) -> Told {
    let mut told = Told::default();
    frontend.push(batch, &mut |out| match out {
        Out::Block(block) => told.blocks.push(*block),
        Out::Skipped { from, to } => told.skipped.push((from.0, to.0)),
        Out::Voice { .. } => {}
    });
    told
}

fn open() -> Frontend {
    Frontend::new(&FrontendConfig { canceller: Canceller::Off, ..FrontendConfig::default() }).unwrap()
}

fn heard(mic: Vec<f32>, mic_rate: u32) -> Batch {
    Batch { mic, mic_rate, ..Batch::default() }
}

#[test]
fn it_can_go_to_its_thread() {
    fn goes<T: Send>() {}
    goes::<Frontend>();
    goes::<crate::EndOfTurn>();
    goes::<JudgeInput>();
}

#[test]
fn blocks_follow_one_another() {
    let mut frontend = open();
    let mut next = SamplePos::START;
    for length in [1, 159, 160, 7, 1_000, 33] {
        for block in push(&mut frontend, &heard(vec![0.1; length], RATE)).blocks {
            assert_eq!(block.at, next);
            next = SamplePos(next.0 + BLOCK as u64);
        }
    }
    assert_eq!(next, SamplePos(1_280));
    assert_eq!(frontend.now(), next);
}

#[test]
fn the_clock_goes_on_over_a_gap() {
    let mut frontend = open();
    push(&mut frontend, &heard(vec![0.1; 200], RATE));
    let batch = Batch { gap: Duration::from_millis(100), ..heard(vec![0.1; 160], RATE) };
    let told = push(&mut frontend, &batch);
    let gaps = told.blocks.iter().filter(|block| block.origin == Origin::Gap).count();
    assert_eq!((told.blocks.len(), gaps), (11, 10));
    assert!(told.skipped.is_empty());
    assert_eq!(frontend.now(), SamplePos(12 * 160));
}

#[test]
fn over_an_hour_the_clock_jumps() {
    let mut frontend = open();
    push(&mut frontend, &heard(vec![0.1; 160], RATE));
    let told = push(&mut frontend, &Batch { gap: Duration::from_hours(1), ..Batch::default() });
    assert_eq!(told.blocks.len(), 50);
    assert_eq!(told.skipped, [(51 * 160, 160 + 3_600 * 16_000)]);
    assert_eq!(frontend.now(), SamplePos(160 + 3_600 * 16_000));
    assert!(frontend.pre_roll(SamplePos::START).is_empty());
    let told = push(&mut frontend, &heard(vec![0.1; 160], RATE));
    assert_eq!(told.blocks[0].at, SamplePos(160 + 3_600 * 16_000));
}

#[test]
fn another_rate_is_another_resampler() {
    let mut frontend = open();
    let mut seconds = 0;
    for rate in [48_000_u32, 44_100, 8_000, 192_000, 16_000] {
        push(&mut frontend, &heard(vec![0.1; rate as usize], rate));
        seconds += 1;
    }
    let behind = seconds * u64::from(RATE) - frontend.now().0;
    // Each change rounds up to a sample; the last rate is passed through.
    assert!(behind <= BLOCK as u64, "{behind}");
}

#[test]
fn an_impossible_rate_is_left_out() {
    let mut frontend = open();
    assert!(push(&mut frontend, &heard(vec![0.1; 480], 1_000_000)).blocks.is_empty());
    assert_eq!(push(&mut frontend, &heard(vec![0.1; 160], RATE)).blocks.len(), 1);
}

#[test]
fn what_was_played_stands_beside_what_was_heard() {
    let mut frontend = open();
    for played in [0.0, 0.5, 0.0] {
        let batch = Batch { far: vec![played; 480], far_rate: 48_000, ..heard(vec![0.1; 480], 48_000) };
        push(&mut frontend, &batch);
    }
    assert!(frontend.levels().far > Level::from_db(-20.0), "{:?}", frontend.levels());
    assert!(frontend.levels().mic > Level::from_db(-25.0));
}

#[test]
fn the_last_seconds_are_kept() {
    let mut frontend = open();
    push(&mut frontend, &heard(vec![0.1; 12 * 16_000], RATE));
    assert_eq!(frontend.pre_roll(frontend.now() - Ms(300)).len(), 4_800);
    assert_eq!(frontend.pre_roll(SamplePos::START).len(), KEPT);
}

#[test]
fn a_changed_device_or_a_room_in_doubt_is_learnt_anew() {
    let mut frontend = open();
    let playing = Batch { far: vec![0.5; 16_000], far_rate: RATE, ..heard(vec![0.1; 16_000], RATE) };
    for _ in 0..4 {
        push(&mut frontend, &playing);
    }
    assert_eq!(frontend.convergence(), Convergence::Settled);
    let side = Side::Open { device: "Speaker".into(), rate: RATE };
    let news = vec![SoundNews::Changed(Direction::Output, side)];
    push(&mut frontend, &Batch { news, ..Batch::default() });
    assert_eq!(frontend.convergence(), Convergence::Learning);
    for _ in 0..4 {
        push(&mut frontend, &playing);
    }
    assert_eq!(frontend.convergence(), Convergence::Settled);
    frontend.doubt_room();
    assert_eq!(frontend.convergence(), Convergence::Learning);
}
