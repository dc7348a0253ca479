//! Speech into a WAV file: mono, 16 bits, at the voice's rate.

use std::path::Path;

use anyhow::Context;
use engine::SpeechChunk;
use hound::{SampleFormat, WavSpec, WavWriter};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Speaker;
use super::text::Source;
use crate::exit::Exit;

/// Writes all of a text. A file that is not whole does not stay.
pub(super) async fn write(
    speaker: &Speaker,
    source: Source,
    language: Option<&str>,
    rate: u32,
    path: &Path,
) -> anyhow::Result<Exit> {
    let what = || format!("{} cannot be written", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let part = tempfile::Builder::new().prefix(".hark-").suffix(".wav").tempfile_in(folder);
    let part = part.with_context(what)?;
    let spec =
        WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut writer = WavWriter::create(part.path(), spec).with_context(what)?;
    let cancel = CancellationToken::new();
    let save = async |mut sound: mpsc::Receiver<SpeechChunk>| {
        while let Some(chunk) = sound.recv().await {
            for sample in &chunk.pcm.0 {
                writer.write_sample(sixteen_bits(*sample)).with_context(what)?;
            }
        }
        writer.finalize().with_context(what)
    };
    tokio::select! {
        written = speaker.sound(source, language, &cancel, save) => written?,
        pressed = tokio::signal::ctrl_c() => {
            pressed?;
            return Ok(Exit::Interrupted);
        }
    }
    part.persist(path).map_err(|error| error.error).with_context(what)?;
    readable(path);
    Ok(Exit::Done)
}

/// Temporary files are for their owner alone; what was asked for by name is a file like any other.
fn readable(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        // Where it cannot be changed, the owner can read it all the same.
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644));
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn sixteen_bits(sample: f32) -> i16 {
    // Within the bounds of the type after the clamp.
    #[allow(clippy::cast_possible_truncation)]
    let sample = (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
    sample
}
