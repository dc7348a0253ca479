//! What this machine has to compute with: devices, cores, memory.

use std::sync::OnceLock;

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::{LlamaBackendDevice, LlamaBackendDeviceType, LlamaCppError};
use serde::Serialize;

use crate::logs;

/// More threads than this slow small models down and take the machine from its user.
const MOST_THREADS: usize = 8;

/// Something that can run a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// ggml's backend: `CPU`, `CUDA`, `Metal`, `Vulkan`.
    pub backend: String,
    /// What the device calls itself.
    pub description: String,
    /// What kind of device it is.
    pub kind: DeviceKind,
    /// Bytes of memory in all; 0 where unknown.
    pub memory_bytes: u64,
    /// Bytes of memory that are free; 0 where unknown.
    pub free_bytes: u64,
}

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// A graphics card, or the processor's own graphics.
    Gpu,
    /// Something that helps the processor with some operations.
    Accelerator,
}

/// llama.cpp, initialised once in a process.
pub(crate) fn backend() -> Result<&'static LlamaBackend, LlamaCppError> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    logs::install();
    let backend = BACKEND.get_or_init(|| LlamaBackend::init().map_err(|error| error.to_string()));
    backend.as_ref().map_err(|_| LlamaCppError::BackendAlreadyInitialized)
}

/// The devices that this build can use here.
pub fn devices() -> Vec<Device> {
    // Initialising finds the devices; without it there are none to list.
    if backend().is_err() {
        return Vec::new();
    }
    llama_cpp_2::list_llama_ggml_backend_devices().into_iter().map(Device::from).collect()
}

impl From<LlamaBackendDevice> for Device {
    fn from(device: LlamaBackendDevice) -> Self {
        let kind = match device.device_type {
            LlamaBackendDeviceType::Gpu | LlamaBackendDeviceType::IntegratedGpu => DeviceKind::Gpu,
            LlamaBackendDeviceType::Accelerator => DeviceKind::Accelerator,
            LlamaBackendDeviceType::Cpu | LlamaBackendDeviceType::Unknown => DeviceKind::Cpu,
        };
        Self {
            backend: device.backend,
            description: device.description.trim().to_owned(),
            kind,
            memory_bytes: device.memory_total as u64,
            free_bytes: device.memory_free as u64,
        }
    }
}

/// Threads to compute with when nobody says: one for each real core this process may use, 1 to 8. Two threads on one
/// core only wait for each other, because ggml's threads spin between the parts of a step.
pub fn default_threads() -> u32 {
    let allowed = std::thread::available_parallelism().map_or(1, usize::from);
    let physical = sysinfo::System::physical_core_count().unwrap_or(allowed);
    u32::try_from(physical.min(allowed).clamp(1, MOST_THREADS)).unwrap_or(1)
}

/// Bytes of memory that could be taken now; `None` where that cannot be told.
pub(crate) fn available_memory() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    Some(system.available_memory()).filter(|&bytes| bytes > 0)
}

/// Whether this processor has what this build's code needs; the sentence says what is missing.
#[cfg(target_arch = "x86_64")]
pub fn check_processor() -> Result<(), String> {
    let missing: Vec<&str> = [
        ("AVX2", std::arch::is_x86_feature_detected!("avx2")),
        ("FMA", std::arch::is_x86_feature_detected!("fma")),
        ("F16C", std::arch::is_x86_feature_detected!("f16c")),
    ]
    .into_iter()
    .filter_map(|(name, here)| (!here).then_some(name))
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "This processor lacks {}, which local models need. Use a model on a server instead.",
        missing.join(" and ")
    ))
}

/// Whether this processor has what this build's code needs.
#[cfg(not(target_arch = "x86_64"))]
pub fn check_processor() -> Result<(), String> {
    Ok(())
}
