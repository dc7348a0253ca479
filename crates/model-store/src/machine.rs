//! What this machine has for running models.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use serde::{Deserialize, Serialize};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// Memory and cores. All sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Memory altogether (of the container, if there is a smaller limit).
    pub ram_total: u64,
    /// Memory that programs could still take.
    pub ram_available: u64,
    /// Memory of the largest graphics card, if one is known. `None` also where graphics and programs share memory.
    pub vram: Option<u64>,
    /// Processors that may be used at once.
    pub cores: usize,
}

impl Machine {
    /// Looks. Runs `nvidia-smi` where there is one, so this may take some 100 ms: not for a thread that draws.
    pub fn probe() -> Self {
        let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::everything());
        let (mut ram_total, mut ram_available) = (0, 0);
        match System::new_with_specifics(memory) {
            Ok(system) => {
                ram_total = system.total_memory();
                ram_available = system.available_memory();
                if let Some(limits) = system.cgroup_limits().filter(|l| l.total_memory > 0) {
                    ram_total = ram_total.min(limits.total_memory);
                    ram_available = ram_available.min(limits.free_memory);
                }
            }
            Err(error) => tracing::warn!(%error, "the memory of this machine cannot be read"),
        }
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let vram = nvidia_memory().into_iter().chain(drm_memory(Path::new("/sys/class/drm"))).max();
        Self { ram_total, ram_available, vram, cores }
    }
}

fn nvidia_memory() -> Option<u64> {
    let mut command = Command::new("nvidia-smi");
    command.args(["--query-gpu=memory.total", "--format=csv,noheader,nounits"]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    largest_mib(&String::from_utf8_lossy(&output.stdout))
}

/// The largest of several lines in MiB.
fn largest_mib(lines: &str) -> Option<u64> {
    lines.lines().filter_map(|line| line.trim().parse::<u64>().ok()).max().map(|mib| mib << 20)
}

/// What the kernel says of AMD cards. Shared memory of a processor's own graphics shows as a few hundred MiB: less
/// than 1 GiB is no card to run models on.
fn drm_memory(folder: &Path) -> Option<u64> {
    let cards = fs::read_dir(folder).ok()?.flatten();
    let sizes = cards.filter_map(|card| {
        let text = fs::read_to_string(card.path().join("device/mem_info_vram_total")).ok()?;
        text.trim().parse::<u64>().ok().filter(|bytes| *bytes >= 1 << 30)
    });
    sizes.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_memory_and_a_core() {
        let machine = Machine::probe();
        assert!(machine.ram_total >= machine.ram_available && machine.ram_available > 0, "{machine:?}");
        assert!(machine.cores > 0);
    }

    #[test]
    fn the_largest_card_counts() {
        assert_eq!(largest_mib("8192\n 24576 \n"), Some(24576 << 20));
        assert_eq!(largest_mib("No devices were found\n"), None);
        let folder = tempfile::tempdir().unwrap();
        for (card, bytes) in [("card0", "536870912\n"), ("card1", "17163091968\n")] {
            let device = folder.path().join(card).join("device");
            std::fs::create_dir_all(&device).unwrap();
            std::fs::write(device.join("mem_info_vram_total"), bytes).unwrap();
        }
        assert_eq!(drm_memory(folder.path()), Some(17_163_091_968));
    }
}
