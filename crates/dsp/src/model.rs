//! The small networks: loaded from a file, run on the calling thread or on two.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};

/// Why a small network cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file is not there or is no network that can be run.
    #[error("The model {path} cannot be loaded: {why}. Install it again with `hark models pull voice`.")]
    Load {
        /// Which file.
        path: PathBuf,
        /// What the library says.
        why: String,
    },
    /// The file is a network, but another one.
    #[error(
        "The model {path} is not the one that is expected there ({missing} is missing in it). Install it again with `hark models pull voice`."
    )]
    Other {
        /// Which file.
        path: PathBuf,
        /// What it lacks.
        missing: &'static str,
    },
    /// It failed.
    #[error("The model failed: {0}. Install it again with `hark models pull voice`.")]
    Run(String),
}

/// A network and the threads it runs on.
pub(crate) struct Network {
    model: Model,
    path: PathBuf,
    threads: Arc<ThreadPool>,
}

impl Network {
    pub(crate) fn load(path: &Path, threads: usize) -> Result<Self, ModelError> {
        // Weights laid out for this machine's multiplications: more memory for less time.
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .load_file(path)
            .map_err(|error| ModelError::Load { path: path.to_owned(), why: error.to_string() })?;
        Ok(Self { model, path: path.to_owned(), threads: Arc::new(ThreadPool::with_num_threads(threads)) })
    }

    pub(crate) fn node(&self, name: &'static str) -> Result<NodeId, ModelError> {
        self.model.node_id(name).map_err(|_| ModelError::Other { path: self.path.clone(), missing: name })
    }

    pub(crate) fn run(
        &self,
        inputs: Vec<(NodeId, rten::ValueOrView<'_>)>,
        outputs: &[NodeId],
    ) -> Result<Vec<rten::Value>, ModelError> {
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.threads));
        self.model.run(inputs, outputs, Some(options)).map_err(|error| ModelError::Run(error.to_string()))
    }
}
