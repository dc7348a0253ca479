//! Monitors and windows.

use sight::{Point, Rect, SightError, Target};
use x11rb::protocol::xproto::{AtomEnum, PropMode};
use x11rb::wrapper::ConnectionExt as _;

use crate::display::{BLUE, LEFT, Like, RED, RIGHT, USUAL, on_a_display};

#[test]
fn two_monitors_the_main_one_first() {
    on_a_display("listing::two_monitors_the_main_one_first", &USUAL, |display| {
        display.point_at(100, 450);
        let monitors = display.sight.monitors().unwrap();
        let told: Vec<_> =
            monitors.iter().map(|it| (it.name.as_str(), it.rect, it.primary, it.pointer)).collect();
        assert_eq!(told, [("right", RIGHT, true, false), ("left", LEFT, false, true)]);
        assert_eq!(display.sight.pointer().unwrap(), Point { x: 100, y: 450 });
        display.point_at(700, 5);
        assert!(display.sight.monitors().unwrap()[0].pointer);
    });
}

#[test]
fn things_are_drawn_larger_on_a_high_density_screen() {
    on_a_display("listing::things_are_drawn_larger_on_a_high_density_screen", &USUAL, |display| {
        let scale = |display: &mut crate::display::Display| display.sight.monitors().unwrap()[0].scale;
        assert!((scale(display) - 1.0).abs() < f32::EPSILON);
        let (conn, root) = (&display.conn, display.root);
        let set = |dpi: &str| {
            let text = format!("Xft.dpi:\t{dpi}\n");
            let (name, kind) = (AtomEnum::RESOURCE_MANAGER, AtomEnum::STRING);
            conn.change_property8(PropMode::REPLACE, root, name, kind, text.as_bytes()).unwrap();
            conn.sync().unwrap();
        };
        set("192");
        let doubled = display.sight.monitors().unwrap()[0].scale;
        assert!((doubled - 2.0).abs() < f32::EPSILON, "{doubled}");
    });
}

#[test]
fn windows_are_told_topmost_first_and_those_put_away_last() {
    on_a_display("listing::windows_are_told_topmost_first_and_those_put_away_last", &USUAL, |display| {
        assert_eq!(display.sight.windows().unwrap(), []);
        let code = display.window("Größe.rs — 编辑器", Rect::new(30, 60, 200, 100), RED);
        let plot = display.window("plot", Rect::new(300, 60, 200, 100), BLUE);
        assert_eq!((code.title.as_str(), code.program.as_str()), ("Größe.rs — 编辑器", "Painter"));
        assert_eq!((code.pid, code.rect), (Some(4_000_000), Rect::new(30, 60, 200, 100)));
        let order = |display: &mut crate::display::Display| -> Vec<_> {
            display.sight.windows().unwrap().iter().map(|window| window.id).collect()
        };
        display.raise(&code);
        display.until_order(&[code.id, plot.id]);
        display.minimise(&code);
        assert_eq!(order(display), [plot.id, code.id]);
        display.close(&plot);
        display.until_order(&[code.id]);
        assert_eq!(display.sight.grab(Target::Window(plot.id)), Err(SightError::WindowGone));
        assert_eq!(display.sight.grab(Target::Window(code.id)), Err(SightError::Minimised));
    });
}

#[test]
fn without_a_window_manager_the_windows_themselves_are_told() {
    let bare = Like { manager: false, ..USUAL };
    on_a_display("listing::without_a_window_manager_the_windows_themselves_are_told", &bare, |display| {
        let only = display.window("only", Rect::new(5, 6, 70, 80), RED);
        assert_eq!(only.rect, Rect::new(5, 6, 70, 80));
        assert_eq!(display.sight.windows().unwrap(), [only]);
    });
}
