//! Prints what the sound link costs and how late it is, on a virtual card: flush to silence (on the recording), callback to
//! read, the size of callbacks, processor time. Run with `cargo run --release -p audio-io --example figures`.

#![allow(clippy::unwrap_used, reason = "a program that prints figures may end with a panic")]

use audio_io::SystemCard;
use media::{Batch, SoundCard, SoundLink, SoundRequest};
use soundcard_sim::{Sound, VirtualCard};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const FOLDER: &str = "FIGURES_FOLDER";

fn main() {
    // The environment must name the server before this process has threads, so it starts itself again.
    let Some(folder) = std::env::var_os(FOLDER) else {
        let folder = tempfile::tempdir().unwrap();
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .env(FOLDER, folder.path())
            .envs(VirtualCard::env_of(folder.path()))
            .status();
        assert!(run.unwrap().success());
        return;
    };
    let card = VirtualCard::start_in(folder.as_ref()).unwrap();
    let mut link = SystemCard.open(&SoundRequest::default()).unwrap();
    link.listen(Duration::from_secs(1));
    cost(&mut link);
    lateness(&card, &mut link);
    losses(&mut link);
    flushes(&card, &mut link);
}

/// What one look of the ears brought.
struct Look {
    mic: usize,
    far: usize,
    loud: bool,
}

trait Listens {
    /// All looks in so much time.
    fn listen(&mut self, length: Duration) -> Vec<Look>;
}

impl Listens for SoundLink {
    fn listen(&mut self, length: Duration) -> Vec<Look> {
        let until = Instant::now() + length;
        let (mut looks, mut batch) = (Vec::new(), Batch::default());
        while Instant::now() < until {
            self.ears.read(&mut batch, Duration::from_millis(20)).unwrap();
            let loud = batch.mic.iter().any(|sample| sample.abs() > 0.2);
            looks.push(Look { mic: batch.mic.len(), far: batch.far.len(), loud });
        }
        looks
    }
}

fn cost(link: &mut SoundLink) {
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let looks = link.listen(Duration::from_secs(10));
    let share = (cpu_seconds() - cpu) / wall.elapsed().as_secs_f64();
    let mean = |of: fn(&Look) -> usize| looks.iter().map(of).sum::<usize>() / looks.len();
    println!(
        "listening and silent, this process without the simulated room: {:.1} % of a core",
        share * 100.0
    );
    let (mic, far) = (mean(|look| look.mic), mean(|look| look.far));
    println!("{} reads a second, of {mic} microphone and {far} far-end frames in the mean", looks.len() / 10);
}

fn lateness(card: &VirtualCard, link: &mut SoundLink) {
    let mut late = Vec::new();
    for _ in 0..40 {
        let speech = card.speak(&Sound::of(&vec![0.5; 4_800], 48_000), 1.0);
        let heard_at = loop {
            if link.listen(Duration::from_millis(1)).iter().any(|look| look.loud) {
                break card.now();
            }
        };
        late.push((heard_at - speech.began().unwrap()) as f64 / 48.0);
        link.listen(Duration::from_millis(217));
    }
    show("room to ears, in steps of the block's 10.7 ms", late, "ms");
}

/// How much of the microphone's sound comes while every core computes.
fn losses(link: &mut SoundLink) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, std::num::NonZero::get) {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        link.listen(Duration::from_secs(1));
        let begun = Instant::now();
        let looks = link.listen(Duration::from_secs(30));
        let came = looks.iter().map(|look| look.mic).sum::<usize>() as f64 / 48.0;
        let due = begun.elapsed().as_secs_f64() * 1_000.0;
        over.store(true, Ordering::Relaxed);
        println!("every core busy: {came:.0} of {due:.0} ms of the microphone came");
    });
}

fn flushes(card: &VirtualCard, link: &mut SoundLink) {
    let mut silent = Vec::new();
    for round in 0..40 {
        let tape = card.record();
        while link.mouth.played().frames < 7_000 + round * 31 {
            link.mouth.queue(&[0.5; 480]);
            link.listen(Duration::from_millis(1));
        }
        let flushed_at = card.now();
        link.mouth.flush();
        link.listen(Duration::from_millis(300));
        let recording = tape.stop();
        let last = recording.speaker.iter().rposition(|sample| *sample > 0.001).unwrap();
        silent.push((recording.began + last as u64) as f64 / 48.0 - flushed_at as f64 / 48.0);
        link.mouth.flush();
    }
    show("flush to silence on the recording, from the card's clock (up to 10.7 ms old)", silent, "ms");
}

fn show(what: &str, mut figures: Vec<f64>, unit: &str) {
    figures.sort_by(f64::total_cmp);
    let at = |share: usize| figures[(figures.len() - 1) * share / 100];
    println!("{what}: median {:.1} {unit}, p95 {:.1} {unit}, most {:.1} {unit}", at(50), at(95), at(100));
}

/// Processor time of this process's threads without the room's, from `/proc` in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let stats = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("stat")).ok());
    stats
        .filter(|stat| !stat.contains("(soundcard-room)"))
        .flat_map(|stat| {
            let after = stat.rsplit(')').next().unwrap_or_default().to_owned();
            let ticks: Vec<f64> = after.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            // The state is no number: user and system time are the 11th and 12th numbers behind it.
            ticks[10..12].to_vec()
        })
        .sum::<f64>()
        / 100.0
}
