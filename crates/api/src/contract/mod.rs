//! The contract with every user interface: commands, events, views, errors. The TypeScript in `ui/src/generated` is
//! made from these types and from the command table; nothing else is shared.
//!
//! A view learns everything from one stream: `snapshot` first, then numbered events. An event whose `seq` is not
//! greater than the one a command's reply carries is already contained in that reply.

mod attached;
mod command;
mod error;
mod event;
mod look;
mod sensors;
mod servers;
mod sharing;
mod summon;
mod typescript;
mod views;
mod voice;

pub use attached::*;
pub use command::*;
pub use error::{ApiError, ErrorCode, SystemPage};
pub use event::*;
pub use look::*;
pub use sensors::*;
pub use servers::*;
pub use sharing::*;
pub use summon::*;
pub use typescript::typescript;
pub use views::*;
pub use voice::*;
