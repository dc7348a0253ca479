//! Where the library may be, and what to say when it is nowhere.

use std::ffi::OsString;
use std::path::Path;

use crate::ffi::NoLibrary;

/// Names the library and nothing else, where it is not in the usual places.
const OVERRIDE: &str = "ESPEAK_NG_LIBRARY";

#[cfg(target_os = "macos")]
const USUAL: &[&str] = &[
    "libespeak-ng.1.dylib",
    "/opt/homebrew/lib/libespeak-ng.1.dylib",
    "/usr/local/lib/libespeak-ng.1.dylib",
    "/opt/local/lib/libespeak-ng.1.dylib",
];
#[cfg(windows)]
const USUAL: &[&str] = &[
    "libespeak-ng.dll",
    "espeak-ng.dll",
    r"C:\Program Files\eSpeak NG\libespeak-ng.dll",
    r"C:\Program Files (x86)\eSpeak NG\libespeak-ng.dll",
];
#[cfg(not(any(target_os = "macos", windows)))]
const USUAL: &[&str] = &["libespeak-ng.so.1"];

/// What to try, in this order: the environment's, or else the model's, or else the usual places.
pub(crate) fn names(of_model: Option<&Path>) -> Vec<OsString> {
    if let Some(name) = std::env::var_os(OVERRIDE).filter(|name| !name.is_empty()) {
        return vec![name];
    }
    match of_model {
        Some(path) => vec![path.into()],
        None => USUAL.iter().map(OsString::from).collect(),
    }
}

/// What to do about it.
pub(crate) fn sentence(error: &NoLibrary) -> String {
    match error {
        NoLibrary::NotFound => {
            format!("eSpeak NG is not installed. {INSTALL} Or name its library in the variable {OVERRIDE}.")
        }
        NoLibrary::Unlike => format!("the library found is not eSpeak NG 1.49 or newer. {INSTALL}"),
        NoLibrary::NoData => format!("eSpeak NG does not find its voices. {INSTALL}"),
    }
}

const INSTALL: &str = if cfg!(target_os = "macos") {
    "Install it with “brew install espeak-ng” and try again."
} else if cfg!(windows) {
    "Install it with “winget install eSpeak-NG.eSpeak-NG” and try again."
} else {
    "Install it and try again: “sudo apt install espeak-ng” on Debian and Ubuntu, “sudo dnf install espeak-ng” on \
     Fedora, “sudo pacman -S espeak-ng” on Arch."
};
