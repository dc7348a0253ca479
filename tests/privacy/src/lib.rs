//! Watches the built programs from outside, as a distrustful user would: which sockets they open, and what they say when
//! the disk is full, the folder read-only or the network gone.
//!
//! Linux only. A test that lacks a tool (`unshare`, `strace`, `xvfb-run`, …) or the model says `skipped: …` and passes.

pub mod home;
pub mod sealed;
pub mod served;
pub mod trace;

/// Says why a test proves nothing here.
#[allow(clippy::unnecessary_wraps)] // it ends a test
pub fn skipped(why: impl std::fmt::Display) -> anyhow::Result<()> {
    println!("skipped: {why}");
    Ok(())
}

/// Where a tool of the system is: on the path, or where administrators' tools are.
pub fn tool(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Does nothing for as long as `HARK_IDLE_SECONDS` says, which is what is looked at then.
pub fn idle() {
    let given = std::env::var("HARK_IDLE_SECONDS").ok().and_then(|given| given.parse().ok());
    std::thread::sleep(std::time::Duration::from_secs(given.unwrap_or(10)));
}
