//! Model files as they come: whole, cut off, something else, gone.

use std::fs;
use std::path::Path;

use crate::common::*;
use engine::{JobError, LoadRequest};

/// The sentence that loading `path` ends with.
fn refusal(path: &Path) -> String {
    match try_load(&load_request(path)) {
        Err(JobError::BadModel { reason }) => reason,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was loaded"),
    }
}

#[test]
fn what_is_no_model_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    assert!(refusal(&folder.path().join("none.gguf")).contains("is not there"));
    assert!(refusal(folder.path()).contains("is a folder"));
    assert!(refusal(&file("empty.gguf", b"")).contains("is empty"));
    assert!(refusal(&file("text.gguf", b"Once upon a time")).contains("text.gguf is not a GGUF file"));
    assert!(refusal(&file("head.gguf", b"GGUF\x03\0\0\0")).contains("damaged or cut off"));
    assert!(refusal(&file("noise.gguf", &[b"GGUF".as_slice(), &[0xff; 4096]].concat())).contains("damaged"));
}

#[test]
fn a_cut_off_model_is_refused_with_amounts() {
    let model = model_or_skip!();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.gguf");
    let bytes = fs::read(&model).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let reason = refusal(&path);
    assert!(reason.contains("half.gguf is incomplete: 49.2 MB of 98.4 MB"), "{reason}");
    fs::write(&path, &bytes[..1 << 16]).unwrap();
    assert!(refusal(&path).contains("damaged or cut off"));
}

#[cfg(unix)]
#[test]
fn a_model_that_is_deleted_while_loaded_goes_on() {
    let model = model_or_skip!();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.gguf");
    fs::copy(&model, &path).unwrap();
    let mut engine = load(&path);
    let before = tell(&mut engine, &ask(&["u:Hello"]));
    fs::remove_file(&path).unwrap();
    assert_eq!(tell(&mut engine, &ask(&["u:Tell me about rivers."])).made, 24);
    assert_eq!(tell(&mut engine, &ask(&["u:Hello"])).text, before.text);
}

#[test]
fn a_model_says_what_it_is() {
    let model = model_or_skip!();
    let mut ear = Ear::default();
    let request = LoadRequest { context_tokens: None, ..load_request(&model) };
    let engine = worker_llm::Engine::load(&request, &mut ear).unwrap();
    let info = engine.info();
    assert_eq!((info.context_tokens, info.trained_context_tokens), (8192, 8192));
    assert_eq!(info.device, "CPU (1 thread)");
    assert!(info.load_ms > 0.0 && !info.name.is_empty() && !info.thinks && !info.sees && !info.hears);
    assert!(
        ear.loading.is_sorted() && ear.loading.last().is_some_and(|&part| part > 0.9),
        "{:?}",
        ear.loading
    );
}

#[test]
fn loading_can_be_cancelled() {
    let model = model_or_skip!();
    let mut ear = Ear::default();
    ear.cancel.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(matches!(worker_llm::Engine::load(&load_request(&model), &mut ear), Err(JobError::Cancelled)));
}

#[test]
fn a_context_beyond_all_memory_is_refused_with_an_amount() {
    let model = model_or_skip!();
    let request = LoadRequest { context_tokens: Some(2_000_000_000), ..load_request(&model) };
    let Err(JobError::OutOfMemory { reason }) = try_load(&request) else { panic!("it was loaded") };
    assert!(reason.contains("2000000000 tokens needs about") && reason.contains("GB"), "{reason}");
}
