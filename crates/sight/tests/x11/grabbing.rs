//! Pictures of what is on the screen.

use sight::{MonitorId, Rect, SightError, Target, WindowId};
use x11rb::connection::Connection as _;
use x11rb::protocol::composite::{ConnectionExt as _, Redirect};
use x11rb::protocol::xproto::{ConnectionExt as _, CreateWindowAux, WindowClass};
use x11rb::wrapper::ConnectionExt as _;

use crate::display::{BLUE, Display, GREEN, GROUND, LEFT, Like, RED, RIGHT, USUAL, on_a_display};

/// A window on each monitor, in the places that [`see`] looks at.
fn furnish(display: &mut Display) {
    display.window("red", Rect::new(100, 100, 80, 60), RED);
    display.window("blue", Rect::new(700, 100, 80, 60), BLUE);
}

/// Looks in every way, at what [`furnish`] put there.
fn see(display: &mut Display, ground: [u8; 4]) {
    let monitors = display.sight.monitors().unwrap();
    let [right, left] = &monitors[..] else { panic!("{monitors:?}") };
    let everything = display.sight.grab(Target::Everything).unwrap();
    assert_eq!((everything.width(), everything.height()), (1040, 480));
    for (x, y, colour) in
        [(100, 100, RED), (179, 159, RED), (700, 100, BLUE), (779, 159, BLUE), (10, 470, ground)]
    {
        assert_eq!(everything.pixel(x, y), Some(colour), "at {x}, {y}");
    }
    let seen = display.sight.grab(Target::Monitor(left.id)).unwrap();
    assert_eq!((seen.width(), seen.height()), (LEFT.width, LEFT.height));
    assert_eq!((seen.pixel(100, 100), seen.pixel(10, 470)), (Some(RED), Some(ground)));
    let seen = display.sight.grab(Target::Monitor(right.id)).unwrap();
    assert_eq!((seen.width(), seen.height()), (RIGHT.width, RIGHT.height));
    assert_eq!(seen.pixel(60, 100), Some(BLUE));
    assert_eq!(display.colours(Target::Region(Rect::new(100, 100, 80, 60))), Ok(vec![RED]));
    // Over the edge between both, whole; over an outer edge, cut.
    let seen = display.sight.grab(Target::Region(Rect::new(170, 110, 540, 9))).unwrap();
    assert_eq!((seen.width(), seen.height()), (540, 9));
    assert_eq!((seen.pixel(0, 0), seen.pixel(539, 8)), (Some(RED), Some(BLUE)));
    let seen = display.sight.grab(Target::Region(Rect::new(-30, 460, 40, 500))).unwrap();
    assert_eq!((seen.width(), seen.height()), (10, 20));
}

#[test]
fn monitors_and_regions() {
    on_a_display("grabbing::monitors_and_regions", &USUAL, |display| {
        furnish(display);
        see(display, GROUND);
        let nowhere = Target::Region(Rect::new(5000, 0, 10, 10));
        assert_eq!(display.sight.grab(nowhere), Err(SightError::OffScreen));
        let nothing = Target::Region(Rect::new(5, 5, 0, 10));
        assert_eq!(display.sight.grab(nothing), Err(SightError::EmptyRegion));
        assert_eq!(display.sight.grab(Target::Monitor(MonitorId(1))), Err(SightError::MonitorGone));
        // Where only the screen is, and no monitor.
        let below_right = Target::Region(Rect::new(700, 420, 10, 10));
        assert_eq!(display.sight.grab(below_right), Err(SightError::OffScreen));
    });
}

#[test]
fn screens_of_16_bits() {
    let old = Like { depth: 16, ..USUAL };
    on_a_display("grabbing::screens_of_16_bits", &old, |display| {
        furnish(display);
        // 10, 20, 30 in 5, 6 and 5 bits, spread out again.
        see(display, [8, 20, 25, 255]);
    });
}

#[test]
fn servers_without_shared_memory() {
    let far = Like { arguments: &["-extension", "MIT-SHM"], ..USUAL };
    on_a_display("grabbing::servers_without_shared_memory", &far, |display| {
        furnish(display);
        see(display, GROUND);
    });
}

#[test]
fn a_window_is_whole_whatever_lies_over_it() {
    on_a_display("grabbing::a_window_is_whole_whatever_lies_over_it", &USUAL, |display| {
        let code = display.window("code", Rect::new(100, 100, 200, 150), RED);
        let target = Target::Window(code.id);
        let whole = |display: &mut Display| {
            let seen = display.sight.grab(target).unwrap();
            assert_eq!((seen.width(), seen.height()), (200, 150));
            crate::display::colours(&seen)
        };
        assert_eq!(whole(display), [RED]);
        display.window("plot", Rect::new(150, 120, 200, 150), GREEN);
        assert_eq!(display.colours(Target::Region(Rect::new(160, 130, 50, 50))), Ok(vec![GREEN]));
        assert_eq!(whole(display), [RED]);
        // Nothing on the screen is other than before.
        assert_eq!(display.colours(Target::Region(Rect::new(160, 130, 50, 50))), Ok(vec![GREEN]));
    });
}

#[test]
fn a_window_partly_off_the_screen_is_whole() {
    let bare = Like { manager: false, ..USUAL };
    on_a_display("grabbing::a_window_partly_off_the_screen_is_whole", &bare, |display| {
        let code = display.window("code", Rect::new(-50, 400, 200, 150), RED);
        let seen = display.sight.grab(Target::Window(code.id)).unwrap();
        assert_eq!((seen.width(), seen.height(), crate::display::colours(&seen)), (200, 150, vec![RED]));
    });
}

#[test]
fn without_composite_what_can_be_seen_is_given() {
    let plain = Like { arguments: &["-extension", "Composite"], ..USUAL };
    on_a_display("grabbing::without_composite_what_can_be_seen_is_given", &plain, |display| {
        let code = display.window("code", Rect::new(100, 100, 200, 150), RED);
        display.window("plot", Rect::new(150, 120, 300, 200), GREEN);
        assert!(display.colours(Target::Window(code.id)).unwrap().contains(&RED));
    });
}

#[test]
fn where_a_compositor_puts_windows_together() {
    on_a_display("grabbing::where_a_compositor_puts_windows_together", &USUAL, |display| {
        let (conn, root) = (&display.conn, display.root);
        let mark = conn.generate_id().unwrap();
        let only = WindowClass::INPUT_ONLY;
        conn.create_window(0, mark, root, 0, 0, 1, 1, 0, only, 0, &CreateWindowAux::new()).unwrap();
        conn.set_selection_owner(mark, display.atom("_NET_WM_CM_S0"), x11rb::CURRENT_TIME).unwrap();
        conn.composite_redirect_subwindows(root, Redirect::AUTOMATIC).unwrap();
        conn.sync().unwrap();
        furnish(display);
        let code = display.window("code", Rect::new(300, 200, 120, 90), GREEN);
        see(display, GROUND);
        display.window("over it", Rect::new(310, 210, 120, 90), BLUE);
        assert_eq!(display.colours(Target::Window(code.id)), Ok(vec![GREEN]));
    });
}

#[test]
fn numbers_that_are_no_windows_are_a_sentence() {
    on_a_display("grabbing::numbers_that_are_no_windows_are_a_sentence", &USUAL, |display| {
        for id in [0, 1, 0x7fff_ffff] {
            assert_eq!(display.sight.grab(Target::Window(WindowId(id))), Err(SightError::WindowGone));
        }
    });
}
