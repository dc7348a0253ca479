//! Keys on Wayland, through the desktop's portal: the program says what it would like, the system asks the user and
//! decides. Where there is no portal, `hark --toggle` bound to a key in the system's own settings does the same.

use std::sync::{Arc, Mutex, PoisonError};

use api::{GlobalKey, GlobalKeyState, GlobalKeyView};
use ashpd::desktop::CreateSessionOptions;
use ashpd::desktop::global_shortcuts::{
    Activated, BindShortcutsOptions, Deactivated, GlobalShortcuts, NewShortcut, Shortcut, ShortcutsChanged,
};
use ashpd::zbus::names::MemberName;
use futures::StreamExt;
use settings::{KeyCombo, Modifier};

use super::wanted::impossible;
use super::{GlobalKeys, KeyEvent, OnChange, OnKey, Press};

const NO_PORTAL: &str =
    "This desktop gives programs no keys of their own. Bind a key to `hark --toggle` in its settings.";

type Wanted = Vec<(GlobalKey, Option<KeyCombo>)>;

pub(super) struct PortalKeys {
    on_key: Arc<OnKey>,
    on_change: Arc<OnChange>,
    /// The conversation with the portal that is under way: a new one takes its place.
    running: Mutex<Option<tauri::async_runtime::JoinHandle<()>>>,
}

impl PortalKeys {
    pub(super) fn new(on_key: OnKey, on_change: OnChange) -> Self {
        Self { on_key: Arc::new(on_key), on_change: Arc::new(on_change), running: Mutex::default() }
    }
}

impl GlobalKeys for PortalKeys {
    /// The answer comes later, as a change: the system may have to ask the user first.
    fn hold(&self, wanted: &[(GlobalKey, Option<KeyCombo>)]) -> Vec<GlobalKeyView> {
        self.let_go();
        let (on_key, on_change, wanted) = (self.on_key.clone(), self.on_change.clone(), wanted.to_vec());
        let first = given(&wanted, &[]);
        let task = tauri::async_runtime::spawn(async move {
            let done = match connect().await {
                Ok(portal) => follow(&portal, &on_key, &on_change, &wanted).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::info!(%error, "the portal gives no keys");
                on_change(impossible(&wanted, NO_PORTAL));
            }
        });
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        first
    }

    fn let_go(&self) {
        // The session closes with the connection that the task owns.
        if let Some(task) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

/// A connection of its own: what is told on it is about this session, and the session ends with it.
async fn connect() -> Result<GlobalShortcuts, ashpd::Error> {
    GlobalShortcuts::with_connection(ashpd::zbus::Connection::session().await?).await
}

async fn follow(
    portal: &GlobalShortcuts,
    on_key: &OnKey,
    on_change: &OnChange,
    wanted: &Wanted,
) -> Result<(), ashpd::Error> {
    let session = portal.create_session(CreateSessionOptions::default()).await?;
    // One stream of all that is told: of several, a key could be seen to go up before it went down.
    let mut told = portal.receive_all_signals().await?;
    let asked: Vec<NewShortcut> = wanted
        .iter()
        .filter_map(|(key, combo)| {
            let trigger = trigger_of(combo.as_ref()?);
            Some(NewShortcut::new(id(*key), description(*key)).preferred_trigger(trigger.as_str()))
        })
        .collect();
    let answer = portal.bind_shortcuts(&session, &asked, None, BindShortcutsOptions::default()).await?;
    on_change(given(wanted, answer.response()?.shortcuts()));
    while let Some(signal) = told.next().await {
        let body = signal.body();
        let (name, press) = match signal.header().member().map(MemberName::as_str) {
            Some("Activated") => (body.deserialize::<Activated>()?.shortcut_id().to_owned(), Press::Down),
            Some("Deactivated") => (body.deserialize::<Deactivated>()?.shortcut_id().to_owned(), Press::Up),
            Some("ShortcutsChanged") => {
                on_change(given(wanted, body.deserialize::<ShortcutsChanged>()?.shortcuts()));
                continue;
            }
            _ => continue,
        };
        if let Some(&(key, _)) = wanted.iter().find(|(key, _)| id(*key) == name) {
            on_key(KeyEvent { key, press, time: 0 });
        }
    }
    Ok(())
}

fn id(key: GlobalKey) -> &'static str {
    match key {
        GlobalKey::Summon => "summon",
        GlobalKey::Talk => "talk",
        GlobalKey::Look => "look",
    }
}

/// What the system shows in its own settings, in the language of programs' names.
fn description(key: GlobalKey) -> &'static str {
    match key {
        GlobalKey::Summon => "Show or hide Hark's bar",
        GlobalKey::Talk => "Hold to speak to Hark",
        GlobalKey::Look => "Show Hark a part of the screen",
    }
}

/// As the shortcuts' specification of freedesktop.org writes it, for example `ALT+space`.
fn trigger_of(combo: &KeyCombo) -> String {
    let mut parts: Vec<String> = combo
        .modifiers()
        .iter()
        .map(|modifier| match modifier {
            Modifier::Ctrl => "CTRL".to_owned(),
            Modifier::Alt => "ALT".to_owned(),
            Modifier::Shift => "SHIFT".to_owned(),
            Modifier::Super => "LOGO".to_owned(),
        })
        .collect();
    parts.push(match combo.key() {
        "Space" => "space".to_owned(),
        "Enter" => "Return".to_owned(),
        "Backspace" => "BackSpace".to_owned(),
        "PageUp" => "Page_Up".to_owned(),
        "PageDown" => "Page_Down".to_owned(),
        letter if letter.len() == 1 => letter.to_ascii_lowercase(),
        other => other.to_owned(),
    });
    parts.join("+")
}

/// How the keys stand when the system has given these.
fn given(wanted: &Wanted, shortcuts: &[Shortcut]) -> Vec<GlobalKeyView> {
    let view = |(key, combo): &(GlobalKey, Option<KeyCombo>)| {
        let found = shortcuts.iter().find(|shortcut| shortcut.id() == id(*key));
        let state = match (combo, found) {
            (None, _) => GlobalKeyState::Off,
            (Some(_), found) => GlobalKeyState::GivenBySystem {
                trigger: found.map(|found| found.trigger_description().to_owned()).unwrap_or_default(),
            },
        };
        GlobalKeyView { key: *key, combo: combo.as_ref().map(ToString::to_string), state }
    };
    wanted.iter().map(view).collect()
}

#[cfg(test)]
#[path = "portal_tests.rs"]
mod desktop_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_are_written_as_the_specification_has_them() {
        for (combo, expect) in [
            ("Alt+Space", "ALT+space"),
            ("Ctrl+Super+K", "CTRL+LOGO+k"),
            ("F13", "F13"),
            ("Alt+PageUp", "ALT+Page_Up"),
        ] {
            assert_eq!(trigger_of(&combo.parse().unwrap()), expect);
        }
    }
}
