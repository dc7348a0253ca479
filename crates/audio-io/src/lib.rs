//! The one crate that opens sound devices.
