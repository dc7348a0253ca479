//! Whether a file can be a Whisper model, before whisper.cpp tries: it would abort, or allocate what a broken header asks.

use std::fs::File;
use std::io::{BufReader, Error, ErrorKind, Read, Seek};
use std::path::Path;

use engine::JobError;

/// The first four bytes, as ggml's converters write them.
const MAGIC: &[u8; 4] = b"lmgg";
/// What follows it: eleven numbers of 32 bits.
const NUMBERS: usize = 11;
/// Where of them the size of the vocabulary is.
const VOCABULARY: usize = 0;
/// The encoder's positions.
const POSITIONS: usize = 1;
/// The bands of the spectrogram.
const BANDS: usize = 9;

/// Says in a sentence when `path` is no Whisper model.
pub(crate) fn check(path: &Path) -> Result<(), JobError> {
    let name =
        path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into());
    let mut head = [0; 4 + 4 * NUMBERS];
    let read = File::open(path).and_then(|file| {
        if file.metadata()?.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let bytes = file.metadata()?.len();
        let mut file = BufReader::new(file);
        file.read_exact(&mut head)?;
        if head.starts_with(MAGIC) && is_plausible(&head[4..]) { is_whole(&mut file, bytes) } else { Ok(()) }
    });
    let reason = match read {
        Ok(()) if head.starts_with(b"GGUF") => {
            format!("{name} is a language model, not a Whisper model. Choose a file like ggml-base.bin.")
        }
        Ok(()) if !head.starts_with(MAGIC) => {
            format!("{name} is not a Whisper model. Choose a file like ggml-base.bin.")
        }
        Ok(()) if !is_plausible(&head[4..]) => broken(&name),
        Ok(()) => return Ok(()),
        Err(error) => match error.kind() {
            ErrorKind::NotFound => format!(
                "the file {} is not there. Download the model again, or choose another.",
                path.display()
            ),
            ErrorKind::UnexpectedEof => broken(&name),
            ErrorKind::IsADirectory => format!("{name} is a folder. Choose the .bin file in it."),
            _ => format!("{name} cannot be read ({error}). Check the file's permissions."),
        },
    };
    Err(JobError::BadModel { reason })
}

/// For a file that has the right beginning and cannot be loaded all the same.
pub(crate) fn broken(name: &str) -> String {
    format!("{name} is damaged or cut off. Download the model again.")
}

/// Whether the rest is there, `bytes` in all: the filters, the words, and each of the tensors, if there are any.
fn is_whole(file: &mut BufReader<File>, bytes: u64) -> Result<(), Error> {
    let (bands, width) = (u64::from(number(file)?), u64::from(number(file)?));
    skip(file, bands * width * 4, bytes)?;
    for _ in 0..number(file)? {
        let length = number(file)?;
        skip(file, length.into(), bytes)?;
    }
    while file.stream_position()? < bytes {
        let (dimensions, name, kind) = (number(file)?, number(file)?, number(file)?);
        let mut elements: u64 = 1;
        for _ in 0..dimensions.min(5) {
            elements = elements.saturating_mul(number(file)?.into());
        }
        skip(file, name.into(), bytes)?;
        let Some((block, size)) = block(kind) else { return Ok(()) };
        skip(file, (elements / block).saturating_mul(size), bytes)?;
    }
    Ok(())
}

fn number(file: &mut impl Read) -> Result<u32, Error> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// Moves on, and not beyond the end.
fn skip(file: &mut BufReader<File>, count: u64, bytes: u64) -> Result<(), Error> {
    let to = file.stream_position()?.saturating_add(count);
    if to > bytes {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    file.seek_relative(i64::try_from(count).map_err(|_| ErrorKind::UnexpectedEof)?)
}

/// Elements and bytes of a block of this ggml type, for those that Whisper models come in (ggml's `type_traits`).
fn block(kind: u32) -> Option<(u64, u64)> {
    match kind {
        0 => Some((1, 4)),
        1 => Some((1, 2)),
        2 => Some((32, 18)),
        3 => Some((32, 20)),
        6 => Some((32, 22)),
        7 => Some((32, 24)),
        8 => Some((32, 34)),
        _ => None,
    }
}

/// All models there are share these: words of GPT-2 and Whisper's own, 1500 positions, 80 or 128 bands.
fn is_plausible(numbers: &[u8]) -> bool {
    let (numbers, _) = numbers.as_chunks::<4>();
    let number = |at: usize| numbers.get(at).map_or(0, |bytes| i32::from_le_bytes(*bytes));
    (51_864..=51_866).contains(&number(VOCABULARY))
        && number(POSITIONS) == 1500
        && [80, 128].contains(&number(BANDS))
        && (2..BANDS).all(|at| (1..=2048).contains(&number(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_bytes(bytes: &[u8], expect: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        std::fs::write(&path, bytes).unwrap();
        let told = super::check(&path).map_or_else(|error| error.to_string(), |()| "fine".into());
        assert!(told.contains(expect), "{told}");
    }

    /// A header, one filter, one word of two letters, and a tensor of 64 weights in `Q5_0`.
    fn model(numbers: [i32; NUMBERS]) -> Vec<u8> {
        let body = [1, 1, 0, 1, 2].into_iter().flat_map(i32::to_le_bytes).chain(*b"hi");
        let tensor = [2, 1, 6, 32, 2].into_iter().flat_map(i32::to_le_bytes).chain(*b"t").chain([0; 44]);
        let numbers = numbers.into_iter().flat_map(i32::to_le_bytes);
        MAGIC.iter().copied().chain(numbers).chain(body).chain(tensor).collect()
    }

    #[test]
    fn a_file_cut_off_anywhere_is_found_out() {
        let whole = model([51_865, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 6]);
        let without_weights = whole.len() - 65;
        for length in 0..whole.len() {
            // Cut between two tensors, only whisper.cpp can tell, and does so without harm.
            let expect = if length == without_weights { "fine" } else { "damaged" };
            check_bytes(&whole[..length], expect);
        }
        check_bytes(&whole, "fine");
    }

    #[test]
    fn what_is_no_model_is_a_sentence() {
        check_bytes(b"", "damaged");
        check_bytes(&[b"GGUF".as_slice(), &[0; 100]].concat(), "a language model");
        check_bytes(&[7; 100], "is not a Whisper model");
        check_bytes(&model([51_865, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1]), "fine");
        check_bytes(&model([51_866, 1500, 1280, 20, 32, 448, 1280, 20, 4, 128, 8]), "fine");
        check_bytes(&model([i32::MAX, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1]), "damaged");
        check_bytes(&model([51_865, 1500, -3, 6, 4, 448, 384, 6, 4, 80, 1]), "damaged");
        let folder = tempfile::tempdir().unwrap();
        assert!(super::check(folder.path()).unwrap_err().to_string().contains("folder"));
        assert!(super::check(&folder.path().join("no")).unwrap_err().to_string().contains("not there"));
    }
}
