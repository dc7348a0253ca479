//! Single pictures, and what is shared.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use sight::{MonitorId, Own, PERIOD, Picture, Rect, Share, ShareNews, SightError, Target};

use super::session::{Desk, GROUND, SIZE, in_a_session, paint, swaymsg};

pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Whether it is of one colour.
pub(crate) fn is_all(picture: &Picture, colour: [u8; 4]) -> bool {
    picture.pixels().as_chunks().0.iter().all(|pixel| *pixel == colour)
}

pub(crate) fn size(picture: &Picture) -> (u32, u32) {
    (picture.width(), picture.height())
}

pub(crate) fn share(target: Target) -> (Share, Receiver<ShareNews>) {
    let (told, news) = channel();
    let share = Share::start(target, Own::default(), move |news| {
        let _ = told.send(news);
    });
    (share.unwrap(), news)
}

/// None where the portal cannot: before 0.8 that of wlroots asks for a graphics card.
fn cast(target: Target) -> Option<(Share, Receiver<ShareNews>)> {
    let (told, news) = channel();
    // A source may send its first picture before anybody is ready for it, and no other while nothing is drawn. On a desktop
    // the dialog draws when it goes; here the ground is drawn again.
    let (stop, stopped) = channel::<()>();
    let drawing = std::thread::spawn(move || {
        while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
            paint("#0a141e");
        }
    });
    let share = Share::start(target, Own::default(), move |news| {
        let _ = told.send(news);
    });
    drop(stop);
    drawing.join().unwrap();
    if matches!(share, Err(SightError::Picture(_))) && !Path::new("/dev/dri").exists() {
        println!("skipped: without a graphics card this xdg-desktop-portal-wlr casts nothing");
        return None;
    }
    Some((share.unwrap(), news))
}

/// Waits for a picture of this colour: others in between show it half drawn.
pub(crate) fn until(news: &Receiver<ShareNews>, colour: [u8; 4]) -> sight::Frame {
    let deadline = Instant::now() + LONG;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match news.recv_timeout(left).unwrap() {
            ShareNews::Frame(frame) if is_all(&frame.picture, colour) => return frame,
            ShareNews::Frame(_) => {}
            ShareNews::Ended(why) => panic!("it ended: {why}"),
        }
    }
}

#[test]
fn pictures_are_taken_with_the_users_leave_and_leave_no_file() {
    in_a_session("seeing::pictures_are_taken_with_the_users_leave_and_leave_no_file", Desk::Sway, || {
        let mut desktop = sight::open().unwrap();
        let whole = desktop.grab(Target::Everything).unwrap();
        assert_eq!(size(&whole), SIZE);
        assert!(is_all(&whole, GROUND));
        paint("#20c040");
        // Another picture in the same program, and a part.
        let part = Target::Region(Rect::new(600, 400, 100, 100));
        let deadline = Instant::now() + LONG;
        loop {
            let part = desktop.grab(part).unwrap();
            assert_eq!(size(&part), (40, 80));
            if is_all(&part, [0x20, 0xc0, 0x40, 255]) {
                break;
            }
            assert!(Instant::now() < deadline, "the new colour is never seen");
        }
        assert!(!Path::new("/tmp/out.png").exists(), "the portal's file is left");
    });
}

#[test]
fn what_is_shared_is_told_as_it_changes_until_the_share_is_dropped() {
    in_a_session(
        "seeing::what_is_shared_is_told_as_it_changes_until_the_share_is_dropped",
        Desk::Sway,
        || {
            let Some((share, news)) = cast(Target::Everything) else { return };
            let first = share.newest();
            assert_eq!(size(&first.picture), SIZE);
            // The ground may have been half drawn.
            if !is_all(&first.picture, GROUND) {
                until(&news, GROUND);
            }
            while news.recv_timeout(2 * PERIOD).is_ok() {}
            // Nothing is drawn: nothing is told.
            assert!(news.recv_timeout(3 * PERIOD).is_err());
            paint("#ff0000");
            let red = until(&news, [255, 0, 0, 255]);
            paint("#0000ff");
            let blue = until(&news, [0, 0, 255, 255]);
            assert!(blue.taken - red.taken >= PERIOD && share.now().unwrap().number == blue.number);
            assert!(swaymsg(&["-t", "get_version"]) && casts() > 0);
            drop(share);
            let deadline = Instant::now() + LONG;
            while casts() > 0 {
                assert!(Instant::now() < deadline, "the desktop still casts");
                std::thread::sleep(Duration::from_millis(50));
            }
            // And another one, in the same program.
            let (again, _news) = self::share(Target::Region(Rect::new(100, 100, 30, 20)));
            assert_eq!(size(&again.newest().picture), (30, 20));
            assert!(is_all(&again.newest().picture, [0, 0, 255, 255]));
        },
    );
}

/// How many streams of pictures there are.
fn casts() -> usize {
    let listed = std::process::Command::new("pw-cli").args(["list-objects", "Node"]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    listed.lines().filter(|line| line.contains("node.name") && line.contains("xdg-desktop-portal")).count()
}

#[test]
fn a_screen_that_goes_away_ends_what_is_shared_of_it() {
    in_a_session("seeing::a_screen_that_goes_away_ends_what_is_shared_of_it", Desk::Sway, || {
        let Some((share, news)) = cast(Target::Monitor(MonitorId(0))) else { return };
        assert!(swaymsg(&["output", "HEADLESS-1", "disable"]));
        let deadline = Instant::now() + LONG;
        while share.ended().is_none() {
            assert!(Instant::now() < deadline, "it never ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut told = std::iter::from_fn(|| news.recv_timeout(LONG).ok());
        let why = told.find_map(|news| if let ShareNews::Ended(why) = news { Some(why) } else { None });
        println!("told: {why:?}");
        assert_eq!(why, share.ended());
        assert!(matches!(share.now(), Err(SightError::Stopped)));
    });
}
