//! What the doctor finds.

use serde_json::Value;

use crate::house::{Done, House};

fn check<'r>(report: &'r Value, id: &str) -> &'r Value {
    report["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap()
}

fn report(done: &Done) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("no JSON: {done:?}"))
}

#[test]
fn the_shape_is_stable() {
    let report = report(&House::new().hark(&["doctor", "--quick", "--json"]));
    let ids: Vec<&str> =
        report["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();
    let head = "settings folders space history memory processor display python keyring engine";
    assert!(ids.join(" ").starts_with(head), "{ids:?}");
    // Between them the sound devices, which differ from machine to machine.
    assert!(ids.join(" ").ends_with("speech-models onnxruntime recogniser voice hub"), "{ids:?}");
    insta::assert_yaml_snapshot!(check(&report, "settings"));
    insta::assert_yaml_snapshot!(check(&report, "model"));
    insta::assert_yaml_snapshot!(check(&report, "speech-models"));
    insta::assert_yaml_snapshot!(check(&report, "recogniser"));
    insta::assert_yaml_snapshot!(check(&report, "hub"));
}

#[test]
fn a_mistake_in_the_settings_is_a_warning_with_its_line() {
    let house = House::new();
    house.settings("version = 1\n[model]\ntemperature = 99\n");
    let report = report(&house.hark(&["doctor", "--quick", "--json"]));
    let settings = check(&report, "settings");
    assert_eq!(settings["state"], "warning");
    assert!(settings["says"].as_str().unwrap().starts_with("Line 3: "), "{settings}");
}

#[test]
fn a_missing_engine_is_a_problem() {
    let house = House::new();
    std::fs::create_dir(house.workers()).unwrap();
    let done = house.hark(&["doctor", "--quick", "--json"]);
    assert_eq!(done.code, Some(1));
    assert_eq!(check(&report(&done), "engine")["state"], "problem");
}

#[test]
fn a_home_that_is_no_folder_is_a_problem() {
    let house = House::new();
    std::fs::remove_dir(house.home()).unwrap();
    std::fs::write(house.home(), "").unwrap();
    let done = house.hark(&["doctor", "--quick", "--json"]);
    assert_eq!(done.code, Some(1));
    assert_eq!(check(&report(&done), "folders")["state"], "problem");
}

#[test]
fn the_page_for_people_ends_with_a_count() {
    let done = House::new().hark(&["doctor", "--quick"]);
    assert!(done.out.contains("Settings") && done.out.contains("hark models pull starter"), "{}", done.out);
    assert!(!done.out.contains('\u{1b}'), "colours without a terminal");
}
