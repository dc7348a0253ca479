//! What closing the large window means. A program that a key summons stays when its window is closed, as people know it
//! from others of its kind; but nobody expects that of one they have just met, so the first time it asks. Where nothing
//! could bring it back it ends.

use settings::OnClose;

use api::{GlobalKeyState, GlobalKeyView};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// The page asks the user.
    Ask,
    /// The window is hidden.
    Hide,
    /// The program ends.
    Quit,
}

/// Decides it. `asked`: the question is on the screen already, and the window is to be closed all the same.
pub(crate) fn decide(wanted: OnClose, ways_in: bool, asked: bool) -> Closing {
    match wanted {
        _ if !ways_in => Closing::Quit,
        OnClose::Quit => Closing::Quit,
        OnClose::Keep => Closing::Hide,
        OnClose::Ask if asked => Closing::Quit,
        OnClose::Ask => Closing::Ask,
    }
}

/// Whether anything that is seen or known brings a program without a window back: a sign in a tray, or a key.
pub(crate) fn ways_in(tray: bool, keys: &[GlobalKeyView]) -> bool {
    let works = |state: &GlobalKeyState| match state {
        GlobalKeyState::Works => true,
        GlobalKeyState::GivenBySystem { trigger } => !trigger.is_empty(),
        GlobalKeyState::Off | GlobalKeyState::Taken { .. } | GlobalKeyState::Impossible { .. } => false,
    };
    tray || keys.iter().any(|key| works(&key.state))
}

#[cfg(test)]
mod tests {
    use api::GlobalKey;

    use super::*;

    fn keys(state: GlobalKeyState) -> Vec<GlobalKeyView> {
        vec![GlobalKeyView { key: GlobalKey::Summon, combo: None, state }]
    }

    #[test]
    fn it_asks_once_and_does_what_was_chosen() {
        assert_eq!(decide(OnClose::Ask, true, false), Closing::Ask);
        assert_eq!(decide(OnClose::Keep, true, false), Closing::Hide);
        assert_eq!(decide(OnClose::Quit, true, false), Closing::Quit);
    }

    #[test]
    fn whoever_closes_the_question_too_wants_it_closed() {
        assert_eq!(decide(OnClose::Ask, true, true), Closing::Quit);
    }

    #[test]
    fn what_nothing_could_bring_back_ends() {
        for wanted in [OnClose::Ask, OnClose::Keep, OnClose::Quit] {
            assert_eq!(decide(wanted, false, false), Closing::Quit);
        }
    }

    #[test]
    fn a_key_or_a_tray_is_a_way_in_and_a_key_that_is_taken_is_none() {
        assert!(ways_in(true, &[]));
        assert!(ways_in(false, &keys(GlobalKeyState::Works)));
        assert!(ways_in(false, &keys(GlobalKeyState::GivenBySystem { trigger: "Alt+Space".into() })));
        assert!(!ways_in(false, &keys(GlobalKeyState::GivenBySystem { trigger: String::new() })));
        assert!(!ways_in(false, &keys(GlobalKeyState::Taken { offer: None })));
        assert!(!ways_in(false, &[]));
    }
}
