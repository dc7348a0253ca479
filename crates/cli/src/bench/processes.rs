//! What Linux tells of processes: who started whom, since when, and their share of memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// `/proc` counts time in these, whatever the kernel's own clock (`USER_HZ`).
const TICKS_PER_S: f64 = 100.0;

/// A process by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pid(pub(super) u32);

impl Pid {
    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }

    /// This one and everything it started, directly or not, and that still runs.
    pub(super) fn tree(self) -> Vec<Self> {
        let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
        let all: Vec<(Self, Self)> = numbers
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Self))
            .filter_map(|pid| Some((pid, stat(pid)?.parent)))
            .collect();
        let mut tree: Vec<Self> = all.iter().map(|&(pid, _)| pid).filter(|&pid| pid == self).collect();
        let mut at = 0;
        while let Some(&above) = tree.get(at) {
            tree.extend(all.iter().filter(|&&(_, parent)| parent == above).map(|&(pid, _)| pid));
            at += 1;
        }
        tree
    }

    /// The one below this that runs `program`.
    pub(super) fn running(self, program: &Path) -> Option<Self> {
        self.tree().into_iter().find(|pid| fs::read_link(pid.file("exe")).is_ok_and(|exe| exe == program))
    }

    /// What the kernel calls it: at most 15 characters.
    pub(super) fn name(self) -> String {
        fs::read_to_string(self.file("comm")).unwrap_or_default().trim_end().to_owned()
    }

    /// How long ago it was started; to 10 ms.
    pub(super) fn age_ms(self) -> anyhow::Result<f64> {
        let uptime = fs::read_to_string("/proc/uptime")?;
        let now: f64 = uptime.split(' ').next().unwrap_or_default().parse()?;
        let started = stat(self).context("the process has ended")?.started_ticks as f64 / TICKS_PER_S;
        Ok((now - started) * 1000.0)
    }

    /// Its memory in bytes, with what it shares counted by share.
    pub(super) fn proportional_bytes(self) -> anyhow::Result<u64> {
        let rollup = fs::read_to_string(self.file("smaps_rollup"))?;
        proportional(&rollup).context("the kernel tells no shares of memory")
    }

    /// Ends it and everything it started.
    pub(super) fn end_tree(self) {
        let tree: Vec<String> = self.tree().iter().map(|pid| pid.0.to_string()).collect();
        if !tree.is_empty() {
            // What has ended by itself meanwhile need not be ended.
            let _ = Command::new("kill").arg("-9").args(&tree).output();
        }
    }

    /// Waits until it and everything it has started by now have ended.
    pub(super) fn wait_for_end(self, at_most: Duration) -> anyhow::Result<()> {
        let tree = self.tree();
        let deadline = Instant::now() + at_most;
        while tree.iter().any(|pid| stat(*pid).is_some_and(|stat| stat.state != 'Z')) {
            if Instant::now() > deadline {
                bail!("the program did not end");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// Megabytes by name of the process, of several.
pub(super) fn memory_mb(processes: &[Pid]) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut by_name = BTreeMap::new();
    for pid in processes {
        *by_name.entry(pid.name()).or_default() += pid.proportional_bytes()? as f64 / 1e6;
    }
    Ok(by_name)
}

/// Seconds that the threads of this name in our own process have spent on a processor.
#[cfg(target_os = "linux")]
pub(super) fn thread_s(name: &str) -> anyhow::Result<f64> {
    let mut nanoseconds = 0_u64;
    for thread in fs::read_dir("/proc/self/task")?.flatten() {
        let read = |file| fs::read_to_string(thread.path().join(file)).unwrap_or_default();
        if read("comm").trim_end() == name {
            // Time on a processor, time waited for one, and how often.
            let spent = read("schedstat");
            let spent = spent.split_ascii_whitespace().next().and_then(|field| field.parse::<u64>().ok());
            nanoseconds += spent.context("the kernel does not say how long threads have run")?;
        }
    }
    Ok(nanoseconds as f64 / 1e9)
}

#[derive(Debug, PartialEq)]
struct Stat {
    state: char,
    parent: Pid,
    started_ticks: u64,
}

fn stat(pid: Pid) -> Option<Stat> {
    parse_stat(&fs::read_to_string(pid.file("stat")).ok()?)
}

/// `proc_pid_stat(5)`: fields 3, 4 and 22. The name before them may hold anything, also blanks and brackets.
fn parse_stat(line: &str) -> Option<Stat> {
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: Pid(fields.get(1)?.parse().ok()?),
        started_ticks: fields.get(19)?.parse().ok()?,
    })
}

fn proportional(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_be_called_anything() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 8765 1000 2000";
        assert_eq!(parse_stat(line), Some(Stat { state: 'S', parent: Pid(7), started_ticks: 8765 }));
        assert_eq!(parse_stat("42 (a"), None);
    }

    #[test]
    fn shares_of_memory_are_read() {
        let rollup =
            "55-7ff ---p 00000000 00:00 0 [rollup]\nRss:  2000 kB\nPss:   1000 kB\nPss_Dirty: 5 kB\n";
        assert_eq!(proportional(rollup), Some(1_024_000));
        assert_eq!(proportional("Rss: 1 kB\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_very_process_is_found_and_has_memory() {
        let me = Pid(std::process::id());
        assert_eq!(me.running(&std::env::current_exe().unwrap()), Some(me));
        assert!(me.age_ms().unwrap() >= 0.0);
        assert!(memory_mb(&[me]).unwrap()[&me.name()] > 0.0);
    }
}
