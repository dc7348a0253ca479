//! `soundcard`: the virtual card from a shell.
fn main() {}
