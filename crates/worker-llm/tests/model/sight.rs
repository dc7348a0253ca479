//! Pictures: models with the shapes of real ones and random weights, in which every path is real and no answer means
//! anything.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::{
    CacheUse, FinishReason, GenerateEvent, GenerateRequest, Image, JobError, LoadProgress, LoadRequest,
    Media, Weigh,
};
use testkit::{Family, Layers, seeing_model};
use worker_llm::{Engine, IsCancelled, Listener};

use crate::common::*;

const BOTH: [Family; 2] = [Family::SmolVlm, Family::Qwen3Vl];

pub(crate) fn seeing_request(family: Family, layers: Layers, vocabulary: &Path) -> LoadRequest {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seeing");
    let model = seeing_model(family, layers, vocabulary, &folder).unwrap();
    LoadRequest {
        projector: Some(model.projector),
        context_tokens: Some(2048),
        ..load_request(&model.weights)
    }
}

fn seeing(family: Family, vocabulary: &Path) -> Engine {
    try_load(&seeing_request(family, Layers::few(family), vocabulary)).unwrap()
}

/// Stripes, waves and noise, another for every `seed`.
pub(crate) fn picture(width: u32, height: u32, seed: u32) -> Image {
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let wave = (x * (seed % 7 + 1) + y * (seed % 5 + 2)) / 3;
            let noise =
                x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)).wrapping_mul(seed + 1)
                    >> 25;
            let stripe = if (x / (8 + seed % 9)).is_multiple_of(2) { 60 } else { 200 };
            rgb.extend([wave, noise + seed * 3, stripe].map(|value| u8::try_from(value % 256).unwrap()));
        }
    }
    Image::new(width, height, rgb).unwrap()
}

/// What a random model says is cut into other tokens when it is read again; this is not.
const REPLY: &str = "a:It is a cat.";

/// Wide, so that SmolVLM cuts it into few parts.
fn wide(seed: u32) -> Image {
    picture(300, 60, seed)
}

/// `lines` as in [`ask`], with these pictures in the message `at`.
pub(crate) fn show(lines: &[&str], at: usize, pictures: &[&Image]) -> GenerateRequest {
    let mut request = GenerateRequest { max_tokens: Some(8), ..ask(lines) };
    request.messages[at].media = pictures.iter().map(|&picture| Media::Image(picture.clone())).collect();
    request
}

/// Sends what is missing, and asks.
pub(crate) fn see(engine: &mut Engine, request: &GenerateRequest) -> Told {
    send_missing(engine, request);
    tell(engine, request)
}

/// The number of pictures that were sent.
fn send_missing(engine: &mut Engine, request: &GenerateRequest) -> usize {
    let missing = engine.missing(request).unwrap();
    for message in &request.messages {
        for image in message.images().filter(|image| missing.contains(&image.id())) {
            engine.keep(image.pixels().unwrap()).unwrap();
        }
    }
    missing.len()
}

#[test]
fn a_model_with_a_projector_sees_and_what_it_sees_matters() {
    let vocabulary = model_or_skip!();
    for family in BOTH {
        let mut engine = seeing(family, &vocabulary);
        assert!(engine.info().sees && !engine.info().hears);
        let one = see(&mut engine, &show(&["u:What is this?"], 0, &[&wide(1)]));
        let other = see(&mut engine, &show(&["u:What is this?"], 0, &[&wide(2)]));
        let none = see(&mut engine, &ask(&["u:What is this?"]));
        assert!(
            one.made > 0 && one.text != other.text && one.text != none.text,
            "{family:?} {one:?} {other:?}"
        );
        assert!(one.prompt.prompt_tokens > none.prompt.prompt_tokens + 8);
        let fresh = see(&mut seeing(family, &vocabulary), &show(&["u:What is this?"], 0, &[&wide(1)]));
        assert_eq!(fresh.text, one.text, "{family:?}");
    }
}

#[test]
fn a_second_question_about_a_picture_reads_only_itself() {
    let vocabulary = model_or_skip!();
    for family in BOTH {
        let mut engine = seeing(family, &vocabulary);
        let first = see(&mut engine, &show(&["s:Be kind.", "u:What is this?"], 1, &[&wide(1)]));
        let lines = ["s:Be kind.", "u:What is this?", REPLY, "u:And why?"];
        let follow_up = show(&lines, 1, &[&wide(1)]);
        assert_eq!(send_missing(&mut engine, &follow_up), 0, "{family:?}");
        let second = tell(&mut engine, &follow_up);
        assert!(second.prompt.reused_tokens >= first.prompt.prompt_tokens, "{family:?} {second:?}");
        assert_eq!(see(&mut seeing(family, &vocabulary), &follow_up).text, second.text, "{family:?}");
        // And behind the reply that it made itself, which is shared too.
        let own = format!("a:{}", second.text);
        let third = [&lines[..], &[&own, "u:Really?"]].concat();
        let third = tell(&mut engine, &show(&third, 1, &[&wide(1)]));
        let shared = second.prompt.prompt_tokens + second.made - 1;
        // (SmolVLM's template wants a space before a reply, which a random one need not have.)
        let least = if family == Family::Qwen3Vl { shared } else { second.prompt.prompt_tokens };
        assert!((least..=shared).contains(&third.prompt.reused_tokens), "{family:?} {third:?}");
    }
}

#[test]
fn pictures_stand_where_they_were_shown() {
    let vocabulary = model_or_skip!();
    for family in BOTH {
        let mut engine = seeing(family, &vocabulary);
        let (one, two) = (wide(3), wide(4));
        let there = see(&mut engine, &show(&["u:Compare."], 0, &[&one, &two]));
        let back = see(&mut engine, &show(&["u:Compare."], 0, &[&two, &one]));
        assert_eq!(there.prompt.prompt_tokens, back.prompt.prompt_tokens);
        assert_ne!(there.text, back.text, "{family:?}: the order matters");
        // Another picture in a later turn; the first stays in memory.
        let mut next = show(&["u:Compare.", REPLY, "u:And this?"], 0, &[&two, &one]);
        next.messages[2].media = vec![Media::Image(wide(5))];
        assert_eq!(send_missing(&mut engine, &next), 1);
        let told = tell(&mut engine, &next);
        assert!(told.prompt.reused_tokens >= back.prompt.prompt_tokens, "{family:?} {told:?}");
        assert_eq!(see(&mut seeing(family, &vocabulary), &next).text, told.text, "{family:?}");
    }
}

#[test]
fn a_picture_is_sent_once_and_looked_at_once() {
    let vocabulary = model_or_skip!();
    let mut engine = seeing(Family::Qwen3Vl, &vocabulary);
    let picture = wide(6);
    assert!(engine.lacks(&picture).unwrap());
    engine.keep(picture.pixels().unwrap()).unwrap();
    assert!(!engine.lacks(&picture).unwrap());
    let prepared = engine.prepare_image(&picture, &mut Ear::default()).unwrap();
    assert!(prepared.tokens > 8);
    // In another conversation, in another place: it needs no pixels, and the reply is the same as without preparing.
    let request = show(&["s:Be brief.", "u:Once more: what is this?"], 1, &[&picture]);
    assert_eq!(send_missing(&mut engine, &request), 0);
    let told = tell(&mut engine, &request);
    assert!(told.prompt.prompt_tokens > prepared.tokens);
    assert_eq!(see(&mut seeing(Family::Qwen3Vl, &vocabulary), &request).text, told.text);
}

#[test]
fn a_model_that_cannot_see_says_so_in_a_sentence() {
    let model = model_or_skip!();
    let mut engine = load(&model);
    let request = show(&["u:What is this?"], 0, &[&wide(1)]);
    let refusals = [
        engine.missing(&request).unwrap_err(),
        told(&mut engine, &request, Ear::default()).unwrap_err(),
        engine.keep(wide(1).pixels().unwrap()).unwrap_err(),
        engine.prepare_image(&wide(1), &mut Ear::default()).unwrap_err(),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, JobError::CannotSee { .. }), "{refusal:?}");
    }
    assert!(tell(&mut engine, &ask(&["u:Hi"])).made > 0, "and lives on");
}

#[test]
fn a_projector_of_another_model_is_refused_in_a_sentence() {
    let vocabulary = model_or_skip!();
    let [smol, qwen] = BOTH.map(|family| seeing_request(family, Layers::few(family), &vocabulary));
    let mixed = LoadRequest { projector: qwen.projector, ..smol.clone() };
    let error = try_load(&mixed).err().unwrap();
    assert!(matches!(&error, JobError::BadModel { reason } if reason.contains("mmproj-")), "{error:?}");
    let no_projector = LoadRequest { projector: Some(smol.weights.clone()), ..smol.clone() };
    assert!(matches!(try_load(&no_projector).err(), Some(JobError::BadModel { .. })));
    let absent = LoadRequest { projector: Some("/nowhere/mmproj.gguf".into()), ..smol };
    assert!(matches!(try_load(&absent).err(), Some(JobError::BadModel { .. })));
}

#[test]
fn odd_sizes_are_seen_or_refused_and_never_end_it() {
    let vocabulary = model_or_skip!();
    let mut engine = seeing(Family::Qwen3Vl, &vocabulary);
    for (width, height) in [(1, 1), (3, 1000), (1000, 3), (224, 224), (31, 33), (2, 2)] {
        let told = see(&mut engine, &show(&["u:What?"], 0, &[&picture(width, height, 1)]));
        assert!(told.made > 0, "{width} x {height}");
    }
    for family in BOTH {
        let mut engine = seeing(family, &vocabulary);
        for (width, height) in [(1, 3000), (3000, 1)] {
            let request = show(&["u:What?"], 0, &[&picture(width, height, 1)]);
            let error = engine.missing(&request).unwrap_err();
            assert!(matches!(error, JobError::BadRequest { .. }), "{error:?}");
        }
        assert!(tell(&mut engine, &ask(&["u:Hi"])).made > 0);
    }
}

#[test]
fn whole_turns_leave_with_their_pictures() {
    let vocabulary = model_or_skip!();
    let request = seeing_request(Family::Qwen3Vl, Layers::few(Family::Qwen3Vl), &vocabulary);
    let mut engine = try_load(&LoadRequest { context_tokens: Some(512), ..request }).unwrap();
    let mut lines = vec!["s:You are kind.".to_owned()];
    let mut pictures = vec![Vec::new()];
    let mut cuts = Vec::new();
    for turn in 0..9 {
        lines.push(format!("u:What is number {turn}?"));
        // 352 x 224 pixels are 11 x 7 = 77 tokens.
        pictures.push(vec![Media::Image(picture(352, 224, turn))]);
        let mut request = show(&lines.iter().map(String::as_str).collect::<Vec<_>>(), 0, &[]);
        for (message, media) in request.messages.iter_mut().zip(&pictures) {
            message.media.clone_from(media);
        }
        assert!(send_missing(&mut engine, &request) <= 1);
        let told = tell(&mut engine, &request);
        assert!(told.prompt.prompt_tokens <= 512 - 8, "{told:?}");
        cuts.push(told.prompt.dropped_messages);
        lines.push(format!("a:{}", told.text));
        pictures.push(Vec::new());
    }
    assert!(cuts[0] == 0 && *cuts.last().unwrap() > 0, "{cuts:?}");
    assert!(cuts.is_sorted() && cuts.iter().all(|cut| cut % 2 == 0), "whole turns, in order: {cuts:?}");
    // One that cannot fit alone.
    let large = show(&["u:What?"], 0, &[&picture(1000, 800, 1)]);
    let error = engine.missing(&large).unwrap_err();
    assert!(matches!(error, JobError::PromptTooLong { needed, .. } if needed > 700), "{error:?}");
}

#[test]
fn an_aside_sees_and_leaves_the_conversation_in_memory() {
    let vocabulary = model_or_skip!();
    for family in BOTH {
        let mut engine = seeing(family, &vocabulary);
        let first = see(&mut engine, &show(&["u:What is this?"], 0, &[&wide(1)]));
        let title = GenerateRequest {
            cache: CacheUse::Aside,
            ..show(&["u:What is this?", REPLY, "u:A title?"], 0, &[&wide(1)])
        };
        assert_eq!(send_missing(&mut engine, &title), 0, "{family:?}");
        let aside = tell(&mut engine, &title);
        assert!(aside.prompt.reused_tokens >= first.prompt.prompt_tokens, "{family:?}");
        let next = show(&["u:What is this?", REPLY, "u:And why?"], 0, &[&wide(1)]);
        let second = tell(&mut engine, &next);
        assert!(second.prompt.reused_tokens >= first.prompt.prompt_tokens, "{family:?} {second:?}");
        let alone = GenerateRequest { cache: CacheUse::Reuse, ..title };
        assert_eq!(see(&mut seeing(family, &vocabulary), &alone).text, aside.text, "{family:?}");
    }
}

#[test]
fn words_are_read_along_behind_a_picture() {
    let vocabulary = model_or_skip!();
    let mut engine = seeing(Family::Qwen3Vl, &vocabulary);
    let reading = |words: &str| GenerateRequest {
        weigh: Weigh::TurnEnd,
        max_tokens: Some(0),
        ..show(&[words], 0, &[&wide(1)])
    };
    let first = see(&mut engine, &reading("u:What is"));
    assert!(first.turn_end.is_some());
    let second = see(&mut engine, &reading("u:What is this thing"));
    assert_eq!(second.prompt.reused_tokens, first.prompt.prompt_tokens);
    let whole = GenerateRequest { weigh: Weigh::TurnEnd, ..show(&["u:What is this thing?"], 0, &[&wide(1)]) };
    let told = see(&mut engine, &whole);
    assert_eq!(told.prompt.reused_tokens, second.prompt.prompt_tokens);
    assert_eq!(told.text, see(&mut seeing(Family::Qwen3Vl, &vocabulary), &whole).text);
}

/// Cancels when it has been asked so often.
struct Late {
    asked: Arc<AtomicUsize>,
    most: usize,
}

impl Listener for Late {
    fn event(&mut self, _: GenerateEvent) {}

    fn loading(&mut self, _: LoadProgress) {}

    fn is_cancelled(&self) -> IsCancelled {
        let (asked, most) = (Arc::clone(&self.asked), self.most);
        Arc::new(move || asked.fetch_add(1, Ordering::Relaxed) >= most)
    }
}

#[test]
fn a_look_that_is_broken_off_leaves_everything_right() {
    let vocabulary = model_or_skip!();
    for family in BOTH {
        let expect = see(&mut seeing(family, &vocabulary), &show(&["u:What?"], 0, &[&wide(1)])).text;
        let mut engine = seeing(family, &vocabulary);
        engine.keep(wide(1).pixels().unwrap()).unwrap();
        // Before the look, within it, and further on, in the reading of what was seen.
        for most in [0, 1, 2, 6, 20, 60, 200] {
            let asked = Arc::default();
            let mut late = Late { asked: Arc::clone(&asked), most };
            match engine.prepare_image(&wide(1), &mut late) {
                Ok(_) => assert!(asked.load(Ordering::Relaxed) <= most, "{family:?}: nobody listened"),
                Err(error) => assert_eq!(error, JobError::Cancelled, "{family:?}"),
            }
            let mut late = Late { asked: Arc::default(), most };
            let generated = engine.generate(&show(&["u:What?"], 0, &[&wide(1)]), &mut late).unwrap();
            assert!(most > 6 || generated.reason == FinishReason::Cancelled, "{family:?} {most}");
        }
        let request = show(&["u:What?"], 0, &[&wide(1)]);
        assert_eq!(send_missing(&mut engine, &request), 0);
        assert_eq!(tell(&mut engine, &request).text, expect, "{family:?}");
    }
}
