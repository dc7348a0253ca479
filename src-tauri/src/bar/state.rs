//! When the bar is seen, and where the focus goes when it is not: what happened goes in, what to do comes out. Pure.
//!
//! Two things that people know from other bars and that do not go together are told apart by what is on it. An empty one
//! is a place to type in and nothing else: it goes away when the focus does. One with an answer is read beside one's work,
//! typing into an editor what it says: it stays until Esc or the key. The key in another window brings the focus to a bar
//! that stayed, and only from there hides it.
//!
//! Always holds: a bar that was asked to leave is hidden, whether its page answers or not; the focus is given back only
//! where the user has not already put it elsewhere.

/// The bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bar {
    at: At,
    holds: Holds,
    key: Key,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Hidden,
    Shown(Focus),
    /// Not in the picture that is being taken; nothing on it is forgotten.
    Aside,
    /// Its page is forgetting what was on it, so that the next one does not begin with a glimpse of the last.
    Leaving(Then),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Focus {
    /// Asked for, so many times.
    Coming {
        asked: u32,
    },
    Here,
    /// It was here, or never came: it is the user's to bring it.
    Elsewhere,
}

impl Focus {
    const ASKED: Self = Self::Coming { asked: 1 };
}

/// A window manager on a busy machine takes its time; after so many times it does not want to.
const MOST_ASKED: u32 = 8;

/// What is on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Nothing that was asked.
    #[default]
    Nothing,
    /// A question and its answer, or files that wait for a question.
    Something,
}

/// The key that shows and hides it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Key {
    #[default]
    Up,
    Down,
}

/// Where the focus goes when it is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// To the window that had it before.
    GiveBack,
    /// It is where the user has put it.
    LeaveIt,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The key went down, or somebody asked by other ways.
    Toggled,
    /// The key went down and is held: the system takes the focus from every window for as long as it is.
    KeyDown,
    /// It was let go.
    KeyUp,
    /// Something was looked at that is to be asked about.
    Wanted,
    /// The window has the focus.
    Focused,
    /// The window has lost it, it seems.
    Blurred,
    /// A moment after it seemed so: whether it has it.
    Looked(bool),
    /// Something was asked, or all was forgotten.
    Now(Holds),
    /// The page wants to be hidden: Esc, or because it was asked to leave.
    PageDone,
    /// The page did not answer in time.
    PageLate,
    /// Something is looked at that it would be in the way of.
    LookBegins,
    /// It is in nobody's way any more.
    LookEnds,
    /// The conversation goes on in the large window.
    Grown,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Remember who has the focus, put the window where it belongs, show it with the focus, and look in a moment whether
    /// it came.
    Show,
    /// Take the focus, and look in a moment whether it came.
    TakeFocus,
    /// In a moment, look who has the focus.
    LookSoon,
    /// Tell the page to forget, and wait for it, not long.
    AskToLeave,
    /// Hide the window.
    Hide(Then),
    /// Hide the window for a moment, and give the focus to whoever had it.
    StepAside,
    /// Show it again where it was, with the focus.
    ComeBack,
}

impl Bar {
    /// What follows from what happened.
    pub(crate) fn step(&mut self, input: Input) -> Option<Effect> {
        match (self.at, input) {
            (_, Input::KeyDown) => {
                self.key = Key::Down;
                None
            }
            (at, Input::KeyUp) => {
                self.key = Key::Up;
                matches!(at, At::Shown(_)).then_some(Effect::LookSoon)
            }
            (_, Input::Now(holds)) => {
                self.holds = holds;
                None
            }
            (At::Hidden, Input::Toggled) | (At::Hidden | At::Leaving(_), Input::Wanted) => {
                Some(self.become_with(At::Shown(Focus::ASKED), Effect::Show))
            }
            (At::Shown(Focus::Elsewhere), Input::Toggled | Input::Wanted) => {
                Some(self.become_with(At::Shown(Focus::ASKED), Effect::TakeFocus))
            }
            (At::Shown(_), Input::Toggled) => Some(self.leave(Then::GiveBack)),
            (At::Shown(_), Input::Focused | Input::Looked(true)) => {
                self.at = At::Shown(Focus::Here);
                None
            }
            (At::Shown(_), Input::Blurred) => Some(Effect::LookSoon),
            (At::Shown(focus), Input::Looked(false)) => self.unfocused(focus),
            (At::Shown(_), Input::PageDone) => {
                Some(self.become_with(At::Hidden, Effect::Hide(Then::GiveBack)))
            }
            (At::Leaving(then), Input::PageDone | Input::PageLate) => {
                Some(self.become_with(At::Hidden, Effect::Hide(then)))
            }
            (At::Shown(_) | At::Leaving(_), Input::Grown) => {
                Some(self.become_with(At::Hidden, Effect::Hide(Then::LeaveIt)))
            }
            (At::Shown(_), Input::LookBegins) => Some(self.become_with(At::Aside, Effect::StepAside)),
            (At::Aside, Input::LookEnds) => Some(self.become_with(At::Shown(Focus::ASKED), Effect::ComeBack)),
            (At::Hidden | At::Aside | At::Leaving(_), _)
            | (At::Shown(_), Input::PageLate | Input::LookEnds | Input::Wanted) => None,
        }
    }

    /// Whether it can be seen.
    pub(crate) fn is_shown(self) -> bool {
        matches!(self.at, At::Shown(_))
    }

    /// Whether nothing of it is there.
    pub(crate) fn is_hidden(self) -> bool {
        self.at == At::Hidden
    }

    fn unfocused(&mut self, focus: Focus) -> Option<Effect> {
        match (self.key, focus) {
            // While the key is held nobody has the focus; letting it go asks again.
            (Key::Down, _) => None,
            // One that left without ever having had it would have been a blink.
            (Key::Up, Focus::Coming { asked: MOST_ASKED }) => {
                self.at = At::Shown(Focus::Elsewhere);
                None
            }
            (Key::Up, Focus::Coming { asked }) => {
                self.at = At::Shown(Focus::Coming { asked: asked + 1 });
                Some(Effect::TakeFocus)
            }
            (Key::Up, Focus::Here) if self.holds == Holds::Nothing => Some(self.leave(Then::LeaveIt)),
            (Key::Up, Focus::Here | Focus::Elsewhere) => {
                self.at = At::Shown(Focus::Elsewhere);
                None
            }
        }
    }

    fn leave(&mut self, then: Then) -> Effect {
        self.become_with(At::Leaving(then), Effect::AskToLeave)
    }

    fn become_with(&mut self, at: At, effect: Effect) -> Effect {
        self.at = at;
        if at == At::Hidden {
            self.holds = Holds::Nothing;
        }
        effect
    }
}

#[cfg(test)]
mod tests {
    use super::Effect::{AskToLeave, ComeBack, Hide, LookSoon, Show, StepAside, TakeFocus};
    use super::Input::{
        Blurred, Focused, Grown, KeyDown, KeyUp, LookBegins, LookEnds, Looked, Now, PageDone, PageLate,
        Toggled, Wanted,
    };
    use super::*;

    /// A bar to which these things happened; all that it wanted done.
    #[track_caller]
    fn check(inputs: &[Input], expect: &[Effect]) -> Bar {
        let mut bar = Bar::default();
        let done: Vec<Effect> = inputs.iter().filter_map(|&input| bar.step(input)).collect();
        assert_eq!(done, expect);
        bar
    }

    const OPEN: [Input; 3] = [Toggled, Focused, KeyUp];

    fn after(rest: &[Input]) -> Vec<Input> {
        OPEN.iter().chain(rest).copied().collect()
    }

    #[test]
    fn the_key_shows_it_and_the_key_hides_it() {
        assert!(check(&OPEN, &[Show, LookSoon]).is_shown());
        let bar = check(&after(&[Toggled, PageDone]), &[Show, LookSoon, AskToLeave, Hide(Then::GiveBack)]);
        assert!(!bar.is_shown());
    }

    #[test]
    fn esc_hides_it_and_gives_the_focus_back() {
        check(&after(&[PageDone]), &[Show, LookSoon, Hide(Then::GiveBack)]);
    }

    #[test]
    fn a_page_that_does_not_answer_is_hidden_all_the_same() {
        check(&after(&[Toggled, PageLate, PageDone]), &[Show, LookSoon, AskToLeave, Hide(Then::GiveBack)]);
    }

    #[test]
    fn an_empty_one_goes_when_the_focus_goes_and_leaves_it_there() {
        check(
            &after(&[Blurred, Looked(false), PageDone]),
            &[Show, LookSoon, LookSoon, AskToLeave, Hide(Then::LeaveIt)],
        );
    }

    #[test]
    fn the_held_key_takes_the_focus_and_hides_nothing() {
        check(
            &[KeyDown, Toggled, Focused, Blurred, Looked(false), KeyUp, Focused, Looked(true)],
            &[Show, LookSoon, LookSoon],
        );
    }

    #[test]
    fn one_with_an_answer_stays_and_the_key_brings_the_focus_first() {
        let stays = [Now(Holds::Something), Blurred, Looked(false)];
        assert!(check(&after(&stays), &[Show, LookSoon, LookSoon]).is_shown());
        let back = after(&[stays.as_slice(), &[Toggled, Focused, Toggled]].concat());
        check(&back, &[Show, LookSoon, LookSoon, TakeFocus, AskToLeave]);
    }

    #[test]
    fn a_slow_window_manager_is_asked_again_and_the_bar_waits_there() {
        check(&[Toggled, KeyUp, Looked(false), Focused], &[Show, LookSoon, TakeFocus]);
        let tries = [[Toggled].as_slice(), &[Looked(false); 20]].concat();
        let expect = [[Show].as_slice(), &[TakeFocus; 7]].concat();
        assert!(check(&tries, &expect).is_shown());
    }

    #[test]
    fn it_steps_aside_for_a_look_and_comes_back_whatever_happens_meanwhile() {
        let aside = after(&[LookBegins, Blurred, Looked(false), Toggled, PageDone, LookEnds]);
        let bar = check(&aside, &[Show, LookSoon, StepAside, ComeBack]);
        assert!(bar.is_shown());
        check(&[LookBegins, LookEnds], &[]);
    }

    #[test]
    fn something_to_ask_about_brings_it_and_never_hides_it() {
        assert!(check(&[Wanted], &[Show]).is_shown());
        assert!(check(&after(&[Wanted]), &[Show, LookSoon]).is_shown());
        check(&after(&[PageDone, Wanted]), &[Show, LookSoon, Hide(Then::GiveBack), Show]);
        let stayed = [Now(Holds::Something), Blurred, Looked(false), Wanted];
        check(&after(&stayed), &[Show, LookSoon, LookSoon, TakeFocus]);
    }

    #[test]
    fn what_grew_leaves_the_focus_to_the_large_window() {
        check(&after(&[Now(Holds::Something), Grown]), &[Show, LookSoon, Hide(Then::LeaveIt)]);
    }

    #[test]
    fn the_next_one_is_empty() {
        let bar = check(
            &after(&[Now(Holds::Something), PageDone, Toggled, Focused, Blurred, Looked(false)]),
            &[Show, LookSoon, Hide(Then::GiveBack), Show, LookSoon, AskToLeave],
        );
        assert!(!bar.is_shown());
    }

    #[test]
    fn what_comes_while_it_is_hidden_changes_nothing() {
        check(&[Focused, Blurred, Looked(false), PageDone, PageLate, Grown, KeyUp], &[]);
    }
}
