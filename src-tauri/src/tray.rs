//! The sign in the tray: how the program stands, and a menu. Never the only way in: where there is no tray, everything
//! else goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use api::{VoicePhase, WindowPlace};
use tauri::image::Image;
use tauri::menu::{Menu, MenuBuilder, MenuItem, MenuItemBuilder};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry};

use crate::shell::{Known, Shell};
use crate::summon::{Deed, perform};

const ID: &str = "hark";

/// How the program stands, as far as a small picture can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Idle,
    Replying,
    Listening,
    Muted,
    /// The screen or a camera is shown.
    Showing,
}

impl Sign {
    pub(crate) fn of(known: &Known) -> Self {
        match known.voice.phase {
            VoicePhase::Off if known.replying > 0 => Self::Replying,
            VoicePhase::Off => Self::Idle,
            _ if known.voice.shows => Self::Showing,
            _ if known.voice.muted => Self::Muted,
            _ => Self::Listening,
        }
    }

    /// The dot on it: red, green, blue.
    fn dot(self) -> Option<[u8; 3]> {
        match self {
            Self::Idle => None,
            Self::Replying => Some([0x2d, 0x7f, 0xf0]),
            Self::Listening => Some([0xe8, 0x5a, 0x10]),
            Self::Muted => Some([0x8d, 0x89, 0x83]),
            Self::Showing => Some([0xd1, 0x24, 0x2f]),
        }
    }
}

/// Shows how things stand; the first time, puts the sign there. On the main thread.
pub(crate) fn refresh(host: &AppHandle) {
    let shell = host.state::<Shell>();
    let (words, sign, talks, muted, seen) = {
        let known = shell.known();
        (known.words.clone(), Sign::of(&known), known.voice.is_on(), known.voice.muted, known.voice.shows)
    };
    // The words come with the first page.
    if words.open.is_empty() {
        return;
    }
    let stand = match sign {
        Sign::Idle => &words.idle,
        Sign::Replying => &words.replying,
        Sign::Listening => &words.listening,
        Sign::Muted => &words.muted,
        Sign::Showing => &words.showing,
    };
    let item = |id: &str, text: &str| MenuItemBuilder::with_id(id, text).build(host);
    let menu = || -> tauri::Result<Menu<Wry>> {
        let state: MenuItem<Wry> = MenuItemBuilder::with_id("state", stand).enabled(false).build(host)?;
        let mute = MenuItemBuilder::with_id("mute", if muted { &words.unmute } else { &words.mute });
        let showing = MenuItemBuilder::with_id("stop_showing", &words.stop_showing);
        let talk = if talks { item("end_talk", &words.end_talk)? } else { item("talk", &words.talk)? };
        MenuBuilder::new(host)
            .items(&[&state])
            .separator()
            .items(&[
                &item("open", &words.open)?,
                &item("summon", &words.summon)?,
                &item("look", &words.look)?,
            ])
            .separator()
            .items(&[&talk, &mute.enabled(talks).build(host)?])
            .items(&[&showing.enabled(seen).build(host)?])
            .separator()
            .items(&[&item("quit", &words.quit)?])
            .build()
    };
    // The library that shows it on Linux is looked for only now, and its absence is a panic.
    let shown = catch_unwind(AssertUnwindSafe(|| show(host, &menu()?, sign)));
    match shown {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::info!(%error, "there is no sign in the tray"),
        Err(_) => tracing::info!("there is no sign in the tray: its library is not installed"),
    }
}

fn show(host: &AppHandle, menu: &Menu<Wry>, sign: Sign) -> tauri::Result<()> {
    let icon = host.default_window_icon().map(|icon| with_dot(icon, sign.dot()));
    if let Some(tray) = host.tray_by_id(ID) {
        tray.set_icon(icon)?;
        return tray.set_menu(Some(menu.clone()));
    }
    let mut builder = TrayIconBuilder::with_id(ID).menu(menu).tooltip("Hark").show_menu_on_left_click(false);
    if let Some(icon) = icon {
        builder = builder.icon(icon);
    }
    builder
        .on_menu_event(|host, event| {
            if let Some(deed) = deed(event.id().as_ref()) {
                perform(host, deed);
            }
        })
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click {
                button: MouseButton::Left,
                button_state: MouseButtonState::Up,
                ..
            } = event
            {
                perform(tray.app_handle(), Deed::Open(WindowPlace::AsItIs));
            }
        })
        .build(host)?;
    Ok(())
}

fn deed(item: &str) -> Option<Deed> {
    Some(match item {
        "open" => Deed::Open(WindowPlace::AsItIs),
        "summon" => Deed::ToggleBar,
        "look" => Deed::Look,
        "talk" => Deed::TalkKey(crate::keys::Press::Down),
        "end_talk" => Deed::EndTalk,
        "mute" => Deed::Mute,
        "stop_showing" => Deed::StopShowing,
        "quit" => Deed::Quit,
        _ => return None,
    })
}

/// The picture with a dot in its lower right corner.
fn with_dot(icon: &Image<'_>, dot: Option<[u8; 3]>) -> Image<'static> {
    let (width, height) = (icon.width(), icon.height());
    let mut rgba = icon.rgba().to_vec();
    if let Some([red, green, blue]) = dot {
        let radius = width.min(height) / 5;
        let (middle_x, middle_y) = (width - radius - 1, height - radius - 1);
        for (n, pixel) in (0_u32..).zip(rgba.chunks_exact_mut(4)) {
            let (x, y) = (n % width, n / width);
            if x.abs_diff(middle_x).pow(2) + y.abs_diff(middle_y).pow(2) <= radius.pow(2) {
                pixel.copy_from_slice(&[red, green, blue, 0xff]);
            }
        }
    }
    Image::new_owned(rgba, width, height)
}

/// Whether somebody would show such a sign: the desktop's own service, or a tray in the manner of X.
#[cfg(target_os = "linux")]
pub(crate) async fn is_there(host: &AppHandle) -> bool {
    let by_x = host.state::<Shell>().seat.as_ref().is_some_and(crate::keys::Seat::has_tray);
    by_x || watcher().await.unwrap_or(false)
}

#[cfg(target_os = "linux")]
async fn watcher() -> ashpd::zbus::Result<bool> {
    let bus = ashpd::zbus::Connection::session().await?;
    let names = ashpd::zbus::fdo::DBusProxy::new(&bus).await?;
    let name = ashpd::zbus::names::BusName::try_from("org.kde.StatusNotifierWatcher")?;
    Ok(names.name_has_owner(name).await?)
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unused_async)] // the same signature on every system
pub(crate) async fn is_there(_: &AppHandle) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_says_what_listens_before_what_answers() {
        let mut known = Known::default();
        assert_eq!(Sign::of(&known), Sign::Idle);
        known.replying = 1;
        assert_eq!(Sign::of(&known), Sign::Replying);
        known.voice.phase = VoicePhase::Listening;
        assert_eq!(Sign::of(&known), Sign::Listening);
        known.voice.muted = true;
        assert_eq!(Sign::of(&known), Sign::Muted);
        known.voice.shows = true;
        assert_eq!(Sign::of(&known), Sign::Showing);
    }

    #[test]
    fn the_dot_is_in_its_corner_and_nowhere_else() {
        let plain = Image::new_owned(vec![0; 32 * 32 * 4], 32, 32);
        let dotted = with_dot(&plain, Some([1, 2, 3]));
        let at = |x: usize, y: usize| &dotted.rgba()[(y * 32 + x) * 4..][..4];
        assert_eq!(at(25, 25), [1, 2, 3, 255]);
        assert_eq!(at(5, 5), [0; 4]);
        assert_eq!(with_dot(&plain, None).rgba(), plain.rgba());
    }

    #[test]
    fn every_item_of_the_menu_does_something() {
        for item in ["open", "summon", "look", "talk", "end_talk", "mute", "stop_showing", "quit"] {
            assert!(deed(item).is_some(), "{item}");
        }
        assert_eq!(deed("state"), None);
    }
}
