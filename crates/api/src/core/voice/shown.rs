//! What the conversation tells, as it is shown and kept.

use media::Side;
use session::voice::{SpokenEnd, TurnTimings, VoiceProblem};
use turn::{Mode, Phase};

use crate::contract::{ApiError, ErrorCode, SoundSide, TurnTimingsView, VoiceMode, VoicePhase};
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

pub(super) fn shown_side(side: Side) -> SoundSide {
    match side {
        Side::Open { device, .. } => SoundSide::Open { device },
        Side::Lost { why } => SoundSide::Lost { error: ApiError::new(ErrorCode::Sound, why.to_string()) },
    }
}

pub(super) fn shown_problem(problem: VoiceProblem) -> ApiError {
    match problem {
        VoiceProblem::Model(error) => error.into(),
        other => ApiError::new(ErrorCode::Sound, other.to_string()),
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
