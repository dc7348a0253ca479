//! `sight.share_…_cpu_percent`: what sharing a screen costs, of one core.
//!
//! Counted is the thread that does all of it; not what the display server does for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sight::{Own, Share, Target};

use super::super::figure::Figure;
use super::super::processes::thread_s;
use super::painter::{Painter, Picture};
use super::{Args, display};

pub(super) const NAMES: [&str; 2] = ["sight.share_still_cpu_percent", "sight.share_moving_cpu_percent"];

/// The thread that shares.
const THREAD: &str = "hark-sight";

/// What a beginning costs is not counted.
const BEGINNING: Duration = Duration::from_secs(1);

pub(super) fn measure(args: &Args) -> anyhow::Result<Vec<Figure>> {
    let pictures = [Picture::Still, Picture::Moving];
    NAMES.iter().zip(pictures).map(|(name, picture)| figure(name, picture, args.seconds)).collect()
}

fn figure(name: &str, picture: Picture, seconds: u32) -> anyhow::Result<Figure> {
    let _painter = Painter::start(picture)?;
    let told = Arc::new(AtomicU64::new(0));
    let count = told.clone();
    let share = Share::start(Target::Everything, Own::default(), move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    })?;
    std::thread::sleep(BEGINNING);
    let (begun, spent, frames) = (Instant::now(), thread_s(THREAD)?, told.load(Ordering::Relaxed));
    std::thread::sleep(Duration::from_secs(seconds.into()));
    let (elapsed, spent) = (begun.elapsed().as_secs_f64(), thread_s(THREAD)? - spent);
    let frames = told.load(Ordering::Relaxed) - frames;
    let shown = share.newest();
    let conditions = json!({
        "what": "time on a processor of the thread that shares the whole screen, by the time that passed",
        "pixels": format!("{}x{}", shown.picture.width(), shown.picture.height()),
        "picture": if picture == Picture::Still { "nothing moves" } else { "a square moves, 30 pictures a second" },
        "told_per_second": (frames as f64 / elapsed * 100.0).round() / 100.0,
        "seconds": seconds,
        "display": display(),
    });
    Ok(Figure::new(name, spent / elapsed * 100.0, "% of a core", 1, conditions))
}
