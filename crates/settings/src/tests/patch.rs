//! Changes one at a time, as the window makes them.

use serde_json::{Value, json};

use crate::{Gpu, Kind, Settings, describe};

fn applied(path: &str, value: Value) -> Settings {
    let mut settings = Settings::default();
    settings.apply(path, &value).unwrap();
    settings
}

fn refused(path: &str, value: &Value) -> String {
    let mut settings = Settings::default();
    let problem = settings.apply(path, value).unwrap_err();
    assert_eq!(settings, Settings::default());
    assert_eq!(problem.place, None);
    problem.sentence
}

#[test]
fn each_kind_of_value_is_taken() {
    assert_eq!(applied("model.temperature", json!(0.2)).model.temperature, 0.2);
    assert_eq!(applied("model.temperature", json!(1)).model.temperature, 1.0);
    assert_eq!(applied("model.top_k", json!(12.0)).model.top_k, 12);
    assert_eq!(applied("model.gpu", json!("off")).model.gpu, Gpu::Off);
    assert!(applied("models.offline", json!(true)).models.offline);
    assert_eq!(applied("model.threads", json!(3)).model.threads, Some(3));
    assert_eq!(applied("model.active", json!("qwen")).model.active.as_deref(), Some("qwen"));
}

#[test]
fn null_is_none_where_there_may_be_none() {
    let mut settings = applied("model.seed", json!(5));
    settings.apply("model.seed", &Value::Null).unwrap();
    assert_eq!(settings, Settings::default());
    assert!(refused("model.top_k", &Value::Null).contains("must be a whole number from 0 to 10000."));
}

#[test]
fn what_is_not_allowed_is_refused_with_what_is() {
    assert_eq!(refused("model.temperature", &json!(3)), "`model.temperature` must be a number from 0 to 2.");
    assert_eq!(
        refused("general.theme", &json!("pink")),
        "`general.theme` must be one of \"system\", \"light\", \"dark\"."
    );
    assert!(refused("model.top_k", &json!(1.5)).contains("whole number"));
    assert!(refused("models.hub_endpoint", &json!("ftp://x")).contains("http://"));
    assert!(refused("model.system_prompt", &json!("x".repeat(100_001))).contains("100000 characters"));
    assert!(refused("model.tempreature", &json!(1)).contains("did you mean `model.temperature`?"));
    assert!(refused("version", &json!(7)).contains("no setting"));
    assert!(refused("", &json!(7)).contains("no setting"));
}

#[test]
fn servers_are_set_together() {
    let mut settings = applied("servers", json!([{"id": "a", "base_url": "http://localhost:8080/v1"}]));
    assert_eq!(settings.servers[0].base_url, "http://localhost:8080/v1");
    let twice = json!([{"id": "a", "base_url": "http://x"}, {"id": "a", "base_url": "http://y"}]);
    assert_eq!(refused("servers", &twice), "`servers.1.id` must be different for each server.");
    assert_eq!(
        refused("servers", &json!([{"id": "a", "base_url": "x", }])),
        "`servers.0.base_url` must be an address in quotes that begins with http:// or https://."
    );
    assert_eq!(
        refused("servers", &json!([{"id": "a", "base_url": "http://x", "key": "k"}])),
        "`servers.0.key` is not a field of a server."
    );
    settings.apply("servers", &json!([])).unwrap();
    assert_eq!(settings, Settings::default());
}

#[test]
fn settings_changed_field_by_field_can_be_checked() {
    let mut settings = Settings::default();
    settings.model.temperature = 99.0;
    assert_eq!(settings.check().unwrap_err().path, "model.temperature");
    settings.model.temperature = f64::NAN;
    assert!(settings.check().is_err());
}

#[test]
fn every_setting_is_described() {
    fn leaves(value: &Value) -> usize {
        value.as_object().map_or(1, |fields| fields.values().map(leaves).sum())
    }
    let all = serde_json::to_value(Settings::default()).unwrap();
    // All but the version and the servers.
    assert_eq!(describe().len(), leaves(&all) - 2);
    let (temperature, default) =
        describe().into_iter().find(|(info, _)| info.path == "model.temperature").unwrap();
    assert_eq!((temperature.kind, default), (Kind::Number { min: 0.0, max: 2.0 }, json!(0.7)));
}
