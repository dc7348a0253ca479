//! With a real model and the real worker, where `HARK_TEST_MODEL` names a GGUF file.

use serde_json::Value;

use crate::house::House;

fn model() -> Option<String> {
    let model = std::env::var("HARK_TEST_MODEL").ok().filter(|model| !model.is_empty());
    if model.is_none() {
        eprintln!("skipped: HARK_TEST_MODEL names no GGUF file");
    }
    model
}

#[test]
fn a_real_model_answers_the_same_with_the_same_seed() {
    let Some(model) = model() else { return };
    let house = House::new();
    let ask = || {
        let limits = ["--temperature", "0", "--seed", "1", "--max-tokens", "12", "--json"];
        let done = house
            .hark(&[&["chat", "-m", &model, "-p", "What is the capital of France?"][..], &limits].concat());
        assert_eq!(done.code, Some(0), "{done:?}");
        serde_json::from_str::<Value>(&done.out).unwrap()
    };
    let (one, two) = (ask(), ask());
    assert_eq!(one["text"], two["text"]);
    assert!(!one["text"].as_str().unwrap().is_empty());
    assert!(one["details"]["decode_tokens_per_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_prompt_of_five_megabytes_has_a_sentence() {
    let Some(model) = model() else { return };
    let house = House::new();
    let done = house.hark_with(&["chat", "-m", &model, "-p", "Sum up:"], "a ".repeat(2_500_000).as_bytes());
    assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{}", done.err);
    assert!(done.err.contains("Shorten it"), "{}", done.err);
}
