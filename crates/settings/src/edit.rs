//! Changing a document in the user's hand: only the values that changed, all else as it was.

use serde_json::Value;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, value};

use crate::catalog::{SERVER, SETTINGS, SettingInfo, lookup};
use crate::load::to_json;

/// Puts into `document` what differs between the two sets of settings.
pub(crate) fn put_changes(document: &mut DocumentMut, before: &Value, after: &Value) {
    for info in SETTINGS {
        let wanted = lookup(after, info.path);
        if lookup(before, info.path) == wanted {
            continue;
        }
        let Some((group, key)) = info.path.split_once('.') else { continue };
        if document.get(group).is_none_or(|item| !item.is_table_like()) {
            let table = at_the_end(document, Table::new());
            document.insert(group, Item::Table(table));
        }
        if let Some(table) = document.get_mut(group).and_then(Item::as_table_like_mut) {
            replace(table, key, to_toml(info, wanted));
        }
    }
    if before["servers"] != after["servers"] {
        put_servers(document, after["servers"].as_array().map(Vec::as_slice).unwrap_or_default());
    }
}

/// Sets a value, keeping the remarks around the old one.
pub(crate) fn replace(table: &mut dyn TableLike, key: &str, mut new: toml_edit::Value) {
    if let Some(old) = table.get_mut(key).and_then(Item::as_value_mut) {
        *new.decor_mut() = old.decor().clone();
        *old = new;
    } else {
        table.insert(key, value(new));
    }
}

/// A table that is to follow all that is in the document, the remarks at its end included.
fn at_the_end(document: &mut DocumentMut, mut table: Table) -> Table {
    let remarks = document.trailing().as_str().unwrap_or_default().to_owned();
    if !remarks.is_empty() {
        table.decor_mut().set_prefix(remarks + if document.is_empty() { "" } else { "\n" });
        document.set_trailing("");
    }
    table
}

fn to_toml(info: &SettingInfo, wanted: &Value) -> toml_edit::Value {
    match wanted {
        Value::Bool(switch) => (*switch).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        Value::String(text) => text.as_str().into(),
        // Accepted values are none of the others.
        Value::Null | Value::Array(_) | Value::Object(_) => info.none.unwrap_or_default().into(),
    }
}

/// Servers are known by their ids: those that stay keep their remarks and their place among each other.
fn put_servers(document: &mut DocumentMut, servers: &[Value]) {
    let old: Vec<Table> = match document.remove("servers") {
        Some(Item::ArrayOfTables(tables)) => tables.into_iter().collect(),
        Some(Item::Value(toml_edit::Value::Array(array))) => array
            .iter()
            .filter_map(|it| it.as_inline_table().cloned())
            .map(toml_edit::InlineTable::into_table)
            .collect(),
        _ => Vec::new(),
    };
    if servers.is_empty() {
        return;
    }
    let mut tables = ArrayOfTables::new();
    for server in servers {
        let same = |it: &&Table| it.get("id").and_then(Item::as_str) == server["id"].as_str();
        let known = old.iter().find(same).cloned();
        let mut table = known.unwrap_or_else(|| at_the_end(document, Table::new()));
        for info in SERVER {
            match &server[info.path] {
                Value::Null => drop(table.remove(info.path)),
                wanted if table.get(info.path).and_then(to_json).as_ref() == Some(wanted) => {}
                wanted => replace(&mut table, info.path, to_toml(info, wanted)),
            }
        }
        tables.push(table);
    }
    document.insert("servers", Item::ArrayOfTables(tables));
}
