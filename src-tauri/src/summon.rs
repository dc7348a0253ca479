//! What can be asked of the running program from outside its windows, by keys, by the tray and by other programs, and the
//! one place where it is done.

use api::{App, Commands, GlobalKey, HostOrder, MuteVoice, Nothing, TalkKey, WindowPlace};
use tauri::{AppHandle, Manager};

use crate::bar::{self, Input};
use crate::keys::{KeyEvent, Press};
use crate::shell::Shell;
use crate::{MAIN, focus, look};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Show the bar, or hide it.
    ToggleBar,
    /// The key of the bar went down or up, at this time of the X server's.
    BarKey(Press, u32),
    /// The talk key went down or up.
    TalkKey(Press),
    /// Speak, or stop speaking: for those who cannot hold a key.
    Talk,
    /// Have a part of the screen chosen, and ask about it in the bar.
    Look,
    /// The key for that went down or up.
    LookKey(Press),
    /// End the spoken conversation.
    EndTalk,
    /// Close or open the microphone.
    Mute,
    /// Show neither the screen nor a camera any longer.
    StopShowing,
    /// Show the large window.
    Open(WindowPlace),
    /// End the program.
    Quit,
}

impl From<KeyEvent> for Deed {
    fn from(event: KeyEvent) -> Self {
        match event.key {
            GlobalKey::Summon => Self::BarKey(event.press, event.time),
            GlobalKey::Talk => Self::TalkKey(event.press),
            GlobalKey::Look => Self::LookKey(event.press),
        }
    }
}

/// How the program was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// Whether the large window is shown at once.
    pub(crate) window: bool,
    /// What is to be done.
    pub(crate) deed: Option<Deed>,
}

/// Reads the arguments after the program's name. The last one counts; what is none of ours is somebody else's.
pub(crate) fn read<'a>(arguments: impl Iterator<Item = &'a str>) -> Start {
    let mut start = Start { window: true, deed: None };
    for argument in arguments {
        let deed = match argument {
            BACKGROUND => None,
            "--toggle" => Some(Deed::ToggleBar),
            "--talk" => Some(Deed::Talk),
            "--look" => Some(Deed::Look),
            _ => continue,
        };
        start = Start { window: false, deed };
    }
    start
}

/// Begins without a window: how the system starts it.
pub(crate) const BACKGROUND: &str = "--background";

/// Does it, from any thread.
pub(crate) fn perform(host: &AppHandle, deed: Deed) {
    let inside = host.clone();
    // Fails when the program ends.
    let _ = host.run_on_main_thread(move || on_main_thread(&inside, deed));
}

fn on_main_thread(host: &AppHandle, deed: Deed) {
    match deed {
        Deed::ToggleBar => bar::happened(host, Input::Toggled, 0),
        Deed::Look | Deed::LookKey(Press::Down) => look::for_the_bar(host),
        Deed::LookKey(Press::Up) => {}
        Deed::BarKey(Press::Down, time) => {
            bar::happened(host, Input::KeyDown, time);
            bar::happened(host, Input::Toggled, time);
        }
        Deed::BarKey(Press::Up, time) => bar::happened(host, Input::KeyUp, time),
        Deed::TalkKey(press) => talk_key(host, press),
        Deed::Talk => {
            let down = host.state::<Shell>().known().voice.key_down;
            talk_key(host, if down { Press::Up } else { Press::Down });
        }
        Deed::EndTalk => ask(host, async |app| app.stop_voice(Nothing {}).await),
        Deed::Mute => {
            let muted = !host.state::<Shell>().known().voice.muted;
            ask(host, async move |app| app.mute_voice(MuteVoice { muted }).await);
        }
        Deed::StopShowing => ask(host, async |app| app.stop_sharing(Nothing {}).await),
        Deed::Open(place) => open(host, &place),
        Deed::Quit => host.exit(0),
    }
}

/// The key in a spoken conversation; where there is none the window begins one: a microphone is never open without its
/// light being seen.
fn talk_key(host: &AppHandle, press: Press) {
    let down = press == Press::Down;
    let on = {
        let shell = host.state::<Shell>();
        let mut known = shell.known();
        known.voice.key_down = down && known.voice.is_on();
        known.voice.is_on()
    };
    if on {
        ask(host, async move |app| app.talk_key(TalkKey { down }).await);
    } else if down {
        open(host, &WindowPlace::Voice);
    }
}

/// Asks the application; how it went is told in its events.
fn ask<T, F>(host: &AppHandle, what: impl FnOnce(App) -> F + Send + 'static)
where
    F: Future<Output = Result<T, api::ApiError>> + Send,
{
    let app = host.state::<App>().inner().clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = what(app).await {
            tracing::info!(code = ?error.code, "what was asked for from outside could not be done");
        }
    });
}

/// Shows the large window with this in it.
fn open(host: &AppHandle, place: &WindowPlace) {
    let Some(window) = host.get_webview_window(MAIN) else { return };
    focus::bring(&window, 0);
    if *place != WindowPlace::AsItIs {
        host.state::<Shell>().order(MAIN, &HostOrder::Show { place: place.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arguments: &[&str], window: bool, deed: Option<Deed>) {
        assert_eq!(read(arguments.iter().copied()), Start { window, deed });
    }

    #[test]
    fn arguments_say_what_to_do_and_whether_the_window_shows() {
        check(&[], true, None);
        check(&["--something-of-the-toolkit"], true, None);
        check(&["--background"], false, None);
        check(&["--toggle"], false, Some(Deed::ToggleBar));
        check(&["--talk"], false, Some(Deed::Talk));
        check(&["--look"], false, Some(Deed::Look));
    }
}
