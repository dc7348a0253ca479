//! Models on the command line.

use serde_json::Value;

use crate::house::{House, tiny_model};

fn with_file() -> House {
    let house = House::new();
    tiny_model(&house.model_file());
    house
}

#[test]
fn an_own_file_is_taken_in_listed_found_and_forgotten() {
    let house = with_file();
    let done = house.hark(&["models", "import", "tiny.gguf"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    insta::assert_snapshot!(done.out, @r"
    tiny is tiny now, used where it lies.
    Chat with it: hark chat -m tiny
    ");
    let list = house.hark(&["models", "list"]);
    let line = list.out.lines().find(|line| line.contains("tiny")).unwrap();
    assert!(line.starts_with('*') && line.contains("here, yours"), "{line}");
    assert_eq!(house.hark(&["models", "where", "tiny"]).out, "[HOUSE]/tiny.gguf\n");
    let done = house.hark(&["models", "rm", "tiny"]);
    insta::assert_snapshot!(done.out, @"tiny is no longer listed. Its file is yours and stays where it is.");
    assert!(house.model_file().exists());
    assert_eq!(house.hark(&["models", "where", "tiny"]).code, Some(3));
}

#[test]
fn the_list_as_json_has_every_model_with_its_state() {
    let house = with_file();
    house.hark(&["models", "import", "tiny.gguf"]);
    let done = house.hark(&["models", "list", "--json", "--all"]);
    let list: Vec<Value> = serde_json::from_str(&done.out).unwrap();
    let state = |id: &str| list.iter().find(|line| line["id"] == id).map(|line| line["state"].clone());
    assert_eq!(state("tiny"), Some("imported".into()));
    assert_eq!(state("smollm2-135m"), Some("available".into()));
    assert_eq!(state("silero-vad"), Some("available".into()));
    let chat = house.hark(&["models", "list", "--json"]);
    let chat: Vec<Value> = serde_json::from_str(&chat.out).unwrap();
    assert!(chat.iter().all(|line| line["task"] == "chat") && chat.len() < list.len());
    assert_eq!(chat.iter().filter(|line| line["starter"] == true).count(), 1);
}

#[test]
fn what_is_no_model_is_refused() {
    let house = House::new();
    std::fs::write(house.model_file(), "text").unwrap();
    let done = house.hark(&["models", "import", "tiny.gguf"]);
    assert_eq!(done.code, Some(3));
    insta::assert_snapshot!(done.err, @"hark: This is not a GGUF file. Choose a file whose name ends in .gguf.");
    assert_eq!(house.hark(&["models", "import", "none.gguf"]).code, Some(3));
    let done = house.hark(&["models", "rm", "smollm2-135m"]);
    assert_eq!(done.code, Some(3));
    insta::assert_snapshot!(done.err, @"hark: smollm2-135m is not on this machine, so there is nothing to remove.");
}

#[test]
fn an_unknown_model_cannot_be_fetched() {
    let done = House::new().hark(&["models", "pull", "no-such-model"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    let done = House::new().hark(&["models", "pull", "../etc/passwd"]);
    assert_eq!(done.code, Some(2), "{done:?}");
}

#[test]
fn who_wants_to_stay_offline_stays_offline() {
    let house = House::new();
    house.settings("version = 1\n[models]\noffline = true\n");
    for model in ["starter", "org/repo:Q4_0"] {
        let done = house.hark(&["models", "pull", model]);
        assert_eq!(done.code, Some(4), "{done:?}");
        assert!(done.err.contains("stay offline"), "{done:?}");
    }
}

#[test]
fn the_folder_is_printed_as_it_is() {
    let house = House::new();
    assert_eq!(house.hark(&["models", "where"]).out, "[HOUSE]/home/models\n");
    house.settings("version = 1\n[models]\nfolder = \"/elsewhere\"\n");
    assert_eq!(house.hark(&["models", "where"]).out, "/elsewhere\n");
}
