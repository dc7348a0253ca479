//! Moonshine's two networks: an encoder over raw sound and a decoder that writes one token after another.
//!
//! A pass over an utterance that has grown gets the tokens of the pass before as a draft: the decoder reads them all in
//! one step, keeps those it would have written itself, and writes on from there. That gives what it would have written
//! without a draft, for the price of the tokens that are new (greedy speculative decoding, Leviathan et al. 2023, with
//! the pass before in place of a small model).

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::{JobError, SPEECH_RATE, SpeechLoad};
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::{DynValue, Outlet, Tensor, TensorRef};

use super::repetition;
use super::tokens::{Vocabulary, Word};
use crate::runtime::{Runtime, bad_model, needed, unless_stopped};

/// Begins and ends what the decoder writes.
const BEGIN: i64 = 1;
const END: i64 = 2;

/// Tokens in two seconds that anybody speaks, and some for sound that is short; more are made up. The rate is that of
/// Moonshine's own code, 6.5 a second.
const TOKENS_IN_TWO_SECONDS: usize = 13;
const TOKENS_AT_LEAST: usize = 4;

/// The least sound the encoder takes: below this its third convolution has too little.
pub(crate) const SHORTEST: usize = SPEECH_RATE as usize / 10;

/// What a pass made of some sound.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Heard {
    /// The words, in order.
    pub(crate) words: Vec<Word>,
    /// What the decoder wrote, for the draft of the next pass.
    pub(crate) tokens: Vec<i64>,
    /// The mean of the logarithms of the tokens' probabilities, the end's among them. What was spoken clearly has
    /// -0.3 or more.
    pub(crate) confidence: f32,
}

/// The networks and the vocabulary.
pub(crate) struct Moonshine {
    encoder: Session,
    decoder: Session,
    vocabulary: Vocabulary,
    /// Heads and their size, as the decoder's inputs have them.
    heads: [usize; 2],
    names: Names,
}

/// Names of the decoder's inputs and outputs, by what they hold.
struct Names {
    own: Vec<Pair>,
    cross: Vec<Pair>,
}

struct Pair {
    past: String,
    present: String,
}

/// The decoder's memory of one utterance.
struct Memory {
    sound: DynValue,
    mask: Tensor<i64>,
    /// Of what was written, by layer, keys and values in turn.
    own: Vec<DynValue>,
    /// Of the sound.
    cross: Vec<DynValue>,
}

/// A token and the logarithm of its probability.
#[derive(Debug, Clone, Copy)]
struct Guess {
    token: i64,
    log: f32,
}

impl Moonshine {
    pub(crate) fn load(load: &SpeechLoad) -> Result<Self, JobError> {
        let runtime = Runtime::open(load)?;
        let encoder = runtime.session(needed(load, "weights")?, &["input_values", "attention_mask"])?;
        let file = needed(load, "decoder")?;
        let decoder = runtime.session(
            file,
            &["input_ids", "encoder_hidden_states", "encoder_attention_mask", "use_cache_branch"],
        )?;
        let vocabulary = Vocabulary::read(needed(load, "tokenizer")?)?;
        let other =
            || bad_model(format!("{} is not Moonshine's decoder. Download it again.", file.display()));
        let logits = decoder.outputs().iter().find(|output| output.name() == "logits");
        let tokens = logits.and_then(|output| output.dtype().tensor_shape()?.last().copied());
        if tokens.and_then(|tokens| usize::try_from(tokens).ok()) != Some(vocabulary.len()) {
            return Err(bad_model(
                "The vocabulary and the decoder are of different models. Download them again.".into(),
            ));
        }
        let names = Names::of(&decoder);
        let first = names.own.first().ok_or_else(other)?;
        let input = decoder.inputs().iter().find(|input| input.name() == first.past);
        let shape = input.and_then(|input| input.dtype().tensor_shape()).ok_or_else(other)?;
        let [_, heads, _, size] = shape[..] else { return Err(other()) };
        let heads = [heads, size].map(|dimension| usize::try_from(dimension).unwrap_or(0));
        if names.cross.len() != names.own.len() || heads.contains(&0) {
            return Err(other());
        }
        Ok(Self { encoder, decoder, vocabulary, heads, names })
    }

    /// The words in mono sound at [`SPEECH_RATE`], at least [`SHORTEST`] of it; `None` soon after `abort` is set. `draft`
    /// is what a pass over a beginning of this sound wrote, if there was one.
    pub(crate) fn hear(
        &mut self,
        sound: &[f32],
        draft: &[i64],
        abort: &AtomicBool,
    ) -> Result<Option<Heard>, JobError> {
        let written = unless_stopped(abort, |options| self.write(sound, draft, options, abort))?;
        Ok(written.map(|(tokens, logs)| {
            let confidence = logs.iter().sum::<f32>() / logs.len().max(1) as f32;
            Heard { words: self.vocabulary.words(&tokens, &logs), tokens, confidence }
        }))
    }

    fn encode(&mut self, sound: &[f32], options: &RunOptions) -> ort::Result<DynValue> {
        let mask = vec![1_i64; sound.len()];
        let inputs = ort::inputs! {
            "input_values" => TensorRef::from_array_view(([1, sound.len()], sound))?,
            "attention_mask" => TensorRef::from_array_view(([1, sound.len()], &*mask))?,
        };
        let mut outputs = self.encoder.run_with_options(inputs, options)?;
        outputs.remove("last_hidden_state").ok_or_else(|| ort::Error::new("no last_hidden_state"))
    }

    /// Reads `tokens` without a memory: what the decoder would write after each of them, and the memory.
    fn begin(&mut self, sound: DynValue, tokens: &[i64]) -> ort::Result<(Vec<Guess>, Memory)> {
        // Stretched over all the sound: there is nothing to leave out.
        let mask = Tensor::from_array(([1, 1], vec![1_i64]))?;
        let ids = TensorRef::from_array_view(([1, tokens.len()], tokens))?;
        let fresh = Tensor::from_array(([1], vec![false]))?;
        // Not looked at, but the network must be given something.
        let nothing = Tensor::from_array((
            [1, self.heads[0], 1, self.heads[1]],
            vec![0.0_f32; self.heads[0] * self.heads[1]],
        ))?;
        let mut inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = ort::inputs! {
            "input_ids" => ids,
            "encoder_hidden_states" => &sound,
            "encoder_attention_mask" => &mask,
            "use_cache_branch" => &fresh,
        };
        for pair in self.names.own.iter().chain(&self.names.cross) {
            inputs.push((pair.past.as_str().into(), (&nothing).into()));
        }
        let mut outputs = self.decoder.run(inputs)?;
        let guesses = guesses(outputs.get("logits"))?;
        let mut take = |pairs: &[Pair]| -> ort::Result<Vec<DynValue>> {
            pairs
                .iter()
                .map(|pair| {
                    outputs.remove(&pair.present).ok_or_else(|| ort::Error::new("a memory is missing"))
                })
                .collect()
        };
        let (own, cross) = (take(&self.names.own)?, take(&self.names.cross)?);
        Ok((guesses, Memory { sound, mask, own, cross }))
    }

    /// Reads one more token: what the decoder would write after it.
    fn step(&mut self, memory: &mut Memory, token: i64) -> ort::Result<Guess> {
        let ids = Tensor::from_array(([1, 1], vec![token]))?;
        let cached = Tensor::from_array(([1], vec![true]))?;
        let mut inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = ort::inputs! {
            "input_ids" => &ids,
            "encoder_hidden_states" => &memory.sound,
            "encoder_attention_mask" => &memory.mask,
            "use_cache_branch" => &cached,
        };
        let own = self.names.own.iter().zip(&memory.own);
        for (pair, value) in own.chain(self.names.cross.iter().zip(&memory.cross)) {
            inputs.push((pair.past.as_str().into(), value.into()));
        }
        let mut outputs = self.decoder.run(inputs)?;
        let guess = guesses(outputs.get("logits"))?.pop().ok_or_else(|| ort::Error::new("no logits"))?;
        let mut own = Vec::with_capacity(memory.own.len());
        for pair in &self.names.own {
            own.push(outputs.remove(&pair.present).ok_or_else(|| ort::Error::new("a memory is missing"))?);
        }
        drop(outputs);
        memory.own = own;
        Ok(guess)
    }

    /// Writes until the end, or until it is stopped between two steps.
    fn write(
        &mut self,
        sound: &[f32],
        draft: &[i64],
        options: &RunOptions,
        abort: &AtomicBool,
    ) -> ort::Result<(Vec<i64>, Vec<f32>)> {
        let most = TOKENS_AT_LEAST + sound.len() * TOKENS_IN_TWO_SECONDS / (2 * SPEECH_RATE as usize);
        let encoded = self.encode(sound, options)?;
        let mut read = vec![BEGIN];
        read.extend(draft.iter().take(most));
        let (guesses, mut memory) = self.begin(encoded, &read)?;
        let kept = guesses.iter().zip(&read[1..]).take_while(|(guess, token)| guess.token == **token).count();
        let mut tokens = read[1..=kept].to_vec();
        let mut logs: Vec<f32> = guesses[..=kept].iter().map(|guess| guess.log).collect();
        let mut next = guesses[kept].token;
        if kept + 1 < read.len() {
            for value in &mut memory.own {
                *value = shortened(value, self.heads, kept + 1)?;
            }
        }
        while next != END && tokens.len() < most && !abort.load(Ordering::Relaxed) {
            tokens.push(next);
            if repetition::cut(&mut tokens) {
                break;
            }
            let guess = self.step(&mut memory, next)?;
            logs.push(guess.log);
            next = guess.token;
        }
        Ok((tokens, logs))
    }
}

impl Names {
    /// As many layers as the decoder has.
    fn of(decoder: &Session) -> Self {
        let of = |kind: &str| {
            let pasts = decoder
                .inputs()
                .iter()
                .map(Outlet::name)
                .filter(|name| name.starts_with("past_key_values.") && name.contains(kind));
            pasts
                .map(|past| Pair {
                    past: past.to_owned(),
                    present: past.replacen("past_key_values", "present", 1),
                })
                .collect()
        };
        Self { own: of(".decoder."), cross: of(".encoder.") }
    }
}

/// The first `length` places of a memory of shape [1, heads, places, size].
fn shortened(value: &DynValue, [heads, size]: [usize; 2], length: usize) -> ort::Result<DynValue> {
    let (shape, data) = value.try_extract_tensor::<f32>()?;
    let places = usize::try_from(shape[2]).unwrap_or(0);
    let kept =
        data.chunks(places * size).flat_map(|head| &head[..length * size]).copied().collect::<Vec<f32>>();
    Ok(Tensor::from_array(([1, heads, length, size], kept))?.into_dyn())
}

/// The likeliest token after each place.
fn guesses(logits: Option<&DynValue>) -> ort::Result<Vec<Guess>> {
    let logits = logits.ok_or_else(|| ort::Error::new("no logits"))?;
    let (shape, data) = logits.try_extract_tensor::<f32>()?;
    let tokens = shape.last().and_then(|last| usize::try_from(*last).ok()).unwrap_or(0).max(1);
    Ok(data.chunks_exact(tokens).map(likeliest).collect())
}

fn likeliest(logits: &[f32]) -> Guess {
    let mut best = (0, f32::MIN);
    for (token, logit) in logits.iter().enumerate() {
        if *logit > best.1 {
            best = (token, *logit);
        }
    }
    // What is less likely by a factor of e^16 adds nothing that counts, and exponentials are slow.
    let sum: f32 =
        logits.iter().filter(|logit| **logit > best.1 - 16.0).map(|logit| (logit - best.1).exp()).sum();
    Guess { token: i64::try_from(best.0).unwrap_or(END), log: -sum.ln() }
}
