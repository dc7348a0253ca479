//! A picture as the networks take it.

use engine::ImagePixels;

use super::Place;

/// Three bytes a pixel: red, green, blue; row by row.
pub(super) struct Plane<'p> {
    pub(super) width: u32,
    pub(super) height: u32,
    rgb: &'p [u8],
}

impl<'p> Plane<'p> {
    pub(super) fn of(picture: &'p ImagePixels) -> Self {
        Self { width: picture.width, height: picture.height, rgb: &picture.rgb }
    }

    /// A part of it brought to `width` x `height` (bilinear, as the networks were trained with) and to -1..=1, plane by
    /// plane: blue, green, red. To the right of it zeros, up to `padded`.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(super) fn scaled(&self, part: Place, width: u32, height: u32, padded: u32) -> Vec<f32> {
        let along = |at: u32, of: u32, from: u32, length: u32, whole: u32| {
            let place = (at as f32 + 0.5) * length as f32 / of as f32 - 0.5 + from as f32;
            let place = place.clamp(0.0, (whole - 1) as f32);
            let low = place as u32;
            (low, (low + 1).min(whole - 1), place - low as f32)
        };
        let columns: Vec<_> =
            (0..width).map(|x| along(x, width, part.left, part.width, self.width)).collect();
        let size = padded as usize * height as usize;
        let mut out = vec![0.0; 3 * size];
        for y in 0..height {
            let (above, below, down) = along(y, height, part.top, part.height, self.height);
            for (x, &(left, right, across)) in columns.iter().enumerate() {
                let at = |x: u32, y: u32| (y as usize * self.width as usize + x as usize) * 3;
                let corners = [at(left, above), at(right, above), at(left, below), at(right, below)];
                for channel in 0..3 {
                    // The networks were trained on pictures with blue first.
                    let [a, b, c, d] = corners.map(|corner| f32::from(self.rgb[corner + 2 - channel]));
                    let value = (a + (b - a) * across) * (1.0 - down) + (c + (d - c) * across) * down;
                    out[channel * size + y as usize * padded as usize + x] = value / 127.5 - 1.0;
                }
            }
        }
        out
    }

    pub(super) fn whole(&self) -> Place {
        Place { left: 0, top: 0, width: self.width, height: self.height }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_scaled_turned_to_blue_first_and_padded() {
        let pixels = ImagePixels {
            id: engine::ImageId([0; 32]),
            width: 2,
            height: 1,
            rgb: vec![255, 0, 0, 0, 0, 255],
        };
        let plane = Plane::of(&pixels);
        let same = plane.scaled(plane.whole(), 2, 1, 3);
        // Blue: none, all, padding; then green; then red.
        assert_eq!(same, [-1.0, 1.0, 0.0, -1.0, -1.0, 0.0, 1.0, -1.0, 0.0]);
        let twice = plane.scaled(plane.whole(), 4, 2, 4);
        assert_eq!(twice[..4], [-1.0, -0.5, 0.5, 1.0]);
    }
}
