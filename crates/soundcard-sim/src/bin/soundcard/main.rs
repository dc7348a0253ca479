//! `soundcard`: the virtual sound card from a shell.

#[cfg(unix)]
mod shell;

#[cfg(unix)]
fn main() -> anyhow::Result<std::process::ExitCode> {
    shell::main()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("The virtual sound card needs PulseAudio, which runs on Linux.");
}
