//! Which voices there are, and which one speaks a language.

use engine::{Language, Voice};

use crate::ffi::ListedVoice;

/// Where the library's own order is not the best choice: American English as most devices have it; the Mandarin voice
/// that reads Han characters right in 1.51 too, where the other spells them in English.
const PREFERRED: &[(&str, &str)] = &[("en", "en-us"), ("zh", "cmn-latn-pinyin"), ("cmn", "cmn-latn-pinyin")];

/// The voices, each with an id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Voices(Vec<Known>);

#[derive(Debug, Clone)]
struct Known {
    id: String,
    listed: ListedVoice,
}

impl Voices {
    /// Of all that are listed. Voices of MBROLA need another program and are left out.
    pub(crate) fn of(listed: Vec<ListedVoice>) -> Self {
        let mut voices: Vec<Known> = Vec::new();
        for mut listed in listed.into_iter().filter(|voice| !voice.file.starts_with("mb/")) {
            listed.languages.iter_mut().for_each(|(_, language)| language.make_ascii_lowercase());
            let Some((_, own)) = listed.languages.first() else { continue };
            let leaf = listed.file.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
            let id = if voices.iter().any(|voice| voice.id == *own) { leaf } else { own.clone() };
            if !voices.iter().any(|voice| voice.id == id) {
                voices.push(Known { id, listed });
            }
        }
        Self(voices)
    }

    /// As the contract has them.
    pub(crate) fn told(&self) -> Vec<Voice> {
        self.0
            .iter()
            .map(|voice| {
                let mut languages: Vec<String> =
                    voice.listed.languages.iter().map(|(_, language)| language.clone()).collect();
                let primary = languages.first().map(|own| primary(own).to_owned());
                languages.extend(primary.filter(|primary| !languages.contains(primary)));
                Voice {
                    id: voice.id.clone(),
                    name: voice.listed.name.clone(),
                    languages: languages.into_iter().map(Language).collect(),
                }
            })
            .collect()
    }

    /// The file of the voice with this id.
    pub(crate) fn file(&self, id: &str) -> Option<&str> {
        self.0.iter().find(|voice| voice.id == id).map(|voice| voice.listed.file.as_str())
    }

    /// The file of the voice that suits `language` best.
    pub(crate) fn for_language(&self, language: &Language) -> Option<&str> {
        let asked = language.0.to_lowercase().replace('_', "-");
        let preferred = |of: &str| {
            PREFERRED.iter().find(|(language, _)| *language == of).and_then(|(_, id)| self.file(id))
        };
        preferred(&asked)
            .or_else(|| self.best(&asked))
            .or_else(|| preferred(primary(&asked)))
            .or_else(|| self.best(primary(&asked)))
            .or_else(|| self.any(primary(&asked)))
    }

    fn best(&self, language: &str) -> Option<&str> {
        let suits = |voice: &Known| {
            voice
                .listed
                .languages
                .iter()
                .filter(|(_, own)| own == language)
                .map(|(priority, _)| *priority)
                .min()
        };
        let candidates = self.0.iter().filter_map(|voice| Some((suits(voice)?, voice)));
        candidates.min_by_key(|(priority, _)| *priority).map(|(_, voice)| voice.listed.file.as_str())
    }

    /// A dialect of the language, if only dialects are there.
    fn any(&self, language: &str) -> Option<&str> {
        let speaks = |voice: &&Known| voice.listed.languages.iter().any(|(_, own)| primary(own) == language);
        self.0.iter().find(speaks).map(|voice| voice.listed.file.as_str())
    }
}

fn primary(language: &str) -> &str {
    language.split('-').next().unwrap_or(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voices() -> Voices {
        let listed = |file: &str, languages: &[(u8, &str)]| ListedVoice {
            name: file.into(),
            file: file.into(),
            languages: languages.iter().map(|(priority, name)| (*priority, (*name).into())).collect(),
        };
        Voices::of(vec![
            listed("sit/cmn", &[(5, "cmn"), (5, "zh")]),
            listed("sit/cmn-Latn-pinyin", &[(5, "cmn-latn-pinyin"), (5, "zh")]),
            listed("gmw/en", &[(2, "en-gb"), (2, "en")]),
            listed("gmw/en-US", &[(2, "en-us"), (3, "en")]),
            listed("roa/es-419", &[(5, "es-419"), (6, "es")]),
            listed("roa/es", &[(5, "es")]),
            listed("roa/xx-A", &[(5, "xx-a")]),
            listed("sit/yue", &[(5, "yue")]),
            listed("sit/yue-Latn", &[(5, "yue")]),
            listed("mb/mb-us1", &[(5, "en-us")]),
        ])
    }

    fn check(language: &str, expect: Option<&str>) {
        assert_eq!(voices().for_language(&Language(language.into())), expect, "{language}");
    }

    #[test]
    fn a_language_finds_its_voice() {
        check("en", Some("gmw/en-US"));
        check("en-GB", Some("gmw/en"));
        check("en-AU", Some("gmw/en-US"));
        check("es", Some("roa/es"));
        check("es_419", Some("roa/es-419"));
        check("zh", Some("sit/cmn-Latn-pinyin"));
        check("zh-TW", Some("sit/cmn-Latn-pinyin"));
        check("xx", Some("roa/xx-A"));
        check("qq", None);
    }

    #[test]
    fn ids_are_unique_and_lead_back() {
        let voices = voices();
        let ids: Vec<String> = voices.told().into_iter().map(|voice| voice.id).collect();
        assert!(ids.contains(&"yue".into()) && ids.contains(&"yue-latn".into()));
        assert!(ids.iter().all(|id| voices.file(id).is_some()));
        assert!(!ids.iter().any(|id| id.contains("mb")));
    }

    #[test]
    fn every_voice_tells_its_plain_language() {
        let told = voices().told();
        let xx = told.iter().find(|voice| voice.id == "xx-a").unwrap();
        assert_eq!(xx.languages, [Language("xx-a".into()), Language("xx".into())]);
    }
}
