//! What there is to look at.

use serde_json::{Value, json};
use sight::{CameraInfo, CameraSource, Devices, Monitor, Rect, SightError, Window, WindowId};

use crate::terminal::{BOLD, Cell, DIM, harmless, note, styled, table};

/// What was found, and what could not be asked for.
struct Listed {
    monitors: Vec<Monitor>,
    windows: Vec<Window>,
    cameras: Vec<CameraInfo>,
    problems: Vec<SightError>,
}

/// Prints it.
pub(super) fn print(json: bool) -> anyhow::Result<()> {
    let listed = look();
    if json {
        return super::out(&format!("{:#}\n", listed.json()));
    }
    for problem in &listed.problems {
        note(problem);
    }
    let mut out = anstream::stdout();
    std::io::Write::write_all(&mut out, listed.text().as_bytes())?;
    Ok(())
}

fn look() -> Listed {
    let mut problems = Vec::new();
    let (mut monitors, mut windows) = (Vec::new(), Vec::new());
    match sight::open() {
        Ok(mut desktop) => {
            monitors = kept(desktop.monitors(), &mut problems);
            windows = kept(desktop.windows(), &mut problems);
        }
        Err(error) => problems.push(error),
    }
    let cameras = kept(Devices.list(), &mut problems);
    Listed { monitors, windows, cameras, problems }
}

fn kept<T>(found: Result<Vec<T>, SightError>, problems: &mut Vec<SightError>) -> Vec<T> {
    found.unwrap_or_else(|error| {
        if !problems.contains(&error) {
            problems.push(error);
        }
        Vec::new()
    })
}

/// A window's number as it is shown.
pub(super) fn number(id: WindowId) -> String {
    format!("{:#x}", id.0)
}

fn place(rect: Rect) -> String {
    format!("{},{},{},{}", rect.x, rect.y, rect.width, rect.height)
}

impl Listed {
    fn json(&self) -> Value {
        let place =
            |rect: Rect| json!({ "x": rect.x, "y": rect.y, "width": rect.width, "height": rect.height });
        let monitor = |it: &Monitor| {
            json!({ "name": it.name, "place": place(it.rect), "scale": it.scale, "primary": it.primary,
                    "pointer": it.pointer })
        };
        let window = |it: &Window| {
            json!({ "id": number(it.id), "title": it.title, "program": it.program, "pid": it.pid,
                    "place": place(it.rect), "focused": it.focused, "minimised": it.minimised })
        };
        let camera = |it: &CameraInfo| json!({ "id": it.id.0, "name": it.name });
        json!({
            "monitors": self.monitors.iter().map(monitor).collect::<Vec<_>>(),
            "windows": self.windows.iter().map(window).collect::<Vec<_>>(),
            "cameras": self.cameras.iter().map(camera).collect::<Vec<_>>(),
            "problems": self.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if !self.monitors.is_empty() {
            let rows: Vec<_> = self.monitors.iter().map(monitor).collect();
            text += &table(&["MONITOR", "PLACE", "SCALE", ""], &rows);
        }
        if !self.windows.is_empty() {
            let rows: Vec<_> = self.windows.iter().map(window).collect();
            text += &["\n", &table(&["WINDOW", "PROGRAM", "PLACE", "", "TITLE"], &rows)].concat();
        }
        text += "\n";
        if self.cameras.is_empty() {
            text += &styled(DIM, "no camera");
            text += "\n";
        } else {
            let rows: Vec<_> = self.cameras.iter().map(|camera| vec![Cell::plain(&camera.name)]).collect();
            text += &table(&["CAMERA"], &rows);
        }
        text.trim_start_matches('\n').to_owned()
    }
}

fn monitor(monitor: &Monitor) -> Vec<Cell> {
    let marks: Vec<&str> = [("main", monitor.primary), ("pointer", monitor.pointer)]
        .into_iter()
        .filter(|it| it.1)
        .map(|it| it.0)
        .collect();
    vec![
        Cell::plain(harmless(&monitor.name)),
        Cell::plain(place(monitor.rect)),
        Cell::right(format!("{:.0} %", monitor.scale * 100.0)),
        Cell::plain(marks.join(", ")),
    ]
}

fn window(window: &Window) -> Vec<Cell> {
    let mark = match (window.focused, window.minimised) {
        (true, _) => "keyboard",
        (_, true) => "minimised",
        _ => "",
    };
    let style = if window.focused { BOLD } else { anstyle::Style::new() };
    vec![
        Cell::plain(number(window.id)),
        Cell::plain(harmless(&window.program)),
        Cell::plain(place(window.rect)),
        Cell::plain(mark),
        Cell::new(harmless(&window.title), style),
    ]
}

#[cfg(test)]
mod tests {
    use sight::{CameraId, MonitorId};

    use super::*;

    fn listed() -> Listed {
        Listed {
            monitors: vec![Monitor {
                id: MonitorId(1),
                name: "HDMI-1".into(),
                rect: Rect::new(-1920, 0, 1920, 1080),
                scale: 1.25,
                primary: true,
                pointer: true,
            }],
            windows: vec![Window {
                id: WindowId(0x0060_000b),
                title: "main.rs\u{7} — editor".into(),
                program: "Editor".into(),
                pid: Some(7),
                rect: Rect::new(0, 20, 640, 480),
                focused: true,
                minimised: false,
            }],
            cameras: vec![CameraInfo { id: CameraId("0".into()), name: "Integrated".into() }],
            problems: vec![SightError::NoScreen],
        }
    }

    #[test]
    fn people_see_tables() {
        let text = anstream::adapter::strip_str(&listed().text()).to_string();
        insta::assert_snapshot!(text, @r"
        MONITOR  PLACE              SCALE
        HDMI-1   -1920,0,1920,1080  125 %  main, pointer

        WINDOW    PROGRAM  PLACE                   TITLE
        0x60000b  Editor   0,20,640,480  keyboard  main.rs — editor

        CAMERA
        Integrated
        ");
    }

    #[test]
    fn programs_get_everything() {
        let told = listed().json();
        assert_eq!(told["windows"][0]["id"], "0x60000b");
        assert_eq!(
            told["monitors"][0]["place"],
            json!({ "x": -1920, "y": 0, "width": 1920, "height": 1080 })
        );
        assert_eq!(told["problems"][0], SightError::NoScreen.to_string());
    }
}
