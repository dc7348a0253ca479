//! The process: its standard streams, and what it may leave behind.

use std::fs::File;
use std::io;

/// Takes standard output for frames alone. What anything else in the process prints to it from here on, native
/// libraries included, goes to standard error.
///
/// On Windows only the pipe is taken: a C runtime's `printf` still reaches it, so a worker there must not link
/// anything that prints to standard output.
pub(crate) fn take_stdout() -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let pipe = io::stdout().as_fd().try_clone_to_owned()?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        Ok(File::from(pipe))
    }
    #[cfg(windows)]
    {
        use std::os::windows::io::AsHandle;
        Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
    }
}

/// Ends the process at once, while the thread that computes is still busy in native code. No exit handlers: they
/// would take native state apart under that thread.
pub(crate) fn leave_now() {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::exit(1)
}

/// Keeps the process's memory, which holds what the user said, from being written to disk when it aborts. That would
/// also take seconds, with gigabytes of a model in it.
pub(crate) fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        if let Err(error) = setrlimit(Resource::Core, none) {
            tracing::warn!(%error, "a crash may leave a core file");
        }
    }
}

/// Makes a panic's report on standard error say where and not what: a panic about a string quotes the string.
pub(crate) fn keep_panics_private() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "an unknown place".into(), ToString::to_string);
        eprintln!("panic at {place}");
    }));
}
