//! The forms the file has had. The newest one is what this crate reads.

use toml_edit::DocumentMut;

/// Brings a document of one form to the next.
pub(crate) type Step = fn(&mut DocumentMut);

/// From form 1 to 2, from 2 to 3, and so on. None yet.
pub(crate) const STEPS: &[Step] = &[];

/// The newest form.
pub(crate) const NEWEST: u64 = 1 + STEPS.len() as u64;

/// The form a document says it has; one that says none has the first.
pub(crate) fn version(root: &toml_edit::Table) -> u64 {
    root.get("version")
        .and_then(toml_edit::Item::as_integer)
        .and_then(|it| u64::try_from(it).ok())
        .unwrap_or(1)
        .max(1)
}

/// Brings a document that is not from a newer version to the newest form; returns whether it was older.
pub(crate) fn to_newest(document: &mut DocumentMut, steps: &[Step]) -> bool {
    let found = version(document);
    let pending = usize::try_from(found - 1).ok().and_then(|done| steps.get(done..)).unwrap_or_default();
    for step in pending {
        step(document);
    }
    if !pending.is_empty() {
        let newest = i64::try_from(steps.len() + 1).unwrap_or(i64::MAX);
        crate::edit::replace(document.as_table_mut(), "version", newest.into());
    }
    !pending.is_empty()
}
