//! The processor.

/// More threads than these make a pass no faster.
const MOST_THREADS: usize = 4;

/// Threads to compute with when nobody says: one for each real core this process may use. Two threads on one core only
/// wait for each other, because ggml's threads spin between the parts of a step.
pub(crate) fn default_threads() -> u32 {
    let allowed = std::thread::available_parallelism().map_or(1, usize::from);
    let physical = sysinfo::System::physical_core_count().unwrap_or(allowed);
    u32::try_from(physical.min(allowed).clamp(1, MOST_THREADS)).unwrap_or(1)
}

/// Whether this processor has what this build's code needs; else it would die of an illegal instruction.
#[cfg(target_arch = "x86_64")]
pub(crate) fn check_processor() -> Result<(), String> {
    let here = std::arch::is_x86_feature_detected!("avx2")
        && std::arch::is_x86_feature_detected!("fma")
        && std::arch::is_x86_feature_detected!("f16c")
        && std::arch::is_x86_feature_detected!("bmi2");
    if here {
        return Ok(());
    }
    Err("This processor lacks AVX2, which this recogniser needs. Choose another recogniser.".into())
}

/// Whether this processor has what this build's code needs.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn check_processor() -> Result<(), String> {
    Ok(())
}
