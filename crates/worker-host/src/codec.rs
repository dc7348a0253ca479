//! Frames off an asynchronous pipe.

use std::marker::PhantomData;

use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder;
use worker_kit::frame::{self, FrameError, HEADER};
use worker_kit::{Protocol, ToHost};

/// Memory is asked for in steps of this size while a frame comes in, so that a claimed length alone costs nothing.
const STEP: usize = 64 << 10;

/// Decodes what a worker says.
#[derive(Debug)]
pub(crate) struct FrameCodec<P>(PhantomData<fn() -> P>);

impl<P> Default for FrameCodec<P> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<P: Protocol> Decoder for FrameCodec<P> {
    type Item = ToHost<P>;
    type Error = FrameError;

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, FrameError> {
        let Some(&header) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
        let whole = HEADER + frame::payload_length(header)?;
        if bytes.len() < whole {
            bytes.reserve((whole - bytes.len()).min(STEP));
            return Ok(None);
        }
        let frame = bytes.split_to(whole);
        frame::decode(&frame[HEADER..]).map(Some)
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, FrameError> {
        match self.decode(bytes)? {
            None if !bytes.is_empty() => Err(FrameError::Truncated),
            decoded => Ok(decoded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use worker_kit::protocols::Llm;

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic_or_allocate_much(
            chunks in proptest::collection::vec(any::<Vec<u8>>(), 0..8),
            claim in prop::option::of(0u32..=(64 << 20)),
        ) {
            let mut codec = FrameCodec::<Llm>::default();
            let mut bytes = BytesMut::new();
            bytes.extend(claim.map(u32::to_le_bytes).into_iter().flatten());
            for chunk in &chunks {
                bytes.extend_from_slice(chunk);
                while let Ok(Some(_)) = codec.decode(&mut bytes) {}
                prop_assert!(bytes.capacity() <= 4 * (STEP + chunks.iter().map(Vec::len).sum::<usize>()));
            }
            let _ = codec.decode_eof(&mut bytes);
        }
    }

    #[test]
    fn a_frame_that_comes_byte_by_byte_is_whole() {
        let frame = frame::encode(&ToHost::<Llm>::Pong { nonce: 7 }).unwrap();
        let (mut codec, mut bytes) = (FrameCodec::<Llm>::default(), BytesMut::new());
        for (index, byte) in frame.iter().enumerate() {
            bytes.extend_from_slice(&[*byte]);
            let decoded = codec.decode(&mut bytes).unwrap();
            assert_eq!(decoded.is_some(), index + 1 == frame.len());
        }
        bytes.extend_from_slice(&frame[..3]);
        assert!(matches!(codec.decode_eof(&mut bytes), Err(FrameError::Truncated)));
    }
}
