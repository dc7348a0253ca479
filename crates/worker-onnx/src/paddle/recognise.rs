//! What is written in a line.

use std::path::Path;

use engine::JobError;
use ort::session::Session;
use ort::value::TensorRef;

use super::Place;
use super::plane::Plane;
use crate::runtime::{Runtime, bad_model, failed};

/// Lines are brought to this height, and padded to at least this width (`rec_img_shape`).
const HEIGHT: u32 = 48;
const LEAST_WIDTH: u32 = 320;
/// A longer line is squeezed: 50 times as long as it is high.
const MOST_WIDTH: u32 = 2_400;

/// The network's own list of letters, one a line.
const LETTERS: &str = "character";

pub(super) struct Recogniser {
    network: Session,
    /// By class, less one: class 0 is no letter.
    letters: Vec<String>,
}

impl Recogniser {
    pub(super) fn open(runtime: &Runtime, file: &Path) -> Result<Self, JobError> {
        let network = runtime.session(file, &["x"])?;
        let listed = network.metadata().ok().and_then(|about| about.custom(LETTERS));
        let listed =
            listed.ok_or_else(|| bad_model(format!("{} has no list of letters.", file.display())))?;
        let mut letters: Vec<String> = listed.lines().map(str::to_owned).collect();
        letters.push(" ".to_owned());
        Ok(Self { network, letters })
    }

    /// The text in this part, and how sure it is, 0..=1.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(super) fn read(&mut self, picture: &Plane<'_>, place: Place) -> Result<(String, f32), JobError> {
        let ratio = place.width as f32 / place.height as f32;
        let width = ((HEIGHT as f32 * ratio).ceil() as u32).clamp(1, MOST_WIDTH);
        let padded = width.max(LEAST_WIDTH);
        let input = picture.scaled(place, width, HEIGHT, padded);
        let mut run = || -> ort::Result<(Vec<f32>, usize)> {
            let shape = [1, 3, HEIGHT as usize, padded as usize];
            let input = TensorRef::from_array_view((shape, input.as_slice()))?;
            let made = self.network.run(ort::inputs! { "x" => input })?;
            let value = made.values().next().ok_or_else(|| ort::Error::new("no result"))?;
            let (shape, data) = value.try_extract_tensor::<f32>()?;
            let classes = shape.last().and_then(|&classes| usize::try_from(classes).ok()).unwrap_or(0);
            Ok((data.to_vec(), classes))
        };
        let (steps, classes) = run().map_err(|error| failed(&error))?;
        if classes != self.letters.len() + 1 {
            return Err(bad_model("The text recogniser and its letters do not go together.".into()));
        }
        Ok(decoded(&steps, classes, &self.letters))
    }
}

/// Greedy CTC: the likeliest class of each step; repetitions are one letter, class 0 is none.
#[expect(clippy::cast_precision_loss)]
fn decoded(steps: &[f32], classes: usize, letters: &[String]) -> (String, f32) {
    let mut text = String::new();
    let (mut sum, mut count, mut last) = (0.0, 0_u32, 0);
    for step in steps.chunks_exact(classes) {
        let best = step.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
        let Some((class, &probability)) = best else { continue };
        if class != 0
            && class != last
            && let Some(letter) = letters.get(class - 1)
        {
            text.push_str(letter);
            (sum, count) = (sum + probability, count + 1);
        }
        last = class;
    }
    (text, if count == 0 { 0.0 } else { sum / count as f32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_one_letter_unless_there_is_nothing_between_them() {
        let letters = ["a", "b"].map(str::to_owned);
        let steps: Vec<f32> = [1, 1, 0, 1, 2, 2, 0]
            .iter()
            .flat_map(|&class| (0..3).map(move |one| if one == class { 0.8 } else { 0.1 }))
            .collect();
        let (text, sure) = decoded(&steps, 3, &letters);
        assert_eq!(text, "aab");
        assert!((sure - 0.8).abs() < 1e-6);
        assert_eq!(decoded(&[0.9, 0.1, 0.0], 3, &letters), (String::new(), 0.0));
    }
}
