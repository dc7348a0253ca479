//! How a server lays out pixels, and RGBA made of them. Pure.

use x11rb::protocol::xproto::{ImageOrder, Setup, VisualClass, Visualid};

use crate::SightError;

/// One colour's bits in a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Channel {
    shift: u32,
    bits: u32,
}

impl Channel {
    fn of(mask: u32) -> Self {
        Self { shift: mask.trailing_zeros() % 32, bits: mask.count_ones() }
    }

    /// Its value, of 255.
    fn of_255(self, pixel: u32) -> u8 {
        if self.bits == 0 {
            return 0;
        }
        let most = u32::MAX >> (32 - self.bits);
        let value = u64::from((pixel >> self.shift) & most);
        u8::try_from((value * 255 + u64::from(most) / 2) / u64::from(most)).unwrap_or(u8::MAX)
    }
}

/// How pixels of one visual arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) depth: u8,
    /// 16, 24 or 32.
    bits_per_pixel: u8,
    /// Rows begin at multiples of so many bits.
    pad: u8,
    big_endian: bool,
    red: Channel,
    green: Channel,
    blue: Channel,
}

impl Layout {
    /// The layout of images of drawables with this visual.
    pub(crate) fn of(setup: &Setup, visual: Visualid) -> Result<Self, SightError> {
        let depths = setup.roots.iter().flat_map(|root| &root.allowed_depths);
        let found = depths
            .flat_map(|depth| depth.visuals.iter().map(move |visual| (depth.depth, visual)))
            .find(|(_, candidate)| candidate.visual_id == visual);
        let (depth, visual) = found.ok_or(SightError::ColourDepth(0))?;
        let format = setup.pixmap_formats.iter().find(|format| format.depth == depth);
        let format = format.ok_or(SightError::ColourDepth(depth))?;
        let readable = matches!(visual.class, VisualClass::TRUE_COLOR | VisualClass::DIRECT_COLOR)
            && matches!(format.bits_per_pixel, 16 | 24 | 32);
        if !readable {
            return Err(SightError::ColourDepth(depth));
        }
        Ok(Self {
            depth,
            bits_per_pixel: format.bits_per_pixel,
            pad: format.scanline_pad,
            big_endian: setup.image_byte_order == ImageOrder::MSB_FIRST,
            red: Channel::of(visual.red_mask),
            green: Channel::of(visual.green_mask),
            blue: Channel::of(visual.blue_mask),
        })
    }

    /// Bytes from one row to the next.
    pub(crate) fn stride(&self, width: u16) -> usize {
        let pad = usize::from(self.pad.max(8));
        (usize::from(width) * usize::from(self.bits_per_pixel)).div_ceil(pad) * pad / 8
    }

    /// Makes opaque RGBA of the pixels of one row; `row` may be longer than they are.
    pub(crate) fn to_rgba(self, row: &[u8], rgba: &mut [u8]) {
        let rgba = rgba.as_chunks_mut::<4>().0;
        if self.is_usual() {
            for (out, &[blue, green, red, _]) in rgba.iter_mut().zip(row.as_chunks::<4>().0) {
                *out = [red, green, blue, 255];
            }
            return;
        }
        let bytes = usize::from(self.bits_per_pixel / 8);
        for (out, pixel) in rgba.iter_mut().zip(row.chunks_exact(bytes)) {
            let join = |whole: u32, byte: &u8| (whole << 8) | u32::from(*byte);
            let pixel =
                if self.big_endian { pixel.iter().fold(0, join) } else { pixel.iter().rev().fold(0, join) };
            *out = [self.red.of_255(pixel), self.green.of_255(pixel), self.blue.of_255(pixel), 255];
        }
    }

    /// What nearly every server has: 8 bits a colour, in bytes of their own.
    fn is_usual(self) -> bool {
        let byte = |shift| Channel { shift, bits: 8 };
        self.bits_per_pixel == 32
            && !self.big_endian
            && (self.red, self.green, self.blue) == (byte(16), byte(8), byte(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(bits_per_pixel: u8, masks: [u32; 3]) -> Layout {
        let [red, green, blue] = masks.map(Channel::of);
        Layout { depth: 0, bits_per_pixel, pad: 32, big_endian: false, red, green, blue }
    }

    fn pixels<const N: usize>(layout: Layout, row: &[u8]) -> [[u8; 4]; N] {
        let mut rgba = vec![7; N * 4];
        layout.to_rgba(row, &mut rgba);
        rgba.as_chunks::<4>().0.try_into().unwrap()
    }

    const USUAL: [u32; 3] = [0x00ff_0000, 0xff00, 0xff];

    #[test]
    fn the_usual_one_swaps_bytes_and_is_opaque() {
        let found = pixels(layout(32, USUAL), &[3, 2, 1, 0, 6, 5, 4, 9]);
        assert_eq!(found, [[1, 2, 3, 255], [4, 5, 6, 255]]);
    }

    #[test]
    fn others_give_the_same_colours() {
        let white_and_red = [[255, 255, 255, 255], [255, 0, 0, 255]];
        let five_six_five = layout(16, [0xf800, 0x07e0, 0x001f]);
        assert_eq!(pixels(five_six_five, &[0xff, 0xff, 0x00, 0xf8]), white_and_red);
        let five_each = layout(16, [0x7c00, 0x03e0, 0x001f]);
        assert_eq!(pixels(five_each, &[0xff, 0x7f, 0x00, 0x7c]), white_and_red);
        let ten_each = layout(32, [0x3ff0_0000, 0x000f_fc00, 0x3ff]);
        assert_eq!(pixels(ten_each, &[0xff, 0xff, 0xff, 0x3f, 0, 0, 0xf0, 0x3f]), white_and_red);
        let packed = layout(24, USUAL);
        assert_eq!(pixels(packed, &[255, 255, 255, 0, 0, 255]), white_and_red);
        let big = Layout { big_endian: true, ..layout(32, USUAL) };
        assert_eq!(pixels(big, &[0, 255, 255, 255, 0, 255, 0, 0]), white_and_red);
    }

    #[test]
    fn few_bits_are_spread_over_all_of_a_byte() {
        let green = Channel::of(0x07e0);
        let values: Vec<u8> = (0..64_u32).map(|value| green.of_255(value << 5)).collect();
        assert_eq!((values[0], values[32], values[63]), (0, 130, 255));
        assert!(values.is_sorted_by(|a, b| a < b));
        assert_eq!(Channel::of(0).of_255(u32::MAX), 0);
    }

    #[test]
    fn rows_are_padded() {
        assert_eq!(layout(24, USUAL).stride(5), 16);
        assert_eq!(layout(16, USUAL).stride(3), 8);
        assert_eq!(layout(32, USUAL).stride(3), 12);
    }

    #[test]
    fn a_row_that_is_too_short_breaks_nothing() {
        assert_eq!(pixels(layout(32, USUAL), &[3, 2, 1]), [[7; 4]; 2]);
    }
}
