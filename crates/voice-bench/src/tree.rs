//! What a process and all that it has started cost, as the kernel counts it (`proc(5)`; Linux).

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context;

/// Ticks of the kernel's clock in a second, as it tells times to programs.
const TICKS: f64 = 100.0;

/// The process and everything below it.
pub fn of(root: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: Vec<(u32, u32)> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, fields(pid)?.get(1)?.parse().ok()?)))
        .collect();
    let mut tree = vec![root];
    let mut at = 0;
    while let Some(&above) = tree.get(at) {
        tree.extend(all.iter().filter(|(_, parent)| *parent == above).map(|(pid, _)| *pid));
        at += 1;
    }
    tree
}

/// `proc_pid_stat(5)` from field 3 on.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.split_ascii_whitespace().map(str::to_owned).collect())
}

/// What the kernel calls it.
pub fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

/// The process of this name among these.
pub fn named(root: u32, wanted: &str) -> Option<u32> {
    of(root).into_iter().find(|pid| name(*pid) == wanted)
}

/// Seconds of computing so far, in user and system mode, by process.
pub fn cpu_seconds(root: u32) -> BTreeMap<u32, f64> {
    let of_one = |pid| {
        let fields = fields(pid)?;
        let ticks = |n: usize| fields.get(n)?.parse::<f64>().ok();
        Some((pid, (ticks(11)? + ticks(12)?) / TICKS))
    };
    of(root).into_iter().filter_map(of_one).collect()
}

/// Megabytes by name of the process; what is shared counts by share (PSS).
///
/// # Errors
/// Where the kernel tells no shares.
pub fn memory_mb(root: u32) -> anyhow::Result<BTreeMap<String, f64>> {
    let mut by_name = BTreeMap::new();
    for pid in of(root) {
        let Ok(rollup) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { continue };
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kilobytes: f64 = line
            .and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok())
            .context("the kernel tells no shares of memory")?;
        *by_name.entry(name(pid)).or_default() += kilobytes * 1024.0 / 1e6;
    }
    Ok(by_name)
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[test]
    fn this_very_process_costs_something() {
        let me = std::process::id();
        assert!(super::of(me).contains(&me));
        assert!(super::memory_mb(me).unwrap().values().sum::<f64>() > 0.0);
        assert!(super::cpu_seconds(me).contains_key(&me));
    }
}
