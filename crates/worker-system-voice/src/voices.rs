//! Which voices there are, and which one speaks a language.

use engine::{Language, Voice};

use crate::synthesiser::{Listed, Standing};

/// The region that is meant by a language alone, where the system has no opinion of its own: that of most of its speakers,
/// or, where these differ by country, what most software takes. Without it Chinese could be Cantonese (`zh-HK`).
const HOMES: &[(&str, &str)] = &[
    ("ar", "sa"),
    ("de", "de"),
    ("en", "us"),
    ("es", "es"),
    ("fr", "fr"),
    ("nl", "nl"),
    ("pt", "br"),
    ("zh", "cn"),
];

/// Languages that the systems have under another name.
const ALIASES: &[(&str, &str)] = &[("cmn", "zh"), ("yue", "zh-hk"), ("no", "nb")];

/// The voices, each with an id.
#[derive(Debug, Clone, Default)]
pub struct Voices(Vec<Known>);

#[derive(Debug, Clone)]
struct Known {
    id: String,
    tag: Tag,
    listed: Listed,
}

impl Voices {
    /// Of all that are listed.
    pub fn of(listed: Vec<Listed>) -> Self {
        let mut voices: Vec<Known> = Vec::new();
        for listed in listed {
            // Windows names voices by their places in its registry.
            let id = listed.key.rsplit('\\').next().unwrap_or_default().to_owned();
            let id = if voices.iter().any(|voice| voice.id == id) { listed.key.clone() } else { id };
            if !id.is_empty() && !voices.iter().any(|voice| voice.id == id) {
                voices.push(Known { id, tag: Tag::of(&listed.language), listed });
            }
        }
        Self(voices)
    }

    /// As the contract has them: what the user or the system prefers comes first, what is for fun last.
    pub fn told(&self) -> Vec<Voice> {
        let mut known: Vec<&Known> = self.0.iter().collect();
        known.sort_by_key(|voice| std::cmp::Reverse(voice.listed.standing));
        let told = |voice: &Known| {
            let own = voice.listed.language.replace('_', "-");
            let plain = (!own.eq_ignore_ascii_case(&voice.tag.primary)).then(|| voice.tag.primary.clone());
            Voice {
                id: voice.id.clone(),
                name: voice.listed.name.clone(),
                languages: std::iter::once(own).chain(plain).map(Language).collect(),
            }
        };
        known.into_iter().map(told).collect()
    }

    /// The system's key of the voice with this id.
    pub fn key(&self, id: &str) -> Option<&str> {
        self.0.iter().find(|voice| voice.id == id).map(|voice| voice.listed.key.as_str())
    }

    /// The system's key of the voice that suits `language` best: one of its region if a region is asked for; no voice for fun
    /// if there is another; then what the user has chosen, one of the region that the language alone means, what the system
    /// favours, and the best one.
    pub fn for_language(&self, language: &Language) -> Option<&str> {
        let asked = Tag::asked(&language.0);
        let home = HOMES.iter().find(|(primary, _)| *primary == asked.primary).map(|(_, region)| *region);
        let suits = |voice: &Known| {
            let Listed { standing, quality, .. } = voice.listed;
            let of_region = |region: Option<&str>| region.is_some() && voice.tag.region.as_deref() == region;
            (
                of_region(asked.region.as_deref()),
                standing != Standing::Novelty,
                standing == Standing::Default,
                of_region(home),
                standing,
                quality,
            )
        };
        let candidates = self.0.iter().filter(|voice| voice.tag.primary == asked.primary);
        // Of equals the first.
        candidates.rev().max_by_key(|voice| suits(voice)).map(|voice| voice.listed.key.as_str())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What of a BCP 47 tag makes a difference here, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    primary: String,
    region: Option<String>,
}

impl Tag {
    fn of(tag: &str) -> Self {
        let tag = tag.to_lowercase().replace('_', "-");
        let mut parts = tag.split('-');
        let primary = parts.next().unwrap_or_default().to_owned();
        let rest: Vec<&str> = parts.collect();
        // Two letters or three digits (RFC 5646, 2.2.4), before any extension, which a single letter begins.
        let is_region = |part: &&&str| {
            (part.len() == 2 && part.chars().all(char::is_alphabetic))
                || (part.len() == 3 && part.chars().all(|c| c.is_ascii_digit()))
        };
        let region = rest.iter().take_while(|part| part.len() > 1).find(is_region);
        let region = region.map(|region| (*region).to_owned());
        let region = region.or_else(|| (primary == "zh" && rest.contains(&"hant")).then(|| "tw".into()));
        Self { primary, region }
    }

    /// As somebody asks for it.
    fn asked(tag: &str) -> Self {
        let asked = Self::of(tag);
        let alias = ALIASES.iter().find(|(other, _)| *other == asked.primary);
        let Some((_, known)) = alias else { return asked };
        let known = Self::of(known);
        Self { region: known.region.or(asked.region), ..known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(key: &str, language: &str, standing: Standing, quality: u8) -> Listed {
        Listed { key: key.into(), name: key.into(), language: language.into(), standing, quality }
    }

    fn voices() -> Voices {
        use Standing::{Favoured, Novelty, Usual};
        Voices::of(vec![
            listed("bells", "en-US", Novelty, 1),
            listed("daniel", "en-GB", Favoured, 1),
            listed("fred", "en-US", Usual, 1),
            listed("samantha", "en-US", Favoured, 1),
            listed("zoe", "en-US", Usual, 3),
            listed("karen", "en-AU", Favoured, 1),
            listed("sinji", "zh-HK", Favoured, 1),
            listed("meijia", "zh-TW", Favoured, 1),
            listed("tingting", "zh-CN", Favoured, 1),
            listed("paulina", "es_MX", Usual, 2),
            listed("luciana", "pt-BR", Usual, 1),
            listed("joana", "pt-PT", Usual, 2),
            listed("nora", "nb-NO", Usual, 1),
            listed("jester", "xx-XX", Novelty, 1),
        ])
    }

    fn check(language: &str, expect: Option<&str>) {
        assert_eq!(voices().for_language(&Language(language.into())), expect, "{language}");
    }

    #[test]
    fn a_language_finds_its_voice() {
        check("en", Some("samantha"));
        check("en-US", Some("samantha"));
        check("EN_gb", Some("daniel"));
        check("en-NZ", Some("samantha"));
        check("es", Some("paulina"));
        check("es-419", Some("paulina"));
        check("pt", Some("luciana"));
        check("pt-PT", Some("joana"));
        check("no", Some("nora"));
        check("xx", Some("jester"));
        check("qq", None);
        check("", None);
    }

    #[test]
    fn chinese_is_mandarin_unless_cantonese_is_asked_for() {
        check("zh", Some("tingting"));
        check("cmn", Some("tingting"));
        check("zh-Hans", Some("tingting"));
        check("zh-Hans-CN", Some("tingting"));
        check("zh-Hant", Some("meijia"));
        check("zh-TW", Some("meijia"));
        check("zh-HK", Some("sinji"));
        check("yue", Some("sinji"));
        check("zh-SG", Some("tingting"));
    }

    #[test]
    fn what_its_user_has_chosen_comes_first() {
        let mut all: Vec<Listed> = voices().0.into_iter().map(|voice| voice.listed).collect();
        all.push(listed("moira", "en-IE", Standing::Default, 1));
        let voices = Voices::of(all);
        let of = |language: &str| voices.for_language(&Language(language.into()));
        assert_eq!((of("en"), of("en-GB"), of("en-ZA")), (Some("moira"), Some("daniel"), Some("moira")));
        assert_eq!(of("zh"), Some("tingting"));
        assert_eq!(voices.told()[0].id, "moira");
        assert_eq!(voices.told().last().map(|voice| voice.id.as_str()), Some("jester"));
    }

    #[test]
    fn ids_are_short_and_lead_back() {
        let place =
            r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Speech_OneCore\Voices\Tokens\MSTTS_V110_enUS_ZiraM";
        let other = r"HKEY_CURRENT_USER\Elsewhere\MSTTS_V110_enUS_ZiraM";
        let usual = |key| listed(key, "en-US", Standing::Usual, 1);
        let voices = Voices::of(vec![usual(place), usual(other), usual(other), usual("")]);
        let ids: Vec<String> = voices.told().into_iter().map(|voice| voice.id).collect();
        assert_eq!(ids, ["MSTTS_V110_enUS_ZiraM", other]);
        assert_eq!(voices.key("MSTTS_V110_enUS_ZiraM"), Some(place));
        assert_eq!(voices.key(other), Some(other));
        assert_eq!(voices.key("en"), None);
    }

    #[test]
    fn every_voice_tells_its_plain_language() {
        let told =
            Voices::of(vec![listed("a", "zh_CN", Standing::Usual, 1), listed("b", "eo", Standing::Usual, 1)])
                .told();
        assert_eq!(told[0].languages, ["zh-CN", "zh"].map(|tag| Language(tag.into())));
        assert_eq!(told[1].languages, [Language("eo".into())]);
    }
}
