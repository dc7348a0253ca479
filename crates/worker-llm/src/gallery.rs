//! The pictures that the worker has: pixels that wait to be looked at, and what a model made of them.
//!
//! What always holds: never more than [`MOST_BYTES`] beside what the job at hand needs; what was used last is forgotten
//! last; a part that was looked at is never looked at again while it is here. The pixels go as soon as all parts of a
//! picture were looked at: the numbers are smaller than they, or are all that is wanted.

use std::collections::HashMap;

use engine::{ImageId, ImagePixels};

/// Room for pictures. A picture of a large screen takes 25 MB until it was looked at; afterwards, at a thousand tokens,
/// between 2 MB (a model of 576 numbers a token) and 33 MB (one of 2048, with three layers more beside them).
pub const MOST_BYTES: usize = 512 << 20;

/// One picture.
#[derive(Debug, Default)]
struct Picture {
    pixels: Option<ImagePixels>,
    /// By part; empty as long as nothing is known of them.
    parts: Vec<Option<Vec<f32>>>,
    /// When it was last used; larger is later.
    used: u64,
}

impl Picture {
    fn bytes(&self) -> usize {
        let pixels = self.pixels.as_ref().map_or(0, |pixels| pixels.rgb.len());
        let parts: usize = self.parts.iter().flatten().map(|part| part.len() * size_of::<f32>()).sum();
        pixels + parts
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Gallery {
    pictures: HashMap<ImageId, Picture>,
    clock: u64,
}

impl Gallery {
    /// Takes a picture's pixels. Where it was looked at already, they are not needed.
    pub fn keep(&mut self, pixels: ImagePixels) {
        self.clock += 1;
        let picture = self.pictures.entry(pixels.id).or_default();
        picture.used = self.clock;
        let looked_at = !picture.parts.is_empty() && picture.parts.iter().all(Option::is_some);
        if !looked_at {
            picture.pixels = Some(pixels);
        }
        self.make_room(&[]);
    }

    /// Its pixels, where they are here.
    pub fn pixels(&self, image: ImageId) -> Option<&ImagePixels> {
        self.pictures.get(&image)?.pixels.as_ref()
    }

    /// What the model made of a part of it, where it was looked at.
    pub fn part(&mut self, image: ImageId, part: usize) -> Option<&[f32]> {
        self.clock += 1;
        let picture = self.pictures.get_mut(&image)?;
        picture.used = self.clock;
        picture.parts.get(part)?.as_deref()
    }

    /// Whether a part can be read: it was looked at, or there are pixels to look at.
    pub fn can_show(&self, image: ImageId, part: usize) -> bool {
        self.pictures.get(&image).is_some_and(|picture| {
            picture.pixels.is_some() || picture.parts.get(part).is_some_and(Option::is_some)
        })
    }

    /// Remembers what the model made of one of the `of` parts of a picture. Pictures in `needed` are not forgotten for it.
    pub fn remember(
        &mut self,
        image: ImageId,
        part: usize,
        of: usize,
        numbers: Vec<f32>,
        needed: &[ImageId],
    ) {
        self.clock += 1;
        let picture = self.pictures.entry(image).or_default();
        picture.used = self.clock;
        picture.parts.resize_with(of.max(part + 1), || None);
        picture.parts[part] = Some(numbers);
        if picture.parts.iter().all(Option::is_some) {
            picture.pixels = None;
        }
        self.make_room(needed);
    }

    /// Bytes of all of it.
    pub fn bytes(&self) -> usize {
        self.pictures.values().map(Picture::bytes).sum()
    }

    /// Forgets what was not used for the longest time. The newest stays, whatever its size.
    fn make_room(&mut self, needed: &[ImageId]) {
        while self.bytes() > MOST_BYTES {
            let newest = self.clock;
            let candidates = self
                .pictures
                .iter()
                .filter(|(image, picture)| picture.used != newest && !needed.contains(image));
            let Some(oldest) = candidates.min_by_key(|(_, picture)| picture.used).map(|(&image, _)| image)
            else {
                return;
            };
            self.pictures.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(name: u8, bytes: usize) -> ImagePixels {
        ImagePixels { id: ImageId([name; 32]), width: 1, height: 1, rgb: vec![0; bytes] }
    }

    fn name(name: u8) -> ImageId {
        ImageId([name; 32])
    }

    #[test]
    fn the_pixels_go_when_all_parts_were_looked_at() {
        let mut gallery = Gallery::default();
        gallery.keep(pixels(1, 300));
        gallery.remember(name(1), 1, 2, vec![0.5; 10], &[]);
        assert!(gallery.pixels(name(1)).is_some() && gallery.part(name(1), 0).is_none());
        gallery.remember(name(1), 0, 2, vec![0.25; 10], &[]);
        assert!(gallery.pixels(name(1)).is_none());
        assert_eq!(gallery.part(name(1), 1), Some([0.5; 10].as_slice()));
        assert_eq!(gallery.bytes(), 80);
        gallery.keep(pixels(1, 300));
        assert_eq!(gallery.bytes(), 80, "they are not wanted again");
    }

    #[test]
    fn what_can_be_shown() {
        let mut gallery = Gallery::default();
        assert!(!gallery.can_show(name(1), 0));
        gallery.keep(pixels(1, 3));
        assert!(gallery.can_show(name(1), 5));
        gallery.remember(name(2), 0, 2, vec![0.0], &[]);
        assert!(gallery.can_show(name(2), 0) && !gallery.can_show(name(2), 1));
    }

    #[test]
    fn what_was_used_last_is_forgotten_last() {
        let mut gallery = Gallery::default();
        for at in 1..=4 {
            gallery.remember(name(at), 0, 1, vec![0.0; MOST_BYTES / 16], &[]);
        }
        assert!(gallery.part(name(1), 0).is_some());
        gallery.remember(name(5), 0, 1, vec![0.0; MOST_BYTES / 16], &[]);
        assert!(gallery.part(name(2), 0).is_none());
        assert!(gallery.part(name(1), 0).is_some() && gallery.part(name(5), 0).is_some());
        assert!(gallery.bytes() <= MOST_BYTES);
    }

    #[test]
    fn what_a_job_needs_stays() {
        let mut gallery = Gallery::default();
        let needed = [name(1), name(2), name(3)];
        for at in 1..=3 {
            gallery.remember(name(at), 0, 1, vec![0.0; MOST_BYTES / 8], &needed);
        }
        assert!((1..=3).all(|at| gallery.part(name(at), 0).is_some()));
        gallery.keep(pixels(9, 3));
        assert!(gallery.bytes() <= MOST_BYTES, "and goes after it");
    }
}
