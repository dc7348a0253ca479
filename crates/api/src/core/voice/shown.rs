//! What the conversation tells, as it is shown and kept.

use media::{Side, SoundError};
use session::voice::{SpokenEnd, TurnTimings, VoiceError, VoiceProblem};
use turn::{Mode, Phase};

use crate::contract::{ApiError, ErrorCode, SoundReason, SoundSide, TurnTimingsView, VoiceMode, VoicePhase};
use crate::core::convert::kept_reason;

/// Decibels below full scale that a meter shows as nothing: a quiet room.
const METER_FLOOR_DB: f32 = -60.0;

pub(super) fn meter(level: media::Level) -> f32 {
    (1.0 - level.db() / METER_FLOOR_DB).clamp(0.0, 1.0)
}

pub(super) fn shown_mode(mode: Mode) -> VoiceMode {
    match mode {
        Mode::HandsFree => VoiceMode::HandsFree,
        Mode::PushToTalk => VoiceMode::PushToTalk,
    }
}

pub(super) fn wanted_mode(mode: VoiceMode) -> Mode {
    match mode {
        VoiceMode::HandsFree => Mode::HandsFree,
        VoiceMode::PushToTalk => Mode::PushToTalk,
    }
}

pub(super) fn shown_phase(phase: Phase) -> VoicePhase {
    match phase {
        Phase::Listening => VoicePhase::Listening,
        Phase::Hearing => VoicePhase::Hearing,
        Phase::Thinking => VoicePhase::Thinking,
        Phase::Speaking => VoicePhase::Speaking,
        Phase::Contested => VoicePhase::Contested,
        Phase::Muted => VoicePhase::Muted,
        Phase::NoMicrophone => VoicePhase::NoMicrophone,
        Phase::WaitingForKey => VoicePhase::WaitingForKey,
    }
}

/// A side as it stands now; one that is lost still tells through which device it went `before`.
pub(super) fn shown_side(side: Side, before: &SoundSide) -> SoundSide {
    match side {
        Side::Open { device, .. } => SoundSide::Open { device },
        Side::Lost { why } => {
            let device = match before {
                SoundSide::Open { device } => Some(device.clone()),
                SoundSide::Lost { device, .. } => device.clone(),
                SoundSide::Closed => None,
            };
            SoundSide::Lost { device, error: why.into() }
        }
    }
}

impl From<SoundError> for ApiError {
    fn from(error: SoundError) -> Self {
        let sentence = error.to_string();
        let reason = match error {
            SoundError::NoMicrophone => SoundReason::NoMicrophone,
            SoundError::NoSpeaker => SoundReason::NoSpeaker,
            SoundError::NotThere(device) => SoundReason::NotThere { device },
            SoundError::NotAllowed => SoundReason::NotAllowed,
            SoundError::ServerGone => SoundReason::ServerGone,
            SoundError::Busy(device) => SoundReason::Busy { device },
            SoundError::NoFormat(device) => SoundReason::NoFormat { device },
            SoundError::Other(_) => SoundReason::DeviceFailed,
        };
        Self::of_sound(reason, sentence)
    }
}

pub(super) fn shown_problem(problem: VoiceProblem) -> ApiError {
    let sentence = problem.to_string();
    let reason = match problem {
        VoiceProblem::Model(error) => return error.into(),
        VoiceProblem::OnlyZeros => SoundReason::OnlyZeros,
        VoiceProblem::Clipping => SoundReason::Clipping,
        VoiceProblem::Recogniser(_) => SoundReason::RecogniserFailed,
        VoiceProblem::Voice(_) => SoundReason::VoiceFailed,
    };
    ApiError::of_sound(reason, sentence)
}

/// Why it could not begin.
pub(super) fn shown_start(error: &VoiceError) -> ApiError {
    match error {
        VoiceError::Sound(error) => error.clone().into(),
        VoiceError::Listening(_) | VoiceError::Thread(_) => {
            ApiError::new(ErrorCode::Other, error.to_string())
        }
    }
}

pub(super) fn shown_timings(timings: TurnTimings) -> TurnTimingsView {
    let TurnTimings { silence_seen, transcript_final, end_believed, first_token, first_audio, first_sound } =
        timings;
    TurnTimingsView { silence_seen, transcript_final, end_believed, first_token, first_audio, first_sound }
}

pub(super) fn kept_end(end: &SpokenEnd) -> history::ReplyEnd {
    match end {
        SpokenEnd::Complete => history::ReplyEnd::Complete,
        SpokenEnd::Interrupted => history::ReplyEnd::Interrupted,
        SpokenEnd::Stopped => history::ReplyEnd::Stopped,
        SpokenEnd::Failed(error) => history::ReplyEnd::Failed { reason: kept_reason(&error.clone().into()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::EngineError;

    fn open(device: &str) -> Side {
        Side::Open { device: device.into(), rate: 48_000 }
    }

    #[test]
    fn a_lost_side_remembers_its_device() {
        let lost = || Side::Lost { why: SoundError::NoMicrophone };
        let device = |side: &SoundSide| match side {
            SoundSide::Lost { device, .. } => device.clone(),
            other => panic!("{other:?}"),
        };
        let never = shown_side(lost(), &SoundSide::Closed);
        assert_eq!(device(&never), None);
        let used = shown_side(open("USB"), &never);
        assert_eq!(used, SoundSide::Open { device: "USB".into() });
        let gone = shown_side(lost(), &used);
        assert_eq!(device(&gone), Some("USB".into()));
        assert_eq!(device(&shown_side(lost(), &gone)), Some("USB".into()), "told twice");
    }

    #[test]
    fn what_is_wrong_is_told_in_words_and_for_programs() {
        let check = |shown: ApiError, reason: SoundReason, words: &str| {
            assert_eq!((shown.code, shown.sound), (ErrorCode::Sound, Some(reason)));
            assert!(shown.message.contains(words), "{}", shown.message);
        };
        let usb = || "USB".to_owned();
        check(
            SoundError::NotThere(usb()).into(),
            SoundReason::NotThere { device: usb() },
            "“USB” is not there",
        );
        check(SoundError::Busy(usb()).into(), SoundReason::Busy { device: usb() }, "another program");
        check(SoundError::NotAllowed.into(), SoundReason::NotAllowed, "may not use the microphone");
        check(SoundError::Other("EPIPE".into()).into(), SoundReason::DeviceFailed, "EPIPE");
        check(shown_problem(VoiceProblem::OnlyZeros), SoundReason::OnlyZeros, "only silence");
        check(shown_problem(VoiceProblem::Clipping), SoundReason::Clipping, "too loud");
        let gone = || EngineError::Gone { reason: "signal 9".into() };
        check(shown_problem(VoiceProblem::Recogniser(gone())), SoundReason::RecogniserFailed, "signal 9");
        check(shown_problem(VoiceProblem::Voice(gone())), SoundReason::VoiceFailed, "signal 9");
        assert_eq!(shown_problem(VoiceProblem::Model(gone())).code, ErrorCode::EngineGone);
        check(
            shown_start(&SoundError::ServerGone.into()),
            SoundReason::ServerGone,
            "The sound system stopped",
        );
    }

    #[test]
    fn a_reason_is_one_flat_object_and_left_out_where_there_is_none() {
        let json = |error: &ApiError| serde_json::to_value(error).unwrap();
        let busy: ApiError = SoundError::Busy("USB".into()).into();
        assert_eq!(json(&busy)["sound"], serde_json::json!({ "kind": "busy", "device": "USB" }));
        let other = ApiError::new(ErrorCode::Other, "No.");
        assert_eq!(json(&other), serde_json::json!({ "code": "other", "message": "No." }));
        assert_eq!(serde_json::from_value::<ApiError>(json(&other)).unwrap(), other, "older programs");
    }
}
