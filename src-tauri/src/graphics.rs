//! What draws the page on Linux: a graphics card, or, where there is none, the processor without OpenGL.
//!
//! Without a card, Mesa would compute OpenGL on the processor. For the page of a conversation that costs a hundred
//! megabytes more than WebKit's own drawing, and several times the work while an answer streams; it looks the same.

use std::fs;

use gtk::glib;

/// What takes OpenGL out of the way: GTK's look for it on opening the display, WebKit's buffers that only it can show, and
/// WebKit's question to it which device draws.
const WITHOUT_OPENGL: [(&str, &str); 3] = [
    ("GDK_GL", "disable"),
    ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
    ("WEBKIT_WEB_RENDER_DEVICE_FILE", "/dev/null"),
];

/// The last `WebKitGTK` that this was tried with. Of 2.52 it is told that pages stay blank without those buffers.
const TRIED: (u32, u32) = (2, 50);

/// Must come before any other thread and before GTK: both read the environment. What is set there by hand stays.
pub(crate) fn prepare() {
    let version = tauri::webview_version().unwrap_or_default();
    if !is_tried(&version) || has_card(&names("/dev"), &names("/dev/dri")) {
        return;
    }
    for (name, value) in WITHOUT_OPENGL {
        // Only a name or a value with a zero byte is refused.
        let _ = glib::setenv(name, value, false);
    }
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Whether a driver that draws is loaded. Those of the kernel make a render node in `/dev/dri`, a card that only shows
/// pictures makes none; NVIDIA's, Windows' for Linux (`dxg`), ARM's and Qualcomm's own make names of theirs.
fn has_card(dev: &[String], dri: &[String]) -> bool {
    dri.iter().any(|name| name.starts_with("renderD"))
        || dev.iter().any(|name| {
            ["nvidia", "mali", "kgsl"].iter().any(|driver| name.starts_with(driver)) || name == "dxg"
        })
}

/// `version` is like `2.50.6`.
fn is_tried(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) <= TRIED,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(dev: &[&str], dri: &[&str]) -> bool {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        has_card(&owned(dev), &owned(dri))
    }

    #[test]
    fn a_card_is_what_draws_and_not_what_only_shows() {
        assert!(!card(&["null", "fb0", "dri"], &[]));
        assert!(!card(&["dri"], &["by-path", "card0"]));
        assert!(card(&["dri"], &["card0", "renderD128"]));
        assert!(card(&["nvidia0", "nvidiactl"], &[]));
        assert!(card(&["dxg"], &[]));
    }

    #[test]
    fn versions_that_nobody_tried_are_left_alone() {
        assert!(is_tried("2.50.6"));
        assert!(is_tried("2.40"));
        assert!(!is_tried("2.52.0"));
        assert!(!is_tried("3.0.0"));
        assert!(!is_tried(""));
    }
}
