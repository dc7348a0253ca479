//! `hark look`: what Hark can see, and a picture or the text of it.
//!
//! What always holds: only what the call names is looked at. Without a name that is what there is to look at, not what it
//! shows: titles, but no pictures, no selected text and nothing of the clipboard.

mod keep;
mod listed;

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;
use sight::{
    CameraInfo, CameraSource, Clipping, Desktop, Devices, Images, Picture, Rect, SightError, Target, Window,
};

use self::keep::Kept;
use crate::exit::{Exit, Failure};
use crate::terminal::{harmless, note, span};

const EXAMPLES: &str = "\
Examples:
  hark look                              lists monitors, windows and cameras
  hark look screen -o screen.png
  hark look window firefox -o page.png   also when something lies over it
  hark look region 100,200,640,480 -o plot.png
  hark look selection                    prints the text that is marked with the mouse";

/// A camera finds its brightness in this time.
const WARM: Duration = Duration::from_millis(700);

/// The arguments of `hark look`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// What is told, as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum What {
    /// All monitors in one picture, or one of them
    Screen {
        /// The monitor, as the list calls it
        #[arg(value_name = "MONITOR")]
        monitor: Option<String>,
        #[command(flatten)]
        file: File,
    },
    /// The inside of a window; without a name, of the one with the keyboard
    Window {
        /// A part of its title or of its program's name, or its number in the list
        #[arg(value_name = "WINDOW")]
        window: Option<String>,
        #[command(flatten)]
        file: File,
    },
    /// A part of the screen
    Region {
        /// Left, top, width and height, in pixels
        #[arg(value_name = "X,Y,W,H", value_parser = region, allow_hyphen_values = true)]
        place: Rect,
        #[command(flatten)]
        file: File,
    },
    /// The text that is selected in some program
    Selection,
    /// What is on the clipboard: text, or a picture
    Clipboard {
        #[command(flatten)]
        file: File,
    },
    /// What a camera sees; it is on for a second
    Camera {
        /// The camera, by its name or a part of it
        #[arg(value_name = "CAMERA")]
        camera: Option<String>,
        /// In place of a camera: the pictures in this folder, one after another
        #[arg(long, value_name = "FOLDER", conflicts_with = "camera")]
        images: Option<PathBuf>,
        #[command(flatten)]
        file: File,
    },
}

/// Where a picture goes.
#[derive(clap::Args)]
struct File {
    /// Write the picture to this file, as its name says: .png or .jpg; - is standard output, as PNG
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// `x,y,width,height`.
fn region(text: &str) -> Result<Rect, String> {
    let numbers: Vec<&str> = text.split(',').map(str::trim).collect();
    let [x, y, width, height] = numbers[..] else {
        return Err("four numbers are needed: left,top,width,height".to_owned());
    };
    let place = |text: &str| text.parse::<i32>().map_err(|_| format!("{text} is not a whole number"));
    let side = |text: &str| text.parse::<u32>().ok().filter(|side| *side > 0);
    let side = |text: &str| side(text).ok_or_else(|| format!("{text} is not a whole number above 0"));
    Ok(Rect::new(place(x)?, place(y)?, side(width)?, side(height)?))
}

/// Looks.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    match &args.what {
        None => listed::print(args.json)?,
        Some(What::Screen { monitor, file }) => {
            let mut desktop = sight::open().map_err(told)?;
            let target = match monitor {
                None => Target::Everything,
                Some(name) => Target::Monitor(monitor_named(&mut *desktop, name)?),
            };
            seen(&mut *desktop, target, file, args.json)?;
        }
        Some(What::Window { window, file }) => {
            let mut desktop = sight::open().map_err(told)?;
            let found = window_named(&mut *desktop, window.as_deref())?;
            seen(&mut *desktop, Target::Window(found.id), file, args.json)?;
        }
        Some(What::Region { place, file }) => {
            seen(&mut *sight::open().map_err(told)?, Target::Region(*place), file, args.json)?;
        }
        Some(What::Selection) => selection(args.json)?,
        Some(What::Clipboard { file }) => clipboard(file, args.json)?,
        Some(What::Camera { camera, images, file }) => {
            let begun = Instant::now();
            let picture = match images {
                Some(folder) => {
                    let images = Images::folder(folder, Duration::from_millis(100)).map_err(told)?;
                    photograph(&images, None)?
                }
                None => photograph(&Devices, camera.as_deref())?,
            };
            Kept::picture(&picture, file.output.as_deref(), begun.elapsed())?.tell(args.json)?;
        }
    }
    Ok(Exit::Done)
}

fn seen(desktop: &mut dyn Desktop, target: Target, file: &File, json: bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    let picture = desktop.grab(target).map_err(told)?;
    Kept::picture(&picture, file.output.as_deref(), begun.elapsed())?.tell(json)
}

fn monitor_named(desktop: &mut dyn Desktop, name: &str) -> anyhow::Result<sight::MonitorId> {
    let monitors = desktop.monitors().map_err(told)?;
    let found = monitors.iter().find(|monitor| monitor.name.eq_ignore_ascii_case(name));
    let absent = || Failure::usage(format!("There is no monitor “{name}”. `hark look` lists them."));
    Ok(found.ok_or_else(absent)?.id)
}

fn window_named(desktop: &mut dyn Desktop, name: Option<&str>) -> anyhow::Result<Window> {
    let windows = desktop.windows().map_err(told)?;
    let Some(name) = name else {
        let focused = windows.iter().find(|window| window.focused).or_else(|| windows.first());
        let none = || Failure::new(Exit::Failed, "There is no window. Open one and try again.");
        return Ok(focused.cloned().ok_or_else(none)?);
    };
    chosen(&windows, name).cloned().ok_or_else(|| {
        Failure::usage(format!("No window has “{name}” in its title. `hark look` lists them.")).into()
    })
}

/// The topmost of those that are meant.
fn chosen<'a>(windows: &'a [Window], name: &str) -> Option<&'a Window> {
    let wanted = name.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    windows
        .iter()
        .find(|window| listed::number(window.id) == wanted)
        .or_else(|| windows.iter().find(|window| has(&window.title)))
        .or_else(|| windows.iter().find(|window| has(&window.program)))
}

fn selection(json: bool) -> anyhow::Result<()> {
    let selected = sight::open().map_err(told)?.selection().map_err(told)?;
    let from = selected.from.as_ref();
    if json {
        let age = selected.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        let from = from.map(|window| json!({ "title": window.title, "program": window.program }));
        return out(&format!("{:#}\n", json!({ "text": selected.text, "from": from, "age_ms": age })));
    }
    let program = from.map(|window| format!("from “{}” ({})", harmless(&window.title), window.program));
    let age = selected.age.map(|age| format!("marked {} ago", span(age.as_secs_f64())));
    let told: Vec<String> = program.into_iter().chain(age).collect();
    if !told.is_empty() {
        note(told.join(", "));
    }
    text(&selected.text)
}

fn clipboard(file: &File, json: bool) -> anyhow::Result<()> {
    let begun = Instant::now();
    match sight::open().map_err(told)?.clipboard().map_err(told)? {
        Clipping::Text(copied) if json => out(&format!("{:#}\n", json!({ "text": copied }))),
        Clipping::Text(copied) => text(&copied),
        Clipping::Picture(picture) => {
            Kept::picture(&picture, file.output.as_deref(), begun.elapsed())?.tell(json)
        }
    }
}

/// What was marked or copied, as it is; on a terminal without what could command it.
fn text(text: &str) -> anyhow::Result<()> {
    use std::io::IsTerminal as _;
    let shown = if std::io::stdout().is_terminal() { harmless(text) } else { text.to_owned() };
    out(&if shown.ends_with('\n') { shown } else { shown + "\n" })
}

fn photograph(source: &dyn CameraSource, name: Option<&str>) -> anyhow::Result<Picture> {
    let wanted = match name {
        None => None,
        Some(name) => {
            let found = source.list().map_err(told)?;
            let wanted = name.to_lowercase();
            let is_meant = |camera: &CameraInfo| camera.name.to_lowercase().contains(&wanted);
            let absent = || Failure::usage(format!("There is no camera “{name}”. `hark look` lists them."));
            Some(found.into_iter().find(is_meant).ok_or_else(absent)?.id)
        }
    };
    let camera = source.open(wanted.as_ref()).map_err(told)?;
    let warm = Instant::now() + WARM;
    let mut frame = camera.newest().map_err(told)?;
    while Instant::now() < warm {
        frame = camera.after(frame.number).map_err(told)?;
    }
    drop(camera);
    Ok(std::sync::Arc::unwrap_or_clone(frame.picture))
}

/// A failure with the status of its kind.
#[allow(clippy::needless_pass_by_value)] // for map_err
fn told(error: SightError) -> Failure {
    let exit = match error {
        SightError::Refused(_) => Exit::Cancelled,
        SightError::EmptyRegion | SightError::OffScreen => Exit::Usage,
        _ => Exit::Failed,
    };
    Failure::new(exit, error.to_string())
}

fn out(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes()).context("Standard output is gone")
}

#[cfg(test)]
mod tests {
    use sight::WindowId;

    use super::*;

    #[test]
    fn a_region_is_four_numbers() {
        assert_eq!(region("-10, 20,300,40"), Ok(Rect::new(-10, 20, 300, 40)));
        for wrong in ["", "1,2,3", "1,2,3,4,5", "1,2,0,4", "1,2,3,-4", "a,2,3,4"] {
            assert!(region(wrong).is_err(), "{wrong}");
        }
    }

    fn window(id: u32, title: &str, program: &str) -> Window {
        let (title, program) = (title.to_owned(), program.to_owned());
        let rect = Rect::new(0, 0, 10, 10);
        Window { id: WindowId(id), title, program, pid: None, rect, focused: false, minimised: false }
    }

    #[test]
    fn a_window_is_meant_by_number_title_or_program() {
        let windows = [window(0x1f, "Notes", "Firefox"), window(2, "firefox notes", "Editor")];
        let chosen = |name| chosen(&windows, name).map(|window| window.id.0);
        assert_eq!([chosen("NOTES"), chosen("firefox"), chosen("editor")], [Some(0x1f), Some(2), Some(2)]);
        assert_eq!([chosen("0x1f"), chosen("0x2"), chosen("none")], [Some(0x1f), Some(2), None]);
    }
}
