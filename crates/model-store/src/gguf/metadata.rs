//! The metadata of a GGUF header, and what it adds up to.

use std::collections::HashMap;

use super::reader::Value;
use super::types::file_type_name;
use super::{ChatTemplate, GgufError, GgufHeader, GgufKind, TensorTable};
use crate::catalogue::Ability;

/// Keys and values, as far as they were kept.
#[derive(Debug, Default)]
pub(super) struct Metadata(HashMap<String, Value>);

impl Metadata {
    pub(super) fn insert(&mut self, key: String, value: Value) {
        self.0.insert(key, value);
    }

    /// What tensor data is aligned to, bytes.
    pub(super) fn alignment(&self) -> Result<u64, GgufError> {
        match self.0.get("general.alignment") {
            None => Ok(32),
            Some(Value::Int(n @ 1..=1_048_576)) if (n & (n - 1)) == 0 => Ok(n.unsigned_abs()),
            Some(_) => Err(GgufError::Nonsense("an alignment that is no power of two")),
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.0.get(key) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    fn numbers(&self, key: &str) -> Vec<i64> {
        match self.0.get(key) {
            Some(Value::Int(n)) => vec![*n],
            Some(Value::Ints(list)) => list.clone(),
            _ => Vec::new(),
        }
    }

    /// A number, or the first of a list: some models state per layer what others state once.
    fn number(&self, key: &str) -> Option<u32> {
        self.numbers(key).first().and_then(|n| u32::try_from(*n).ok())
    }

    fn kind(&self, architecture: &str, table: &TensorTable) -> GgufKind {
        match self.text("general.type").as_deref() {
            Some("mmproj") => GgufKind::Projector,
            Some("adapter") => GgufKind::Adapter,
            _ if architecture == "clip" => GgufKind::Projector,
            Some("vocab") => GgufKind::Vocabulary,
            _ if table.parameters == 0 => GgufKind::Vocabulary,
            _ => GgufKind::Model,
        }
    }

    fn chat_template(&self) -> ChatTemplate {
        match self.0.get("tokenizer.chat_template") {
            Some(Value::Text(_) | Value::LongText) => ChatTemplate::Present,
            _ => ChatTemplate::Absent,
        }
    }

    fn vocabulary(&self) -> Option<u64> {
        match self.0.get("tokenizer.ggml.tokens") {
            Some(Value::Array(count)) => Some(*count),
            _ => None,
        }
    }

    fn senses(&self) -> Vec<Ability> {
        let keys = [("clip.has_vision_encoder", Ability::Image), ("clip.has_audio_encoder", Ability::Audio)];
        keys.into_iter().filter(|(key, _)| self.number(key) == Some(1)).map(|(_, sense)| sense).collect()
    }

    /// Everything together.
    pub(super) fn summarise(&self, table: &TensorTable) -> GgufHeader {
        let architecture = self.text("general.architecture").unwrap_or_default();
        let own = |key: &str| format!("{architecture}.{key}");
        let number = |key: &str| self.number(&own(key));
        let kv_heads = self.numbers(&own("attention.head_count_kv"));
        let sliding_layers = self.numbers(&own("attention.sliding_window_pattern"));
        let quantisation = self.number("general.file_type").and_then(file_type_name);
        GgufHeader {
            name: self.text("general.name"),
            kind: self.kind(&architecture, table),
            quantisation: quantisation.map(str::to_owned),
            parameters: table.parameters,
            tensor_bytes: table.bytes,
            context_length: number("context_length"),
            layers: number("block_count"),
            embedding: number("embedding_length"),
            heads: number("attention.head_count"),
            kv_heads: kv_heads.into_iter().filter_map(|n| u32::try_from(n).ok()).collect(),
            key_length: number("attention.key_length"),
            value_length: number("attention.value_length"),
            sliding_window: number("attention.sliding_window"),
            // A single number is a period, not a list of layers; without the list every layer counts in full.
            sliding_layers: match sliding_layers.len() {
                0 | 1 => Vec::new(),
                _ => sliding_layers.into_iter().map(|n| n != 0).collect(),
            },
            full_attention_interval: number("full_attention_interval"),
            experts: number("expert_count").zip(number("expert_used_count")),
            vocabulary: self.vocabulary().or_else(|| number("vocab_size").map(u64::from)),
            chat_template: self.chat_template(),
            senses: self.senses(),
            shards: self.number("split.count").unwrap_or(1).max(1),
            architecture,
        }
    }
}
