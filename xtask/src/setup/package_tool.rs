//! The package managers we know: which one is here, what it has installed, and the line that installs more.

use crate::shell::{answer, on_path, succeeds};
use std::process::Command;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PackageTool {
    Apt,
    Dnf,
    Pacman,
    Zypper,
    Brew,
    Winget,
}

impl PackageTool {
    pub(super) fn of_this_machine() -> Option<Self> {
        let known: &[(&str, Self)] = if cfg!(target_os = "macos") {
            &[("brew", Self::Brew)]
        } else if cfg!(windows) {
            &[("winget", Self::Winget)]
        } else {
            // dpkg-query tells Debian from a system that merely has apt-get for something else.
            &[
                ("dpkg-query", Self::Apt),
                ("dnf", Self::Dnf),
                ("pacman", Self::Pacman),
                ("zypper", Self::Zypper),
            ]
        };
        known.iter().find(|(program, _)| on_path(program).is_some()).map(|&(_, tool)| tool)
    }

    /// Whether the package is installed. winget cannot say so reliably, so there only commands are looked for.
    pub(super) fn has(self, package: &str) -> bool {
        match self {
            Self::Apt => {
                answer(Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}\\n", package]))
                    .is_some_and(|status| status.lines().any(|line| line == "installed"))
            }
            Self::Dnf | Self::Zypper => succeeds(Command::new("rpm").args(["-q", "--whatprovides", package])),
            Self::Pacman => succeeds(Command::new("pacman").args(["-Qq", package])),
            Self::Brew => succeeds(Command::new("brew").args(["list", "--versions", package])),
            Self::Winget => true,
        }
    }

    /// The line a person can paste.
    pub(super) fn install_line(self, packages: &[&str]) -> String {
        let packages = packages.join(" ");
        match self {
            Self::Apt => format!("sudo apt-get install --no-install-recommends {packages}"),
            Self::Dnf => format!("sudo dnf install {packages}"),
            Self::Pacman => format!("sudo pacman -S --needed {packages}"),
            Self::Zypper => format!("sudo zypper install {packages}"),
            Self::Brew => format!("brew install {packages}"),
            Self::Winget => format!("winget install {packages}"),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn dpkg_knows_what_is_installed() {
        if PackageTool::of_this_machine() == Some(PackageTool::Apt) {
            assert!(PackageTool::Apt.has("dpkg"));
            assert!(!PackageTool::Apt.has("no-such-package-at-all"));
        }
    }
}
