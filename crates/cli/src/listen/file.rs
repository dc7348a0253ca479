//! A recording, in pieces that a recogniser can hear one after another.

use std::io::{IsTerminal, stderr};
use std::ops::Range;

use api::ApiError;
use engine::{Hypothesis, Pcm, SPEECH_RATE, SoundIn};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Job;
use super::out::{Output, Part};
use super::timed::{Anchor, words};
use crate::exit::Exit;

const SECOND: usize = SPEECH_RATE as usize;
/// The longest piece. A worker that dies is told a piece again from its beginning, as long as it is below two minutes.
const LONGEST: usize = 110 * SECOND;
/// A piece ends at the quietest place between here and its longest.
const SHORTEST: usize = 80 * SECOND;
/// The length of the places that are compared: longer than the closure of a plosive.
const QUIET: usize = SECOND / 5;
/// Sound in one message.
const MESSAGE: usize = SECOND;
/// Messages that may wait.
const WAITING: usize = 8;

/// Writes down all that is said. Ctrl-C ends it with what is there.
pub(super) async fn listen(job: &Job, sound: &[f32], output: &mut Output) -> anyhow::Result<Exit> {
    let bar = bar(sound.len());
    let cancel = CancellationToken::new();
    let mut pressed = Box::pin(tokio::signal::ctrl_c());
    for piece in pieces(sound) {
        let heard = piece_of(job, sound, piece.clone(), cancel.clone(), &bar);
        tokio::pin!(heard);
        let part = tokio::select! {
            part = &mut heard => part?,
            pressed = &mut pressed => {
                pressed?;
                bar.finish_and_clear();
                return Ok(Exit::Interrupted);
            }
        };
        bar.suspend(|| output.take(part))?;
        bar.set_position(piece.end as u64);
    }
    bar.finish_and_clear();
    Ok(Exit::Done)
}

async fn piece_of(
    job: &Job,
    sound: &[f32],
    piece: Range<usize>,
    cancel: CancellationToken,
    bar: &ProgressBar,
) -> anyhow::Result<Part> {
    let (to, heard_sound) = mpsc::channel(WAITING);
    let (heard, mut hypotheses) = mpsc::channel::<Hypothesis>(WAITING);
    let feed = async {
        for message in sound[piece.clone()].chunks(MESSAGE) {
            if to.send(SoundIn::Sound(Pcm(message.to_vec()))).await.is_err() {
                break;
            }
        }
        drop(to);
    };
    let follow = async {
        let mut anchors = Vec::new();
        while let Some(hypothesis) = hypotheses.recv().await {
            bar.set_position(piece.start as u64 + hypothesis.through);
            anchors.push(Anchor { bytes: hypothesis.committed.len(), through: hypothesis.through });
        }
        anchors
    };
    let listening = job.recogniser.listen(job.request.clone(), heard_sound, heard, cancel);
    let ((), anchors, transcript) = tokio::join!(feed, follow, listening);
    let transcript = transcript.map_err(ApiError::from)?;
    let words = words(&transcript, &anchors, piece.start as u64..piece.end as u64);
    Ok(Part { text: transcript.text, words, language: transcript.language.map(|language| language.0) })
}

/// Cuts a recording where it is quiet.
fn pieces(sound: &[f32]) -> Vec<Range<usize>> {
    let (mut pieces, mut begin) = (Vec::new(), 0);
    while sound.len() - begin > LONGEST {
        let places = &sound[begin + SHORTEST..begin + LONGEST];
        let power = |place: &[f32]| place.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
        let quietest =
            places.chunks_exact(QUIET).enumerate().min_by(|a, b| power(a.1).total_cmp(&power(b.1)));
        let at = quietest.map_or(LONGEST, |(index, _)| SHORTEST + index * QUIET + QUIET / 2);
        pieces.push(begin..begin + at);
        begin += at;
    }
    pieces.push(begin..sound.len());
    pieces
}

fn bar(samples: usize) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(samples as u64), ProgressDrawTarget::stderr());
    // The template is fixed; were it wrong, the default one would do.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent} %  {eta} left") {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_recording_is_cut_where_it_is_quiet_and_nothing_is_lost() {
        let mut sound = vec![0.5; 300 * SECOND];
        let quiet = 95 * SECOND..96 * SECOND;
        sound[quiet.clone()].fill(0.0);
        let pieces = pieces(&sound);
        assert!(quiet.contains(&pieces[0].end), "{pieces:?}");
        assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.len() <= LONGEST), "{pieces:?}");
        assert_eq!(pieces[0].start, 0);
        assert!(pieces.windows(2).all(|two| two[0].end == two[1].start), "{pieces:?}");
        assert_eq!(pieces[pieces.len() - 1].end, sound.len());
    }

    #[test]
    fn a_short_one_is_one_piece() {
        let whole = 0..5;
        assert_eq!(pieces(&[0.0; 5]), [whole]);
    }
}
