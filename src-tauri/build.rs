//! Tells Tauri which calls exist, so that a window may use only those its capability names.

fn main() {
    let commands = tauri_build::AppManifest::new().commands(&[
        "call",
        "subscribe",
        "open_external",
        "host",
        "orders",
        "look",
        "still",
    ]);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands)) {
        println!("cargo::error=the window host cannot be set up: {error:#}");
    }
}
