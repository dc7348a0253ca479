//! How the program is called, and what it says when it is called wrongly.

use crate::house::House;

fn help(args: &[&str]) -> String {
    let done = House::new().hark(args);
    assert_eq!(done.code, Some(0), "{done:?}");
    done.out
}

#[test]
fn the_help_names_every_command_and_status() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn the_help_of_chat() {
    insta::assert_snapshot!(help(&["chat", "--help"]));
}

#[test]
fn the_help_of_talk() {
    insta::assert_snapshot!(help(&["talk", "--help"]));
}

#[test]
fn the_help_of_listen() {
    insta::assert_snapshot!(help(&["listen", "--help"]));
}

#[test]
fn the_help_of_say() {
    insta::assert_snapshot!(help(&["say", "--help"]));
}

#[test]
fn the_help_of_look() {
    insta::assert_snapshot!(help(&["look", "--help"]));
}

#[test]
fn the_help_of_serve() {
    insta::assert_snapshot!(help(&["serve", "--help"]));
}

#[test]
fn the_version_is_one_line() {
    assert_eq!(help(&["--version"]), format!("hark {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_calls_have_status_2() {
    for args in [
        &["no-such-command"][..],
        &["chat", "--no-such-flag"],
        &["chat", "--continue", "--no-history"],
        &["chat", "-p", "x", "--temperature", "hot"],
        &["serve", "--host", "0.0.0.0"],
        &["serve", "--token", "short"],
        &["models"],
        &["talk", "--continue", "--conversation", "x"],
        &["listen", "no-such-file.wav"],
        &["listen", "x.wav", "--microphone", "x"],
        &["listen", "--format", "word"],
        &["say", "--rate", "9", "x"],
        &["say", "--list-voices", "x"],
        &["say", "  "],
        &["look", "region", "1,2,3"],
        &["look", "region", "1,2,0,4"],
        &["look", "camera", "--images", "x", "front"],
    ] {
        let done = House::new().hark(args);
        assert_eq!(done.code, Some(2), "{args:?}: {done:?}");
        assert!(done.out.is_empty() && !done.err.is_empty(), "{args:?}: {done:?}");
    }
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = help(&["completions", shell]);
        assert!(script.contains("hark") && script.contains("models"), "{shell}");
    }
}
