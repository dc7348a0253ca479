use proptest::prelude::*;

use super::*;

fn units(pieces: &[&str], language: SpokenLanguage) -> Vec<SpokenUnit> {
    let mut splitter = Splitter::new(language);
    let mut units: Vec<SpokenUnit> = pieces.iter().flat_map(|piece| splitter.push(piece)).collect();
    units.extend(splitter.finish());
    units
}

/// The source of each unit, silent ones too, with outer blank space left out.
#[track_caller]
fn check(source: &str, expect: &[&str]) {
    let language = speakable::language_of(source).unwrap_or_default();
    let found = units(&[source], language);
    let texts: Vec<&str> = found.iter().map(|unit| source[unit.source.clone()].trim()).collect();
    let texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
    assert_eq!(texts, expect);
}
