//! Bounded little-endian reading of a GGUF header.
//!
//! Always holds: no length that the file states is trusted before it is compared with what is left of the file,
//! and nothing larger than [`MAX_STRING`] is ever allocated.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use super::GgufError;

/// The longest string value that is kept, bytes. Chat templates reach some 30 KiB.
pub(super) const MAX_STRING: u64 = 1 << 20;
/// The longest key, bytes (GGUF specification: at most 2^16-1).
const MAX_KEY: u64 = 65_535;
/// The most elements of one array. The largest vocabularies hold about 260,000 tokens.
const MAX_ARRAY: u64 = 1 << 24;
/// The most array elements that are kept; longer arrays are counted and skipped.
const MAX_KEPT: u64 = 4096;

/// A metadata value, as far as this crate looks at it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Any unsigned, signed or boolean scalar, widened.
    Int(i64),
    /// A float; its value is never needed.
    Float,
    /// A string of at most [`MAX_STRING`] bytes, lossily decoded.
    Text(String),
    /// A string longer than that: its length, bytes.
    LongText,
    /// A short array of integers or booleans.
    Ints(Vec<i64>),
    /// Any other array: how many elements.
    Array(u64),
}

/// A cursor over the header that knows how long the file is.
pub(super) struct Reader<R> {
    inner: BufReader<R>,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads from the start of a file of `length` bytes.
    pub(super) fn new(inner: R, length: u64) -> Self {
        Self { inner: BufReader::with_capacity(1 << 16, inner), position: 0, length }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    fn left(&self) -> u64 {
        self.length.saturating_sub(self.position)
    }

    /// Fails as truncated unless `bytes` more are there.
    fn require(&self, bytes: u64) -> Result<(), GgufError> {
        if bytes > self.left() {
            return Err(GgufError::Truncated {
                have: self.length,
                need: self.position.saturating_add(bytes).max(self.length.saturating_add(1)),
            });
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        self.require(N as u64)?;
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.position += N as u64;
        Ok(bytes)
    }

    pub(super) fn magic(&mut self) -> Result<[u8; 4], GgufError> {
        self.array()
    }

    pub(super) fn u32(&mut self) -> Result<u32, GgufError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, GgufError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), GgufError> {
        self.require(bytes)?;
        let buffered = self.inner.buffer().len() as u64;
        if bytes <= buffered {
            // `buffered` came from a usize, so this fits.
            self.inner.consume(usize::try_from(bytes).unwrap_or(0));
        } else {
            let offset = i64::try_from(bytes).map_err(|_| GgufError::Nonsense("a length beyond any file"))?;
            self.inner.seek(SeekFrom::Current(offset))?;
        }
        self.position += bytes;
        Ok(())
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, GgufError> {
        self.require(length)?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.inner.read_exact(&mut bytes)?;
        self.position += length;
        Ok(bytes)
    }

    /// A key or tensor name.
    pub(super) fn key(&mut self) -> Result<String, GgufError> {
        let length = self.u64()?;
        if length > MAX_KEY {
            return Err(GgufError::Nonsense("a name of more than 64 KiB"));
        }
        Ok(String::from_utf8_lossy(&self.bytes(length)?).into_owned())
    }

    fn text(&mut self) -> Result<Value, GgufError> {
        let length = self.u64()?;
        if length > MAX_STRING {
            self.skip(length)?;
            return Ok(Value::LongText);
        }
        Ok(Value::Text(String::from_utf8_lossy(&self.bytes(length)?).into_owned()))
    }

    /// A value of the GGUF type `kind`.
    pub(super) fn value(&mut self, kind: u32) -> Result<Value, GgufError> {
        match kind {
            8 => self.text(),
            9 => self.list(),
            _ => self.scalar(kind),
        }
    }

    /// Types in the order of `gguf_type` in ggml's gguf.h.
    fn scalar(&mut self, kind: u32) -> Result<Value, GgufError> {
        Ok(match kind {
            0 | 7 => Value::Int(i64::from(self.array::<1>()?[0])),
            1 => Value::Int(i64::from(i8::from_le_bytes(self.array()?))),
            2 => Value::Int(i64::from(u16::from_le_bytes(self.array()?))),
            3 => Value::Int(i64::from(i16::from_le_bytes(self.array()?))),
            4 => Value::Int(i64::from(self.u32()?)),
            5 => Value::Int(i64::from(i32::from_le_bytes(self.array()?))),
            6 => {
                self.skip(4)?;
                Value::Float
            }
            10 => Value::Int(i64::try_from(self.u64()?).unwrap_or(i64::MAX)),
            11 => Value::Int(i64::from_le_bytes(self.array()?)),
            12 => {
                self.skip(8)?;
                Value::Float
            }
            _ => return Err(GgufError::Nonsense("a value of a type that does not exist")),
        })
    }

    fn list(&mut self) -> Result<Value, GgufError> {
        let kind = self.u32()?;
        let count = self.u64()?;
        if count > MAX_ARRAY {
            return Err(GgufError::Nonsense("a list of more than sixteen million entries"));
        }
        let width: u64 = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8,
            _ => return Err(GgufError::Nonsense("a list of a type that does not exist")),
        };
        self.require(count * width)?;
        match kind {
            8 => {
                for _ in 0..count {
                    let length = self.u64()?;
                    self.skip(length)?;
                }
                Ok(Value::Array(count))
            }
            6 | 12 => {
                self.skip(count * width)?;
                Ok(Value::Array(count))
            }
            _ if count > MAX_KEPT => {
                self.skip(count * width)?;
                Ok(Value::Array(count))
            }
            _ => {
                let mut kept = Vec::new();
                for _ in 0..count {
                    if let Value::Int(value) = self.scalar(kind)? {
                        kept.push(value);
                    }
                }
                Ok(Value::Ints(kept))
            }
        }
    }
}
