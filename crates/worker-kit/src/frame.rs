//! Frames: a `u32` little-endian length, then so many bytes of `MessagePack` with named fields.
//!
//! Always holds: no bytes from the other side make this panic, and what is allocated for a frame is in proportion to
//! the bytes that really came, never to a length that was merely claimed. No error carries a frame's content, because
//! errors are logged and frames hold what the user said.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes a frame's payload may have: room for a large photograph and a minute of sound, and far below what
/// four bytes of text read as a length come to.
pub const MAX_PAYLOAD: usize = 64 << 20;

/// Bytes of the length in front of a payload.
pub const HEADER: usize = 4;

/// Why a frame could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length is larger than [`MAX_PAYLOAD`].
    #[error("a frame claims {length} bytes")]
    TooLong {
        /// Bytes claimed, or made by encoding.
        length: usize,
    },
    /// The stream ended within a frame.
    #[error("the stream ended within a frame")]
    Truncated,
    /// The payload is not a message of this protocol.
    #[error("a frame could not be understood")]
    Malformed,
    /// A message of our own cannot be written as `MessagePack` (a path that is not UTF-8).
    #[error("a message could not be encoded")]
    Unencodable,
    /// Reading or writing failed.
    #[error("the pipe failed ({0})")]
    Io(io::ErrorKind),
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

/// A whole frame, header included, for `message`.
pub fn encode<M: Serialize>(message: &M) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; HEADER];
    rmp_serde::encode::write_named(&mut frame, message).map_err(|_| FrameError::Unencodable)?;
    let length = frame.len() - HEADER;
    let header = u32::try_from(length).ok().filter(|_| length <= MAX_PAYLOAD);
    let header = header.ok_or(FrameError::TooLong { length })?;
    frame[..HEADER].copy_from_slice(&header.to_le_bytes());
    Ok(frame)
}

/// How many bytes of payload follow `header`.
pub fn payload_length(header: [u8; HEADER]) -> Result<usize, FrameError> {
    let length = u32::from_le_bytes(header);
    let length = usize::try_from(length).map_err(|_| FrameError::TooLong { length: usize::MAX })?;
    if length > MAX_PAYLOAD { Err(FrameError::TooLong { length }) } else { Ok(length) }
}

/// The message in `payload`.
pub fn decode<M: DeserializeOwned>(payload: &[u8]) -> Result<M, FrameError> {
    rmp_serde::from_slice(payload).map_err(|_| FrameError::Malformed)
}

/// Reads one payload; `None` when the stream ends between frames.
pub fn read<R: Read>(reader: &mut R) -> Result<Option<Vec<u8>>, FrameError> {
    let mut header = Vec::with_capacity(HEADER);
    reader.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
    if header.is_empty() {
        return Ok(None);
    }
    let header = header.try_into().map_err(|_| FrameError::Truncated)?;
    let length = payload_length(header)?;
    let mut payload = Vec::new();
    reader.by_ref().take(length as u64).read_to_end(&mut payload)?;
    if payload.len() < length { Err(FrameError::Truncated) } else { Ok(Some(payload)) }
}

/// Writes `message` as one frame and flushes.
pub fn write<W: Write, M: Serialize>(writer: &mut W, message: &M) -> Result<(), FrameError> {
    writer.write_all(&encode(message)?)?;
    Ok(writer.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{JobId, ToHost, ToWorker};
    use crate::protocols::Llm;
    use proptest::prelude::*;

    fn hello() -> ToWorker<Llm> {
        ToWorker::Hello { protocol: "llm".into(), version: 1 }
    }

    #[test]
    fn a_frame_comes_back_as_it_went() {
        let mut pipe = Vec::new();
        write(&mut pipe, &hello()).unwrap();
        write(&mut pipe, &ToWorker::<Llm>::Cancel { job: JobId(7) }).unwrap();
        let mut pipe = pipe.as_slice();
        let first: ToWorker<Llm> = decode(&read(&mut pipe).unwrap().unwrap()).unwrap();
        assert!(matches!(first, ToWorker::Hello { protocol, version: 1 } if protocol == "llm"));
        let second: ToWorker<Llm> = decode(&read(&mut pipe).unwrap().unwrap()).unwrap();
        assert!(matches!(second, ToWorker::Cancel { job: JobId(7) }));
        assert_eq!(read(&mut pipe), Ok(None));
    }

    #[test]
    fn text_where_a_length_belongs_is_refused_before_anything_is_allocated() {
        let length = u32::from_le_bytes(*b"ggml") as usize;
        assert_eq!(read(&mut b"ggml_init: found 1 device".as_slice()), Err(FrameError::TooLong { length }));
        assert_eq!(payload_length([0xff; 4]), Err(FrameError::TooLong { length: u32::MAX as usize }));
        assert_eq!(payload_length([0, 0, 0, 4]), Ok(MAX_PAYLOAD));
        assert!(payload_length([1, 0, 0, 4]).is_err());
    }

    #[test]
    fn a_frame_cut_short_is_told_from_the_end_of_the_stream() {
        let frame = encode(&hello()).unwrap();
        for cut in 1..frame.len() {
            assert_eq!(read(&mut &frame[..cut]), Err(FrameError::Truncated), "cut at {cut}");
        }
    }

    #[test]
    fn an_error_never_quotes_the_frame() {
        let payload = rmp_serde::to_vec_named("my secret").unwrap();
        let error = decode::<ToWorker<Llm>>(&payload).err().unwrap();
        assert!(!format!("{error:?} {error}").contains("secret"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic_or_allocate_more_than_came(bytes in any::<Vec<u8>>()) {
            let mut rest = bytes.as_slice();
            while let Ok(Some(payload)) = read(&mut rest) {
                prop_assert!(payload.capacity() <= 2 * bytes.len() + 64);
                let _ = decode::<ToWorker<Llm>>(&payload);
                let _ = decode::<ToHost<Llm>>(&payload);
            }
        }

        #[test]
        fn a_large_claim_with_few_bytes_allocates_little(claim in 0u32..=(64 << 20), body in any::<Vec<u8>>()) {
            let mut bytes = claim.to_le_bytes().to_vec();
            bytes.extend(&body);
            match read(&mut bytes.as_slice()) {
                Ok(Some(payload)) => prop_assert!(payload.len() <= body.len() && payload.capacity() <= 2 * body.len() + 64),
                other => prop_assert_eq!(other, Err(FrameError::Truncated)),
            }
        }

        #[test]
        fn no_payload_makes_the_decoder_panic(payload in any::<Vec<u8>>()) {
            let _ = decode::<ToWorker<Llm>>(&payload);
            let _ = decode::<ToHost<Llm>>(&payload);
        }

        #[test]
        fn a_damaged_frame_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut frame = encode(&hello()).unwrap();
            let at = at.index(frame.len());
            frame[at] = byte;
            if let Ok(Some(payload)) = read(&mut frame.as_slice()) {
                let _ = decode::<ToWorker<Llm>>(&payload);
            }
        }
    }
}
