//! Every length of time and every threshold of turn-taking, with its reason.
//!
//! Where the model weighs the words, melody and words decide together (`belief.rs`). The silences without it rest on a
//! measurement with Smart Turn v3.2 and Moonshine tiny on 31 read English sentences and 73 of their beginnings (cut
//! where the sound is weakest, now and then inside a word; not between sentences), with white noise at the recording's
//! own noise floor behind them. After 64 ms of it 81 % of the whole ones and 14 % of the beginnings have a probability
//! of 0.75 or more (area under the curve 0.89). What is judged later is worth less, because silence alone raises it
//! (after 464 ms: 34 % of the beginnings, 0.79; after 1,264 ms: 64 %, 0.62), so a pause is judged once, at its
//! beginning. The recogniser put a full stop behind most beginnings too, but behind all whole sentences save two, which
//! got a comma: without one more is likely to come. With the silences below and pauses of 0.3-1.2 s, 8.5 % of those
//! beginnings would be answered; half of the whole sentences wait 260 ms, 80 % at most 700 ms, and those that the judge
//! does not recognise 1,300 ms.

use media::{Ms, Probability};

/// The numbers of [`Turns`](crate::Turns). Silences are counted from where the voice fell silent, which is known 40 to
/// 70 ms later.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnConfig {
    /// From this probability on the end of a turn is held to be sure.
    pub sure: Probability,
    /// From this probability on it is held to be likely; that is also assumed while nothing is judged.
    pub likely: Probability,
    /// From this belief on, in melody and words together, the end of a turn is held to be sure.
    pub believed_sure: Probability,
    /// From this belief on it is held to be likely.
    pub believed_likely: Probability,
    /// Silence after words that were weighed. The longest pause that people make inside a clause is about 1.2 s, and the
    /// word before it dies away for some 100 ms. With these and pauses of 0.3-1.2 s, 9 and 12 % of the beginnings of
    /// `belief.rs` would be answered, half of the whole sentences are after 300 ms and 95 % after 710 ms. With a likely end
    /// from 0.4 on and 700 ms it would be 6 and 10 %, but one whole sentence of ten would wait 1,500 ms.
    pub after_weighed: Silence,
    /// Silence after words that sound like a whole sentence, where the model does not weigh them.
    pub after_sentence: Silence,
    /// Silence after words that end in a comma or without any mark, where they are not weighed. Little more than after
    /// a sentence: a recogniser that is asked at the first quiet leaves most whole sentences so (8 of 12 recordings on
    /// the virtual card).
    pub after_open: Silence,
    /// Silence after words that cannot be all: an article, a conjunction, "um". Longer than the 1.2 s for which people
    /// stop in the middle of a clause to think, however sure the judge is: it hears the melody, not the words.
    pub after_unfinished: Silence,
    /// How long the words until a pause are waited for; then what is known of them is taken. Ten times what a long
    /// utterance takes on two cores.
    pub settle_within: Ms,
    /// Voiced sound after a pause that shows that the user goes on. One voiced frame (32 ms) is a click or a breath, and
    /// up to 100 ms of it may be from before the pause, told late. Until it is known nothing is released, so that a
    /// longer wait costs only work.
    pub goes_on: Ms,
    /// A user who speaks so soon after the reply was first heard had not finished: the reply answered half a sentence.
    pub went_on_within: Ms,
    /// Speech as loud as the user that takes the reply back within that time; less than over a reply that was waited
    /// for, because the user is in the middle of a sentence. Counted together over its bursts: the canceller takes some
    /// of what is said over the first words.
    pub going_on_speech: Ms,
    /// How long a reply is merely ducked at least; then, once the detector calls it speech, it is held. The detector does so
    /// 175 ms after the first voiced sample and 340 ms at the 95th percentile, and sound needs some 60 ms through the
    /// sound server.
    pub duck_for: Ms,
    /// A ducked reply is brought back after this, whatever is going on, if nothing shows that it is an interruption.
    pub duck_at_most: Ms,
    /// A held reply is brought back after this if nothing shows that it is an interruption.
    pub hold_at_most: Ms,
    /// Voiced sound as loud as the user that ends a reply without words. "Uh-huh" lasts 300-600 ms, a cough 200-400.
    pub lasting_speech: Ms,
    /// How many words that may still change, other than "uh-huh" and its like, end a reply. One or two are often the
    /// first guess at a cough or an "okay"; the reply is held while they are waited for.
    pub tentative_words: usize,
    /// Words not older than this that are none, or only "uh-huh", speak against lasting speech.
    pub fresh: Ms,
    /// How long the words of a burst over the reply are waited for once it is quiet.
    pub burst_settles_within: Ms,
    /// Quiet that ends a burst whose words came to nothing: after 20 to 100 ms a sentence that has just begun often goes on,
    /// and a reply that came back in between would have to be stopped again.
    pub burst_rests: Ms,
    /// Speech so many dB below the user's usual level is somebody else in the room. Smaller differences are a head
    /// turned away and what the echo canceller takes when both speak.
    pub quieter_by_db: f32,
    /// Voiced sound from which on the level tells who speaks; the first syllable may be a quiet one.
    pub level_tells_after: Ms,
    /// How much a turn counts in the user's usual level, in 0..=1.
    pub level_learning: f32,
    /// After another microphone or loudspeaker voices over the reply only duck it: echo cancellers need 2-4 s.
    pub unsure_of_room: Ms,
}

/// How long it must be silent before a turn is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// When the end of the turn is sure.
    pub sure: Ms,
    /// When it is likely.
    pub likely: Ms,
    /// When it is not.
    pub unlikely: Ms,
}

impl Silence {
    fn new(sure: u32, likely: u32, unlikely: u32) -> Self {
        Self { sure: Ms(sure), likely: Ms(likely), unlikely: Ms(unlikely) }
    }

    /// For this probability, with the thresholds of sure and likely; what is not known counts as likely.
    pub(crate) fn at(self, known: Option<Probability>, sure: Probability, likely: Probability) -> Ms {
        match known {
            Some(known) if known >= sure => self.sure,
            Some(known) if known < likely => self.unlikely,
            _ => self.likely,
        }
    }
}

impl Default for TurnConfig {
    fn default() -> Self {
        Self {
            sure: Probability::new(0.75),
            likely: Probability::new(0.5),
            believed_sure: Probability::new(0.75),
            believed_likely: Probability::new(0.3),
            // The draft's first sound is there after some 280 ms: an earlier belief would gain nothing.
            after_weighed: Silence::new(260, 640, 1_500),
            after_sentence: Silence::new(260, 1_000, 1_300),
            after_open: Silence::new(360, 1_000, 1_300),
            after_unfinished: Silence::new(1_500, 1_700, 2_200),
            settle_within: Ms(1_500),
            goes_on: Ms(160),
            went_on_within: Ms(2_500),
            going_on_speech: Ms(400),
            duck_for: Ms(80),
            duck_at_most: Ms(1_200),
            hold_at_most: Ms(1_000),
            lasting_speech: Ms(800),
            tentative_words: 3,
            fresh: Ms(500),
            burst_settles_within: Ms(600),
            burst_rests: Ms(200),
            quieter_by_db: 10.0,
            level_tells_after: Ms(200),
            level_learning: 0.3,
            unsure_of_room: Ms(3_000),
        }
    }
}
