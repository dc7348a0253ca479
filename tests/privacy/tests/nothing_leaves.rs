//! Nothing leaves the machine: the command line, chatting, serving, searching and idle, where there is no network, and
//! where there is one. `HARK_IDLE_SECONDS` says how long idle is.

#![cfg(target_os = "linux")]

use std::net::{TcpStream, ToSocketAddrs};
use std::process::Command;
use std::time::Duration;

use anyhow::ensure;
use privacy_tests::home::{Done, Home, finish, program};
use privacy_tests::sealed::{Display, Network, sealed};
use privacy_tests::served::Served;
use privacy_tests::trace::{Trace, traced};
use privacy_tests::{idle, skipped, tool};

#[test]
fn chat_and_serve_need_no_network() -> anyhow::Result<()> {
    sealed("chat_and_serve_need_no_network", Network::LoopbackOnly, Display::None, chat_then_serve)
}

#[test]
fn chat_and_serve_use_no_network_that_is_there() -> anyhow::Result<()> {
    sealed("chat_and_serve_use_no_network_that_is_there", Network::Ordinary, Display::None, chat_then_serve)
}

fn chat_then_serve() -> anyhow::Result<()> {
    if tool("strace").is_none() {
        return skipped("there is no strace");
    }
    let Some(home) = Home::with_model()? else { return skipped("HARK_TEST_MODEL names no model") };
    chat(&home)?;
    serve(&home)
}

fn chat(home: &Home) -> anyhow::Result<()> {
    let file = home.beside("chat.trace");
    let mut command = traced(&program("hark"), &file);
    home.furnish(&mut command);
    let Done { code, out, err } = finish(command.args(["chat", "-p", "Say hello."]))?;
    ensure!(code == Some(0) && !out.trim().is_empty(), "{code:?} {out} {err}");
    let trace = Trace::read(&file)?;
    println!("hark chat:\n{trace}");
    trace.ensure_silent(&["hark", "worker-llm"])?;
    ensure!(trace.reached.is_empty() && trace.listening.is_empty(), "it needs no socket at all");
    Ok(())
}

fn serve(home: &Home) -> anyhow::Result<()> {
    let file = home.beside("serve.trace");
    let served = Served::start(home, Some(&file))?;
    let conversation = served.send(None, "Tell me about lighthouses.")?;
    let reply = served.reply(&conversation)?;
    ensure!(reply["state"]["kind"] == "complete" && reply["text"] != "", "{reply}");
    let found = served.found("lighthouse")?;
    ensure!(found.iter().any(|one| one["id"] == conversation.as_str()), "the search found {found:?}");
    idle();
    ensure!(served.found("")?.len() == 2, "it is still there");
    served.end()?;
    let trace = Trace::read(&file)?;
    println!("hark serve:\n{trace}");
    trace.ensure_silent(&["hark", "worker-llm"])?;
    ensure!(trace.listening.len() == 1 && trace.reached.is_empty(), "it listens, and calls nobody");
    Ok(())
}

/// The other half of the next test, which runs it under a trace and without a network.
#[test]
#[ignore = "knocks at an address that nobody has, and asks for a name that cannot be"]
fn knocks_outside() {
    // That nobody answers is expected: RFC 5737 and RFC 6761 say so.
    let _ = TcpStream::connect_timeout(&([192, 0, 2, 1], 9).into(), Duration::from_millis(200));
    let _ = ("hark.invalid", 80).to_socket_addrs();
}

#[test]
fn a_program_that_knocks_outside_is_caught() -> anyhow::Result<()> {
    let name = "a_program_that_knocks_outside_is_caught";
    sealed(name, Network::LoopbackOnly, Display::None, || {
        if tool("strace").is_none() {
            return skipped("there is no strace");
        }
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("trace");
        let mut command: Command = traced(&std::env::current_exe()?, &file);
        let done = finish(command.args(["--exact", "knocks_outside", "--ignored"]))?;
        ensure!(done.code == Some(0), "{done:?}");
        let outside = Trace::read(&file)?.outside;
        ensure!(outside.iter().any(|line| line.contains("192.0.2.1")), "the address: {outside:?}");
        Ok(())
    })
}
