//! Making a model ready: is the file what it should be, does it fit, what is it called.

use std::fs::File;
use std::io::Read;
use std::num::NonZeroU32;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::thread;

use engine::{JobError, LoadProgress, LoadRequest};
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;

use crate::logs;
use crate::machine::{self, DeviceKind};
use crate::native::{Context, Shape, continues_text, gguf_bytes};
use crate::projector::Projector;
use crate::watch::IsCancelled;

/// Tokens of context when nobody says, if the model was trained with so many.
const DEFAULT_CONTEXT: u32 = 8192;
/// Less context than this is no conversation any more.
const LEAST_CONTEXT: u32 = 512;
/// Tokens of memory beyond the context, so that a side question fits beside a full conversation. llama.cpp rounds up
/// to this anyway.
const ASIDE_ROOM: u32 = 256;
/// Most tokens in one step. Half the size reads 2-3 % slower on two cores (measured with a 135M model). A cancellation
/// does not wait for a whole step: on a processor it is broken off inside, and a graphics card is quick with one.
pub(crate) const STEP: u32 = 512;

/// A model in memory, and where it runs.
pub(crate) struct Loaded {
    pub(crate) model: Arc<LlamaModel>,
    pub(crate) context: Context,
    pub(crate) context_tokens: u32,
    pub(crate) device: String,
    pub(crate) projector: Option<Projector>,
}

/// Loads what `request` names.
pub(crate) fn load(
    request: &LoadRequest,
    is_cancelled: &IsCancelled,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Loaded, JobError> {
    machine::check_processor().map_err(|reason| JobError::Internal { reason })?;
    check_file(&request.weights)?;
    request.projector.as_deref().map(check_file).transpose()?;
    logs::take_last_error();
    let model = read_model(request, is_cancelled, progress)?;
    if !continues_text(&model) {
        let name = file_name(&request.weights);
        return Err(bad(format!("{name} is no model for conversations. Choose another model.")));
    }
    let threads = request.threads.unwrap_or_else(machine::default_threads).clamp(1, 512);
    let prefill_threads = request.prefill_threads.unwrap_or(threads).clamp(1, 512);
    let (context, context_tokens) = make_context(&model, request.context_tokens, threads, prefill_threads)?;
    let device = device_name(request.gpu_layers, threads);
    let gpu = request.gpu_layers != Some(0);
    let projector =
        request.projector.as_deref().map(|path| read_projector(path, &model, prefill_threads, gpu));
    let projector = projector.transpose()?;
    Ok(Loaded { model, context, context_tokens, device, projector })
}

/// Loads the part of the model that sees or hears.
fn read_projector(
    path: &Path,
    model: &Arc<LlamaModel>,
    threads: u32,
    gpu: bool,
) -> Result<Projector, JobError> {
    logs::take_last_error();
    Projector::load(path, model, threads, gpu, STEP).ok_or_else(|| {
        let (name, said) = (file_name(path), logs::take_last_error());
        let said = said.map_or_else(String::new, |said| format!(" ({said})"));
        bad(format!(
            "{name}, with which it would see or hear, does not go with it{said}. Choose the projector that was made for it."
        ))
    })
}

/// Says in a sentence when the file cannot be a model, before anything costly is tried.
fn check_file(path: &Path) -> Result<(), JobError> {
    let name = file_name(path);
    let mut magic = [0; 4];
    let read = File::open(path).and_then(|mut file| {
        if file.metadata()?.is_dir() {
            return Err(std::io::ErrorKind::IsADirectory.into());
        }
        file.read_exact(&mut magic)
    });
    match read {
        Ok(()) if &magic == b"GGUF" => Ok(()),
        Ok(()) => Err(bad(format!("{name} is not a GGUF file. Choose a file that ends in .gguf."))),
        Err(error) => Err(match error.kind() {
            std::io::ErrorKind::NotFound => bad(format!(
                "the file {} is not there. Download the model again, or choose another.",
                path.display()
            )),
            std::io::ErrorKind::UnexpectedEof => {
                bad(format!("{name} is empty or cut off. Download the model again."))
            }
            std::io::ErrorKind::IsADirectory => {
                bad(format!("{name} is a folder. Choose the .gguf file in it."))
            }
            _ => bad(format!("{name} cannot be read ({error}). Check the file's permissions.")),
        }),
    }
}

/// Reads the weights, on a thread of its own so that this one can pass the progress on.
fn read_model(
    request: &LoadRequest,
    is_cancelled: &IsCancelled,
    progress: &mut dyn FnMut(LoadProgress),
) -> Result<Arc<LlamaModel>, JobError> {
    let backend = machine::backend().map_err(|error| JobError::Internal {
        reason: format!("llama.cpp cannot be started ({error}). Restart the app."),
    })?;
    let (send, receive) = mpsc::channel();
    let asked = Arc::clone(is_cancelled);
    let model = thread::scope(|scope| {
        let reading = thread::Builder::new().name("read-model".into()).spawn_scoped(scope, move || {
            let params = LlamaModelParams::default().with_progress_callback(move |part| {
                let _ = send.send(part);
                !asked()
            });
            let mut params = pin!(match request.gpu_layers {
                Some(layers) => params.with_n_gpu_layers(layers),
                None => params,
            });
            if request.gpu_layers.is_none() && has_gpu() {
                fit_to_gpu(params.as_mut(), &request.weights, request.context_tokens);
            }
            LlamaModel::load_from_file(backend, &request.weights, &params)
        });
        let mut told: f32 = 0.0;
        for part in receive {
            // llama.cpp tells of every tensor; a hundred steps are enough for a bar.
            if part >= told + 0.01 || part >= 1.0 {
                told = part;
                progress(LoadProgress(part.clamp(0.0, 1.0)));
            }
        }
        reading.map(thread::ScopedJoinHandle::join)
    });
    match model {
        Ok(Ok(Ok(model))) => Ok(Arc::new(model)),
        _ if is_cancelled() => Err(JobError::Cancelled),
        _ => Err(why_not(&request.weights)),
    }
}

/// Puts on the graphics card what fits there; where that cannot be found out, llama.cpp's default stands.
fn fit_to_gpu(params: std::pin::Pin<&mut LlamaModelParams>, weights: &Path, context_tokens: Option<u32>) {
    let Ok(path) = std::ffi::CString::new(weights.as_os_str().as_encoded_bytes()) else { return };
    let tokens = NonZeroU32::new(context_tokens.unwrap_or(DEFAULT_CONTEXT));
    let mut context = LlamaContextParams::default().with_n_ctx(tokens);
    // llama.cpp's own default: a gigabyte is left to everybody else.
    let mut margins = vec![1 << 30; llama_cpp_2::max_devices()];
    let level = llama_cpp_sys_2::GGML_LOG_LEVEL_ERROR;
    if let Err(error) = params.fit_params(&path, &mut context, &mut margins, LEAST_CONTEXT, level) {
        tracing::warn!(%error, "what fits on the graphics card is not known");
    }
}

/// Why llama.cpp did not load a file that looked like a model.
fn why_not(path: &Path) -> JobError {
    let name = file_name(path);
    let Some(needed) = gguf_bytes(path) else {
        return bad(format!("{name} is damaged or cut off. Download the model again."));
    };
    let here = std::fs::metadata(path).map_or(0, |meta| meta.len());
    if here < needed {
        return bad(format!(
            "{name} is incomplete: {} of {} are there. Download the model again.",
            amount(here),
            amount(needed)
        ));
    }
    if let Some(available) = machine::available_memory().filter(|&available| available < here) {
        return JobError::OutOfMemory {
            reason: format!("{name} needs about {} and {} are free.", amount(here), amount(available)),
        };
    }
    let said = logs::take_last_error().unwrap_or_else(|| "no reason given".into());
    bad(format!("llama.cpp cannot load {name} ({said}). Choose another model or file."))
}

/// Makes the memory for a conversation. When nobody asked for a certain size, smaller ones are tried.
fn make_context(
    model: &Arc<LlamaModel>,
    asked: Option<u32>,
    threads: u32,
    prefill_threads: u32,
) -> Result<(Context, u32), JobError> {
    let trained = model.n_ctx_train();
    let mut tokens = match asked {
        Some(asked) => asked.max(LEAST_CONTEXT),
        None if trained == 0 => DEFAULT_CONTEXT,
        None => trained.min(DEFAULT_CONTEXT),
    };
    loop {
        let bytes = memory_bytes(model, tokens);
        let fits = has_gpu() || machine::available_memory().is_none_or(|available| bytes < available);
        let shape = |cells| Shape { cells, batch: STEP.min(tokens), threads, prefill_threads };
        // Beyond what the model was trained with, llama.cpp warns; there an aside has only what the reply leaves.
        let cells = tokens.saturating_add(ASIDE_ROOM).min(trained.max(tokens));
        let context =
            NonZeroU32::new(cells).filter(|_| fits).and_then(|cells| Context::new(model, shape(cells)));
        match context {
            Some(context) => return Ok((context, tokens)),
            None if asked.is_none() && tokens / 2 >= LEAST_CONTEXT => {
                tracing::warn!(tokens, "no memory for a context of this size, trying half");
                tokens /= 2;
            }
            None => {
                return Err(JobError::OutOfMemory {
                    reason: format!(
                        "a context of {tokens} tokens needs about {}. Choose a smaller context or model in the settings.",
                        amount(bytes)
                    ),
                });
            }
        }
    }
}

/// About how many bytes the memory of so many tokens takes: keys and values of all layers, two bytes a number. Models
/// with recurrent layers take less.
fn memory_bytes(model: &LlamaModel, tokens: u32) -> u64 {
    if model.is_recurrent() || model.is_hybrid() {
        return 0;
    }
    let architecture = model.meta_val_str("general.architecture").unwrap_or_default();
    let stated = model.meta_val_str(&format!("{architecture}.attention.key_length")).ok();
    let heads = u64::from(model.n_head()).max(1);
    let width = stated
        .and_then(|length| length.parse::<u64>().ok())
        .unwrap_or_else(|| u64::try_from(model.n_embd()).unwrap_or(0) / heads);
    u64::from(tokens) * u64::from(model.n_layer()) * u64::from(model.n_head_kv()) * width * 2 * 2
}

fn has_gpu() -> bool {
    machine::devices().iter().any(|device| device.kind == DeviceKind::Gpu)
}

/// Where the model runs, for people.
fn device_name(gpu_layers: Option<u32>, threads: u32) -> String {
    let gpu = machine::devices().into_iter().find(|device| device.kind == DeviceKind::Gpu);
    match gpu {
        Some(gpu) if gpu_layers != Some(0) => format!("{}: {}", gpu.backend, gpu.description),
        _ => format!("CPU ({threads} thread{})", if threads == 1 { "" } else { "s" }),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn bad(reason: String) -> JobError {
    JobError::BadModel { reason }
}

/// An amount of memory for people, to a tenth.
fn amount(bytes: u64) -> String {
    const UNITS: [(&str, f64); 3] = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let bytes = bytes as f64;
    UNITS
        .into_iter()
        .find(|&(_, size)| bytes >= size)
        .map_or_else(|| format!("{bytes} bytes"), |(unit, size)| format!("{:.1} {unit}", bytes / size))
}
