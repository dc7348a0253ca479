//! Models that see, in the shapes of real ones and with random weights: they prove the path of a picture, its speed and
//! its memory, and say nothing about answers.
//!
//! The vocabulary is that of SmolLM2, which SmolVLM has too; the marks of each family around pictures are added to it,
//! in SmolVLM's case where they really are. Tokens that are no plain text are made so faint that no greedy reply has
//! them: replies can then be compared as text.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::gguf::{Fill, Format, Gguf, Value, read_header};

/// A real model's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// SmolVLM-256M: 576 wide with 9 heads of 64, a SigLIP of 768 with 12 heads, tiles of 512 pixels in patches of 16,
    /// 4 x 4 patches to a token, pictures scaled to 2048 pixels; 30 and 12 layers in the real one.
    SmolVlm,
    /// Qwen3-VL-2B's sight (1024 wide with 16 heads, patches of 16, 2 x 2 to a token, three layers that also speak to
    /// the text model's first three) before a text model of Qwen3-0.6B's width (1024 with 16 heads of 128, 8 of them for
    /// keys) with positions in three dimensions; 28 and 24 layers in the real ones.
    Qwen3Vl,
}

/// How many layers a model gets; real ones have more than a test needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers {
    /// Of the text model; with [`Family::Qwen3Vl`] at least 4: the last layer takes nothing from the part that sees.
    pub text: u32,
    /// Of the part that sees; with [`Family::Qwen3Vl`] at least 4, of which three speak to the text model.
    pub sight: u32,
}

impl Layers {
    /// Few, for tests.
    pub fn few(family: Family) -> Self {
        match family {
            Family::SmolVlm => Self { text: 3, sight: 1 },
            Family::Qwen3Vl => Self { text: 4, sight: 4 },
        }
    }

    /// As many as the real model has.
    pub fn real(family: Family) -> Self {
        match family {
            Family::SmolVlm => Self { text: 30, sight: 12 },
            Family::Qwen3Vl => Self { text: 28, sight: 24 },
        }
    }
}

/// The two files of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeeingModel {
    /// The text model.
    pub weights: PathBuf,
    /// The part that sees.
    pub projector: PathBuf,
}

/// Raised by every change of what is written, so that old files are not taken for new ones.
const EDITION: u32 = 1;
const SEED: u64 = 20_261_123;

/// The tests of one program ask for the same files at the same time.
static WRITING: Mutex<()> = Mutex::new(());

/// The model of this shape in `folder`, written if it is not there yet. `vocabulary` is a file of SmolLM2.
pub fn seeing_model(
    family: Family,
    layers: Layers,
    vocabulary: &Path,
    folder: &Path,
) -> io::Result<SeeingModel> {
    let name = match family {
        Family::SmolVlm => "smolvlm",
        Family::Qwen3Vl => "qwen3vl",
    };
    let name = format!("random-{name}-{}-{}-e{EDITION}.gguf", layers.text, layers.sight);
    let model = SeeingModel { weights: folder.join(&name), projector: folder.join(format!("mmproj-{name}")) };
    std::fs::create_dir_all(folder)?;
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    if !model.weights.is_file() {
        text_model(family, layers.text, vocabulary)?.write(SEED, &model.weights)?;
    }
    if !model.projector.is_file() {
        let file = match family {
            Family::SmolVlm => smolvlm_sight(layers.sight),
            Family::Qwen3Vl => qwen3vl_sight(layers.sight),
        };
        file.write(SEED, &model.projector)?;
    }
    Ok(model)
}

/// What makes a text model.
struct Text {
    architecture: &'static str,
    context: u32,
    width: u32,
    inner: u32,
    heads: u32,
    key_heads: u32,
    head: u32,
    base: f32,
    template: &'static str,
}

const SMOLVLM: Text = Text {
    architecture: "llama",
    context: 8192,
    width: 576,
    inner: 1536,
    heads: 9,
    key_heads: 3,
    head: 64,
    base: 100_000.0,
    template: "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}{% if \
               message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}{% for line in \
               message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}{% elif line['type'] == 'image' \
               %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}{% if add_generation_prompt \
               %}{{ 'Assistant:' }}{% endif %}",
};

const QWEN3VL: Text = Text {
    architecture: "qwen3vl",
    context: 32_768,
    width: 1024,
    inner: 3072,
    heads: 16,
    key_heads: 8,
    head: 128,
    base: 5_000_000.0,
    template: "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\n' }}{%- if message.content is \
               string %}{{- message.content }}{%- else %}{%- for content in message.content %}{%- if content.type \
               == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{%- elif 'text' in content %}{{- content.text \
               }}{%- endif %}{%- endfor %}{%- endif %}{{- '<|im_end|>\n' }}{%- endfor %}{%- if \
               add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}",
};

/// How far token embeddings deviate: little beside what the layers add, so that the model does not merely repeat the last
/// token, which it would with a head that is the embedding.
const EMBEDDING: f32 = 0.05;
const FAINT: f32 = 0.0005;
/// Queries and keys of this strength make attention look at few places, as trained models do.
const ATTENTION: f32 = 2.0;

fn text_model(family: Family, layers: u32, vocabulary: &Path) -> io::Result<Gguf> {
    let shape = match family {
        Family::SmolVlm => &SMOLVLM,
        Family::Qwen3Vl => &QWEN3VL,
    };
    let mut file = Gguf::default();
    file.set("general.architecture", shape.architecture);
    file.set("general.name", format!("Random {family:?}").as_str());
    let mut set = |key: &str, value: Value| file.set(&format!("{}.{key}", shape.architecture), value);
    set("block_count", Value::U32(layers));
    set("context_length", Value::U32(shape.context));
    set("embedding_length", Value::U32(shape.width));
    set("feed_forward_length", Value::U32(shape.inner));
    set("attention.head_count", Value::U32(shape.heads));
    set("attention.head_count_kv", Value::U32(shape.key_heads));
    set("attention.key_length", Value::U32(shape.head));
    set("attention.value_length", Value::U32(shape.head));
    set("attention.layer_norm_rms_epsilon", Value::F32(1e-5));
    set("rope.freq_base", Value::F32(shape.base));
    set("rope.dimension_count", Value::U32(shape.head));
    if family == Family::Qwen3Vl {
        set("rope.dimension_sections", Value::I32s(vec![24, 20, 20, 0]));
        set("n_deepstack_layers", Value::U32(3));
    }
    let rows = tokenizer(&mut file, family, shape.template, vocabulary)?;
    let (width, inner) = (u64::from(shape.width), u64::from(shape.inner));
    let head = u64::from(shape.head);
    let (queries, keys) = (u64::from(shape.heads) * head, u64::from(shape.key_heads) * head);
    file.tensor("token_embd.weight", &[width, rows.len() as u64], Format::Q8, Fill::RandomRows(rows));
    file.tensor("output_norm.weight", &[width], Format::F32, Fill::All(1.0));
    for layer in 0..layers {
        let name = |part: &str| format!("blk.{layer}.{part}.weight");
        file.tensor(&name("attn_norm"), &[width], Format::F32, Fill::All(1.0));
        linear(&mut file, &name("attn_q"), width, queries, ATTENTION);
        linear(&mut file, &name("attn_k"), width, keys, ATTENTION);
        linear(&mut file, &name("attn_v"), width, keys, 1.0);
        linear(&mut file, &name("attn_output"), queries, width, 1.0);
        if family == Family::Qwen3Vl {
            // They bring queries and keys to the same strength themselves.
            for part in ["attn_q_norm", "attn_k_norm"] {
                file.tensor(&name(part), &[head], Format::F32, Fill::All(ATTENTION));
            }
        }
        file.tensor(&name("ffn_norm"), &[width], Format::F32, Fill::All(1.0));
        linear(&mut file, &name("ffn_gate"), width, inner, 1.0);
        linear(&mut file, &name("ffn_up"), width, inner, 1.0);
        linear(&mut file, &name("ffn_down"), inner, width, 1.0);
    }
    Ok(file)
}

/// Puts the vocabulary into a file; how far each token's embedding deviates comes back.
fn tokenizer(file: &mut Gguf, family: Family, template: &str, vocabulary: &Path) -> io::Result<Vec<f32>> {
    const NORMAL: i32 = 1;
    const CONTROL: i32 = 3;
    let mut tokens = Vec::new();
    let mut kinds = Vec::new();
    let mut rest = Vec::new();
    for (key, value) in read_header(vocabulary)? {
        match (key.as_str(), value) {
            ("tokenizer.ggml.tokens", Value::Texts(texts)) => tokens = texts,
            ("tokenizer.ggml.token_type", Value::I32s(numbers)) => kinds = numbers,
            ("tokenizer.ggml.eos_token_id" | "tokenizer.chat_template", _) => {}
            (key, value) if key.starts_with("tokenizer.") => rest.push((key.to_owned(), value)),
            _ => {}
        }
    }
    let end = match family {
        Family::SmolVlm => {
            tokens.push("<global-img>".into());
            tokens.extend((0..36).map(|at| format!("<row_{}_col_{}>", at / 6 + 1, at % 6 + 1)));
            tokens.extend(["<fake_token_around_image>".into(), "<image>".into()]);
            tokens.extend((0..88).map(|at| format!("<|reserved_special_token_{at}|>")));
            tokens.push("<end_of_utterance>".into());
            tokens.len() - 1
        }
        Family::Qwen3Vl => {
            tokens.extend(
                ["<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>"].map(String::from),
            );
            tokens.iter().position(|token| token == "<|im_end|>").ok_or(io::ErrorKind::InvalidData)?
        }
    };
    kinds.resize(tokens.len(), CONTROL);
    let is_plain = |token: &str| token.chars().all(|c| c == 'Ġ' || c.is_ascii_graphic());
    let strength =
        |(token, &kind): (&String, &i32)| if kind == NORMAL && is_plain(token) { EMBEDDING } else { FAINT };
    let rows = tokens.iter().zip(&kinds).map(strength).collect();
    file.header.extend(rest);
    file.set("tokenizer.ggml.eos_token_id", Value::U32(u32::try_from(end).unwrap_or(0)));
    file.set("tokenizer.chat_template", template);
    file.set("tokenizer.ggml.tokens", Value::Texts(tokens));
    file.set("tokenizer.ggml.token_type", Value::I32s(kinds));
    Ok(rows)
}

/// Numbers from `inputs` to `outputs` whose deviation becomes `gain` times that of the inputs.
fn linear(file: &mut Gguf, name: &str, inputs: u64, outputs: u64, gain: f32) {
    let deviation = gain / (inputs as f32).sqrt();
    file.tensor(name, &[inputs, outputs], Format::Q8, Fill::Random(deviation));
}

/// The same with a bias.
fn affine(file: &mut Gguf, name: &str, inputs: u64, outputs: u64, gain: f32) {
    linear(file, &format!("{name}.weight"), inputs, outputs, gain);
    file.tensor(&format!("{name}.bias"), &[outputs], Format::F32, Fill::Random(0.02));
}

fn norm(file: &mut Gguf, name: &str, width: u64) {
    file.tensor(&format!("{name}.weight"), &[width], Format::F32, Fill::All(1.0));
    file.tensor(&format!("{name}.bias"), &[width], Format::F32, Fill::All(0.0));
}

/// What makes the part that sees.
struct Sight {
    projector: &'static str,
    image: u32,
    width: u32,
    inner: u32,
    heads: u32,
    layers: u32,
    out: u32,
}

/// Pixels along a patch's side, in both.
const PATCH: u32 = 16;

fn sight(shape: &Sight) -> Gguf {
    let mut file = Gguf::default();
    file.set("general.architecture", "clip");
    file.set("general.type", "mmproj");
    file.set("general.name", format!("Random {}", shape.projector).as_str());
    file.set("clip.has_vision_encoder", Value::Bool(true));
    file.set("clip.projector_type", shape.projector);
    file.set("clip.use_gelu", Value::Bool(true));
    let mut set = |key: &str, value: Value| file.set(&format!("clip.vision.{key}"), value);
    set("image_size", Value::U32(shape.image));
    set("patch_size", Value::U32(PATCH));
    set("embedding_length", Value::U32(shape.width));
    set("feed_forward_length", Value::U32(shape.inner));
    set("block_count", Value::U32(shape.layers));
    set("projection_dim", Value::U32(shape.out));
    set("attention.head_count", Value::U32(shape.heads));
    set("attention.layer_norm_epsilon", Value::F32(1e-6));
    set("image_mean", Value::F32s(vec![0.5; 3]));
    set("image_std", Value::F32s(vec![0.5; 3]));
    let (width, side) = (u64::from(shape.width), u64::from(PATCH));
    let pixels = (side * side * 3) as f32;
    file.tensor(
        "v.patch_embd.weight",
        &[side, side, 3, width],
        Format::F16,
        Fill::Random(3.0 / pixels.sqrt()),
    );
    file.tensor("v.patch_embd.bias", &[width], Format::F32, Fill::Random(0.02));
    let patches = u64::from(shape.image / PATCH).pow(2);
    file.tensor("v.position_embd.weight", &[width, patches], Format::F32, Fill::Random(0.5));
    norm(&mut file, "v.post_ln", width);
    file
}

fn sight_layer(file: &mut Gguf, layer: u32, width: u64, inner: u64) {
    let name = |part: &str| format!("v.blk.{layer}.{part}");
    norm(file, &name("ln1"), width);
    affine(file, &name("attn_out"), width, width, 1.0);
    norm(file, &name("ln2"), width);
    affine(file, &name("ffn_up"), width, inner, 1.0);
    affine(file, &name("ffn_down"), inner, width, 1.0);
}

fn smolvlm_sight(layers: u32) -> Gguf {
    let shape =
        Sight { projector: "idefics3", image: 512, width: 768, inner: 3072, heads: 12, layers, out: 576 };
    let mut file = sight(&shape);
    file.set("clip.vision.projector.scale_factor", Value::U32(4));
    file.set("clip.vision.preproc_image_size", Value::U32(2048));
    for layer in 0..layers {
        sight_layer(&mut file, layer, 768, 3072);
        for (part, gain) in [("attn_q", ATTENTION), ("attn_k", ATTENTION), ("attn_v", 1.0)] {
            affine(&mut file, &format!("v.blk.{layer}.{part}"), 768, 768, gain);
        }
    }
    linear(&mut file, "mm.model.fc.weight", 768 * 16, 576, 1.0);
    file
}

fn qwen3vl_sight(layers: u32) -> Gguf {
    let shape = Sight {
        projector: "qwen3vl_merger",
        image: 768,
        width: 1024,
        inner: 4096,
        heads: 16,
        layers,
        out: 1024,
    };
    let mut file = sight(&shape);
    file.set("clip.vision.spatial_merge_size", Value::U32(2));
    // Every second pixel in time, of which a picture has one.
    let side = u64::from(PATCH);
    file.tensor("v.patch_embd.weight.1", &[side, side, 3, 1024], Format::F16, Fill::Random(0.1));
    for layer in 0..layers {
        sight_layer(&mut file, layer, 1024, 4096);
        affine(&mut file, &format!("v.blk.{layer}.attn_qkv"), 1024, 3 * 1024, 1.5);
    }
    // A quarter, a half and three quarters of the way, as in the real one.
    for layer in [layers / 4 - 1, layers / 2 - 1, layers * 3 / 4 - 1] {
        let name = |part: &str| format!("v.deepstack.{layer}.{part}");
        norm(&mut file, &name("norm"), 4096);
        affine(&mut file, &name("fc1"), 4096, 4096, 1.0);
        affine(&mut file, &name("fc2"), 4096, 1024, 1.0);
    }
    affine(&mut file, "mm.0", 4096, 4096, 1.0);
    affine(&mut file, "mm.2", 4096, 1024, 1.0);
    file
}
