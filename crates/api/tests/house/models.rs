//! Models of no weights, for the store to find.

use std::path::{Path, PathBuf};

/// Writes a chat model and, for one that sees, its projector beside it. Returns the chat model's file.
pub fn write(folder: &Path, sees: bool) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let model = folder.join("own-q8_0.gguf");
    std::fs::write(&model, gguf("llama")).unwrap();
    if sees {
        std::fs::write(folder.join("mmproj-own-f16.gguf"), gguf("clip")).unwrap();
    }
    model
}

/// One tensor of 64 zeros, and what sort of model it is (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>).
fn gguf(architecture: &str) -> Vec<u8> {
    let mut file = b"GGUF".to_vec();
    let text = |file: &mut Vec<u8>, text: &str| {
        file.extend((text.len() as u64).to_le_bytes());
        file.extend(text.as_bytes());
    };
    file.extend(3_u32.to_le_bytes());
    file.extend([1_u64, 2].map(u64::to_le_bytes).concat());
    text(&mut file, "general.architecture");
    file.extend(8_u32.to_le_bytes());
    text(&mut file, architecture);
    text(&mut file, "clip.has_vision_encoder");
    file.extend(7_u32.to_le_bytes());
    file.push(1);
    text(&mut file, "t");
    file.extend(1_u32.to_le_bytes());
    file.extend(64_u64.to_le_bytes());
    file.extend(0_u32.to_le_bytes());
    file.extend(0_u64.to_le_bytes());
    file.resize(file.len().next_multiple_of(32) + 256, 0);
    file
}
