//! The application as user interfaces see it: the contract, and the application behind it.

mod app;
mod commands;
mod contract;
mod core;
mod files;
mod parts;

pub use app::{App, OpenError, OpenStore, Parts};
pub use contract::*;
pub use parts::{
    Clock, Desktop, Documents, LocalEngine, LocalStatus, ReadsText, ServerAddress, Servers, Sharing,
    SightNews, Sights, Speech, SpokenParts,
};
