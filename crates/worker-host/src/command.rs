//! Which program a worker is.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use engine::EngineError;

/// Names a folder in which workers are looked for, and nowhere else.
pub const WORKER_DIR: &str = "HARK_WORKER_DIR";

/// How a worker process is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program's path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Added to the environment it inherits.
    pub envs: Vec<(OsString, OsString)>,
}

impl WorkerCommand {
    /// Starts `program` without arguments.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        // When an assertion of ggml fails it would start a debugger to print a backtrace: seconds during which the
        // user waits, and memory that still holds the model.
        let envs = vec![("GGML_NO_BACKTRACE".into(), "1".into())];
        Self { program: program.into(), args: Vec::new(), envs }
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// With one more variable in its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.envs.push((name.into(), value.into()));
        self
    }
}

/// Finds the program of the worker called `name`: in the folder that [`WORKER_DIR`] names, or else beside the running
/// program, or else (for tests and examples, which cargo puts one folder deeper) in the folder above.
///
/// # Errors
/// [`EngineError::CannotStart`] with the place where it should be.
pub fn worker_program(name: &str) -> Result<PathBuf, EngineError> {
    let exe = env::current_exe().unwrap_or_default();
    find(name, env::var_os(WORKER_DIR).map(PathBuf::from).as_deref(), &exe)
        .map_err(|reason| EngineError::CannotStart { reason })
}

fn find(name: &str, dir: Option<&Path>, exe: &Path) -> Result<PathBuf, String> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    if let Some(dir) = dir {
        let path = dir.join(&file);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!("there is no {} (the folder is set by {WORKER_DIR}).", path.display()))
        };
    }
    let beside = exe.parent().unwrap_or(Path::new("."));
    let mut places = vec![beside.join(&file)];
    if beside.ends_with("deps") || beside.ends_with("examples") {
        places.extend(beside.parent().map(|above| above.join(&file)));
    }
    places.iter().find(|path| path.is_file()).cloned().ok_or_else(|| {
        format!("its program {file} is missing from {}. Install Hark again.", beside.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn with(files: &[&str]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            for file in files {
                let path = tree.at(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, "").unwrap();
            }
            tree
        }

        fn at(&self, file: &str) -> PathBuf {
            self.0.path().join(file.replace("worker-x", &format!("worker-x{}", env::consts::EXE_SUFFIX)))
        }
    }

    #[test]
    fn beside_the_running_program() {
        let tree = Tree::with(&["bin/worker-x"]);
        assert_eq!(find("worker-x", None, &tree.at("bin/hark")), Ok(tree.at("bin/worker-x")));
    }

    #[test]
    fn above_a_test_program() {
        let tree = Tree::with(&["debug/worker-x"]);
        assert_eq!(find("worker-x", None, &tree.at("debug/deps/test-1")), Ok(tree.at("debug/worker-x")));
        assert!(find("worker-x", None, &tree.at("debug/other/test-1")).is_err());
    }

    #[test]
    fn a_named_folder_is_the_only_place() {
        let tree = Tree::with(&["bin/worker-x", "mine/worker-x"]);
        let found = find("worker-x", Some(&tree.at("mine")), &tree.at("bin/hark"));
        assert_eq!(found, Ok(tree.at("mine/worker-x")));
        let missing = find("worker-x", Some(&tree.at("nowhere")), &tree.at("bin/hark")).unwrap_err();
        assert!(missing.contains(WORKER_DIR), "{missing}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let missing = find("worker-x", None, Path::new("/opt/hark/hark")).unwrap_err();
        assert!(missing.contains("worker-x") && missing.contains("Install Hark again"), "{missing}");
    }
}
