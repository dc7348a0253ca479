//! ONNX Runtime, loaded from a file, and sessions on it.
//!
//! Always holds: a process loads one library, once. Telemetry is off. A session computes with as many threads as it was
//! told, none of which spins while it waits.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use engine::{JobError, SpeechLoad};
use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::builder::SessionBuilder;
use ort::session::{RunOptions, Session};

/// Threads when nobody says. Small networks gain nothing from more, and the language model wants cores too.
const DEFAULT_THREADS: usize = 2;

/// What fails comes back as an error and is logged here; the library itself would log every run that is stopped.
const QUIET: LogLevel = LogLevel::Fatal;

/// How soon a wish to stop is seen while a network runs.
const LOOK: Duration = Duration::from_millis(2);

/// The role of the shared library among a model's files.
const LIBRARY: &str = "library";

/// ONNX Runtime, ready to load models.
#[derive(Debug, Clone)]
pub struct Runtime {
    environment: Environment,
    threads: usize,
}

/// The environment that this process has, if any. A mutex because an environment is made once, and a failed attempt
/// must leave room for the next.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

impl Runtime {
    /// Loads the library that `load` names, unless this process has one already: then that one stays, because native
    /// code cannot be taken out again.
    ///
    /// # Errors
    /// [`JobError::BadModel`] with what is wrong with the file and what to do.
    pub fn open(load: &SpeechLoad) -> Result<Self, JobError> {
        let threads = load.threads.map_or_else(default_threads, |threads| threads.max(1) as usize);
        let mut held = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
        let environment = match &*held {
            Some(environment) => environment.clone(),
            None => held.insert(environment(needed(load, LIBRARY)?)?).clone(),
        };
        Ok(Self { environment, threads })
    }

    /// Loads the model in this file, which must have at least these inputs.
    ///
    /// # Errors
    /// [`JobError::BadModel`]: the file is missing, broken, or of another model.
    pub fn session(&self, path: &Path, inputs: &[&str]) -> Result<Session, JobError> {
        // Asked here, because the library's own sentence is not for people.
        readable(path)?;
        let session =
            self.builder().and_then(|mut builder| builder.commit_from_file(path)).map_err(|error| {
                tracing::warn!(%error, "a model could not be loaded");
                bad_model(format!(
                    "{} is damaged or not a model for ONNX Runtime. Download it again.",
                    name(path)
                ))
            })?;
        match inputs.iter().find(|wanted| session.inputs().iter().all(|input| input.name() != **wanted)) {
            None => Ok(session),
            Some(missing) => Err(bad_model(format!(
                "{} is another model than expected (it has no input “{missing}”). Download it again.",
                name(path)
            ))),
        }
    }

    fn builder(&self) -> ort::Result<SessionBuilder> {
        // No memory patterns: every utterance has another length. No arena: it keeps the memory of the longest one.
        let builder = Session::builder(&self.environment)?
            .with_intra_threads(self.threads)?
            .with_inter_threads(1)?
            .with_intra_op_spinning(false)?
            .with_memory_pattern(false)?
            .with_execution_providers([ort::ep::CPU::default().with_arena_allocator(false).build()])?
            .with_log_level(QUIET)?;
        Ok(builder)
    }
}

fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(DEFAULT_THREADS)
}

fn environment(library: &Path) -> Result<Environment, JobError> {
    readable(library)?;
    let builder = ort::init_from(library).map_err(|error| {
        tracing::warn!(%error, "the library could not be loaded");
        bad_model(match error {
            ort::LoadDynamicError::BadVersion { version_str, .. } => format!(
                "ONNX Runtime {version_str} in {} is too old; 1.{} or newer is needed. Set up the voice again.",
                library.display(),
                ort::MINOR_VERSION
            ),
            _ => format!(
                "{} is not ONNX Runtime for this machine. Set up the voice again.",
                library.display()
            ),
        })
    })?;
    let environment = builder.with_name("hark").with_telemetry(false).build().map_err(|error| {
        tracing::warn!(%error, "ONNX Runtime could not be started");
        bad_model(format!(
            "ONNX Runtime in {} could not be started. Set up the voice again.",
            library.display()
        ))
    })?;
    environment.set_log_level(QUIET);
    Ok(environment)
}

/// Runs a network with options that end the run soon after `stop` is set; `None` when it was.
///
/// # Errors
/// [`JobError::Internal`]: the computation failed.
pub(crate) fn unless_stopped<T>(
    stop: &AtomicBool,
    run: impl FnOnce(&RunOptions) -> ort::Result<T>,
) -> Result<Option<T>, JobError> {
    let options = RunOptions::new().map_err(|error| failed(&error))?;
    let done = AtomicBool::new(false);
    let result = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if stop.load(Ordering::Relaxed) {
                    // If it cannot be stopped it goes on to its end.
                    let _ = options.terminate();
                    return;
                }
                thread::park_timeout(LOOK);
            }
        });
        let result = run(&options);
        done.store(true, Ordering::Relaxed);
        watch.thread().unpark();
        result
    });
    match result {
        _ if stop.load(Ordering::Relaxed) => Ok(None),
        Ok(made) => Ok(Some(made)),
        Err(error) => Err(failed(&error)),
    }
}

/// The file of this role.
///
/// # Errors
/// [`JobError::BadModel`]: there is none.
pub(crate) fn needed<'l>(load: &'l SpeechLoad, role: &str) -> Result<&'l Path, JobError> {
    load.file(role).ok_or_else(|| {
        bad_model(format!("“{}” has no file of the kind “{role}”. Download it again.", load.name))
    })
}

/// Whether the file can be read.
///
/// # Errors
/// [`JobError::BadModel`] with the reason.
pub(crate) fn readable(path: &Path) -> Result<(), JobError> {
    let file = std::fs::File::open(path).and_then(|file| file.metadata());
    match file {
        Ok(about) if about.is_file() => Ok(()),
        Ok(_) => Err(bad_model(format!("{} is a folder where a file is needed.", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(bad_model(format!("{} is missing. Download it again.", path.display())))
        }
        Err(error) => Err(bad_model(format!("{} cannot be read ({error}).", path.display()))),
    }
}

pub(crate) fn bad_model(reason: String) -> JobError {
    JobError::BadModel { reason }
}

/// A computation failed although the model was loaded.
pub(crate) fn failed(error: &ort::Error) -> JobError {
    tracing::error!(%error, "a computation failed");
    JobError::Internal { reason: "The speech model failed on this. Try again.".into() }
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
