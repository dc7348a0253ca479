use super::*;

struct Scene {
    segmenter: Segmenter,
    at: SamplePos,
    told: Vec<String>,
}

impl Scene {
    fn new() -> Self {
        let segmenter = Segmenter::new(SegmenterConfig::default());
        Self { segmenter, at: SamplePos::START, told: Vec::new() }
    }

    /// Frames as likely as this; `cancelled_db` is what the canceller took from them.
    fn frames(mut self, count: usize, probability: f32, far: Far, cancelled_db: f32) -> Self {
        for _ in 0..count {
            self.at = self.at + FRAME;
            let frame = Frame {
                end: self.at,
                probability: Probability::new(probability),
                cleaned: Level::from_db(-30.0 - cancelled_db),
                mic: Level::from_db(-30.0),
                far,
            };
            let event = self.segmenter.frame(&frame);
            self.tell(event);
        }
        self
    }

    /// As many times 10 ms, so loud.
    fn blocks(mut self, count: usize, level: f32, far: Far) -> Self {
        for _ in 0..count {
            self.at = self.at + Ms(10);
            let event = self.segmenter.block(self.at, Level::from_db(level), far);
            self.tell(event);
        }
        self
    }

    fn tell(&mut self, event: Option<VoiceEvent>) {
        let told = event.map(|event| match event {
            VoiceEvent::Onset { utt } => format!("onset {}", utt.0),
            VoiceEvent::Speech { utt, voiced, .. } => format!("speech {} {}", utt.0, voiced.0),
            VoiceEvent::Vanished { utt } => format!("vanished {}", utt.0),
            VoiceEvent::Pause { utt, since } => {
                format!("pause {} {}", utt.0, since.since(SamplePos::START).0)
            }
            VoiceEvent::Resumed { utt } => format!("resumed {}", utt.0),
        });
        self.told.extend(told);
    }

    fn voice(self, count: usize) -> Self {
        self.frames(count, 0.95, Far::Silent, 0.0)
    }

    fn quiet(self, count: usize) -> Self {
        self.frames(count, 0.02, Far::Silent, 0.0)
    }

    fn close(mut self, utt: u64) -> Self {
        self.segmenter.close(Utterance(utt));
        self
    }

    fn tells(self, expected: &[&str]) {
        assert_eq!(self.told, expected);
    }
}

#[test]
fn a_sentence_with_a_pause() {
    Scene::new().quiet(3).voice(7).quiet(5).voice(2).quiet(2).tells(&[
        "onset 1",
        "speech 1 96",
        "speech 1 192",
        "pause 1 320",
        "resumed 1",
        "pause 1 544",
    ]);
}

#[test]
fn a_click_vanishes_and_the_next_sound_is_another() {
    Scene::new().voice(1).quiet(4).voice(3).tells(&["onset 1", "vanished 1", "onset 2", "speech 2 96"]);
}

#[test]
fn speech_may_have_holes() {
    Scene::new().voice(1).quiet(2).voice(1).quiet(3).voice(1).tells(&["onset 1", "speech 1 96"]);
}

#[test]
fn a_click_does_not_end_a_pause() {
    let paused = || Scene::new().voice(3).quiet(2);
    let told = ["onset 1", "speech 1 96", "pause 1 96"];
    paused().frames(1, 0.7, Far::Silent, 0.0).quiet(3).tells(&told);
    paused().frames(2, 0.7, Far::Silent, 0.0).tells(&[told[0], told[1], told[2], "resumed 1"]);
}

#[test]
fn after_it_is_closed_the_next_voiced_frame_is_anothers() {
    Scene::new().voice(3).close(1).voice(1).tells(&["onset 1", "speech 1 96", "onset 2"]);
    Scene::new().voice(3).quiet(2).close(1).quiet(9).voice(1).tells(&[
        "onset 1",
        "speech 1 96",
        "pause 1 96",
        "onset 2",
    ]);
}

#[test]
fn closing_one_that_is_over_changes_nothing() {
    Scene::new().voice(1).quiet(4).voice(1).close(1).voice(2).tells(&[
        "onset 1",
        "vanished 1",
        "onset 2",
        "speech 2 96",
    ]);
}

#[test]
fn once_voiced_less_is_enough() {
    Scene::new().voice(1).frames(2, 0.4, Far::Silent, 0.0).tells(&["onset 1", "speech 1 96"]);
    Scene::new().frames(9, 0.4, Far::Silent, 0.0).tells(&[]);
}

#[test]
fn over_its_own_voice_more_is_asked_for() {
    Scene::new().frames(9, 0.6, Far::Playing, 0.0).tells(&[]);
    Scene::new().frames(3, 0.7, Far::Playing, 0.0).tells(&["onset 1", "speech 1 96"]);
    Scene::new().frames(9, 0.8, Far::PlayingInStrangeRoom, 0.0).tells(&[]);
}

#[test]
fn what_the_canceller_took_away_was_its_own_voice() {
    Scene::new().frames(9, 1.0, Far::Playing, 20.0).tells(&[]);
    Scene::new().frames(1, 1.0, Far::Silent, 20.0).tells(&["onset 1"]);
}

#[test]
fn a_voice_that_falls_silent_pauses_before_the_detector_notices() {
    let spoken = || Scene::new().voice(3);
    let told = ["onset 1", "speech 1 96", "pause 1 96"];
    spoken().blocks(4, -70.0, Far::Silent).tells(&told);
    // Too short, too loud, or over the own voice, where the canceller takes bites out of a person's.
    spoken().blocks(3, -70.0, Far::Silent).blocks(1, -35.0, Far::Silent).tells(&told[..2]);
    spoken().blocks(9, -50.0, Far::Silent).tells(&told[..2]);
    spoken().blocks(9, -70.0, Far::Playing).tells(&told[..2]);
}

#[test]
fn a_mouth_that_closes_within_a_word_is_no_pause() {
    let told = ["onset 1", "speech 1 96"];
    let closed = Scene::new().frames(3, 1.0, Far::Silent, 0.0).blocks(8, -70.0, Far::Silent);
    closed.blocks(5, -30.0, Far::Silent).frames(1, 0.9, Far::Silent, 0.0).tells(&told);
}

#[test]
fn what_is_left_of_a_voice_in_the_detector_does_not_end_its_pause() {
    // 40 dB quieter, and as likely voice as before.
    let left = |scene: Scene| scene.frames(3, 0.95, Far::Silent, 40.0);
    let paused = left(Scene::new().voice(3).blocks(4, -70.0, Far::Silent));
    let told = ["onset 1", "speech 1 96", "pause 1 96", "resumed 1"];
    paused.tells(&told[..3]);
    left(Scene::new().voice(3).blocks(4, -70.0, Far::Silent)).voice(1).tells(&told);
}

#[test]
fn who_begins_over_its_voice_is_seen_by_the_level() {
    let playing = || Scene::new().frames(9, 0.1, Far::Playing, 0.0).blocks(100, -75.0, Far::Playing);
    let begins = playing().blocks(2, -50.0, Far::Playing);
    begins.frames(4, 0.45, Far::Playing, 0.0).tells(&["onset 1", "speech 1 96"]);
    // What sounds like no voice comes to nothing.
    let begins = playing().blocks(2, -50.0, Far::Playing);
    begins.frames(8, 0.1, Far::Playing, 0.0).tells(&["onset 1", "vanished 1"]);
    let strange = playing().blocks(9, -50.0, Far::PlayingInStrangeRoom);
    strange.frames(4, 0.45, Far::PlayingInStrangeRoom, 0.0).tells(&[]);
    // A key that is struck is no voice at all.
    let key = Scene::new().frames(9, 0.01, Far::Playing, 0.0).blocks(100, -75.0, Far::Playing);
    key.blocks(9, -50.0, Far::Playing).tells(&[]);
}
