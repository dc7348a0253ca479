//! `sight.grab_…_ms`: from being asked to having the pixels.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;
use sight::{Desktop, Rect, Target};

use super::super::figure::{Figure, rounded};
use super::painter::{Painter, Picture, TITLE};
use super::{Args, display};

pub(super) const NAMES: [&str; 3] = ["sight.grab_screen_ms", "sight.grab_region_ms", "sight.grab_window_ms"];

/// What is asked for of a region: a plot or a function on the screen.
const REGION: Rect = Rect::new(200, 150, 640, 480);

pub(super) fn measure(args: &Args) -> anyhow::Result<Vec<Figure>> {
    let _painter = Painter::start(Picture::Still)?;
    let mut desktop = sight::open()?;
    let windows = desktop.windows()?;
    let window = windows.iter().find(|window| window.title == TITLE).context("the window did not appear")?;
    let targets = [Target::Everything, Target::Region(REGION), Target::Window(window.id)];
    NAMES.iter().zip(targets).map(|(name, target)| figure(name, target, args.pictures)).collect()
}

fn figure(name: &str, target: Target, pictures: u32) -> anyhow::Result<Figure> {
    let begun = Instant::now();
    let mut desktop = sight::open()?;
    let first = desktop.grab(target)?;
    let with_opening = ms(begun.elapsed());
    let mut samples = Vec::new();
    for _ in 0..pictures {
        samples.push(one(&mut *desktop, target)?);
    }
    samples.sort_by(f64::total_cmp);
    let at = |of_100: usize| samples.get(samples.len() * of_100 / 100).copied().map(rounded);
    let conditions = json!({
        "what": "a picture asked for until its pixels are there (RGBA); the connection is open",
        "pixels": format!("{}x{}", first.width(), first.height()),
        "p95_ms": at(95),
        "first_with_opening_ms": rounded(with_opening),
        "display": display(),
    });
    let middle = samples.get(samples.len() / 2).copied().context("no picture was taken")?;
    Ok(Figure::new(name, middle, "ms", samples.len(), conditions))
}

fn one(desktop: &mut dyn Desktop, target: Target) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let picture = desktop.grab(target)?;
    let took = begun.elapsed();
    anyhow::ensure!(!picture.pixels().is_empty(), "the picture is empty");
    Ok(ms(took))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
