//! `worker-pdf`: reads a PDF from standard input and writes what [`worker_pdf::read`] made of it to standard output, as
//! `MessagePack`. Ends by itself; whoever started it ends it when that takes too long.

use std::io::{Read, Write};
use std::process::ExitCode;

/// The largest file, bytes; nobody sends more.
const MOST_BYTES: u64 = 32 << 20;

/// Pages may be nested in pages; this is deep enough for what is allowed to be.
const STACK: usize = 64 << 20;

fn main() -> ExitCode {
    limit();
    let mut bytes = Vec::new();
    if std::io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes).is_err()
        || bytes.len() as u64 > MOST_BYTES
    {
        return ExitCode::FAILURE;
    }
    let reading =
        std::thread::Builder::new().name("pages".into()).stack_size(STACK).spawn(|| worker_pdf::read(bytes));
    // A page that makes the library panic costs this process and nothing else.
    let Some(read) = reading.ok().and_then(|thread| thread.join().ok()) else { return ExitCode::FAILURE };
    let written =
        rmp_serde::to_vec_named(&read).is_ok_and(|out| std::io::stdout().lock().write_all(&out).is_ok());
    if written { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Memory and computing time: a file that wants more ends the process.
#[cfg(unix)]
fn limit() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    const MEMORY: u64 = 1 << 30;
    const SECONDS: u64 = 30;
    let at_most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    // Where the system has no such limit, the time that the parent waits still bounds it.
    let _ = setrlimit(Resource::As, at_most(MEMORY));
    let _ = setrlimit(Resource::Cpu, at_most(SECONDS));
    let _ = setrlimit(Resource::Core, at_most(0));
}

#[cfg(not(unix))]
fn limit() {}
