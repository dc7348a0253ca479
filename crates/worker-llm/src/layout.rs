//! How a picture is cut into parts that a model takes, as mtmd says it: what it owns, and what it comes to in a prompt.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use engine::ImageId;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_sys_2 as sys;

use crate::units::{Glance, Unit};

/// How pictures of one size are cut.
pub(crate) struct Layout {
    /// Without pixels.
    chunks: Chunks,
    pieces: Vec<Piece>,
}

/// A piece of a picture in a prompt.
enum Piece {
    /// What the family writes around and between the parts.
    Tokens(Vec<LlamaToken>),
    /// A part, and which chunk it is.
    Part { chunk: usize, cells: usize, positions: usize, reach: usize },
}

impl Layout {
    /// What a picture of this size is in a prompt.
    pub(crate) fn units(&self, image: ImageId) -> Vec<Unit> {
        let mut part = 0;
        let mut units = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Tokens(tokens) => units.extend(tokens.iter().copied().map(Unit::Token)),
                &Piece::Part { cells, positions, reach, .. } => {
                    units.push(Unit::Glance(Glance { image, part, cells, positions, reach }));
                    part += 1;
                }
            }
        }
        units
    }

    /// From a picture of this size without pixels; `side_by_side` where all of it stands at one time (M-RoPE).
    pub(crate) fn of(chunks: Chunks, side_by_side: bool) -> Option<Self> {
        let pieces = chunks.pieces(side_by_side)?;
        Some(Self { chunks, pieces })
    }

    /// Cells that it takes in all.
    pub(crate) fn cells(&self) -> usize {
        let cells = |piece: &Piece| match piece {
            Piece::Tokens(tokens) => tokens.len(),
            Piece::Part { cells, .. } => *cells,
        };
        self.pieces.iter().map(cells).sum()
    }

    /// How many parts it has.
    pub(crate) fn parts(&self) -> usize {
        self.every_part().count()
    }

    /// Cells of the largest part.
    pub(crate) fn largest_part(&self) -> usize {
        self.every_part().map(|(_, cells)| cells).max().unwrap_or(0)
    }

    /// The part's chunk, and its cells.
    pub(crate) fn part(&self, part: usize) -> Option<(usize, usize)> {
        self.every_part().nth(part)
    }

    /// A chunk of it, good as long as it lives.
    pub(crate) fn chunk(&self, chunk: usize) -> Option<*const sys::mtmd_input_chunk> {
        self.chunks.get(chunk)
    }

    fn every_part(&self) -> impl Iterator<Item = (usize, usize)> {
        self.pieces.iter().filter_map(|piece| match piece {
            &Piece::Part { chunk, cells, .. } => Some((chunk, cells)),
            Piece::Tokens(_) => None,
        })
    }
}

/// A picture as mtmd has it, owned.
pub(crate) struct Bitmap(pub(crate) NonNull<sys::mtmd_bitmap>);

impl Drop for Bitmap {
    fn drop(&mut self) {
        // SAFETY: ours, freed once.
        unsafe { sys::mtmd_bitmap_free(self.0.as_ptr()) };
    }
}

/// A picture in pieces, owned.
pub(crate) struct Chunks(pub(crate) NonNull<sys::mtmd_input_chunks>);

// SAFETY: plain data once it is made; nothing changes it.
unsafe impl Send for Chunks {}
// SAFETY: as above.
unsafe impl Sync for Chunks {}

impl Chunks {
    fn len(&self) -> usize {
        // SAFETY: the list is alive.
        unsafe { sys::mtmd_input_chunks_size(self.0.as_ptr()) }
    }

    pub(crate) fn get(&self, at: usize) -> Option<*const sys::mtmd_input_chunk> {
        // SAFETY: the list is alive and has more than `at`.
        (at < self.len()).then(|| unsafe { sys::mtmd_input_chunks_get(self.0.as_ptr(), at) })
    }

    pub(crate) fn cells(&self, at: usize) -> Option<usize> {
        // SAFETY: the chunk is alive as long as the list.
        self.get(at).map(|chunk| unsafe { sys::mtmd_input_chunk_get_n_tokens(chunk) })
    }

    fn pieces(&self, side_by_side: bool) -> Option<Vec<Piece>> {
        (0..self.len()).map(|at| self.piece(at, side_by_side)).collect()
    }

    fn piece(&self, at: usize, side_by_side: bool) -> Option<Piece> {
        let chunk = self.get(at)?;
        // SAFETY: the chunk is alive as long as the list; its tokens are copied.
        unsafe {
            let cells = sys::mtmd_input_chunk_get_n_tokens(chunk);
            if sys::mtmd_input_chunk_get_type(chunk) == sys::MTMD_INPUT_CHUNK_TYPE_TEXT {
                let mut count = 0;
                let tokens = sys::mtmd_input_chunk_get_tokens_text(chunk, &raw mut count);
                let tokens = if count == 0 { &[] } else { std::slice::from_raw_parts(tokens, count) };
                return Some(Piece::Tokens(tokens.iter().copied().map(LlamaToken).collect()));
            }
            let positions = usize::try_from(sys::mtmd_input_chunk_get_n_pos(chunk)).ok()?;
            let image = sys::mtmd_input_chunk_get_tokens_image(chunk);
            let reach = if side_by_side && !image.is_null() {
                let time = |at| sys::mtmd_image_tokens_get_decoder_pos(image, 0, at).t;
                (0..cells).map(time).max().unwrap_or(0) as usize
            } else {
                cells.saturating_sub(1)
            };
            Some(Piece::Part { chunk: at, cells, positions, reach })
        }
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        // SAFETY: ours, freed once.
        unsafe { sys::mtmd_input_chunks_free(self.0.as_ptr()) };
    }
}
