//! Who may depend on whom, among our crates and on the libraries they fence.
//!
//! Development dependencies are free, with two exceptions: nobody depends on a program, and the fences of native code
//! and of Tauri hold for tests as well.

use super::{Complaint, metadata::Package};

/// The house. A crate may depend on those of ours that its row names and on no others; the hosts, and what
/// assembles their parts, may see every part.
#[rustfmt::skip]
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    // pure
    ("media",        &[]),
    ("dialogue",     &[]),
    ("turn",         &["media", "dialogue"]),
    // sound, understood; runs on files too
    ("dsp",          &["media"]),
    // traits
    ("engine",       &[]),
    // the conversation: sees traits only
    ("session",      &["dialogue", "engine", "media", "turn", "dsp"]),
    // parts behind the traits
    ("worker-kit",   &["engine"]),
    ("listening",    &["engine", "worker-kit"]),
    ("worker-host",  &["engine", "worker-kit"]),
    ("worker-llm",   &["engine", "worker-kit", "dialogue"]),
    ("worker-onnx",  &["engine", "worker-kit", "listening"]),
    ("worker-whisper", &["engine", "worker-kit", "listening"]),
    ("worker-pdf", &["attachments"]),
    ("worker-heic", &[]),
    ("worker-espeak", &["engine", "media", "worker-kit"]),
    ("worker-system-voice", &["engine", "media", "worker-kit", "dsp"]),
    ("audio-io",     &["media"]),
    ("remote",       &["engine", "dialogue"]),
    ("sight",        &[]),
    // what is kept
    ("history",      &[]),
    ("attachments",  &["engine"]),
    ("settings",     &[]),
    ("model-store",  &[]),
    // the contract with user interfaces
    ("api",          &["session", "dialogue", "engine", "media", "turn", "history", "settings", "model-store", "attachments"]),
    // puts the parts together, once for both hosts
    ("assembly",     PARTS),
    // hosts
    ("cli",          HOST),
    ("hark-desktop", HOST),
    // for tests
    ("testkit",      &["engine", "dialogue", "media", "worker-kit"]),
    ("soundcard-sim", &[]),
    // the real program in scenes on the virtual card
    ("voice-bench",  &["soundcard-sim", "testkit"]),
    ("voice-tests",  &["voice-bench", "soundcard-sim", "testkit"]),
    ("desktop-tests", &["testkit"]),
    ("privacy-tests", &[]),
    ("xtask",        &[]),
];

const PARTS: &[&str] = &[
    "api",
    "session",
    "dialogue",
    "engine",
    "media",
    "dsp",
    "audio-io",
    "history",
    "settings",
    "model-store",
    "attachments",
    "sight",
    "worker-host",
    "remote",
];

const HOST: &[&str] = &[
    "assembly",
    "api",
    "session",
    "dialogue",
    "engine",
    "media",
    "turn",
    "dsp",
    "audio-io",
    "sight",
    "history",
    "settings",
    "model-store",
    "worker-host",
    "remote",
    // for the benchmark of the spoken conversation
    "soundcard-sim",
    "voice-bench",
];

/// Programs: nothing may depend on them, not even tests.
const PROGRAMS: &[&str] = &[
    "cli",
    "hark-desktop",
    "worker-llm",
    "worker-onnx",
    "worker-whisper",
    "worker-pdf",
    "worker-heic",
    "worker-espeak",
    "worker-system-voice",
    "desktop-tests",
    "privacy-tests",
    "xtask",
];

/// Libraries that only some crates may know, by the beginning of their names.
#[rustfmt::skip]
const FENCES: &[Fence] = &[
    Fence { library: "llama-cpp-", inside: &["worker-llm"],             tests: Tests::Fenced },
    Fence { library: "whisper-rs", inside: &["worker-whisper"],         tests: Tests::Fenced },
    Fence { library: "ort",        inside: &["worker-onnx"],            tests: Tests::Fenced },
    Fence { library: "objc2",      inside: &["worker-system-voice"],    tests: Tests::Fenced },
    Fence { library: "windows",    inside: &["worker-system-voice"],    tests: Tests::Fenced },
    Fence { library: "cpal",       inside: &["audio-io"],               tests: Tests::Fenced },
    Fence { library: "xcap",       inside: &["sight"],                  tests: Tests::Fenced },
    Fence { library: "nokhwa",     inside: &["sight"],                  tests: Tests::Fenced },
    Fence { library: "pipewire",   inside: &["sight"],                  tests: Tests::Free },
    Fence { library: "arboard",    inside: &["sight"],                  tests: Tests::Fenced },
    Fence { library: "enigo",      inside: &["sight"],                  tests: Tests::Fenced },
    Fence { library: "rten",       inside: &["dsp"],                    tests: Tests::Fenced },
    Fence { library: "rubato",     inside: &["dsp"],                    tests: Tests::Fenced },
    Fence { library: "tauri",      inside: &["hark-desktop"],           tests: Tests::Fenced },
    Fence { library: "rusqlite",   inside: &["history"],                tests: Tests::Free },
    Fence { library: "reqwest",    inside: &["remote", "model-store"],  tests: Tests::Free },
    Fence { library: "image",      inside: &["attachments", "sight", "worker-pdf", "worker-heic"], tests: Tests::Free },
    Fence { library: "hayro",      inside: &["worker-pdf"],             tests: Tests::Fenced },
    Fence { library: "keyring",    inside: &["remote"],                 tests: Tests::Free },
    Fence { library: "axum",       inside: &["cli", "testkit"],         tests: Tests::Free },
    Fence { library: "ts-rs",      inside: &["api"],                    tests: Tests::Free },
];

struct Fence {
    library: &'static str,
    inside: &'static [&'static str],
    tests: Tests,
}

/// Whether a fence holds for development dependencies too.
#[derive(PartialEq, Eq)]
enum Tests {
    Fenced,
    Free,
}

/// Pure crates and all they may use besides each other.
const PURE: &[&str] = &["media", "turn", "dialogue"];
const PURE_MAY_USE: &[&str] = &["thiserror", "unicode-segmentation"];

pub(super) fn find(members: &[&Package]) -> Vec<Complaint> {
    members.iter().flat_map(|package| of_package(package, members)).collect()
}

fn of_package(package: &Package, members: &[&Package]) -> Vec<Complaint> {
    let name = package.name.as_str();
    let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(row, _)| *row == name) else {
        return vec![Complaint::about(
            name,
            "has no row in the table of directions (xtask/src/tidy/directions.rs)",
        )];
    };
    let mut complaints = Vec::new();
    for dependency in &package.dependencies {
        let wanted = dependency.name.as_str();
        let ours = members.iter().any(|member| member.name == wanted);
        if PROGRAMS.contains(&wanted) {
            complaints.push(Complaint::about(name, format!("depends on {wanted}, which is a program")));
        } else if ours && !dependency.is_dev() && !allowed.contains(&wanted) {
            complaints.push(Complaint::about(name, format!("may not depend on {wanted}")));
        } else if !ours && !dependency.is_dev() && PURE.contains(&name) && !PURE_MAY_USE.contains(&wanted) {
            complaints.push(Complaint::about(name, format!("is pure and may not depend on {wanted}")));
        }
        complaints.extend(broken_fence(name, wanted, dependency.is_dev()));
    }
    complaints
}

fn broken_fence(name: &str, wanted: &str, dev: bool) -> Option<Complaint> {
    let fence = FENCES.iter().find(|fence| wanted.starts_with(fence.library))?;
    let exempt = fence.inside.contains(&name) || (dev && fence.tests == Tests::Free);
    let inside = if fence.inside.is_empty() { "no crate yet".to_owned() } else { fence.inside.join(" and ") };
    (!exempt).then(|| Complaint::about(name, format!("depends on {wanted}, which only {inside} may know")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The complaints about the first package in a house of these.
    fn check(package: &Package, others: &[&str]) -> Vec<String> {
        let others: Vec<Package> = others.iter().map(|name| Package::of(name, &[])).collect();
        let members: Vec<&Package> = std::iter::once(package).chain(&others).collect();
        find(&members).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn directions_are_checked() {
        assert!(check(&Package::of("session", &["dialogue", "tokio"]), &["dialogue"]).is_empty());
        let found = check(&Package::of("session", &["history"]), &["history"]);
        assert_eq!(found, ["session: may not depend on history"]);
        assert!(check(&Package::of("session", &["dev:testkit"]), &["testkit"]).is_empty());
    }

    #[test]
    fn nobody_depends_on_a_program() {
        let found = check(&Package::of("api", &["dev:cli"]), &["cli"]);
        assert_eq!(found, ["api: depends on cli, which is a program"]);
    }

    #[test]
    fn fences_hold() {
        let found = check(&Package::of("session", &["rusqlite"]), &[]);
        assert_eq!(found, ["session: depends on rusqlite, which only history may know"]);
        assert_eq!(check(&Package::of("cli", &["tauri-plugin-opener"]), &[]).len(), 1);
        assert_eq!(check(&Package::of("testkit", &["dev:llama-cpp-2"]), &[]).len(), 1);
        assert!(check(&Package::of("cli", &["dev:reqwest"]), &[]).is_empty());
        assert!(check(&Package::of("worker-llm", &["llama-cpp-2", "llama-cpp-sys-2"]), &[]).is_empty());
    }

    #[test]
    fn a_pure_crate_uses_next_to_nothing() {
        let found = check(&Package::of("dialogue", &["serde", "thiserror", "dev:proptest"]), &[]);
        assert_eq!(found, ["dialogue: is pure and may not depend on serde"]);
    }

    #[test]
    fn a_new_crate_needs_a_row() {
        assert_eq!(check(&Package::of("attic", &[]), &[]).len(), 1);
    }

    #[test]
    fn the_table_has_no_circle() {
        fn reaches(from: &str, to: &str, depth: usize) -> bool {
            let row = MAY_DEPEND_ON.iter().find(|(name, _)| *name == from);
            depth > 0
                && row
                    .is_some_and(|(_, on)| on.iter().any(|next| *next == to || reaches(next, to, depth - 1)))
        }
        for (name, _) in MAY_DEPEND_ON {
            assert!(!reaches(name, name, MAY_DEPEND_ON.len()), "{name} may reach itself");
        }
    }
}
