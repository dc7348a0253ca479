//! What a GGUF file says of itself, read without loading it.
//!
//! Owns the header format (versions 2 and 3, little-endian) and the judgement whether a file can be a chat model.
//! Always holds: hostile or broken files end in a [`GgufError`], never in a panic, a huge allocation or an endless
//! loop; the bytes read are bounded by the length of the file.

mod arch;
mod metadata;
mod reader;
mod types;

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::catalogue::Ability;
use metadata::Metadata;
use reader::Reader;

/// The most metadata entries a header may have. Real files have fewer than a hundred.
const MAX_ENTRIES: u64 = 65_536;
/// The most tensors a file may have. The largest real models have some ten thousand.
const MAX_TENSORS: u64 = 1_000_000;

/// Why a file cannot be read as a GGUF, as a sentence.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// The first four bytes are something else.
    #[error("This is not a GGUF file. Choose a file whose name ends in .gguf.")]
    NotGguf,
    /// Shorter than its own tensor table says.
    #[error(
        "The file is incomplete: it has {have} bytes and should have at least {need}. Download it again."
    )]
    Truncated {
        /// Bytes that are there.
        have: u64,
        /// Bytes that should be there, at least.
        need: u64,
    },
    /// Written for a big-endian machine.
    #[error("This GGUF file was made for a big-endian machine. Look for the ordinary (little-endian) file.")]
    BigEndian,
    /// Version 1, or one newer than this program.
    #[error(
        "This GGUF file has format version {0}; versions 2 and 3 can be used. Look for a newer conversion."
    )]
    Version(u32),
    /// Counts or types that no real file has.
    #[error("The header of this GGUF file makes no sense ({0}). Download it again.")]
    Nonsense(&'static str),
    /// A tensor in a format that the bundled llama.cpp does not have.
    #[error("This file stores weights in a format (number {0}) that this version does not know.")]
    WeightFormat(u32),
    /// The file cannot be read.
    #[error("The file cannot be read: {0}.")]
    Io(#[from] std::io::Error),
}

/// What kind of file a GGUF is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GgufKind {
    /// Weights of a model.
    Model,
    /// The part that turns images or sound into embeddings ("mmproj").
    Projector,
    /// An adapter (`LoRA`).
    Adapter,
    /// A vocabulary without weights.
    Vocabulary,
}

/// Whether a file brings its own chat template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChatTemplate {
    /// `tokenizer.chat_template` is there.
    Present,
    /// It is not: this is probably a base model.
    Absent,
}

/// What a GGUF header says, as far as it matters for choosing and loading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GgufHeader {
    /// `general.architecture`, for example `llama`.
    pub architecture: String,
    /// `general.name`.
    pub name: Option<String>,
    /// Model, projector, adapter or vocabulary.
    pub kind: GgufKind,
    /// The format of most weights, for example `Q4_K_M`.
    pub quantisation: Option<String>,
    /// Number of weights.
    pub parameters: u64,
    /// Bytes of all tensors together.
    pub tensor_bytes: u64,
    /// The longest context it was made for, tokens.
    pub context_length: Option<u32>,
    /// Number of layers.
    pub layers: Option<u32>,
    /// Width of the residual stream.
    pub embedding: Option<u32>,
    /// Number of attention heads (of the first layer).
    pub heads: Option<u32>,
    /// Key and value heads, one entry per layer, or a single one for all.
    pub kv_heads: Vec<u32>,
    /// Numbers per key head.
    pub key_length: Option<u32>,
    /// Numbers per value head.
    pub value_length: Option<u32>,
    /// Tokens a sliding-window layer remembers.
    pub sliding_window: Option<u32>,
    /// Which layers have the sliding window, if the file says so.
    pub sliding_layers: Vec<bool>,
    /// Every how many layers one attends to everything; the others are recurrent.
    pub full_attention_interval: Option<u32>,
    /// Number of experts and how many of them work on a token.
    pub experts: Option<(u32, u32)>,
    /// Number of tokens in the vocabulary.
    pub vocabulary: Option<u64>,
    /// Whether there is a chat template.
    pub chat_template: ChatTemplate,
    /// For a projector: what it takes.
    pub senses: Vec<Ability>,
    /// Number of files this model is split into (1: not split).
    pub shards: u32,
}

impl GgufHeader {
    /// Bytes of the key-value cache for `n_ctx` tokens at 16 bits a number; `None` if the header does not tell the
    /// shape of its attention.
    pub fn kv_bytes(&self, n_ctx: u32) -> Option<u64> {
        let layers = self.layers?;
        let head = u64::from(self.embedding?) / u64::from(self.heads?.max(1));
        let key = self.key_length.map_or(head, u64::from);
        let value = self.value_length.map_or(head, u64::from);
        let mut bytes = 0_u64;
        for layer in 0..layers {
            let index = layer as usize;
            if self.full_attention_interval.is_some_and(|n| n > 0 && (layer + 1) % n != 0) {
                continue;
            }
            let heads = self.kv_heads.get(index).or(self.kv_heads.last()).copied().or(self.heads)?;
            let window = self.sliding_layers.get(index).copied().unwrap_or(false);
            let tokens = match self.sliding_window {
                Some(width) if window => n_ctx.min(width),
                _ => n_ctx,
            };
            bytes = bytes.saturating_add(u64::from(heads) * (key + value) * 2 * u64::from(tokens));
        }
        Some(bytes)
    }

    /// Whether the bundled llama.cpp can load this architecture.
    pub fn is_known_architecture(&self) -> bool {
        arch::is_known(&self.architecture)
    }
}

/// Reads the header of the file at `path` and checks that the file is long enough for its tensors.
pub fn read_header(path: &Path) -> Result<GgufHeader, GgufError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    read_from(file, length)
}

/// Reads a header from `source`, which is `length` bytes long.
pub(crate) fn read_from(source: impl Read + Seek, length: u64) -> Result<GgufHeader, GgufError> {
    if length < 4 {
        return Err(GgufError::NotGguf);
    }
    let mut reader = Reader::new(source, length);
    if &reader.magic()? != b"GGUF" {
        return Err(GgufError::NotGguf);
    }
    let version = reader.u32()?;
    if matches!(version.swap_bytes(), 1..=3) {
        return Err(GgufError::BigEndian);
    }
    if !matches!(version, 2 | 3) {
        return Err(GgufError::Version(version));
    }
    let tensors = reader.u64()?;
    let entries = reader.u64()?;
    if tensors > MAX_TENSORS || entries > MAX_ENTRIES {
        return Err(GgufError::Nonsense("far too many entries"));
    }
    let mut metadata = Metadata::default();
    for _ in 0..entries {
        let key = reader.key()?;
        let kind = reader.u32()?;
        let value = reader.value(kind)?;
        metadata.insert(key, value);
    }
    let table = read_tensors(&mut reader, tensors, metadata.alignment()?)?;
    if table.end > length {
        return Err(GgufError::Truncated { have: length, need: table.end });
    }
    Ok(metadata.summarise(&table))
}

/// What the tensor table adds up to.
struct TensorTable {
    parameters: u64,
    bytes: u64,
    /// Offset in the file at which the last tensor ends.
    end: u64,
}

fn read_tensors<R: Read + Seek>(
    reader: &mut Reader<R>,
    tensors: u64,
    alignment: u64,
) -> Result<TensorTable, GgufError> {
    const TOO_BIG: GgufError = GgufError::Nonsense("a tensor larger than any file");
    let (mut parameters, mut bytes, mut last) = (0_u64, 0_u64, 0_u64);
    for _ in 0..tensors {
        reader.key()?;
        let dimensions = reader.u32()?;
        if dimensions > 4 {
            return Err(GgufError::Nonsense("a tensor of more than four dimensions"));
        }
        let mut weights = 1_u64;
        for _ in 0..dimensions {
            weights = weights.checked_mul(reader.u64()?).ok_or(TOO_BIG)?;
        }
        let kind = reader.u32()?;
        let offset = reader.u64()?;
        let size = types::tensor_bytes(kind, weights).ok_or(GgufError::WeightFormat(kind))?;
        parameters = parameters.checked_add(weights).ok_or(TOO_BIG)?;
        bytes = bytes.checked_add(size).ok_or(TOO_BIG)?;
        last = last.max(offset.checked_add(size).ok_or(TOO_BIG)?);
    }
    let start = reader.position().next_multiple_of(alignment);
    let end = if tensors == 0 { reader.position() } else { start.checked_add(last).ok_or(TOO_BIG)? };
    Ok(TensorTable { parameters, bytes, end })
}
