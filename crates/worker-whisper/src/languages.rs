//! Languages as Whisper names them.

use engine::Language;

/// Languages of the multilingual models before large-v3, which came with Cantonese as the hundredth.
const BEFORE_CANTONESE: i32 = 99;

/// Whisper's name for this language, if it knows it: among the first `count` of its list.
pub(crate) fn known(language: &Language, count: i32) -> Option<&'static str> {
    let tag = language.0.to_lowercase().replace('_', "-");
    let primary = tag.split('-').next().unwrap_or_default();
    let name = match primary {
        "yue" if count <= BEFORE_CANTONESE => "zh",
        "cmn" => "zh",
        "nb" => "no",
        "fil" => "tl",
        "jv" => "jw",
        "iw" => "he",
        other => other,
    };
    // An unknown language is minus one, which whisper-rs turns into none.
    whisper_rs::get_lang_id(name).filter(|id| (0..count).contains(id)).and_then(whisper_rs::get_lang_str)
}

/// How many languages a model of this vocabulary knows; 1, English, for one that is not multilingual.
pub(crate) fn count(vocabulary: i32, multilingual: bool) -> i32 {
    // 51864 words are English alone; each further one is a language more, and the first multilingual one has 99.
    if multilingual { vocabulary - 51_765 - 1 } else { 1 }.clamp(1, whisper_rs::get_lang_max_id() + 1)
}

/// The language of this number, as BCP 47 has it.
pub(crate) fn tag(name: &str) -> Language {
    Language(if name == "jw" { "jv" } else { name }.to_owned())
}

/// The first `count`.
pub(crate) fn all(count: i32) -> Vec<Language> {
    (0..count).filter_map(whisper_rs::get_lang_str).map(tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_find_their_language() {
        let check =
            |tag: &str, count, expect| assert_eq!(known(&Language(tag.into()), count), expect, "{tag}");
        check("en-US", 99, Some("en"));
        check("zh_TW", 99, Some("zh"));
        check("cmn", 1, None);
        check("yue", 99, Some("zh"));
        check("yue", 100, Some("yue"));
        check("es", 1, None);
        check("qq", 99, None);
        check("", 99, None);
        check("nb", 99, Some("no"));
    }

    #[test]
    fn vocabularies_tell_how_many() {
        assert_eq!([count(51_864, false), count(51_865, true), count(51_866, true)], [1, 99, 100]);
        assert_eq!(all(1), [Language("en".into())]);
        assert_eq!(all(99).len(), 99);
    }
}
