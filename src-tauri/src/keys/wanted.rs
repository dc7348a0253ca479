//! Which keys the settings want, and what is to be said of those that cannot be had. Pure.

use api::{GlobalKey, GlobalKeyState, GlobalKeyView};
use settings::{KeyCombo, Shortcuts, other_combos};

/// Why a key cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another program has it.
    Taken,
    /// No key of this keyboard, or no such keys at all: a sentence.
    Impossible(String),
}

/// The keys that are to be held, in the order in which they are shown. Of two that are the same the first is held.
pub(crate) fn wanted(shortcuts: &Shortcuts) -> Vec<(GlobalKey, Option<KeyCombo>)> {
    let read = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    vec![
        (GlobalKey::Summon, read(&shortcuts.summon)),
        (GlobalKey::Talk, read(&shortcuts.talk)),
        (GlobalKey::Look, read(&shortcuts.look)),
    ]
}

/// Holds them, and says how each stands. `hold` takes one; `is_free` says whether one could be taken.
pub(crate) fn hold_all(
    wanted: &[(GlobalKey, Option<KeyCombo>)],
    mut hold: impl FnMut(GlobalKey, &KeyCombo) -> Result<(), Refusal>,
    is_free: impl Fn(&KeyCombo) -> bool,
) -> Vec<GlobalKeyView> {
    let ours: Vec<KeyCombo> = wanted.iter().filter_map(|(_, combo)| combo.clone()).collect();
    let mut ours_now: Vec<&KeyCombo> = Vec::new();
    let mut views = Vec::new();
    for (key, combo) in wanted {
        let state = match combo {
            None => GlobalKeyState::Off,
            Some(combo) => {
                let answer = if ours_now.contains(&combo) { Err(Refusal::Taken) } else { hold(*key, combo) };
                if answer.is_ok() {
                    ours_now.push(combo);
                }
                state(answer, || {
                    let text = combo.to_string();
                    let offer = other_combos(&text, &ours).find(|other| is_free(other));
                    offer.map(|offer| offer.to_string())
                })
            }
        };
        views.push(GlobalKeyView { key: *key, combo: combo.as_ref().map(ToString::to_string), state });
    }
    views
}

fn state(answer: Result<(), Refusal>, offer: impl FnOnce() -> Option<String>) -> GlobalKeyState {
    match answer {
        Ok(()) => GlobalKeyState::Works,
        Err(Refusal::Taken) => GlobalKeyState::Taken { offer: offer() },
        Err(Refusal::Impossible(reason)) => GlobalKeyState::Impossible { reason },
    }
}

/// How they all stand where there are none to be had.
pub(crate) fn impossible(wanted: &[(GlobalKey, Option<KeyCombo>)], reason: &str) -> Vec<GlobalKeyView> {
    hold_all(wanted, |_, _| Err(Refusal::Impossible(reason.to_owned())), |_| false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortcuts(summon: &str, talk: &str, look: &str) -> Vec<(GlobalKey, Option<KeyCombo>)> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        wanted(&Shortcuts { summon: some(summon), talk: some(talk), look: some(look) })
    }

    /// How the first two stand where other programs have these, and there is no third.
    fn stand(summon: &str, talk: &str, taken: &[&str]) -> Vec<GlobalKeyState> {
        let mut states = stand_all([summon, talk, ""], taken);
        assert_eq!(states.pop(), Some(GlobalKeyState::Off));
        states
    }

    fn stand_all([summon, talk, look]: [&str; 3], taken: &[&str]) -> Vec<GlobalKeyState> {
        let is_free = |combo: &KeyCombo| !taken.contains(&combo.to_string().as_str());
        let hold = |_, combo: &KeyCombo| if is_free(combo) { Ok(()) } else { Err(Refusal::Taken) };
        hold_all(&shortcuts(summon, talk, look), hold, is_free).into_iter().map(|view| view.state).collect()
    }

    fn taken(offer: &str) -> GlobalKeyState {
        GlobalKeyState::Taken { offer: Some(offer.to_owned()) }
    }

    #[test]
    fn both_work_where_nobody_has_them() {
        assert_eq!(
            stand("Alt+Space", "Alt+Shift+Space", &[]),
            [GlobalKeyState::Works, GlobalKeyState::Works]
        );
        assert_eq!(stand("", "Super+H", &[]), [GlobalKeyState::Off, GlobalKeyState::Works]);
    }

    #[test]
    fn one_that_is_taken_is_said_so_and_a_free_one_is_offered() {
        let stands = stand("Alt+Space", "Alt+Shift+Space", &["Alt+Space", "Ctrl+Alt+Space"]);
        assert_eq!(stands, [taken("Ctrl+Shift+Space"), GlobalKeyState::Works]);
    }

    #[test]
    fn all_three_of_the_defaults_work_together() {
        let Shortcuts { summon, talk, look } = Shortcuts::default();
        let keys = [summon, talk, look].map(Option::unwrap);
        let keys = keys.each_ref().map(String::as_str);
        assert_eq!(stand_all(keys, &[]), [const { GlobalKeyState::Works }; 3]);
        let taken = stand_all(keys, &[keys[2]]);
        assert!(
            matches!(&taken[2], GlobalKeyState::Taken { offer: Some(offer) } if offer == "Ctrl+Shift+Space")
        );
    }

    #[test]
    fn our_own_two_do_not_take_each_others() {
        let stands = stand("Alt+Space", "Alt+Space", &[]);
        assert_eq!(stands, [GlobalKeyState::Works, taken("Ctrl+Alt+Space")]);
    }

    #[test]
    fn where_every_other_is_taken_none_is_offered() {
        let all: Vec<String> = other_combos("F13", &[]).map(|combo| combo.to_string()).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).chain(["F13"]).collect();
        assert_eq!(stand("F13", "", &all), [GlobalKeyState::Taken { offer: None }, GlobalKeyState::Off]);
    }
}
