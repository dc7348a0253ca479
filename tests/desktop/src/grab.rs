//! What is asked of the X server itself: a key that somebody has already, and the colour of the desk.

use anyhow::Context;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, GrabMode, ModMask};
use x11rb::rust_connection::RustConnection;

/// Has Ctrl+Shift and one more key, until it is dropped.
pub struct KeyThief(#[allow(dead_code)] RustConnection);

impl KeyThief {
    /// Takes Ctrl+Shift and an F key.
    pub fn take(function: u32) -> anyhow::Result<Self> {
        const F1: u32 = 0xffbe;
        let (connection, screen) = x11rb::connect(None).context("there is no X server")?;
        let root = connection.setup().roots[screen].root;
        let (first, last) = (connection.setup().min_keycode, connection.setup().max_keycode);
        let map = connection.get_keyboard_mapping(first, last - first + 1)?.reply()?;
        let each = usize::from(map.keysyms_per_keycode.max(1));
        let mut keys = (first..=last).zip(map.keysyms.chunks(each));
        let wanted = F1 + function - 1;
        let (key, _) = keys.find(|(_, symbols)| symbols.first() == Some(&wanted)).context("no such key")?;
        let (held, mode) = (ModMask::CONTROL | ModMask::SHIFT, GrabMode::ASYNC);
        connection.grab_key(false, root, held, key, mode, mode)?.check().context("somebody has the key")?;
        Ok(Self(connection))
    }
}

/// Paints all of the desk in one colour, `0xrrggbb`. It stays as long as nothing else does so.
pub fn paint(colour: u32) -> anyhow::Result<()> {
    let (connection, screen) = x11rb::connect(None).context("there is no X server")?;
    let root = connection.setup().roots[screen].root;
    let background = ChangeWindowAttributesAux::new().background_pixel(colour);
    connection.change_window_attributes(root, &background)?.check()?;
    connection.clear_area(false, root, 0, 0, 0, 0)?.check()?;
    Ok(())
}
