//! What is said and how it is shown to a model: pure functions over text, with no clock, no I/O and no serde.

pub mod files;
pub mod heard;
pub mod join;
pub mod ledger;
pub mod prompt;
pub mod reading;
pub mod speakable;
pub mod spoken;
pub mod stop;
pub mod thoughts;
pub mod title;
