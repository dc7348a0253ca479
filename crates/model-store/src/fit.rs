//! Whether a model fits this machine, with the numbers.
//!
//! needed = weights + projector + draft + key-value cache + working memory. Speed is estimated from what has to be
//! read for every token: a token reads all active weights and, on average, half of the cache once.
//! The constants are rough on purpose and say where they come from.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalogue::CatalogueEntry;
use crate::gguf::GgufHeader;
use crate::machine::Machine;
use crate::numbers::human_bytes;

/// Buffers of the engine that do not grow with the model (measured with a 135M model: some 100 MB).
const FIXED_OVERHEAD: u64 = 128 << 20;
/// Buffers that do, as a part of the weights: one in so many.
const OVERHEAD_PART: u64 = 20;
/// Memory left to the system and other programs.
const RESERVE: u64 = 1 << 30;
/// Bytes a second that one core streams from memory while decoding: a 98 MB model made 80-122 tokens a second on two
/// cores. More cores help until the memory is busy.
const BYTES_PER_CORE: f64 = 5e9;
/// What ordinary two-channel memory gives all cores together.
const BYTES_ALL_CORES: f64 = 40e9;
/// What a modest graphics card gives.
const BYTES_CARD: f64 = 200e9;
/// Slower than this is slower than reading aloud (about 3 words a second).
const SLOW_BELOW: f64 = 5.0;
/// Bytes of cache per token where nothing is published: that of a 2B model with grouped heads, per weight.
const KV_PER_PARAMETER: f64 = 114_688.0 / 2e9;

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// There is not enough memory.
    WillNotFit,
    /// It will run, but not pleasantly.
    Slow,
    /// It fits.
    Fits,
}

/// A verdict with its numbers, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The verdict.
    pub verdict: Verdict,
    /// Weights, projector and draft.
    pub weights: u64,
    /// Key-value cache for the context that was asked for.
    pub kv_cache: u64,
    /// Working memory of the engine.
    pub overhead: u64,
    /// Memory that could be used for it: the card's, if it fits there, otherwise what programs could take now.
    pub available: u64,
    /// Estimated speed of a reply.
    pub tokens_per_s: f64,
}

impl Fit {
    /// All of it.
    pub fn needed(&self) -> u64 {
        self.weights.saturating_add(self.kv_cache).saturating_add(self.overhead)
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (needed, available) = (human_bytes(self.needed()), human_bytes(self.available));
        match self.verdict {
            Verdict::Fits => {
                write!(
                    f,
                    "Fits: needs {needed} of {available}, about {:.0} tokens a second.",
                    self.tokens_per_s
                )
            }
            Verdict::Slow if self.needed() > self.available => {
                write!(f, "Slow: needs {needed} and {available} are free. Closing other programs will help.")
            }
            Verdict::Slow => {
                write!(
                    f,
                    "Slow: about {:.1} tokens a second on this machine (needs {needed}).",
                    self.tokens_per_s
                )
            }
            Verdict::WillNotFit => {
                write!(f, "Will not fit: needs {needed}; this machine can give at most {available}.")
            }
        }
    }
}

/// What a model needs, from whatever source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Needs {
    pub(crate) weights: u64,
    pub(crate) kv_cache: u64,
    /// The part of the weights that a token reads.
    pub(crate) active: f64,
    /// Published altogether, instead of computed.
    pub(crate) published: Option<u64>,
}

impl Needs {
    /// Before downloading. `None` if the catalogue does not know the sizes.
    pub(crate) fn of_entry(entry: &CatalogueEntry, n_ctx: u32) -> Option<Self> {
        let weights = entry.download_bytes()?;
        let n_ctx = entry.context_length.map_or(n_ctx, |longest| n_ctx.min(longest));
        let per_token = match (entry.kv_bytes_per_token, entry.active_parameters.or(entry.parameters)) {
            (Some(bytes), _) => bytes as f64,
            (None, Some(parameters)) => parameters as f64 * KV_PER_PARAMETER,
            (None, None) => 0.0,
        };
        let active = match (entry.active_parameters, entry.parameters) {
            (Some(active), Some(all)) if all > 0 => active as f64 / all as f64,
            _ => 1.0,
        };
        Some(Self {
            weights,
            kv_cache: rounded(per_token * f64::from(n_ctx)),
            active,
            published: entry.memory_bytes,
        })
    }

    /// Of a file that is there; `beside` are the bytes of projector and draft.
    pub(crate) fn of_header(header: &GgufHeader, beside: u64, n_ctx: u32) -> Self {
        let n_ctx = header.context_length.map_or(n_ctx, |longest| n_ctx.min(longest));
        let guess = || rounded(header.parameters as f64 * KV_PER_PARAMETER * f64::from(n_ctx));
        // Experts are most of the weights of such a model; attention and embeddings are not counted apart.
        let active = match header.experts {
            Some((all, used)) if all > 0 && used > 0 => f64::from(used) / f64::from(all),
            _ => 1.0,
        };
        let kv_cache = header.kv_bytes(n_ctx).unwrap_or_else(guess);
        Self { weights: header.tensor_bytes.saturating_add(beside), kv_cache, active, published: None }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "estimates are positive and far below 2^64"
)]
fn rounded(bytes: f64) -> u64 {
    bytes.round() as u64
}

/// Judges `needs` on `machine`.
pub(crate) fn judge(needs: &Needs, machine: &Machine) -> Fit {
    let overhead = match needs.published {
        Some(published) => published.saturating_sub(needs.weights + needs.kv_cache),
        None => FIXED_OVERHEAD + needs.weights / OVERHEAD_PART,
    };
    let needed = needs.weights.saturating_add(needs.kv_cache).saturating_add(overhead);
    let on_card = machine.vram.filter(|vram| needed <= vram - vram / 10);
    let cores = (BYTES_PER_CORE * machine.cores as f64).min(BYTES_ALL_CORES);
    let bandwidth = if on_card.is_some() { BYTES_CARD } else { cores };
    let per_token = needs.weights as f64 * needs.active + needs.kv_cache as f64 / 2.0;
    let tokens_per_s = bandwidth / per_token.max(1.0);
    let most = machine.ram_total.saturating_sub(RESERVE);
    let (verdict, available) = match on_card {
        Some(vram) => (Verdict::Fits, vram),
        None if needed > most => (Verdict::WillNotFit, most),
        None if needed > machine.ram_available || tokens_per_s < SLOW_BELOW => {
            (Verdict::Slow, machine.ram_available)
        }
        None => (Verdict::Fits, machine.ram_available),
    };
    Fit { verdict, weights: needs.weights, kv_cache: needs.kv_cache, overhead, available, tokens_per_s }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn machine(total: u64, available: u64, vram: Option<u64>, cores: usize) -> Machine {
        Machine { ram_total: total * GIB, ram_available: available * GIB, vram: vram.map(|v| v * GIB), cores }
    }

    fn fit(id: &str, n_ctx: u32, machine: &Machine) -> Fit {
        let entries = crate::catalogue::built_in().unwrap();
        let entry = entries.iter().find(|e| e.id.as_str() == id).unwrap();
        judge(&Needs::of_entry(entry, n_ctx).unwrap(), machine)
    }

    #[test]
    fn verdicts_follow_memory_speed_and_card() {
        let verdict = |id, n_ctx, m: Machine| fit(id, n_ctx, &m).verdict;
        assert_eq!(verdict("smollm2-135m", 4096, machine(4, 2, None, 2)), Verdict::Fits);
        assert_eq!(verdict("qwen3-vl-8b", 4096, machine(4, 3, None, 8)), Verdict::WillNotFit);
        assert_eq!(verdict("qwen3-vl-8b", 4096, machine(16, 12, None, 2)), Verdict::Slow);
        assert_eq!(verdict("qwen3-vl-8b", 4096, machine(16, 4, None, 8)), Verdict::Slow);
        assert_eq!(verdict("qwen3-vl-8b", 4096, machine(16, 4, Some(12), 8)), Verdict::Fits);
        assert_eq!(verdict("qwen3-vl-2b", 262_144, machine(16, 12, None, 8)), Verdict::WillNotFit);
    }

    #[test]
    fn the_numbers_add_up() {
        let fit = fit("smollm2-135m", 4096, &machine(8, 4, None, 2));
        assert_eq!((fit.weights, fit.kv_cache), (98_362_432, 23_040 * 4096));
        assert_eq!(fit.needed(), fit.weights + fit.kv_cache + fit.overhead);
        assert!((50.0..150.0).contains(&fit.tokens_per_s), "{fit:?}");
    }

    #[test]
    fn a_longer_context_than_the_model_has_costs_nothing_more() {
        let m = machine(8, 4, None, 2);
        assert_eq!(fit("smollm2-135m", 8192, &m), fit("smollm2-135m", 100_000, &m));
    }

    #[test]
    fn every_verdict_has_a_sentence_with_numbers() {
        let text = |id, m| fit(id, 4096, &m).to_string();
        insta::assert_snapshot!(text("smollm2-135m", machine(8, 4, None, 2)), @"Fits: needs 332 MB of 4.29 GB, about 69 tokens a second.");
        insta::assert_snapshot!(text("qwen3-vl-8b", machine(16, 12, None, 2)), @"Slow: about 1.5 tokens a second on this machine (needs 7.23 GB).");
        insta::assert_snapshot!(text("qwen3-vl-8b", machine(16, 4, None, 8)), @"Slow: needs 7.23 GB and 4.29 GB are free. Closing other programs will help.");
        insta::assert_snapshot!(text("qwen3-vl-8b", machine(4, 3, None, 8)), @"Will not fit: needs 7.23 GB; this machine can give at most 3.22 GB.");
    }
}
