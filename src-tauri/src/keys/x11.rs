//! Keys of an X server, and its focus. The thread `hark-keys` waits in the connection for key events and for nothing else:
//! no timer runs, and a press is known as soon as the server tells it.
//!
//! Always holds: a key that is held repeats nothing; the thread ends with its owner.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use api::{GlobalKey, GlobalKeyView};
use settings::{KeyCombo, Modifier};
use x11rb::CURRENT_TIME;
use x11rb::connection::Connection;
use x11rb::errors::{ReplyError, ReplyOrIdError};
use x11rb::protocol::xkb::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, GrabMode, InputFocus,
    KeyButMask, Keycode, ModMask, Window, WindowClass,
};
use x11rb::protocol::{ErrorKind, Event};
use x11rb::rust_connection::RustConnection;

use super::wanted::{Refusal, hold_all};
use super::{GlobalKeys, KeyEvent, OnKey, Press};

/// Caps Lock and Num Lock may be on or off.
const LOCKS: [ModMask; 2] = [ModMask::LOCK, ModMask::M2];

pub(super) struct X11Keys {
    seat: Arc<Seat>,
    thread: Option<JoinHandle<()>>,
}

impl X11Keys {
    pub(super) fn open(on_key: OnKey) -> anyhow::Result<Self> {
        let seat = Arc::new(Seat::open()?);
        let ears = seat.clone();
        let listen = move || ears.listen(&on_key);
        let thread = std::thread::Builder::new().name("hark-keys".into()).spawn(listen)?;
        Ok(Self { seat, thread: Some(thread) })
    }
}

impl GlobalKeys for X11Keys {
    fn hold(&self, wanted: &[(GlobalKey, Option<KeyCombo>)]) -> Vec<GlobalKeyView> {
        self.let_go();
        let views =
            hold_all(wanted, |key, combo| self.seat.take(key, combo), |combo| self.seat.is_free(combo));
        wanted.clone_into(&mut self.seat.held().wanted);
        views
    }

    fn let_go(&self) {
        self.seat.give_all();
    }
}

impl Drop for X11Keys {
    fn drop(&mut self) {
        self.seat.end();
        if let Some(thread) = self.thread.take() {
            // It ends by itself; a panic in it was its own.
            let _ = thread.join();
        }
    }
}

/// A connection to the X server.
pub(crate) struct Seat {
    connection: RustConnection,
    root: Window,
    /// A window that nobody sees: a message to it ends the thread.
    own: Window,
    /// Written by those who take keys, read by the thread for every press.
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: HashMap<(Keycode, u16), GlobalKey>,
    wanted: Vec<(GlobalKey, Option<KeyCombo>)>,
}

impl Seat {
    pub(crate) fn open() -> anyhow::Result<Self> {
        let (connection, screen) = x11rb::connect(None)?;
        let root = connection.setup().roots[screen].root;
        let own = connection.generate_id()?;
        let input_only = WindowClass::INPUT_ONLY;
        connection.create_window(0, own, root, 0, 0, 1, 1, 0, input_only, 0, &CreateWindowAux::new())?;
        // With this, a held key comes as presses alone, not as if it were let go and pressed again.
        if connection.xkb_use_extension(1, 0)?.reply().is_ok_and(|reply| reply.supported) {
            let flag = xkb::PerClientFlag::DETECTABLE_AUTO_REPEAT;
            let none = xkb::BoolCtrl::default();
            let keyboard = xkb::ID::USE_CORE_KBD.into();
            // A server that cannot is no reason to have no keys.
            let _ = connection.xkb_per_client_flags(keyboard, flag, flag, none, none, none)?.reply();
        }
        connection.flush()?;
        Ok(Self { connection, root, own, held: Mutex::default() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, on_key: &OnKey) {
        // The key that is down, by its place on the keyboard: what is held beside it may be let go first.
        let mut down: Option<(Keycode, GlobalKey)> = None;
        while let Ok(event) = self.connection.wait_for_event() {
            match event {
                Event::KeyPress(press) if down.is_none_or(|(code, _)| code != press.detail) => {
                    let found = self.held().keys.get(&(press.detail, modifiers_of(press.state))).copied();
                    if let Some(key) = found {
                        down = Some((press.detail, key));
                        on_key(KeyEvent { key, press: Press::Down, time: press.time });
                    }
                }
                Event::KeyRelease(release) => {
                    if let Some((_, key)) = down.take_if(|(code, _)| *code == release.detail) {
                        on_key(KeyEvent { key, press: Press::Up, time: release.time });
                    }
                }
                Event::MappingNotify(_) => self.take_again(),
                Event::ClientMessage(message) if message.window == self.own => return,
                _ => {}
            }
        }
        tracing::warn!("the X server is gone: no keys any more");
    }

    fn end(&self) {
        let message = ClientMessageEvent::new(32, self.own, AtomEnum::NOTICE, [0; 5]);
        // When this fails the connection is gone, and the thread with it.
        let _ = self.connection.send_event(false, self.own, EventMask::NO_EVENT, message);
        let _ = self.connection.flush();
    }

    /// The keys of the keyboard have other places now.
    fn take_again(&self) {
        let wanted = self.held().wanted.clone();
        self.give_all();
        for (key, combo) in &wanted {
            if let Some(combo) = combo {
                // Views were told when it was wanted; a layout seldom changes who has a key.
                let _ = self.take(*key, combo);
            }
        }
        self.held().wanted = wanted;
    }

    fn take(&self, key: GlobalKey, combo: &KeyCombo) -> Result<(), Refusal> {
        if switches_consoles(combo) {
            let reason = "With Ctrl and Alt this key switches between consoles: it never reaches a program.";
            return Err(Refusal::Impossible(reason.to_owned()));
        }
        let places = self.places(combo)?;
        let mask = mask_of(combo.modifiers());
        for &place in &places {
            if let Err(refusal) = self.grab(place, mask) {
                self.ungrab_all(&places, mask);
                return Err(refusal);
            }
        }
        let mut held = self.held();
        held.keys.extend(places.into_iter().map(|place| ((place, u16::from(mask)), key)));
        Ok(())
    }

    fn give_all(&self) {
        let before = std::mem::take(&mut *self.held());
        for (place, mask) in before.keys.into_keys() {
            self.ungrab(place, mask.into());
        }
        let _ = self.connection.flush();
    }

    /// Whether it could be taken now.
    fn is_free(&self, combo: &KeyCombo) -> bool {
        let Ok(places) = self.places(combo) else { return false };
        let mask = mask_of(combo.modifiers());
        let free = places.iter().all(|&place| self.grab(place, mask).is_ok());
        self.ungrab_all(&places, mask);
        free
    }

    fn grab(&self, place: Keycode, mask: ModMask) -> Result<(), Refusal> {
        for locks in locks() {
            let (pointer, keyboard) = (GrabMode::ASYNC, GrabMode::ASYNC);
            let asked = self.connection.grab_key(false, self.root, mask | locks, place, pointer, keyboard);
            match asked.map(x11rb::cookie::VoidCookie::check) {
                Ok(Ok(())) => {}
                Ok(Err(ReplyError::X11Error(error))) if error.error_kind == ErrorKind::Access => {
                    return Err(Refusal::Taken);
                }
                Ok(Err(error)) => return Err(Refusal::Impossible(format!("The X server refused: {error}."))),
                Err(error) => return Err(Refusal::Impossible(format!("The X server is gone: {error}."))),
            }
        }
        Ok(())
    }

    fn ungrab_all(&self, places: &[Keycode], mask: ModMask) {
        for &place in places {
            self.ungrab(place, mask);
        }
    }

    fn ungrab(&self, place: Keycode, mask: ModMask) {
        for locks in locks() {
            // A key that was never taken, or a server that is gone.
            let _ = self.connection.ungrab_key(place, self.root, mask | locks);
        }
    }

    /// The places on the keyboard that have this key.
    fn places(&self, combo: &KeyCombo) -> Result<Vec<Keycode>, Refusal> {
        let missing = || Refusal::Impossible("This keyboard has no such key.".to_owned());
        let symbol = symbol_of(combo.key()).ok_or_else(missing)?;
        let (first, last) = (self.connection.setup().min_keycode, self.connection.setup().max_keycode);
        let count = last - first + 1;
        let asked = self.connection.get_keyboard_mapping(first, count).map_err(ReplyError::from);
        let map = asked
            .and_then(x11rb::cookie::Cookie::reply)
            .map_err(|error| Refusal::Impossible(format!("The X server does not tell its keys: {error}.")))?;
        let each = usize::from(map.keysyms_per_keycode.max(1));
        let places = (first..=last).zip(map.keysyms.chunks(each));
        // The first symbol is the one without Shift.
        let places: Vec<Keycode> =
            places.filter(|(_, symbols)| symbols.first() == Some(&symbol)).map(|(place, _)| place).collect();
        if places.is_empty() { Err(missing()) } else { Ok(places) }
    }

    /// The window that has the focus: as the window manager says, or without one, the server.
    pub(crate) fn active(&self) -> Option<Window> {
        let ask = || -> Result<Window, ReplyOrIdError> {
            let atom = self.atom("_NET_ACTIVE_WINDOW")?;
            let any = AtomEnum::WINDOW;
            let told = self.connection.get_property(false, self.root, atom, any, 0, 1)?.reply()?;
            let told = told.value32().and_then(|mut values| values.next()).unwrap_or_default();
            Ok(if told == 0 { self.connection.get_input_focus()?.reply()?.focus } else { told })
        };
        // 0 is nothing, 1 is the root.
        ask().ok().filter(|&window| window > 1)
    }

    /// Gives the focus to a window of another program, as of `time`.
    pub(crate) fn activate(&self, window: Window, time: u32) -> Result<(), ReplyOrIdError> {
        let atom = self.atom("_NET_ACTIVE_WINDOW")?;
        // 2: as a pager, on behalf of the user; window managers give it without asking back.
        let message = ClientMessageEvent::new(32, window, atom, [2, time, 0, 0, 0]);
        let managed = self.is_managed()?;
        if managed {
            let mask = EventMask::SUBSTRUCTURE_NOTIFY | EventMask::SUBSTRUCTURE_REDIRECT;
            self.connection.send_event(false, self.root, mask, message)?;
        } else {
            self.connection.set_input_focus(InputFocus::POINTER_ROOT, window, CURRENT_TIME)?;
        }
        self.connection.flush()?;
        Ok(())
    }

    /// Whether there is a window manager that knows about active windows.
    fn is_managed(&self) -> Result<bool, ReplyOrIdError> {
        let atom = self.atom("_NET_SUPPORTING_WM_CHECK")?;
        let told = self.connection.get_property(false, self.root, atom, AtomEnum::WINDOW, 0, 1)?.reply()?;
        Ok(told.value_len > 0)
    }

    /// Whether somebody shows the signs of programs in the manner of X.
    pub(crate) fn has_tray(&self) -> bool {
        let ask = || -> Result<bool, ReplyOrIdError> {
            let atom = self.atom("_NET_SYSTEM_TRAY_S0")?;
            Ok(self.connection.get_selection_owner(atom)?.reply()?.owner != x11rb::NONE)
        };
        ask().unwrap_or(false)
    }

    fn atom(&self, name: &str) -> Result<u32, ReplyOrIdError> {
        Ok(self.connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }
}

/// Every combination of the locks.
fn locks() -> [ModMask; 4] {
    let [caps, num] = LOCKS;
    [ModMask::default(), caps, num, caps | num]
}

fn mask_of(modifiers: &[Modifier]) -> ModMask {
    let one = |modifier: &Modifier| match modifier {
        Modifier::Ctrl => ModMask::CONTROL,
        Modifier::Alt => ModMask::M1,
        Modifier::Shift => ModMask::SHIFT,
        Modifier::Super => ModMask::M4,
    };
    modifiers.iter().map(one).fold(ModMask::default(), |all, one| all | one)
}

/// The server grants these, and then keeps every press of them to itself.
fn switches_consoles(combo: &KeyCombo) -> bool {
    let held = |modifier| combo.modifiers().contains(&modifier);
    let key = combo.key();
    held(Modifier::Ctrl) && held(Modifier::Alt) && key.len() > 1 && key.starts_with('F')
}

/// What is held, without the locks.
fn modifiers_of(state: KeyButMask) -> u16 {
    let counted = ModMask::CONTROL | ModMask::M1 | ModMask::SHIFT | ModMask::M4;
    u16::from(state) & u16::from(counted)
}

/// The X server's number of a key (X11/keysymdef.h).
fn symbol_of(key: &str) -> Option<u32> {
    const F1: u32 = 0xffbe;
    if let [byte] = key.as_bytes() {
        return Some(byte.to_ascii_lowercase().into());
    }
    if let Some(number) = key.strip_prefix('F').and_then(|number| number.parse::<u32>().ok()) {
        return Some(F1 + number - 1);
    }
    Some(match key {
        "Space" => 0x20,
        "Backspace" => 0xff08,
        "Tab" => 0xff09,
        "Enter" => 0xff0d,
        "Home" => 0xff50,
        "Left" => 0xff51,
        "Up" => 0xff52,
        "Right" => 0xff53,
        "Down" => 0xff54,
        "PageUp" => 0xff55,
        "PageDown" => 0xff56,
        "End" => 0xff57,
        "Insert" => 0xff63,
        "Delete" => 0xffff,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn combo(text: &str) -> KeyCombo {
        text.parse().unwrap()
    }

    #[test]
    fn every_key_that_can_be_written_has_a_number() {
        for key in ["A", "7", "F1", "F24", "Space", "Enter", "Tab", "Backspace", "Insert", "Delete"] {
            assert!(symbol_of(combo(&format!("Alt+{key}")).key()).is_some(), "{key}");
        }
        for key in ["Home", "End", "PageUp", "PageDown", "Up", "Down", "Left", "Right"] {
            assert!(symbol_of(combo(&format!("Ctrl+{key}")).key()).is_some(), "{key}");
        }
        assert_eq!(symbol_of("A"), Some(0x61));
        assert_eq!(symbol_of("F12"), Some(0xffc9));
    }

    #[test]
    fn what_the_server_keeps_to_itself_is_no_key_of_ours() {
        for (text, expect) in [
            ("Ctrl+Alt+F9", true),
            ("Ctrl+Alt+Shift+F1", true),
            ("Ctrl+Alt+F", false),
            ("Ctrl+Shift+F9", false),
        ] {
            assert_eq!(switches_consoles(&combo(text)), expect, "{text}");
        }
    }

    #[test]
    fn locks_change_nothing() {
        let held = mask_of(combo("Alt+Shift+Space").modifiers());
        for lock in locks() {
            assert_eq!(modifiers_of(KeyButMask::from(u16::from(held | lock))), u16::from(held));
        }
    }
}
