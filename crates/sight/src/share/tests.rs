//! Sharing by a script.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// What the script says happens next.
enum Step {
    Drawn(u8),
    Closed,
    Woken,
}

struct Scripted {
    steps: Receiver<Step>,
    wake: Sender<Step>,
    shade: Result<u8, SightError>,
    drawn: bool,
}

impl Scripted {
    fn take(&mut self, step: &Step) -> bool {
        match step {
            Step::Drawn(shade) => self.shade = Ok(*shade),
            Step::Closed => self.shade = Err(SightError::WindowGone),
            Step::Woken => return false,
        }
        true
    }
}

impl Watch for Scripted {
    fn grab(&mut self, _: &Own) -> Result<Picture, SightError> {
        self.drawn = false;
        Picture::filled(2, 2, [self.shade.clone()?; 4])
    }

    fn wait(&mut self, until: Instant) -> Result<bool, SightError> {
        let left = until.saturating_duration_since(Instant::now());
        let mut came = self.steps.recv_timeout(left).ok();
        // Whatever else has happened by now is seen with it, as on a connection that is read until it is empty.
        while let Some(step) = came {
            self.drawn |= self.take(&step);
            came = self.steps.try_recv().ok();
        }
        Ok(self.drawn)
    }

    fn waker(&self) -> Result<Box<dyn Fn() + Send + Sync>, SightError> {
        let wake = Mutex::new(self.wake.clone());
        Ok(Box::new(move || drop(wake.lock().unwrap().send(Step::Woken))))
    }
}

fn shared() -> (Share, Sender<Step>, Receiver<ShareNews>) {
    let (script, steps) = channel();
    let watch = Scripted { steps, wake: script.clone(), shade: Ok(1), drawn: false };
    let (tell, news) = channel();
    let share = Share::of(Box::new(watch), Own::none(), move |it| drop(tell.send(it))).unwrap();
    (share, script, news)
}

fn shade(frame: &Frame) -> u8 {
    frame.picture.pixels()[0]
}

fn next(news: &Receiver<ShareNews>) -> Frame {
    match news.recv().unwrap() {
        ShareNews::Frame(frame) => frame,
        ShareNews::Ended(error) => panic!("{error}"),
    }
}

#[test]
fn the_newest_is_there_from_the_beginning_and_changes_are_told() {
    let (share, script, news) = shared();
    assert_eq!((shade(&share.newest()), share.newest().number), (1, 1));
    let begun = Instant::now();
    script.send(Step::Drawn(2)).unwrap();
    let second = next(&news);
    script.send(Step::Drawn(3)).unwrap();
    let third = next(&news);
    assert_eq!([second.number, third.number], [2, 3]);
    assert_eq!([shade(&second), shade(&third)], [2, 3]);
    assert!(third.taken - second.taken >= PERIOD, "never more than two a second");
    assert_eq!(shade(&share.at(begun)), 1);
    assert_eq!(shade(&share.at(second.taken)), 2);
    assert_eq!(shade(&share.at(Instant::now())), 3);
}

#[test]
fn what_is_asked_for_is_taken_at_once_and_what_did_not_change_is_not_told() {
    let (share, script, news) = shared();
    script.send(Step::Drawn(1)).unwrap();
    assert_eq!(share.now().unwrap().number, 1);
    script.send(Step::Drawn(2)).unwrap();
    assert_eq!(shade(&share.now().unwrap()), 2);
    script.send(Step::Drawn(3)).unwrap();
    assert_eq!(shade(&share.now().unwrap()), 3);
    assert_eq!([shade(&next(&news)), shade(&next(&news))], [2, 3]);
}

#[test]
fn a_closed_window_ends_it_with_its_sentence() {
    let (share, script, news) = shared();
    script.send(Step::Closed).unwrap();
    assert_eq!(share.now().unwrap_err(), SightError::WindowGone);
    assert!(matches!(news.recv().unwrap(), ShareNews::Ended(SightError::WindowGone)));
    assert!(news.recv().is_err(), "the thread is over");
    assert_eq!((share.ended(), shade(&share.newest())), (Some(SightError::WindowGone), 1));
}

#[test]
fn after_it_is_dropped_nothing_is_taken() {
    let (share, script, news) = shared();
    drop(share);
    // Both ends of the thread are gone.
    assert!(script.send(Step::Drawn(9)).is_err());
    assert!(news.recv().is_err());
}

#[test]
fn only_the_last_few_are_kept() {
    let (share, script, _news) = shared();
    let begun = Instant::now();
    for shade in 2..=9 {
        script.send(Step::Drawn(shade)).unwrap();
        share.now().unwrap();
    }
    assert_eq!(share.at(begun).number, 9 - KEPT as u64 + 1);
}
