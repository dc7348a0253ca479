//! Files that are there: in the store, in a Hugging Face cache, and the user's own.
#![allow(clippy::unwrap_used, reason = "clippy sees the helpers of tests as ordinary functions")]

mod support;

use std::path::{Path, PathBuf};

use model_store::{
    Ability, ChatTemplate, FileRole, GgufKind, Machine, ModelId, Origin, Removed, Verdict, read_header,
};
use support::{Gguf, House, hub_file, model, sha256};

fn gguf_house() -> House {
    House::new("http://127.0.0.1:9", &hub_file("weights", "m.gguf", ""))
}

/// A file in a cache laid out as the Hugging Face tools do; gives its path.
#[cfg(unix)]
fn cache(house: &mut House, commit: &str, bytes: &[u8]) -> PathBuf {
    let root = house.folder.path().join("hub");
    let repo = root.join("models--org--repo");
    let snapshot = repo.join("snapshots").join(commit).join("dir");
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::create_dir_all(repo.join("blobs")).unwrap();
    let blob = repo.join("blobs").join(sha256(bytes));
    std::fs::write(&blob, bytes).unwrap();
    let path = snapshot.join("m.gguf");
    std::os::unix::fs::symlink(&blob, &path).unwrap();
    house.config.hub_caches = vec![root];
    path
}

#[cfg(unix)]
#[tokio::test]
async fn a_hugging_face_cache_is_used_in_place_and_never_deleted() {
    let bytes = Gguf::model("llama").build();
    let mut house = gguf_house();
    let path = cache(&mut house, "c0ffee", &bytes);
    std::fs::create_dir_all(house.folder.path().join("hub/models--org--repo/refs")).unwrap();
    std::fs::write(house.folder.path().join("hub/models--org--repo/refs/main"), "c0ffee").unwrap();
    let store = house.open();
    let found = store.installed_model(&model()).unwrap();
    assert_eq!((found.origin, found.path(FileRole::Weights)), (Origin::HubCache, Some(path.as_path())));
    // Nobody has to be asked: the endpoint does not exist.
    house.download().await.unwrap();
    assert!(house.files().is_empty());
    assert_eq!(store.remove(&model()).unwrap(), Removed::Forgotten);
    assert!(path.exists() && store.installed().is_empty());
    house.download().await.unwrap();
    assert_eq!(store.installed().len(), 1);
}

#[cfg(unix)]
#[test]
fn another_revision_in_the_cache_counts_only_if_it_is_provably_the_same_file() {
    let bytes = Gguf::model("llama").build();
    let stated = |bytes: &[u8]| format!("size = {}\nsha256 = \"{}\"", bytes.len(), sha256(bytes));
    for (wanted, there) in [(bytes.clone(), true), (Gguf::model("qwen2").build(), false)] {
        let mut house = House::new("http://127.0.0.1:9", &hub_file("weights", "m.gguf", &stated(&wanted)));
        cache(&mut house, "older", &bytes);
        assert_eq!(house.open().installed_model(&model()).is_some(), there);
    }
}

#[test]
fn a_deleted_or_shortened_file_is_said() {
    let house = gguf_house();
    let path = house.path("m.gguf");
    let gguf = Gguf::model("llama");
    gguf.write(&path);
    let record = format!(
        "{{\"size\": {}, \"sha256\": \"x\", \"checked\": \"size-only\", \"from\": \"here\"}}",
        gguf.build().len()
    );
    std::fs::write(house.path("m.gguf.json"), record).unwrap();
    let store = house.open();
    let problem = || store.installed_model(&model()).unwrap().problem;
    assert_eq!(problem(), None);
    std::fs::write(&path, &gguf.build()[..100]).unwrap();
    assert!(problem().unwrap().starts_with("m.gguf is damaged: it has 100 bytes instead of"));
    assert!(store.resolve(&model()).is_none());
    std::fs::remove_file(&path).unwrap();
    assert!(problem().unwrap().contains("is no longer there. Download the model again"));
    assert_eq!(store.remove(&model()).unwrap(), Removed::Deleted { bytes: 0 });
    assert!(store.installed().is_empty());
}

#[test]
fn removing_deletes_the_stores_own_files() {
    let house = gguf_house();
    Gguf::model("llama").write(&house.path("m.gguf"));
    let store = house.open();
    let bytes = store.installed_model(&model()).unwrap().bytes();
    assert_eq!(store.remove(&model()).unwrap(), Removed::Deleted { bytes });
    assert_eq!(store.remove(&model()).unwrap(), Removed::Nothing);
    assert!(!house.path("m.gguf").exists());
}

#[test]
fn a_missing_projector_costs_the_images_only() {
    let files = hub_file("weights", "m.gguf", "") + &hub_file("projector", "mmproj.gguf", "");
    let house = House::new("http://127.0.0.1:9", &files);
    Gguf::model("llama").write(&house.path("m.gguf"));
    let found = house.open().installed_model(&model()).unwrap();
    assert_eq!((found.abilities, found.missing), (vec![Ability::Text], vec![FileRole::Projector]));
    assert_eq!(found.problem, None);
    assert_eq!(house.open().resolve(&model()).unwrap().projector, None);
}

/// What importing a file with these bytes leads to.
fn import(bytes: &[u8]) -> Result<model_store::InstalledModel, String> {
    let house = gguf_house();
    let path = house.folder.path().join("mine.gguf");
    std::fs::write(&path, bytes).unwrap();
    house.open().import(&path).map_err(|error| error.to_string())
}

#[test]
fn a_gguf_is_imported_in_place_and_only_forgotten() {
    let house = gguf_house();
    let mine = house.folder.path().join("My Model (2).gguf");
    Gguf::model("llama").text("general.name", "My Model").write(&mine);
    let store = house.open();
    let imported = store.import(&mine).unwrap();
    assert_eq!((imported.id.as_str(), imported.name.as_str()), ("my-model-2", "My Model"));
    assert_eq!(imported.origin, Origin::Imported);
    assert_eq!(store.import(&mine).unwrap().id, imported.id, "the same file is the same model");
    let files = house.open().resolve(&imported.id).unwrap();
    assert_eq!(files.weights, std::fs::canonicalize(&mine).unwrap());
    assert_eq!(store.remove(&imported.id).unwrap(), Removed::Forgotten);
    assert!(mine.exists() && store.installed().is_empty());
}

#[test]
fn two_files_of_one_name_get_two_ids_and_the_catalogue_keeps_its_own() {
    let house = gguf_house();
    let (one, two) = (house.folder.path().join("a/test.gguf"), house.folder.path().join("b/test.gguf"));
    Gguf::model("llama").write(&one);
    Gguf::model("llama").write(&two);
    let store = house.open();
    let ids = [one, two].map(|path| String::from(store.import(&path).unwrap().id));
    assert_eq!(ids, ["test-2", "test-3"]);
}

#[test]
fn the_projector_beside_an_import_is_taken_along() {
    let house = gguf_house();
    let folder = house.folder.path().join("vision");
    Gguf::model("llama").write(&folder.join("SmolVLM2-500M-Q8_0.gguf"));
    Gguf::model("clip")
        .flag("clip.has_vision_encoder", true)
        .write(&folder.join("mmproj-SmolVLM2-500M-F16.gguf"));
    let imported = house.open().import(&folder.join("SmolVLM2-500M-Q8_0.gguf")).unwrap();
    assert_eq!(imported.abilities, [Ability::Text, Ability::Image]);
    assert!(imported.path(FileRole::Projector).is_some());
}

#[test]
fn wrong_files_get_a_sentence() {
    let refused = |bytes: &[u8]| import(bytes).unwrap_err();
    let good = Gguf::model("llama").build();
    insta::assert_snapshot!(refused(b""), @"This is not a GGUF file. Choose a file whose name ends in .gguf.");
    insta::assert_snapshot!(refused(b"PK\x03\x04 something else"), @"This is not a GGUF file. Choose a file whose name ends in .gguf.");
    insta::assert_snapshot!(refused(&good[..good.len() - 1]), @"The file is incomplete: it has 383 bytes and should have at least 384. Download it again.");
    insta::assert_snapshot!(refused(&Gguf::model("no-such-thing").build()), @"This model has the architecture “no-such-thing”, which this version does not know. Look for another model, or update Hark.");
    insta::assert_snapshot!(refused(&Gguf::model("clip").build()), @"This is only the part of a model that sees or hears (a projector). Import the model itself; the projector beside it is found by its name.");
    insta::assert_snapshot!(refused(&Gguf::model("llama").text("general.type", "adapter").build()), @"This is an adapter (LoRA), not a whole model. Import the model it belongs to.");
    insta::assert_snapshot!(refused(&Gguf::default().text("general.architecture", "llama").build()), @"This file holds only a vocabulary and no weights. Import the model itself.");
    insta::assert_snapshot!(refused(&Gguf::model("llama").number("split.count", 3).build()), @"This model is split into 3 files and not all of them are in the same folder.");
    insta::assert_snapshot!(refused(&Gguf::model("llama").tensor(99, 32).build()), @"This file stores weights in a format (number 99) that this version does not know.");
    let missing = gguf_house().open().import(Path::new("/no/such/file.gguf")).unwrap_err().to_string();
    insta::assert_snapshot!(missing, @"There is no file /no/such/file.gguf.");
    assert!(import(&good).is_ok());
}

/// Reads the header of a file with these bytes.
fn header(bytes: &[u8]) -> Result<model_store::GgufHeader, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.gguf");
    std::fs::write(&path, bytes).unwrap();
    read_header(&path).map_err(|error| error.to_string())
}

#[test]
fn a_header_tells_what_matters() {
    let gguf = Gguf::model("llama")
        .text("general.name", "Tiny")
        .number("general.file_type", 15)
        .number("llama.context_length", 8192)
        .number("llama.block_count", 3)
        .number("llama.embedding_length", 64)
        .number("llama.attention.head_count", 4)
        .numbers("llama.attention.head_count_kv", &[2, 0, 1])
        .text("tokenizer.chat_template", "{{ messages }}")
        .texts("tokenizer.ggml.tokens", &["a", "b", "c"])
        .tensor(0, 36);
    let header = header(&gguf.build()).unwrap();
    assert_eq!((header.kind, header.chat_template), (GgufKind::Model, ChatTemplate::Present));
    assert_eq!((header.parameters, header.tensor_bytes), (100, 400));
    assert_eq!((header.quantisation.as_deref(), header.vocabulary), (Some("Q4_K_M"), Some(3)));
    // (2 + 0 + 1) heads x (16 + 16) numbers x 2 bytes x 10 tokens.
    assert_eq!(header.kv_bytes(10), Some(3 * 32 * 2 * 10));
}

#[test]
fn recurrent_and_sliding_layers_need_less_cache() {
    let base = |arch: &str| {
        Gguf::model(arch)
            .number(&format!("{arch}.block_count"), 4)
            .number(&format!("{arch}.embedding_length"), 64)
            .number(&format!("{arch}.attention.head_count"), 4)
            .number(&format!("{arch}.attention.head_count_kv"), 1)
    };
    let bytes = |gguf: Gguf| header(&gguf.build()).unwrap().kv_bytes(1000).unwrap();
    assert_eq!(bytes(base("llama")), 4 * 64 * 1000);
    assert_eq!(bytes(base("qwen35").number("qwen35.full_attention_interval", 4)), 64 * 1000);
    let sliding = base("gemma4")
        .number("gemma4.attention.sliding_window", 100)
        .numbers("gemma4.attention.sliding_window_pattern", &[1, 1, 1, 0]);
    assert_eq!(bytes(sliding), 64 * (3 * 100 + 1000));
}

#[test]
fn hostile_headers_are_refused_quickly() {
    let list = |kind: u32, count: u64| [kind.to_le_bytes().to_vec(), count.to_le_bytes().to_vec()].concat();
    let huge = u64::MAX.to_le_bytes();
    let head = |version: u32, tensors: u64, entries: u64| {
        [
            b"GGUF".to_vec(),
            version.to_le_bytes().to_vec(),
            tensors.to_le_bytes().to_vec(),
            entries.to_le_bytes().to_vec(),
        ]
        .concat()
    };
    for (what, bytes) in [
        ("a huge string", Gguf::model("llama").raw("x", 8, &huge).build()),
        ("a huge list", Gguf::model("llama").raw("x", 9, &list(4, u64::MAX)).build()),
        ("a long list that is not there", Gguf::model("llama").raw("x", 9, &list(8, 1 << 20)).build()),
        ("a list of lists", Gguf::model("llama").raw("x", 9, &list(9, 1)).build()),
        ("an unknown type", Gguf::model("llama").raw("x", 77, &[]).build()),
        ("a huge name", [head(3, 0, 1), huge.to_vec()].concat()),
        ("many tensors", head(3, u64::MAX, 0)),
        ("many entries", head(3, 0, u64::MAX)),
        ("tensors that are not there", head(3, 1000, 0)),
        ("alignment zero", Gguf::model("llama").number("general.alignment", 0).build()),
        ("version 1", head(1, 0, 0)),
        ("version 9", head(9, 0, 0)),
        ("big-endian", head(3_u32.swap_bytes(), 0, 0)),
    ] {
        assert!(header(&bytes).is_err(), "{what}");
    }
    // Only the table says that the tensor is huge; the file itself stays small.
    let mut bytes = Gguf::model("llama").tensor(8, 1).build();
    let at = bytes.windows(8).rposition(|w| w == 1_u64.to_le_bytes()).unwrap();
    bytes[at..at + 8].copy_from_slice(&(u64::MAX / 64).to_le_bytes());
    assert!(header(&bytes).is_err());
}

#[test]
fn no_cut_or_flipped_byte_makes_the_reader_panic() {
    let good = Gguf::model("llama")
        .text("general.name", "Tiny")
        .texts("tokenizer.ggml.tokens", &["a", "b"])
        .numbers("llama.attention.head_count_kv", &[1, 2])
        .build();
    for length in 0..good.len() {
        assert!(header(&good[..length]).is_err(), "cut to {length}");
    }
    for at in 0..good.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            let _ = header(&bytes);
        }
    }
}

fn machine() -> Machine {
    Machine { ram_total: 8 << 30, ram_available: 6 << 30, vram: None, cores: 4 }
}

#[test]
fn the_default_is_the_best_that_is_there_or_else_the_starter() {
    let house = gguf_house();
    let store = house.open();
    let default = || store.default_chat_model(&machine()).map(String::from);
    assert_eq!(default().as_deref(), Some("smollm2-135m"));
    for (name, weights) in [("small", 100), ("large", 5000), ("broken", 9000)] {
        let path = house.folder.path().join(format!("{name}.gguf"));
        Gguf::model("llama").tensor(0, weights).write(&path);
        store.import(&path).unwrap();
    }
    std::fs::remove_file(house.folder.path().join("broken.gguf")).unwrap();
    assert_eq!(default().as_deref(), Some("large"));
}

#[test]
fn what_fits_is_told_before_and_after_downloading() {
    let house = gguf_house();
    let store = house.open();
    let verdict =
        |id: &str| store.fit(&id.parse::<ModelId>().unwrap(), 4096, &machine()).map(|fit| fit.verdict);
    assert_eq!(verdict("smollm2-135m"), Some(Verdict::Fits));
    assert_eq!(verdict("qwen3-vl-8b"), Some(Verdict::Slow));
    assert_eq!(verdict("test"), None, "nobody states its size");
    Gguf::model("llama").write(&house.path("m.gguf"));
    assert_eq!(verdict("test"), Some(Verdict::Fits));
}

#[test]
fn a_mistake_in_the_users_catalogue_leaves_the_built_in_one() {
    let house = gguf_house();
    std::fs::write(house.config.own_catalogue.as_ref().unwrap(), "[[model]\n").unwrap();
    let store = house.open();
    assert!(store.own_catalogue_problem().unwrap().to_string().contains("line 1"));
    assert!(store.entry(&"smollm2-135m".parse().unwrap()).is_some());
}
