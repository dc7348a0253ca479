//! `cargo xtask tidy`: the shape of the tree, checked.
//!
//! Each check is a function from facts (the files git knows, what cargo says about packages) to complaints, so that each
//! can be shown to fail on a small sample. A new check is a module and a row in [`CHECKS`].

mod catalogues;
mod directions;
mod imports;
mod invariants;
mod leaks;
mod licences;
mod lines;
mod metadata;
mod pins;
mod pure;
mod sizes;
mod tree;
mod unsafety;

use crate::workspace::Workspace;
use anyhow::{Result, bail};
use metadata::Metadata;
use std::{fmt, process::Command};
use tree::Tree;

/// One place where the tree is not as it should be.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    file: String,
    line: Option<usize>,
    message: String,
}

impl Complaint {
    fn about(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, message: message.into() }
    }

    /// `line` counts from 1.
    fn at(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: Some(line), message: message.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "{}:{line}: {}", self.file, self.message),
            None => write!(out, "{}: {}", self.file, self.message),
        }
    }
}

/// What all checks look at.
struct Facts {
    tree: Tree,
    metadata: Metadata,
    private_hosts: Vec<String>,
}

struct Check {
    name: &'static str,
    rule: &'static str,
    find: fn(&Facts) -> Vec<Complaint>,
}

#[rustfmt::skip]
const CHECKS: &[Check] = &[
    Check { name: "directions", rule: "who may depend on whom",                    find: |facts| directions::find(&facts.metadata.members()) },
    Check { name: "pure",       rule: "pure crates know no I/O, clock or async",   find: |facts| pure::find(&facts.tree) },
    Check { name: "sizes",      rule: "no file over 400 lines without a reason",   find: |facts| sizes::find(&facts.tree) },
    Check { name: "imports",    rule: "only ui/src/host imports @tauri-apps",      find: |facts| imports::find(&facts.tree) },
    Check { name: "unsafe",     rule: "unsafe only in workers, each with SAFETY",  find: |facts| unsafety::find(&facts.tree) },
    Check { name: "pins",       rule: "every dependency is pinned with \"=\"",     find: |facts| pins::find(&facts.tree) },
    Check { name: "leaks",      rule: "nothing of one machine in the tree",        find: |facts| leaks::find(&facts.tree, &facts.private_hosts) },
    Check { name: "invariants", rule: "every invariant names a test that exists",  find: |facts| invariants::find(&facts.tree) },
    Check { name: "licences",   rule: "licences allow shipping; one source; one copy of each engine", find: |facts| licences::find(&facts.tree, &facts.metadata) },
    Check { name: "catalogues", rule: "every language has the same messages",      find: |facts| catalogues::find(&facts.tree) },
];

/// Runs every check and prints what each found.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let facts = Facts {
        tree: Tree::of_git(&workspace.root)?,
        metadata: Metadata::read(workspace)?,
        private_hosts: leaks::private_hosts(),
    };
    let mut count = 0;
    for check in CHECKS {
        let complaints = (check.find)(&facts);
        println!(
            "{:10} {} {}",
            check.name,
            if complaints.is_empty() { "ok    " } else { "FAILED" },
            check.rule
        );
        for complaint in &complaints {
            println!("    {complaint}");
        }
        count += complaints.len();
    }
    if count > 0 {
        bail!("tidy found {count} {}", if count == 1 { "complaint" } else { "complaints" });
    }
    Ok(())
}

/// What a program prints, or nothing.
fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    crate::shell::answer(Command::new(program).args(arguments))
}
