//! What the user chooses, refuses and ends.

use std::time::{Duration, Instant};

use sight::{Own, Permission, Rect, Share, SightError, Target, WindowId};

use super::scripted::{Asked, HEIGHT, Scripted, WIDTH};
use super::seeing::{LONG, is_all, share, size, until};
use super::session::{Desk, in_a_session};

#[test]
fn what_is_cast_is_told_as_it_changes_until_the_share_is_dropped() {
    in_a_session(
        "choosing::what_is_cast_is_told_as_it_changes_until_the_share_is_dropped",
        Desk::Scripted,
        || {
            let desktop = Scripted::start(true);
            desktop.paint([10, 20, 30]);
            let (share, news) = share(Target::Window(WindowId(7)));
            assert_eq!(desktop.asked.recv(), Ok(Asked::Choose { kinds: 2, kept: false }));
            let first = share.newest();
            assert_eq!((first.number, size(&first.picture)), (1, (WIDTH, HEIGHT)));
            assert!(is_all(&first.picture, [10, 20, 30, 255]));
            // The desktop draws again and again, and always the same.
            assert!(news.recv_timeout(Duration::from_millis(1500)).is_err());
            desktop.paint([255, 0, 0]);
            assert_eq!(until(&news, [255, 0, 0, 255]).number, 2);
            assert!(desktop.asked.try_recv().is_err());
            drop(share);
            assert_eq!(desktop.asked.recv_timeout(LONG), Ok(Asked::Close));
            // A part of a monitor, in another share: what lies beside the monitor is not in it.
            let (again, _news) = self::share(Target::Region(Rect::new(250, 60, 100, 8)));
            assert_eq!(desktop.asked.recv(), Ok(Asked::Choose { kinds: 1, kept: false }));
            assert_eq!(size(&again.newest().picture), (14, 8));
        },
    );
}

#[test]
fn a_share_that_the_user_ends_says_so() {
    in_a_session("choosing::a_share_that_the_user_ends_says_so", Desk::Scripted, || {
        let desktop = Scripted::start(true);
        let (share, news) = share(Target::Everything);
        desktop.end();
        let told = news.recv_timeout(LONG).unwrap();
        assert!(matches!(told, sight::ShareNews::Ended(SightError::Stopped)), "{told:?}");
        assert_eq!(share.ended(), Some(SightError::Stopped));
        assert_eq!(share.now().map(|frame| frame.number), Err(SightError::Stopped));
        let dropped = Instant::now();
        drop(share);
        assert!(dropped.elapsed() < LONG / 4);
    });
}

#[test]
fn a_user_who_shares_nothing_is_not_seen() {
    in_a_session("choosing::a_user_who_shares_nothing_is_not_seen", Desk::Scripted, || {
        let desktop = Scripted::start(false);
        let refused = Share::start(Target::Everything, Own::default(), |_| {}).map(drop);
        assert_eq!(refused, Err(SightError::Refused(Permission::Screen)));
        assert_eq!(desktop.asked.recv(), Ok(Asked::Choose { kinds: 1, kept: false }));
        assert_eq!(desktop.asked.recv_timeout(LONG), Ok(Asked::Close));
        let nothing = Share::start(Target::Region(Rect::new(0, 0, 0, 9)), Own::default(), |_| {}).map(drop);
        assert_eq!(nothing, Err(SightError::EmptyRegion));
    });
}

#[test]
fn a_portal_that_only_casts_gives_single_pictures_too() {
    in_a_session("choosing::a_portal_that_only_casts_gives_single_pictures_too", Desk::Scripted, || {
        let desktop = Scripted::start(true);
        desktop.paint([1, 2, 3]);
        let mut seen = sight::open().unwrap();
        for _ in 0..2 {
            let whole = seen.grab(Target::Everything).unwrap();
            assert_eq!(size(&whole), (WIDTH, HEIGHT));
            assert!(is_all(&whole, [1, 2, 3, 255]));
            assert_eq!(desktop.asked.recv(), Ok(Asked::Choose { kinds: 1, kept: true }));
            assert_eq!(desktop.asked.recv_timeout(LONG), Ok(Asked::Close));
        }
    });
}
