//! A language model on a server of the user's own: anything that speaks OpenAI's chat completions (llama-server,
//! vLLM, Ollama, LM Studio), and where its key is kept.
//!
//! What always holds: nothing is sent anywhere but to the address the user entered (redirects are not followed); the
//! key and what was said stand in no log line and in no error; a cancelled reply has its connection dropped, which
//! makes the server stop.

mod address;
mod failure;
pub mod keys;
mod link;
mod model;
mod pictures;
mod probe;
mod reply;
mod request;
mod secret;
mod stream;
mod turns;
mod wire;

pub use address::{Endpoint, EndpointWarning};
pub use link::Patience;
pub use model::RemoteModel;
pub use probe::{ServerInfo, ServerKind, probe};
pub use secret::Secret;
