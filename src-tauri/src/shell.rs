//! What the windows, the tray and the keys share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use api::{GlobalKeyView, HostOrder, HostWords, SummonView, VoicePhase};
use settings::Settings;
use tauri::ipc::Channel;

use crate::bar::Launcher;
use crate::keys::GlobalKeys;
use crate::look::Chooser;

/// One for the program; Tauri hands it to whoever has a handle.
pub(crate) struct Shell {
    pub(crate) launcher: Launcher,
    pub(crate) chooser: Chooser,
    /// Set once all windows are there.
    pub(crate) keys: std::sync::OnceLock<Box<dyn GlobalKeys>>,
    /// A connection of our own to the X server; none on Wayland.
    #[cfg(target_os = "linux")]
    pub(crate) seat: Option<crate::keys::Seat>,
    /// What several threads tell and ask; never held across a call.
    known: Mutex<Known>,
}

/// What is known of the rest of the program.
#[derive(Default)]
pub(crate) struct Known {
    /// The way to each window's page, by the window's label.
    orders: HashMap<String, Channel<HostOrder>>,
    /// What a page is told as soon as it listens.
    waiting: HashMap<String, Vec<HostOrder>>,
    pub(crate) words: HostWords,
    pub(crate) settings: Settings,
    pub(crate) keys: Vec<GlobalKeyView>,
    pub(crate) tray: bool,
    pub(crate) autostart: Option<bool>,
    pub(crate) voice: Talk,
    /// Conversations in which a reply is being made.
    pub(crate) replying: usize,
    /// The question what closing means is on the screen.
    pub(crate) asked: bool,
}

/// The spoken conversation, as far as keys and tray are concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Talk {
    pub(crate) phase: VoicePhase,
    pub(crate) muted: bool,
    /// The screen or a camera is shown in it.
    pub(crate) shows: bool,
    /// The talk key is down, or was left so by `hark --talk`.
    pub(crate) key_down: bool,
}

impl Talk {
    pub(crate) fn is_on(self) -> bool {
        self.phase != VoicePhase::Off
    }
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self {
            launcher: Launcher::default(),
            chooser: Chooser::default(),
            keys: std::sync::OnceLock::new(),
            #[cfg(target_os = "linux")]
            seat: if crate::keys::is_wayland() { None } else { crate::keys::Seat::open().ok() },
            known: Mutex::default(),
        }
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page listens from now on.
    pub(crate) fn listens(&self, label: &str, channel: Channel<HostOrder>) {
        let mut known = self.known();
        for order in known.waiting.remove(label).unwrap_or_default() {
            // A page that has gone meanwhile will come again.
            let _ = channel.send(order);
        }
        known.orders.insert(label.to_owned(), channel);
    }

    /// Tells a window's page. One that does not listen yet is told when it does.
    pub(crate) fn order(&self, label: &str, order: &HostOrder) {
        let mut known = self.known();
        match known.orders.get(label) {
            Some(channel) => {
                // A page that has gone is told nothing.
                let _ = channel.send(order.clone());
            }
            None => {
                known.waiting.entry(label.to_owned()).or_default().push(order.clone());
            }
        }
    }

    /// How this program can be summoned.
    pub(crate) fn view(&self) -> SummonView {
        let known = self.known();
        SummonView::Available { keys: known.keys.clone(), tray: known.tray, autostart: known.autostart }
    }
}
