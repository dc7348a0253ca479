//! Supervision on paused time, against workers in memory.
