//! From text to settings: mistakes cost only what they are in.

use proptest::prelude::*;

use super::read;
use crate::{DEFAULT_FILE, Language, SendWith, Server, Settings, TextSize, Theme, describe, load, migrate};

/// Checks that `text` has exactly these problems.
fn told(text: &str, expected: &[&str]) -> Settings {
    let (settings, problems) = read(text);
    assert_eq!(problems, expected, "{text}");
    settings
}

#[test]
fn the_default_file_is_the_defaults() {
    assert_eq!(told(DEFAULT_FILE, &[]), Settings::default());
}

#[test]
fn the_default_file_has_every_setting_with_a_remark() {
    let document: toml_edit::DocumentMut = DEFAULT_FILE.parse().unwrap();
    for (info, _) in describe() {
        let (group, key) = info.path.split_once('.').unwrap();
        let table = document[group].as_table().unwrap();
        let remark = table.key(key).expect(info.path).leaf_decor().prefix().unwrap().as_str().unwrap();
        assert!(remark.trim().starts_with('#'), "{} has no remark", info.path);
    }
}

#[test]
fn the_example_in_the_default_file_is_a_server() {
    let (before, example) = DEFAULT_FILE.split_once("# [[servers]]").unwrap();
    let text = format!("{before}[[servers]]{}", example.replace("\n# ", "\n"));
    assert_eq!(told(&text, &[]).servers[0].id, "desk");
}

#[test]
fn every_default_is_valid() {
    Settings::default().check().unwrap();
    for (info, default) in describe() {
        assert_eq!(info.accept(&default), Some(default), "{}", info.path);
    }
}

#[test]
fn nothing_means_the_defaults() {
    assert_eq!(told("", &[]), Settings::default());
    assert_eq!(told("\u{FEFF}version = 1", &[]), Settings::default());
}

#[test]
fn values_are_taken() {
    let settings = told(
        "[general]\nlanguage = \"es\"\nsend_with = \"ctrl_enter\"\ntext_size = 125\n\
         [model]\nthreads = 4\nseed = 7\ntemperature = 1\nactive = \"m\"\n[models]\nfolder = \"/m\"\noffline = true",
        &[],
    );
    assert_eq!((settings.general.language, settings.general.send_with), (Language::Es, SendWith::CtrlEnter));
    assert_eq!(settings.general.text_size, TextSize(125));
    assert_eq!(
        (settings.model.threads, settings.model.seed, settings.model.temperature),
        (Some(4), Some(7), 1.0)
    );
    assert_eq!(settings.models.folder.as_deref(), Some(std::path::Path::new("/m")));
    assert!(settings.models.offline);
}

#[test]
fn other_ways_to_write_toml_are_the_same() {
    let dotted = told("model.top_k = 5\ngeneral = { theme = 'dark' }", &[]);
    assert_eq!((dotted.model.top_k, dotted.general.theme), (5, Theme::Dark));
}

#[test]
fn a_typo_in_a_name_keeps_the_rest() {
    let settings = told(
        "[model]\ntemprature = 0.1\ntop_k = 5\n",
        &["model.temprature 2:1 There is no setting `model.temprature`; did you mean `model.temperature`?"],
    );
    assert_eq!((settings.model.top_k, settings.model.temperature), (5, 0.7));
}

#[test]
fn a_setting_in_the_wrong_group_is_told_where_it_belongs() {
    told(
        "temperature = 0.1\n[general]\noffline = true",
        &[
            "temperature 1:1 There is no setting `temperature`; did you mean `model.temperature`?",
            "general.offline 3:1 There is no setting `general.offline`; did you mean `models.offline`?",
        ],
    );
    told("[generl]\ntheme = 'dark'", &["generl 1:2 There is no group `generl`; did you mean `general`?"]);
    told("[zebra]\nx = 1", &["zebra 1:2 There is no setting `zebra`."]);
}

#[test]
fn values_of_a_wrong_kind_or_range_keep_the_rest() {
    let settings = told(
        "[general]\ntheme = \"drak\"\ntext_size = 10\n[model]\n  temperature = \"hot\"\nthreads = 0\ntop_p = nan\ntop_k = 5",
        &[
            "general.theme 2:9 `general.theme` must be one of \"system\", \"light\", \"dark\" (did you mean \"dark\"?); \
             the default, \"system\", is used.",
            "general.text_size 3:13 `general.text_size` must be a whole number from 50 to 300; the default, 100, is used.",
            "model.temperature 5:17 `model.temperature` must be a number from 0 to 2; the default, 0.7, is used.",
            "model.threads 6:11 `model.threads` must be a whole number from 1 to 512, or \"auto\"; the default, \"auto\", \
             is used.",
            "model.top_p 7:9 `model.top_p` must be a number from 0 to 1; the default, 0.95, is used.",
        ],
    );
    assert_eq!(settings.model.top_k, 5);
}

#[test]
fn a_group_that_is_none_is_told() {
    told("model = 3", &["model 1:1 `model` must be a group of settings, under [model]; it was left out."]);
}

#[test]
fn servers_are_read_and_a_bad_one_does_not_cost_the_others() {
    let settings = told(
        "[[servers]]\nid = 'a'\nbase_url = 'http://a/v1'\nmodel = 'm'\ncontext_tokens = 4096\n\
         [[servers]]\nid = 'b'\nbase_url = 'a/v1'\n\
         [[servers]]\nid = 'a'\nbase_url = 'http://c'\n\
         [[servers]]\nbase_url = 'http://d'\n\
         [[servers]]\nid = 'e'\nbase_url = 'https://e'\nbase = 3\n",
        &[
            "servers.1.base_url 8:12 `base_url` of server 2 must be an address in quotes that begins with http:// or \
             https://; the server was left out.",
            "servers.2.id 10:6 `id` of server 3 must be different for each server; the server was left out.",
            "servers.3.id 12:1 `id` of server 4 must be a text in quotes of at most 100 characters; the server was left \
             out.",
            "servers.4.base 17:1 A server has no field `base`.",
        ],
    );
    let a = Server {
        id: "a".to_owned(),
        name: None,
        base_url: "http://a/v1".to_owned(),
        model: Some("m".to_owned()),
        context_tokens: Some(4096),
    };
    let ids: Vec<&str> = settings.servers.iter().map(|it| it.id.as_str()).collect();
    assert_eq!((&settings.servers[0], ids), (&a, vec!["a", "e"]));
    assert_eq!(told("servers = [{id = 'x', base_url = 'http://x'}]", &[]).servers[0].id, "x");
    told(
        "servers = 3",
        &["servers 1:1 Each server must be under a heading [[servers]]; they were left out."],
    );
}

/// The lines that a text with mistakes in its syntax is told to have, and what it still gives.
fn salvaged(text: &str) -> (Settings, Vec<usize>) {
    let loaded = Settings::parse(text);
    (loaded.settings, loaded.problems.iter().map(|it| it.place.unwrap().line).collect())
}

#[test]
fn a_line_that_cannot_be_read_is_left_out() {
    let (settings, lines) = salvaged(
        "version = 1\n[model]\ntop_p = = 3\ntop_k = 4\nsome words\nmin_p = 0,2\n[general]\ntheme = \"dark\"\n",
    );
    assert_eq!((settings.model.top_k, settings.general.theme, lines), (4, Theme::Dark, vec![3, 5, 6]));
    assert_eq!(settings.model.min_p, 0.05);
}

#[test]
fn a_missing_quote_costs_its_line() {
    let (settings, lines) =
        salvaged("[model]\nactive = \"abc\ntop_k = 4\n[general]\ntheme = dark\nlanguage = 'zh'");
    assert_eq!((settings.model.top_k, settings.general.language, lines), (4, Language::Zh, vec![2, 5]));
    assert_eq!((settings.model.active, settings.general.theme), (None, Theme::System));
}

#[test]
fn a_long_text_or_list_that_never_ends_costs_its_line() {
    let rest = "\ntop_k = 4\n[general]\ntheme = \"dark\"\n";
    for opener in [
        "system_prompt = \"\"\"be kind",
        "system_prompt = '''be kind",
        "active = [1, 2",
        "active = [",
        "active = {",
    ] {
        let (settings, lines) = salvaged(&format!("[model]\n{opener}{rest}"));
        assert_eq!(
            (settings.model.top_k, settings.general.theme, lines),
            (4, Theme::Dark, vec![2]),
            "{opener}"
        );
    }
}

#[test]
fn lists_and_texts_that_do_end_are_not_blamed() {
    let (settings, lines) = salvaged(
        "[model]\nactive = [1] # not [ a name\nsystem_prompt = \"\"\"be\nkind\"\"\"\nservers = [\n{ id = 'a' },\n]\ntop_k = = 4\n[general]\ntheme = 'dark'",
    );
    assert_eq!((settings.model.system_prompt.as_str(), settings.general.theme), ("be\nkind", Theme::Dark));
    assert_eq!(lines, [2, 5, 8]);
}

#[test]
fn a_setting_given_twice_counts_once() {
    let (settings, lines) = salvaged("[model]\ntop_k = 4\ntop_k = 5\n[general]\ntheme = 'dark'");
    assert_eq!((settings.model.top_k, settings.general.theme, lines), (4, Theme::Dark, vec![3]));
}

#[test]
fn a_broken_heading_keeps_its_settings() {
    let (settings, lines) = salvaged("[general]\ntheme = 'dark'\n[model\ntop_k = 4\n");
    assert_eq!((settings.model.top_k, settings.general.theme, lines), (4, Theme::Dark, vec![3]));
}

#[test]
fn what_is_under_a_heading_that_cannot_be_read_goes_nowhere_else() {
    let (settings, lines) = salvaged("[general]\ntheme = 'dark'\n[???\ntheme = 'light'\n[model]\ntop_k = 4");
    assert_eq!((settings.model.top_k, settings.general.theme, lines), (4, Theme::Dark, vec![3]));
}

#[test]
fn what_is_no_settings_file_gives_the_defaults() {
    let noise = "= = =\n".repeat(10_000);
    let (settings, problems) = read(&noise);
    assert_eq!(settings, Settings::default());
    assert_eq!(problems.len(), 65);
    let (settings, problems) = read(&"# long\n".repeat(200_000));
    assert_eq!((settings, problems.len()), (Settings::default(), 1));
}

#[test]
fn a_newer_form_is_read_as_far_as_it_is_known() {
    let settings = told(
        "version = 9\n[model]\ntop_k = 5\nfuture = true\n[other]\nx = 1",
        &[
            "version 1:11 The settings were written by a newer version of Hark (form 9). What this version knows of them is \
           used, and nothing is written to the file; update Hark to change them.",
        ],
    );
    assert_eq!(settings.model.top_k, 5);
}

#[test]
fn a_version_that_is_none_is_told() {
    told("version = 'x'", &["version 1:11 `version` must be a whole number; 1 is used."]);
}

#[test]
fn an_older_form_is_brought_up_to_date() {
    fn first(document: &mut toml_edit::DocumentMut) {
        if let Some(old) = document.remove("heat") {
            document["model"] = toml_edit::table();
            document["model"]["temperature"] = old;
        }
    }
    let steps: &[migrate::Step] = &[first];
    let loaded = load::parse("heat = 0.25", steps);
    assert_eq!((loaded.settings.model.temperature, loaded.problems), (0.25, vec![]));
    let loaded = load::parse("version = 2\nheat = 0.25", steps);
    assert_eq!((loaded.settings.model.temperature, loaded.problems.len()), (0.7, 1));
}

fn mutilated() -> impl Strategy<Value = String> {
    let cut = (0..DEFAULT_FILE.len(), 0..40usize, "[\\PC\n\"'\\[\\]{}=.#]{0,12}");
    prop::collection::vec(cut, 1..6).prop_map(|cuts| {
        let mut bytes = DEFAULT_FILE.as_bytes().to_vec();
        for (at, length, insert) in cuts {
            let at = at.min(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, insert.bytes());
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

proptest! {
    #[test]
    fn any_text_gives_valid_settings(text in any::<String>()) {
        Settings::parse(&text).settings.check().unwrap();
    }

    #[test]
    fn any_mutilated_file_gives_valid_settings(text in mutilated()) {
        let loaded = Settings::parse(&text);
        loaded.settings.check().unwrap();
        prop_assert!(loaded.problems.iter().all(|it| it.place.is_none_or(|place| place.line <= text.split('\n').count())));
    }
}
