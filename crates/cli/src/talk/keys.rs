//! Keys of the terminal, while it is in raw mode.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use tokio::sync::mpsc;

/// How soon the reading thread notices that nobody reads any more.
const LOOK: Duration = Duration::from_millis(100);
/// Keys that may wait.
const WAITING: usize = 256;

/// A key that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Enter,
    Backspace,
    Escape,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D: the end of input.
    End,
    /// The terminal has another size.
    Resized,
}

/// The terminal in raw mode; dropped, it is as it was before.
pub(super) struct Keys {
    keys: mpsc::Receiver<Key>,
    over: Arc<AtomicBool>,
}

impl Keys {
    pub(super) fn open() -> std::io::Result<Self> {
        enable_raw_mode()?;
        let (told, keys) = mpsc::channel(WAITING);
        let over = Arc::new(AtomicBool::new(false));
        let reading = over.clone();
        let opened = Self { keys, over };
        std::thread::Builder::new().name("hark-keys".into()).spawn(move || {
            while !reading.load(Ordering::Relaxed) {
                match poll(LOOK).and_then(|is_there| if is_there { read().map(Some) } else { Ok(None) }) {
                    Ok(None) => {}
                    Ok(Some(event)) => {
                        if key(&event).is_some_and(|key| told.blocking_send(key).is_err()) {
                            return;
                        }
                    }
                    Err(_) => return,
                }
            }
        })?;
        Ok(opened)
    }

    /// None when the terminal is gone.
    pub(super) async fn next(&mut self) -> Option<Key> {
        self.keys.recv().await
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // A terminal that is gone needs no mode.
        let _ = disable_raw_mode();
    }
}

fn key(event: &Event) -> Option<Key> {
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press | KeyEventKind::Repeat, .. }) =
        event
    else {
        return matches!(event, Event::Resize(..)).then_some(Key::Resized);
    };
    let control = modifiers.contains(KeyModifiers::CONTROL);
    match code {
        KeyCode::Char('c') if control => Some(Key::Interrupt),
        KeyCode::Char('d') if control => Some(Key::End),
        KeyCode::Char(character) if !control => Some(Key::Char(*character)),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Backspace => Some(Key::Backspace),
        KeyCode::Esc => Some(Key::Escape),
        _ => None,
    }
}
