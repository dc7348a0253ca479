//! Tests in a process of their own.

use crate::{VirtualCard, available};
use std::{
    path::PathBuf,
    process::Command,
    sync::{Mutex, PoisonError},
};

/// Names the card's folder to the process in which a test is run again.
const FOLDER: &str = "SOUNDCARD_SIM_FOLDER";

/// Runs a test on a virtual card of its own. A process finds its sound server through its environment, which must not be
/// changed while threads run; so the test's program is started again, with the right environment, for this test alone.
/// `test` is the test's full name as the test runner prints it. Tests of one program run one after another. Where
/// `PulseAudio` is not installed, this says so and passes.
///
/// # Panics
/// If the test fails.
#[expect(clippy::print_stderr, clippy::panic, reason = "this is the body of a test")]
pub fn with_card(test: &str, body: impl FnOnce(&VirtualCard)) {
    // A mutex, so that cards do not make each other late on a small machine.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    if let Some(folder) = std::env::var_os(FOLDER) {
        match VirtualCard::start_in(&PathBuf::from(folder)) {
            Ok(card) => body(&card),
            Err(why) => panic!("{why}"),
        }
        return;
    }
    if !available() {
        eprintln!("{test}: skipped, PulseAudio is not installed");
        return;
    }
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(why) = run_again(test) {
        panic!("{test}: {why}");
    }
}

fn run_again(test: &str) -> std::io::Result<()> {
    let folder = tempfile::Builder::new().prefix("soundcard.").tempdir()?;
    let run = Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture", "--include-ignored"])
        .env(FOLDER, folder.path())
        .envs(VirtualCard::env_of(folder.path()))
        .output()?;
    let said = String::from_utf8_lossy(&run.stdout);
    // To the captured output of the outer test.
    println!("{said}{}", String::from_utf8_lossy(&run.stderr));
    // A name that is not a test's would run nothing and pass.
    let one = said.contains("running 1 test");
    if run.status.success() && one { Ok(()) } else { Err(std::io::Error::other("failed in its own process")) }
}
