//! The file on disk, and the folders.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;

use crate::{DEFAULT_FILE, Loaded, Paths, Settings, SettingsError, SettingsFile, Theme, migrate};

struct Case {
    _folder: TempDir,
    path: PathBuf,
}

impl Case {
    fn with(text: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        Self { path, _folder: folder }
    }

    fn open(&self) -> (SettingsFile, Loaded) {
        SettingsFile::open(&self.path)
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    /// Opens, changes one setting, saves.
    fn change(&self, path: &str, value: serde_json::Value) -> Result<Loaded, SettingsError> {
        let (mut file, loaded) = self.open();
        let mut wanted = loaded.settings;
        wanted.apply(path, &value).unwrap();
        file.save(&wanted)
    }
}

/// Saves a change to `before` and compares the whole file.
fn changes(before: &str, path: &str, value: serde_json::Value, after: &str) {
    let case = Case::with(Some(before));
    case.change(path, value).unwrap();
    assert_eq!(case.text(), after);
}

#[test]
fn a_missing_file_is_made_with_its_folder() {
    let case = Case::with(None);
    let (_, loaded) = case.open();
    assert_eq!((loaded.settings, loaded.problems), (Settings::default(), vec![]));
    assert_eq!(case.text(), DEFAULT_FILE);
    let deep = case.path.with_file_name("a").join("b").join("settings.toml");
    let (_, loaded) = SettingsFile::open(&deep);
    assert!(loaded.problems.is_empty() && deep.exists());
}

#[test]
fn a_save_changes_one_value_and_keeps_the_rest() {
    changes(
        "# mine\n[model]  # here\n# how hot\ntemperature   = 0.5   # quite\n\ntop_k=5\n\n[unknown]\nx = 1\n# end\n",
        "model.temperature",
        json!(0.25),
        "# mine\n[model]  # here\n# how hot\ntemperature   = 0.25   # quite\n\ntop_k=5\n\n[unknown]\nx = 1\n# end\n",
    );
}

#[test]
fn every_setting_can_be_changed_in_the_default_file_and_back() {
    for (info, default) in crate::describe() {
        let case = Case::with(None);
        let other = [
            json!(1),
            json!(64),
            json!(777),
            json!(true),
            json!("off"),
            json!("dark"),
            json!("es"),
            json!("ctrl_enter"),
            json!("push_to_talk"),
            json!("quit"),
            json!("https://x"),
            json!("two\nlines"),
            json!(1.5),
            json!(0.5),
        ];
        let other =
            other.into_iter().find(|it| *it != default && info.accept(it).is_some_and(|it| it != default));
        let other = other.unwrap_or_else(|| panic!("{} has no other value", info.path));
        case.change(info.path, other).unwrap();
        let changed = case.text();
        assert_ne!(changed, DEFAULT_FILE, "{}", info.path);
        assert_eq!(Settings::parse(&changed).problems, [], "{}", info.path);
        case.change(info.path, default).unwrap();
        assert_eq!(Settings::parse(&case.text()).settings, Settings::default(), "{}", info.path);
        let remarks =
            |text: &str| text.lines().filter(|it| it.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(remarks(&case.text()), remarks(DEFAULT_FILE));
    }
}

#[test]
fn new_settings_are_added_under_their_heading() {
    changes(
        "[model]\ntop_k = 5\n\n[general]\n",
        "model.seed",
        json!(3),
        "[model]\ntop_k = 5\nseed = 3\n\n[general]\n",
    );
    changes("# mine\n", "general.theme", json!("dark"), "# mine\n[general]\ntheme = \"dark\"\n");
    changes("model.top_k = 5\n", "model.top_k", json!(6), "model.top_k = 6\n");
    changes(
        "general = { theme = 'dark' }\n",
        "general.theme",
        json!("light"),
        "general = { theme = \"light\" }\n",
    );
}

#[test]
fn saving_nothing_new_writes_nothing() {
    let text = "[model]\ntemperature=0.50\n";
    let case = Case::with(Some(text));
    let (mut file, loaded) = case.open();
    file.save(&loaded.settings).unwrap();
    assert_eq!(case.text(), text);
}

#[test]
fn a_bad_value_is_not_overwritten_with_its_default() {
    changes(
        "[general]\ntheme = \"drak\"\ntext_size = 100\n",
        "general.text_size",
        json!(120),
        "[general]\ntheme = \"drak\"\ntext_size = 120\n",
    );
}

#[test]
fn what_was_changed_on_disk_meanwhile_stays() {
    let case = Case::with(Some("[general]\ntheme = \"light\"\n[model]\ntop_k = 5\n"));
    let (mut file, loaded) = case.open();
    fs::write(&case.path, "# edited\n[general]\ntheme = \"dark\"\n[model]\ntop_k = 5\n").unwrap();
    let mut wanted = loaded.settings;
    wanted.apply("model.top_k", &json!(9)).unwrap();
    let now = file.save(&wanted).unwrap().settings;
    assert_eq!((now.general.theme, now.model.top_k), (Theme::Dark, 9));
    assert_eq!(case.text(), "# edited\n[general]\ntheme = \"dark\"\n[model]\ntop_k = 9\n");
}

#[test]
fn a_change_on_disk_is_seen() {
    let case = Case::with(None);
    let (mut file, _) = case.open();
    assert_eq!(file.reload().unwrap(), None);
    fs::write(&case.path, "general.theme = 'dark'").unwrap();
    assert_eq!(file.reload().unwrap().unwrap().settings.general.theme, Theme::Dark);
    assert_eq!(file.reload().unwrap(), None);
    fs::remove_file(&case.path).unwrap();
    assert_eq!(file.reload().unwrap().unwrap().settings, Settings::default());
}

#[test]
fn servers_keep_their_remarks_by_their_ids() {
    let text = "[[servers]]\nid = 'a' # first\nbase_url = 'http://a'\nmodel = 'm'\n\n# second\n[[servers]]\nid = 'b'\nbase_url = 'http://b'\n";
    let b_and_c = json!([{"id": "b", "base_url": "http://b"}, {"id": "c", "base_url": "http://c"}]);
    changes(
        text,
        "servers",
        b_and_c,
        "\n# second\n[[servers]]\nid = 'b'\nbase_url = 'http://b'\n\n[[servers]]\nid = \"c\"\nbase_url = \"http://c\"\n",
    );
    changes(
        "[[servers]]\nid = 'a' # first\nbase_url = 'http://a'\nmodel = 'm'\n",
        "servers",
        json!([{"id": "a", "base_url": "http://z"}]),
        "[[servers]]\nid = 'a' # first\nbase_url = \"http://z\"\n",
    );
    changes("servers = [{ id = 'a', base_url = 'http://a' }]\n", "servers", json!([]), "");
}

#[test]
fn a_server_is_added_to_the_default_file() {
    let case = Case::with(None);
    case.change("servers", json!([{"id": "a", "base_url": "http://a"}])).unwrap();
    assert!(
        case.text().starts_with(DEFAULT_FILE)
            && case.text().ends_with("\n\n[[servers]]\nid = \"a\"\nbase_url = \"http://a\"\n")
    );
    let loaded = Settings::parse(&case.text());
    assert_eq!((loaded.settings.servers.len(), loaded.problems), (1, vec![]));
}

#[test]
fn a_file_with_a_mistake_is_not_written_to() {
    let text = "[model]\ntop_k = = 5\ntemperature = 0.5\n";
    let case = Case::with(Some(text));
    let (_, loaded) = case.open();
    assert_eq!(loaded.settings.model.temperature, 0.5);
    let error = case.change("model.top_k", json!(9)).unwrap_err();
    assert!(matches!(error, SettingsError::Syntax { line: 2 }), "{error:?}");
    assert_eq!(case.text(), text);
}

#[test]
fn a_newer_file_is_not_written_to() {
    let text = "version = 9\n[model]\ntop_k = 5\n";
    let case = Case::with(Some(text));
    let error = case.change("model.top_k", json!(9)).unwrap_err();
    assert!(matches!(error, SettingsError::NewerVersion { found: 9, known: 1 }), "{error:?}");
    assert_eq!(case.text(), text);
}

#[test]
fn an_older_file_is_kept_before_it_is_changed() {
    const STEPS: &[migrate::Step] = &[|document| drop(document.remove("gone"))];
    let text = "# mine\ngone = 1\n[model]\ntop_k = 5\n";
    let case = Case::with(Some(text));
    let (mut file, loaded) = SettingsFile::open_with(case.path.clone(), STEPS);
    assert_eq!(loaded.problems, []);
    assert_eq!(case.text(), text, "reading changes nothing");
    file.save(&loaded.settings).unwrap();
    assert!(case.text().contains("version = 2") && case.text().contains("top_k = 5"), "{}", case.text());
    assert_eq!(fs::read_to_string(case.path.with_file_name("settings.toml.before-v2")).unwrap(), text);
}

#[test]
fn a_read_only_file_is_refused() {
    let case = Case::with(Some("[model]\ntop_k = 5\n"));
    let mut permissions = fs::metadata(&case.path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&case.path, permissions).unwrap();
    assert!(matches!(case.change("model.top_k", json!(9)).unwrap_err(), SettingsError::ReadOnly));
    assert_eq!(case.text(), "[model]\ntop_k = 5\n");
}

#[test]
fn a_file_that_cannot_be_read_gives_the_defaults_and_stays() {
    let case = Case::with(None);
    fs::write(&case.path, b"[model]\ntop_k = 5 # \xFF\n").unwrap();
    let (mut file, loaded) = case.open();
    assert_eq!((loaded.settings.clone(), loaded.problems.len()), (Settings::default(), 1));
    let mut wanted = loaded.settings;
    wanted.apply("model.top_k", &json!(9)).unwrap();
    assert!(file.save(&wanted).is_err());
    assert_eq!(fs::read(&case.path).unwrap(), b"[model]\ntop_k = 5 # \xFF\n");
}

#[test]
fn invalid_settings_are_not_saved() {
    let case = Case::with(None);
    let (mut file, loaded) = case.open();
    let mut wanted = loaded.settings;
    wanted.model.temperature = 99.0;
    assert!(matches!(file.save(&wanted).unwrap_err(), SettingsError::Invalid(_)));
    assert_eq!(case.text(), DEFAULT_FILE);
}

#[cfg(unix)]
#[test]
fn the_mode_of_the_file_and_a_link_to_it_stay() {
    use std::os::unix::fs::PermissionsExt;
    let case = Case::with(None);
    let real = case.path.with_file_name("dotfiles.toml");
    fs::write(&real, "[model]\ntop_k = 5\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &case.path).unwrap();
    case.change("model.top_k", json!(9)).unwrap();
    assert!(case.path.is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "[model]\ntop_k = 9\n");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn no_other_files_stay_behind() {
    let case = Case::with(None);
    case.change("model.top_k", json!(9)).unwrap();
    let names = fs::read_dir(case.path.parent().unwrap()).unwrap().flatten().map(|it| it.file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["settings.toml"]);
}

#[test]
fn everything_is_under_one_folder_where_that_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("everything");
    let paths = Paths::choose(Some(home.clone().into())).unwrap();
    assert_eq!(paths, Paths::under(&home));
    assert!([&paths.config, &paths.data, &paths.cache, &paths.models].iter().all(|it| it.starts_with(&home)));
    paths.create().unwrap();
    assert!(paths.models.is_dir() && paths.cache.is_dir());
    assert_eq!(paths.settings_file(), home.join("settings.toml"));
    assert_eq!(paths.history_file(), home.join("history.db"));
    paths.create().unwrap();
}

#[test]
fn the_folders_of_the_platform_are_told_apart() {
    let paths = Paths::choose(Some("".into())).unwrap();
    assert!(paths.models.starts_with(&paths.data));
    assert_ne!(paths.data, paths.cache);
    assert!(paths.config.is_absolute());
}

#[test]
fn the_models_folder_can_be_chosen() {
    let paths = Paths::under("/h");
    let mut settings = Settings::default();
    assert_eq!(paths.models_folder(&settings), paths.models);
    settings.apply("models.folder", &json!("/big/disk")).unwrap();
    assert_eq!(paths.models_folder(&settings), PathBuf::from("/big/disk"));
}
