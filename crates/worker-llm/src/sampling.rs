//! Which token comes next.
//!
//! What always holds: the same settings, seed and scores give the same tokens. llama.cpp's samplers do the choosing;
//! what is done here is to give them few candidates, because copying a whole vocabulary for every token costs as much
//! as a fifth of a small model's step.

use engine::{Constraint, JobError, Sampling};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

/// The repeat penalty looks at so many tokens.
pub const PENALTY_WINDOW: usize = 64;

/// Above this many candidates, taking all is as quick as choosing.
const MOST_CANDIDATES: usize = 1024;

/// Chooses tokens for one reply.
pub struct Sampler {
    choice: Choice,
    grammar: Option<LlamaSampler>,
    candidates: LlamaTokenDataArray,
}

enum Choice {
    /// The likeliest, without further ado.
    Likeliest,
    /// By llama.cpp's samplers.
    Chain {
        chain: LlamaSampler,
        /// How many of the likeliest tokens decide; `None` for all.
        enough: Option<usize>,
    },
}

impl Sampler {
    /// A sampler for one reply to a prompt that ends with `recent`.
    ///
    /// # Errors
    /// [`JobError::BadRequest`] when a setting is no number or out of range, or the grammar cannot be read.
    pub fn new(
        model: &LlamaModel,
        sampling: &Sampling,
        constraint: Option<&Constraint>,
        recent: &[LlamaToken],
    ) -> Result<Self, JobError> {
        check(sampling)?;
        let grammar = constraint.map(|constraint| grammar(model, constraint)).transpose()?;
        let choice = choice(model, sampling, recent);
        Ok(Self { choice, grammar, candidates: LlamaTokenDataArray::new(Vec::new(), false) })
    }

    /// Chooses, given the scores of every token. The grammar is not asked while the model thinks.
    ///
    /// # Errors
    /// [`JobError::Internal`] when llama.cpp refuses its own choice.
    pub fn choose(&mut self, logits: &[f32], constrained: Constrained) -> Result<LlamaToken, JobError> {
        let free = self.choose_freely(logits);
        let token = match &mut self.grammar {
            Some(grammar) if constrained == Constrained::Yes => {
                if allows(grammar, free) {
                    free
                } else {
                    // Asking the grammar about every token is slow; most of the time its first choice is right.
                    take_all(&mut self.candidates, logits);
                    self.candidates.apply_sampler(grammar);
                    self.choice.take(&mut self.candidates)
                }
            }
            _ => free,
        };
        if let Choice::Chain { chain, .. } = &mut self.choice {
            chain.accept(token);
        }
        if let Some(grammar) = &mut self.grammar
            && constrained == Constrained::Yes
        {
            grammar.try_accept(token).map_err(|_| JobError::Internal {
                reason: "The model could not keep to the requested form.".into(),
            })?;
        }
        Ok(token)
    }

    fn choose_freely(&mut self, logits: &[f32]) -> LlamaToken {
        match &mut self.choice {
            Choice::Likeliest => likeliest(logits),
            Choice::Chain { enough, .. } => {
                match *enough {
                    Some(enough) => take_likeliest(&mut self.candidates, logits, enough),
                    None => take_all(&mut self.candidates, logits),
                }
                self.choice.take(&mut self.candidates)
            }
        }
    }
}

/// Whether the grammar has a say in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constrained {
    /// It has.
    Yes,
    /// The token is part of the model's thoughts.
    No,
}

impl Choice {
    fn take(&mut self, candidates: &mut LlamaTokenDataArray) -> LlamaToken {
        if let Self::Chain { chain, .. } = self {
            candidates.apply_sampler(chain);
            if let Some(token) = candidates.selected_token() {
                return token;
            }
        }
        let best = candidates.data.iter().max_by(|one, other| one.logit().total_cmp(&other.logit()));
        best.map_or(LlamaToken(0), LlamaTokenData::id)
    }
}

fn check(sampling: &Sampling) -> Result<(), JobError> {
    let problem = if !(sampling.temperature.is_finite() && sampling.temperature >= 0.0) {
        "The temperature must be 0 or more."
    } else if !(0.0..=1.0).contains(&sampling.top_p) {
        "Top-p must be between 0 and 1."
    } else if !(0.0..=1.0).contains(&sampling.min_p) {
        "Min-p must be between 0 and 1."
    } else if !(sampling.repeat_penalty.is_finite() && sampling.repeat_penalty > 0.0) {
        "The repeat penalty must be more than 0."
    } else {
        return Ok(());
    };
    Err(JobError::BadRequest { reason: problem.into() })
}

fn choice(model: &LlamaModel, sampling: &Sampling, recent: &[LlamaToken]) -> Choice {
    // Exactly 1 is what the settings call "off".
    #[allow(clippy::float_cmp)]
    let penalised = sampling.repeat_penalty != 1.0;
    if sampling.temperature == 0.0 && !penalised {
        return Choice::Likeliest;
    }
    let mut samplers = Vec::new();
    if penalised {
        let window = i32::try_from(PENALTY_WINDOW).unwrap_or(i32::MAX);
        samplers.push(LlamaSampler::penalties(model.n_vocab(), window, sampling.repeat_penalty, 0.0, 0.0));
    }
    if sampling.temperature == 0.0 {
        samplers.push(LlamaSampler::greedy());
    } else {
        if sampling.top_k > 0 {
            samplers.push(LlamaSampler::top_k(i32::try_from(sampling.top_k).unwrap_or(i32::MAX)));
        }
        samplers.push(LlamaSampler::top_p(sampling.top_p, 1));
        samplers.push(LlamaSampler::min_p(sampling.min_p, 1));
        samplers.push(LlamaSampler::temp(sampling.temperature));
        samplers.push(LlamaSampler::dist(sampling.seed.unwrap_or_else(random_seed)));
    }
    let mut chain = LlamaSampler::chain(samplers, true);
    chain.accept_many(recent.iter().skip(recent.len().saturating_sub(PENALTY_WINDOW)));
    Choice::Chain { chain, enough: enough(sampling) }
}

/// How many of the likeliest tokens certainly contain all that can be chosen. A penalty only ever lowers the tokens
/// in its window, so that many more than `top_k` are enough.
fn enough(sampling: &Sampling) -> Option<usize> {
    let keep = if sampling.temperature == 0.0 { 1 } else { sampling.top_k as usize };
    let keep = if sampling.repeat_penalty > 1.0 { keep + PENALTY_WINDOW } else { keep };
    let lowers_only = sampling.repeat_penalty >= 1.0;
    (lowers_only && (sampling.top_k > 0 || sampling.temperature == 0.0) && keep <= MOST_CANDIDATES)
        .then_some(keep)
}

/// The grammar's sampler.
fn grammar(model: &LlamaModel, constraint: &Constraint) -> Result<LlamaSampler, JobError> {
    let refuse = |reason: &str| JobError::BadRequest { reason: reason.into() };
    let text = match constraint {
        Constraint::JsonSchema(schema) => llama_cpp_2::json_schema_to_grammar(schema)
            .map_err(|_| refuse("The JSON schema cannot be used as the form of a reply."))?,
        Constraint::Grammar(grammar) => grammar.clone(),
    };
    LlamaSampler::grammar(model, &text, "root").map_err(|_| refuse("The grammar cannot be read."))
}

/// Whether the grammar lets `token` come next.
fn allows(grammar: &mut LlamaSampler, token: LlamaToken) -> bool {
    let mut one = LlamaTokenDataArray::new(vec![LlamaTokenData::new(token, 1.0, 0.0)], false);
    one.apply_sampler(grammar);
    one.data.first().is_some_and(|candidate| candidate.logit() > f32::NEG_INFINITY)
}

fn likeliest(logits: &[f32]) -> LlamaToken {
    // Chunks first: the comparisons within one compile to vector instructions.
    const CHUNK: usize = 512;
    let mut best = (f32::NEG_INFINITY, 0);
    for (at, chunk) in logits.chunks(CHUNK).enumerate() {
        let highest = chunk.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if highest > best.0 {
            best = (highest, at);
        }
    }
    let start = best.1 * CHUNK;
    let within = logits[start..].iter().position(|&logit| logit >= best.0).unwrap_or(0);
    token_at(start + within)
}

fn take_all(candidates: &mut LlamaTokenDataArray, logits: &[f32]) {
    reset(candidates);
    candidates
        .data
        .extend(logits.iter().enumerate().map(|(at, &logit)| LlamaTokenData::new(token_at(at), logit, 0.0)));
}

/// Takes the `count` likeliest tokens, in no order. Ties at the border are decided by the lower number.
fn take_likeliest(candidates: &mut LlamaTokenDataArray, logits: &[f32], count: usize) {
    reset(candidates);
    let data = &mut candidates.data;
    let full = count * 2 + 256;
    data.reserve(full);
    let mut least = f32::NEG_INFINITY;
    for (at, &logit) in logits.iter().enumerate() {
        if logit > least {
            data.push(LlamaTokenData::new(token_at(at), logit, 0.0));
            if data.len() == full {
                keep_likeliest(data, count);
                least = data.last().map_or(least, LlamaTokenData::logit);
            }
        }
    }
    keep_likeliest(data, count);
}

/// Leaves the `count` likeliest; the least likely of them comes last.
fn keep_likeliest(data: &mut Vec<LlamaTokenData>, count: usize) {
    if data.len() > count && count > 0 {
        data.select_nth_unstable_by(count - 1, |one, other| {
            other.logit().total_cmp(&one.logit()).then(one.id().cmp(&other.id()))
        });
        data.truncate(count);
    }
}

fn reset(candidates: &mut LlamaTokenDataArray) {
    candidates.data.clear();
    candidates.selected = None;
    candidates.sorted = false;
}

fn token_at(at: usize) -> LlamaToken {
    LlamaToken(i32::try_from(at).unwrap_or(0))
}

/// A seed that nobody chose.
fn random_seed() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    let random = std::hash::RandomState::new().build_hasher().finish();
    u32::try_from(random >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores without any order to lean on.
    fn scores(count: u32) -> Vec<f32> {
        (0..count).map(|at| (at.wrapping_mul(2_654_435_761) >> 8) as f32 / 1e6).collect()
    }

    #[test]
    fn the_likeliest_is_found() {
        for count in [1, 511, 512, 513, 5000] {
            let scores = scores(count);
            let expect =
                (0..scores.len()).max_by(|&one, &other| scores[one].total_cmp(&scores[other])).unwrap();
            assert_eq!(likeliest(&scores), token_at(expect));
        }
        assert_eq!(likeliest(&[1.0, 3.0, 3.0]), LlamaToken(1), "the first of equals");
    }

    #[test]
    fn the_likeliest_few_are_the_same_as_by_sorting() {
        let scores = scores(5000);
        let mut sorted: Vec<usize> = (0..scores.len()).collect();
        sorted.sort_by(|&one, &other| scores[other].total_cmp(&scores[one]).then(one.cmp(&other)));
        for count in [1, 40, 104, 1000] {
            let mut candidates = LlamaTokenDataArray::new(Vec::new(), false);
            take_likeliest(&mut candidates, &scores, count);
            let mut ours: Vec<LlamaToken> = candidates.data.iter().map(LlamaTokenData::id).collect();
            ours.sort_unstable();
            let mut expect: Vec<LlamaToken> = sorted[..count].iter().map(|&at| token_at(at)).collect();
            expect.sort_unstable();
            assert_eq!(ours, expect);
        }
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let default = Sampling::default;
        assert!(check(&default()).is_ok());
        for bad in [
            Sampling { temperature: f32::NAN, ..default() },
            Sampling { temperature: -1.0, ..default() },
            Sampling { top_p: 1.5, ..default() },
            Sampling { min_p: -0.1, ..default() },
            Sampling { repeat_penalty: 0.0, ..default() },
        ] {
            assert!(matches!(check(&bad), Err(JobError::BadRequest { .. })), "{bad:?}");
        }
    }

    #[test]
    fn few_candidates_only_where_they_are_certainly_enough() {
        let with = |top_k, temperature, repeat_penalty| Sampling {
            top_k,
            temperature,
            repeat_penalty,
            ..Sampling::default()
        };
        assert_eq!(enough(&with(40, 0.8, 1.0)), Some(40));
        assert_eq!(enough(&with(40, 0.8, 1.1)), Some(104));
        assert_eq!(enough(&with(40, 0.8, 0.9)), None, "a bonus may lift any token");
        assert_eq!(enough(&with(0, 0.8, 1.0)), None);
        assert_eq!(enough(&with(0, 0.0, 1.1)), Some(65));
    }
}
