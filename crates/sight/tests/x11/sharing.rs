//! What is shared, as it changes.

use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use sight::{Frame, Own, PERIOD, Rect, Share, ShareNews, SightError, Target, Window};

use crate::display::{BLUE, Display, GREEN, LONG, Like, RED, USUAL, colours, on_a_display};

/// Our own windows in what is shared.
const GREY: [u8; 4] = [128, 128, 128, 255];

fn share(target: Target) -> (Share, Receiver<ShareNews>) {
    let (tell, news) = channel();
    let share = Share::start(target, Own::default(), move |it| drop(tell.send(it))).unwrap();
    (share, news)
}

fn next(news: &Receiver<ShareNews>) -> Frame {
    match news.recv_timeout(LONG).unwrap() {
        ShareNews::Frame(frame) => frame,
        ShareNews::Ended(error) => panic!("{error}"),
    }
}

/// The colours of the middle of a frame of a window's region.
fn shown(frame: &Frame) -> Vec<[u8; 4]> {
    colours(&frame.picture)
}

fn changes_are_told(display: &mut Display, plot: &Window, target: Target) {
    let (share, news) = share(target);
    assert_eq!(shown(&share.newest()), [RED]);
    let before = Instant::now();
    display.paint(plot, GREEN);
    let second = next(&news);
    display.paint(plot, BLUE);
    let third = next(&news);
    assert_eq!((shown(&second), shown(&third)), (vec![GREEN], vec![BLUE]));
    assert_eq!((second.number, third.number), (2, 3));
    assert!(third.taken - second.taken >= PERIOD, "more than two pictures a second");
    assert_eq!(shown(&share.at(before)), [RED]);
    // What was drawn a moment ago is there at once when it is asked for.
    display.paint(plot, RED);
    let asked = share.now().unwrap();
    assert_eq!((shown(&asked), asked.number), (vec![RED], 4));
    assert_eq!(share.now().unwrap().number, 4, "what did not change is not taken again");
    assert_eq!(next(&news).number, 4);
    assert!(news.try_recv().is_err(), "what did not change is told");
}

#[test]
fn changes_of_a_region_are_told() {
    on_a_display("sharing::changes_of_a_region_are_told", &USUAL, |display| {
        let plot = display.window("plot", Rect::new(100, 100, 80, 60), RED);
        let target = Target::Region(plot.rect);
        changes_are_told(display, &plot, target);
    });
}

#[test]
fn changes_of_a_covered_window_are_told() {
    on_a_display("sharing::changes_of_a_covered_window_are_told", &USUAL, |display| {
        let plot = display.window("plot", Rect::new(100, 100, 80, 60), RED);
        display.window("over it", Rect::new(90, 90, 200, 200), BLUE);
        let target = Target::Window(plot.id);
        changes_are_told(display, &plot, target);
    });
}

#[test]
fn without_damage_it_is_looked_at_twice_a_second() {
    let plain = Like { arguments: &["-extension", "DAMAGE"], ..USUAL };
    on_a_display("sharing::without_damage_it_is_looked_at_twice_a_second", &plain, |display| {
        let plot = display.window("plot", Rect::new(100, 100, 80, 60), RED);
        let (share, news) = share(Target::Region(plot.rect));
        display.paint(&plot, GREEN);
        assert_eq!(shown(&next(&news)), [GREEN]);
        drop(share);
    });
}

#[test]
fn our_own_windows_are_painted_over() {
    on_a_display("sharing::our_own_windows_are_painted_over", &USUAL, |display| {
        let plot = display.window("plot", Rect::new(100, 100, 200, 150), RED);
        let (share, news) = share(Target::Region(Rect::new(120, 120, 60, 40)));
        let bar = display.own_window("Hark", Rect::new(120, 120, 100, 40), BLUE);
        let covered = std::iter::repeat_with(|| next(&news)).find(|frame| shown(frame) == [GREY]);
        assert!(covered.is_some());
        display.close(&bar);
        let free = std::iter::repeat_with(|| next(&news)).find(|frame| shown(frame) == [RED]);
        assert!(free.is_some());
        drop((share, plot));
    });
}

#[test]
fn it_ends_when_the_window_is_closed() {
    on_a_display("sharing::it_ends_when_the_window_is_closed", &USUAL, |display| {
        let plot = display.window("plot", Rect::new(100, 100, 80, 60), RED);
        let (share, news) = share(Target::Window(plot.id));
        display.close(&plot);
        let ended = news.recv_timeout(LONG).unwrap();
        assert!(matches!(ended, ShareNews::Ended(SightError::WindowGone)), "{ended:?}");
        assert_eq!(shown(&share.newest()), [RED], "what was seen last is still there");
        assert_eq!(share.ended(), Some(SightError::WindowGone));
    });
}

#[test]
fn a_window_that_is_put_away_is_waited_for() {
    on_a_display("sharing::a_window_that_is_put_away_is_waited_for", &USUAL, |display| {
        let plot = display.window("plot", Rect::new(100, 100, 80, 60), RED);
        let (share, news) = share(Target::Window(plot.id));
        display.minimise(&plot);
        assert_eq!(shown(&share.now().unwrap()), [RED]);
        display.activate(&plot);
        display.paint(&plot, GREEN);
        assert_eq!(shown(&next(&news)), [GREEN]);
        assert_eq!(share.ended(), None);
    });
}
