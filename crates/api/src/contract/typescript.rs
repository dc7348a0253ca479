//! The contract as one TypeScript file.

use std::any::TypeId;
use std::collections::{BTreeMap, HashSet};

use ts_rs::{Config, TS, TypeVisitor};

use super::command::{typescript_signatures, visit_command_types};
use super::{HostCall, HostOrder, LookAt, Seen, UiEvent};

/// The text of `ui/src/generated/api.ts`: every type that commands, events and hosts mention, in order of their names, and
/// the signatures of the commands.
pub fn typescript() -> String {
    let mut types = Types::default();
    types.visit::<UiEvent>();
    types.visit::<HostCall>();
    types.visit::<HostOrder>();
    types.visit::<LookAt>();
    types.visit::<Seen>();
    visit_command_types(&mut types);
    let mut out = String::from(
        "// Made from crates/api by `cargo xtask bindings`. Do not edit: change the Rust types instead.\n\n",
    );
    for declaration in types.declarations.values() {
        out.push_str(declaration);
        out.push_str("\n\n");
    }
    out.push_str(&typescript_signatures(&types.config));
    out
}

#[derive(Default)]
struct Types {
    config: Config,
    seen: HashSet<TypeId>,
    declarations: BTreeMap<String, String>,
}

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // Only types of our own have a file of their own; `String`, `Vec` and the like are written in place.
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            self.declarations
                .insert(T::ident(&self.config), format!("{docs}export {}", T::decl(&self.config)));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

#[cfg(test)]
mod tests {
    /// `HARK_WRITE_BINDINGS=1` writes the file instead of comparing it; `cargo xtask bindings` sets it.
    #[test]
    fn bindings_are_fresh() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/generated/api.ts");
        let wanted = super::typescript();
        if std::env::var_os("HARK_WRITE_BINDINGS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == wanted, "ui/src/generated/api.ts is stale: run `cargo xtask bindings`");
    }
}
