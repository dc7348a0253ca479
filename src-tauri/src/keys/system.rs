//! Keys on macOS and Windows, where the system itself hands them out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use api::{GlobalKey, GlobalKeyView};
use settings::KeyCombo;
use tauri_plugin_global_shortcut::{Builder, GlobalShortcutExt, Shortcut, ShortcutState};

use super::wanted::{Refusal, hold_all};
use super::{GlobalKeys, KeyEvent, OnKey, Press};

pub(super) struct SystemKeys {
    host: tauri::AppHandle,
    /// Written by those who take keys, read for every press.
    held: Arc<Mutex<HashMap<u32, GlobalKey>>>,
}

impl SystemKeys {
    pub(super) fn open(host: &tauri::AppHandle, on_key: OnKey) -> tauri::Result<Self> {
        let held: Arc<Mutex<HashMap<u32, GlobalKey>>> = Arc::default();
        let known = held.clone();
        let pressed = move |_: &tauri::AppHandle,
                            shortcut: &Shortcut,
                            event: tauri_plugin_global_shortcut::ShortcutEvent| {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(&key) = known.get(&shortcut.id()) else { return };
            drop(known);
            let press = if event.state == ShortcutState::Pressed { Press::Down } else { Press::Up };
            on_key(KeyEvent { key, press, time: 0 });
        };
        host.plugin(Builder::new().with_handler(pressed).build())?;
        Ok(Self { host: host.clone(), held })
    }

    fn take(&self, key: GlobalKey, combo: &KeyCombo) -> Result<(), Refusal> {
        let shortcut: Shortcut = combo
            .to_string()
            .parse()
            .map_err(|_| Refusal::Impossible("This system has no such key.".to_owned()))?;
        // Whatever the reason, another program having it is by far the likeliest.
        self.host.global_shortcut().register(shortcut).map_err(|_| Refusal::Taken)?;
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(shortcut.id(), key);
        Ok(())
    }

    fn is_free(&self, combo: &KeyCombo) -> bool {
        let Ok(shortcut) = combo.to_string().parse::<Shortcut>() else { return false };
        let keys = self.host.global_shortcut();
        keys.register(shortcut).is_ok() && keys.unregister(shortcut).is_ok()
    }
}

impl GlobalKeys for SystemKeys {
    fn hold(&self, wanted: &[(GlobalKey, Option<KeyCombo>)]) -> Vec<GlobalKeyView> {
        self.let_go();
        hold_all(wanted, |key, combo| self.take(key, combo), |combo| self.is_free(combo))
    }

    fn let_go(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
        // Keys that cannot be given back are held by nobody any more when the program ends.
        let _ = self.host.global_shortcut().unregister_all();
    }
}
