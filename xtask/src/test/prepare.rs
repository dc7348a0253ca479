//! What steps need before they can run. Each is done once, just before the first step that needs it.

use super::report::{Report, word};
use crate::{
    frontend,
    setup::{self, Purpose},
    shell::{human, run_watched},
    test_model,
    workspace::{DESKTOP_FEATURE, Workspace},
};
use anyhow::{Context, Result, bail};
use std::{collections::HashMap, env, ffi::OsString, path::PathBuf, process::Command, time::Instant};

/// What every cargo command of a run selects: the same packages and features, so that nothing is compiled twice. The
/// real-window tests are a package of their own because they need a display, and run in their own step.
pub(super) const SELECTION: [&str; 3] = ["--workspace", "--features", DESKTOP_FEATURE];

/// The package of the real-window tests.
pub(super) const WINDOW_TESTS: &str = "desktop-tests";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Need {
    SystemPackages,
    NodeModules,
    FrontEnd,
    Programs,
    Model,
    Voice,
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Self::SystemPackages => "system packages",
            Self::NodeModules => "npm ci",
            Self::FrontEnd => "npm run build",
            Self::Programs => "programs",
            Self::Model => "test model",
            Self::Voice => "test models that hear",
        }
    }

    /// What must be ready before. The window's program carries the front end, so Rust code needs it too.
    fn before(self) -> &'static [Self] {
        match self {
            Self::SystemPackages => &[],
            Self::NodeModules | Self::Model | Self::Voice => &[Self::SystemPackages],
            Self::FrontEnd => &[Self::NodeModules],
            Self::Programs => &[Self::SystemPackages, Self::FrontEnd],
        }
    }
}

/// The state of the set-up, and the commands of the steps that rely on it. Tests learn from their environment
/// `HARK_BIN_DIR` (the folder of our programs), `HARK_TEST_MODEL` (a small GGUF), `HARK_TEST_VOICE` (a folder with
/// small models that hear) and, where there is such a folder, `HARK_TEST_DATA` (real recordings and pictures).
pub(super) struct Preparations<'a> {
    pub(super) workspace: &'a Workspace,
    done: HashMap<Need, Result<(), String>>,
    environment: Vec<(&'static str, OsString)>,
}

impl<'a> Preparations<'a> {
    pub(super) fn new(workspace: &'a Workspace) -> Self {
        let mut environment = Vec::new();
        if let Some(data) = test_data(workspace) {
            environment.push(("HARK_TEST_DATA", data.into()));
        }
        environment.push(("HARK_BIN_DIR", workspace.programs("dev").into()));
        Self { workspace, done: HashMap::new(), environment }
    }

    /// Does `need` and what comes before it, each at most once; a failure is remembered for the next step that asks.
    pub(super) fn ensure(&mut self, need: Need, report: &mut Report) -> Result<()> {
        if !self.done.contains_key(&need) {
            let ready = need.before().iter().try_for_each(|earlier| self.ensure(*earlier, report));
            let outcome = ready.and_then(|()| self.announce(need, report));
            self.done.insert(need, outcome.map_err(|error| format!("{error:#}")));
        }
        match self.done.get(&need) {
            Some(Err(why)) => bail!("set-up \"{}\" failed: {why}", need.name()),
            _ => Ok(()),
        }
    }

    fn announce(&mut self, need: Need, report: &mut Report) -> Result<()> {
        eprintln!("\n--> set-up: {}", need.name());
        let started = Instant::now();
        let outcome = self.prepare(need);
        match &outcome {
            Ok(said) => eprintln!("      {said} ({})", human(started.elapsed())),
            Err(error) => eprintln!("      {}: {error:#}", word(&outcome)),
        }
        report.set_up(need.name(), started.elapsed(), &outcome);
        outcome.map(|_| ())
    }

    fn prepare(&mut self, need: Need) -> Result<String> {
        match need {
            Need::SystemPackages => setup::ensure(Purpose::Test),
            Need::NodeModules => frontend::packages(self.workspace),
            Need::FrontEnd => frontend::build(self.workspace),
            Need::Programs => {
                let mut cargo = self.cargo();
                // Not ourselves: Windows does not let a running program be replaced.
                cargo.args(["build", "--bins", "--exclude", "xtask"]).args(SELECTION);
                run_watched(&mut cargo, || "cargo compiles the programs that tests start".to_owned())?;
                Ok("built".to_owned())
            }
            Need::Model => {
                let (model, said) = test_model::ensure(self.workspace)?;
                let model =
                    model.canonicalize().with_context(|| format!("no test model at {}", model.display()))?;
                self.environment.push((test_model::VARIABLE, model.into()));
                Ok(said)
            }
            Need::Voice => {
                let (folder, said) = test_model::ensure_voice(self.workspace)?;
                let folder = folder
                    .canonicalize()
                    .with_context(|| format!("no models that hear at {}", folder.display()))?;
                self.environment.push((test_model::VOICE_VARIABLE, folder.into()));
                Ok(said)
            }
        }
    }

    /// `cargo` with the tests' environment.
    pub(super) fn cargo(&self) -> Command {
        self.with_environment(self.workspace.cargo())
    }

    pub(super) fn with_environment(&self, mut command: Command) -> Command {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Real recordings and pictures: as given, else the folder beside the repository, if there is one.
fn test_data(workspace: &Workspace) -> Option<PathBuf> {
    let given = env::var_os("HARK_TEST_DATA").filter(|given| !given.is_empty()).map(PathBuf::from);
    given.or_else(|| workspace.root.join("../shared/testdata").canonicalize().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_preparation_is_not_tried_again() {
        let workspace = Workspace { root: "/r".into(), target: "/t".into() };
        let mut preparations = Preparations::new(&workspace);
        preparations.done.insert(Need::SystemPackages, Err("no network".to_owned()));
        let mut report = Report::default();
        for _ in 0..2 {
            let error = preparations.ensure(Need::NodeModules, &mut report).unwrap_err().to_string();
            assert!(error.contains("no network"), "{error}");
        }
        assert!(report.to_string().ends_with("0 passed, 0 failed\n"), "set-up is not counted as a step");
    }
}
