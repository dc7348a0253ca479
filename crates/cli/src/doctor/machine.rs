//! The machine itself: memory, processor, graphics, display, Python, keyring.

use std::process::{Command, Stdio};
use std::time::Duration;

use model_store::Machine;
use remote::keys::Keys;

use super::Check;
use crate::models::Opened;
use crate::terminal::bytes;

/// With less free memory even small models are a squeeze.
const TIGHT: u64 = 2 << 30;

/// A keyring that asks for its password is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn checks() -> Vec<Check> {
    let machine = Machine::probe();
    vec![memory(&machine), processor(&machine), display(), python()]
}

fn memory(machine: &Machine) -> Check {
    let (id, name) = ("memory", "Memory");
    let says = format!("{} of {} free", bytes(machine.ram_available), bytes(machine.ram_total));
    if machine.ram_available < TIGHT {
        return Check::warning(id, name, says, "Close other programs before using a larger model.");
    }
    Check::ok(id, name, says)
}

fn processor(machine: &Machine) -> Check {
    let (id, name) = ("processor", "Processor");
    let features: Vec<&str> =
        features().into_iter().filter_map(|(name, here)| here.then_some(name)).collect();
    let cores = if machine.cores == 1 { "1 core".to_owned() } else { format!("{} cores", machine.cores) };
    let says = format!(
        "{cores}, {}",
        if features.is_empty() { "no vector units known".into() } else { features.join(" ") }
    );
    if cfg!(target_arch = "x86_64") && !features.contains(&"AVX2") {
        let todo = "Local models need AVX2; use a model on a server instead.";
        return Check::problem(id, name, says, todo);
    }
    Check::ok(id, name, says)
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<(&'static str, bool)> {
    vec![
        ("AVX2", std::arch::is_x86_feature_detected!("avx2")),
        ("FMA", std::arch::is_x86_feature_detected!("fma")),
        ("F16C", std::arch::is_x86_feature_detected!("f16c")),
        ("AVX512", std::arch::is_x86_feature_detected!("avx512f")),
        ("VNNI", std::arch::is_x86_feature_detected!("avx512vnni")),
    ]
}

#[cfg(target_arch = "aarch64")]
fn features() -> Vec<(&'static str, bool)> {
    vec![
        ("NEON", std::arch::is_aarch64_feature_detected!("neon")),
        ("DOTPROD", std::arch::is_aarch64_feature_detected!("dotprod")),
        ("I8MM", std::arch::is_aarch64_feature_detected!("i8mm")),
    ]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn features() -> Vec<(&'static str, bool)> {
    Vec::new()
}

fn display() -> Check {
    let (id, name) = ("display", "Display");
    if !cfg!(target_os = "linux") {
        return Check::ok(id, name, "There is one");
    }
    let set = |variable: &str| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    match (set("WAYLAND_DISPLAY"), set("DISPLAY")) {
        (true, _) => Check::ok(id, name, "Wayland"),
        (false, true) => Check::ok(id, name, "X11"),
        (false, false) => {
            let says = "There is none here, so the window cannot open.";
            Check::warning(id, name, says, "`hark chat` holds the same conversation in the terminal.")
        }
    }
}

fn python() -> Check {
    let (id, name) = ("python", "Python");
    let version = ["python3", "python"].iter().find_map(|python| {
        let mut command = Command::new(python);
        command.args(["-m", "pip", "--version"]).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().ok().filter(|output| output.status.success())?;
        let text = String::from_utf8_lossy(&output.stdout);
        Some(text.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
    });
    if let Some(version) = version {
        return Check::ok(id, name, version);
    }
    let says = "Python with pip is not here; the starter model comes as a Python package.";
    Check::warning(id, name, says, "Install python3 and python3-pip, or fetch a model from the hub.")
}

pub(super) async fn keyring(opened: &Opened) -> Check {
    let (id, name) = ("keyring", "Keyring");
    if opened.settings.servers.is_empty() {
        // A keyring may ask for its password: not without a reason.
        return Check::skipped(id, name, "Not needed: there is no server in the settings");
    }
    let keys = Keys::system();
    match tokio::time::timeout(PATIENCE, keys.check()).await {
        Ok(Ok(())) => Check::ok(id, name, "Keeps the keys of servers"),
        Ok(Err(trouble)) => {
            let says = trouble.to_string();
            Check::warning(id, name, says, "Servers without a key work all the same.")
        }
        Err(_) => {
            let says = "The keyring does not answer; it may be waiting for its password.";
            Check::warning(id, name, says, "Unlock it.")
        }
    }
}
