//! What a prompt is made of once it is ready to be read: tokens, and pictures that were made numbers.
//!
//! A token takes one cell of the KV cache and one position. A part of a picture takes many cells, and with some models
//! (M-RoPE: every part of a picture stands at the same time, side by side) fewer positions. What is reused of a prompt is
//! whole units, so a cut never goes through a picture.

use engine::ImageId;
use llama_cpp_2::token::LlamaToken;

/// One thing that the model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A token.
    Token(LlamaToken),
    /// A part of a picture.
    Glance(Glance),
}

/// A part of a picture that the model takes at once: all of it, or a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    /// Which picture.
    pub image: ImageId,
    /// Which of its parts, counted from 0.
    pub part: usize,
    /// Cells of the KV cache that it takes.
    pub cells: usize,
    /// Positions until the next unit.
    pub positions: usize,
    /// The largest position that any of its cells has, counted from its first; less than `positions`.
    pub reach: usize,
}

impl Unit {
    /// Cells of the KV cache that it takes.
    pub fn cells(&self) -> usize {
        match self {
            Self::Token(_) => 1,
            Self::Glance(glance) => glance.cells,
        }
    }

    /// Positions until the next unit.
    pub fn positions(&self) -> usize {
        match self {
            Self::Token(_) => 1,
            Self::Glance(glance) => glance.positions,
        }
    }

    fn reach(&self) -> usize {
        match self {
            Self::Token(_) => 0,
            Self::Glance(glance) => glance.reach,
        }
    }

    /// The picture that it is a part of, where it is one.
    pub fn image(&self) -> Option<ImageId> {
        match self {
            Self::Token(_) => None,
            Self::Glance(glance) => Some(glance.image),
        }
    }

    /// The token, where it is one.
    pub fn token(&self) -> Option<LlamaToken> {
        match self {
            Self::Token(token) => Some(*token),
            Self::Glance(_) => None,
        }
    }
}

/// Cells of the KV cache that these take.
pub fn cells(units: &[Unit]) -> usize {
    units.iter().map(Unit::cells).sum()
}

/// The position behind these.
pub fn positions(units: &[Unit]) -> usize {
    units.iter().map(Unit::positions).sum()
}

/// The largest position that a cell of these has; `None` where there are none.
pub fn last_position(units: &[Unit]) -> Option<usize> {
    let (last, before) = units.split_last()?;
    Some(positions(before) + last.reach())
}

/// The tokens among them.
pub fn tokens(units: &[Unit]) -> Vec<LlamaToken> {
    units.iter().filter_map(Unit::token).collect()
}

/// How many units two prompts share at the front.
pub fn common_prefix(one: &[Unit], other: &[Unit]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(id: i32) -> Unit {
        Unit::Token(LlamaToken(id))
    }

    /// Ten by eight, as models with M-RoPE count.
    fn picture(name: u8) -> Unit {
        let image = ImageId([name; 32]);
        Unit::Glance(Glance { image, part: 0, cells: 80, positions: 10, reach: 0 })
    }

    #[test]
    fn cells_and_positions_of_a_picture_differ() {
        let units = [token(1), picture(1), token(2)];
        assert_eq!((cells(&units), positions(&units), last_position(&units)), (82, 12, Some(11)));
        assert_eq!(last_position(&units[..2]), Some(1), "all its cells stand at its first position");
        assert_eq!(last_position(&[]), None);
    }

    #[test]
    fn prefixes_end_at_another_picture() {
        assert_eq!(common_prefix(&[token(1), picture(1), token(2)], &[token(1), picture(1), token(3)]), 2);
        assert_eq!(common_prefix(&[token(1), picture(1)], &[token(1), picture(2)]), 1);
        assert_eq!(common_prefix(&[], &[token(1)]), 0);
    }
}
