//! Sound, understood: resampling, echo cancellation, voice activity, the end of a turn, levels.
