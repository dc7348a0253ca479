//! llama.cpp's own programs: `llama-bench` and `llama-server`.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use super::loopback;
use super::setup::Setup;

/// A model that is a few gigabytes large may have to come from a slow disk.
const LOADING: Duration = Duration::from_mins(3);

/// What llama.cpp's CPU part can be compiled for and say so; the rest of what it says are libraries and options.
const NO_INSTRUCTIONS: [&str; 7] =
    ["LLAMAFILE", "OPENMP", "REPACK", "ACCELERATE", "WASM_SIMD", "KLEIDIAI", "AARCH64_REPACK"];

/// What the peers were compiled for, in llama.cpp's words, as `llama-server` says it when asked to be talkative.
pub(super) fn instructions(setup: &Setup) -> anyhow::Result<String> {
    let mut server = Command::new(setup.peer("llama-server")?);
    // It says so before it finds that there is no such model.
    server.args(["--model", "no-such-model.gguf", "--log-verbosity", "4"]);
    let output = server.stdin(Stdio::null()).output().context("llama-server cannot be started")?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().find(|line| line.contains("system_info:") && line.contains("CPU :"));
    let line = line.context("llama-server does not say what it was compiled for")?;
    let from = line.find("CPU :").unwrap_or(0);
    Ok(line[from..].trim_matches([' ', '|']).to_owned())
}

/// Whether two programs were compiled for the same instruction sets, from what llama.cpp says of each.
pub(super) fn same_instructions(one: &str, other: &str) -> bool {
    sets(one) == sets(other)
}

/// The instruction sets in `CPU : AVX2 = 1 | FMA = 1 | OPENMP = 1`.
fn sets(said: &str) -> Vec<&str> {
    let cpu = said.split("CPU :").nth(1).unwrap_or_default();
    let mut sets: Vec<&str> = cpu
        .split('|')
        .filter_map(|part| part.split_once('='))
        .filter(|(_, value)| value.trim() != "0")
        .map(|(name, _)| name.trim())
        .filter(|name| !NO_INSTRUCTIONS.contains(name))
        .collect();
    sets.sort_unstable();
    sets
}

/// A running `llama-server`. It ends when this is dropped.
pub(super) struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// Starts it with this model and waits until it is loaded.
    pub(super) fn start(
        setup: &Setup,
        model: &Path,
        context_tokens: u32,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let threads = setup.threads.to_string();
        let mut command = Command::new(setup.peer("llama-server")?);
        command.arg("--model").arg(model);
        command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--parallel", "1"]);
        command.args(["--threads", &threads, "--threads-batch", &threads]);
        command.args(["--ctx-size", &context_tokens.to_string()]);
        let file = File::create(log).context("no file for llama-server's log")?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let process = command.spawn().context("llama-server cannot be started")?;
        let mut server = Self { process, port };
        server.wait()?;
        Ok(server)
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + LOADING;
        while !loopback::get(self.port, "/health").is_ok_and(|body| body["status"] == "ok") {
            if let Some(status) = self.process.try_wait()? {
                bail!("llama-server ended ({status})");
            }
            if Instant::now() > deadline {
                bail!("llama-server was not ready after {} s", LOADING.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Streams a reply: the time from the request to its first word, and the whole text.
    pub(super) fn reply(&self, request: &Value) -> anyhow::Result<(Duration, String)> {
        let mut first = None;
        let mut text = String::new();
        let begun = Instant::now();
        loopback::stream(self.port, "/v1/chat/completions", request, |event| {
            if let Some(words) =
                event["choices"][0]["delta"]["content"].as_str().filter(|words| !words.is_empty())
            {
                first.get_or_insert_with(|| begun.elapsed());
                text += words;
            }
        })?;
        Ok((first.context("llama-server's reply was empty")?, text))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody listens on now.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "CPU : SSE3 = 1 | AVX2 = 1 | FMA = 1 | LLAMAFILE = 1 | REPACK = 1";

    #[test]
    fn options_are_no_instruction_sets() {
        assert_eq!(sets(PLAIN), ["AVX2", "FMA", "SSE3"]);
        assert!(same_instructions(PLAIN, "CPU : FMA = 1 | SSE3 = 1 | AVX2 = 1 | OPENMP = 1 | AVX512 = 0"));
    }

    #[test]
    fn a_wider_set_is_another() {
        assert!(!same_instructions(PLAIN, "CPU : SSE3 = 1 | AVX2 = 1 | FMA = 1 | AVX512 = 1"));
    }
}
