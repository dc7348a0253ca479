//! The application as user interfaces see it.

mod contract;

pub use contract::*;
