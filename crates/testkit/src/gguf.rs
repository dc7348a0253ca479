//! GGUF files for tests: the vocabulary of one that is there, and new ones with random weights.
//!
//! What always holds: the same name, shape and seed give the same bytes, whatever else is in the file.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use crate::random::{Random, half};

/// Where tensors begin is a multiple of this.
const ALIGNMENT: u64 = 32;
const MAGIC: &[u8; 4] = b"GGUF";

/// GGUF's numbers for types of values, as far as they are written here.
mod kind {
    pub(super) const U32: u32 = 4;
    pub(super) const I32: u32 = 5;
    pub(super) const F32: u32 = 6;
    pub(super) const BOOL: u32 = 7;
    pub(super) const STRING: u32 = 8;
    pub(super) const ARRAY: u32 = 9;
}

/// A value in a file's header.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    U32(u32),
    /// A number.
    F32(f32),
    /// Yes or no.
    Bool(bool),
    /// A text.
    Text(String),
    /// Numbers.
    I32s(Vec<i32>),
    /// Numbers.
    F32s(Vec<f32>),
    /// Texts.
    Texts(Vec<String>),
    /// Something else, as it stood in another file: its type's number, and its bytes.
    Raw(u32, Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// How a tensor's numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Four bytes each.
    F32,
    /// Two bytes each.
    F16,
    /// Blocks of 32 bytes with a factor.
    Q8,
}

/// What a tensor's numbers are.
#[derive(Debug, Clone)]
pub enum Fill {
    /// All the same.
    All(f32),
    /// Evenly distributed around 0, with this standard deviation.
    Random(f32),
    /// As `Random`, each row with a deviation of its own.
    RandomRows(Vec<f32>),
}

/// One tensor; the first dimension is the one whose numbers stand beside each other.
#[derive(Debug, Clone)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<u64>,
    /// How it is written.
    pub format: Format,
    /// What is in it.
    pub fill: Fill,
}

impl Tensor {
    fn bytes(&self) -> u64 {
        let count: u64 = self.shape.iter().product();
        match self.format {
            Format::F32 => count * 4,
            Format::F16 => count * 2,
            Format::Q8 => count / 32 * 34,
        }
    }

    fn type_number(&self) -> u32 {
        match self.format {
            Format::F32 => 0,
            Format::F16 => 1,
            Format::Q8 => 8,
        }
    }

    fn write(&self, seed: u64, out: &mut impl Write) -> io::Result<()> {
        let mut random = Random::new(seed, &self.name);
        let row = self.shape[0];
        let rows: u64 = self.shape[1..].iter().product();
        for at in 0..rows {
            let deviation = match &self.fill {
                Fill::All(value) => {
                    (0..row).try_for_each(|_| out.write_all(&value.to_le_bytes()))?;
                    continue;
                }
                Fill::Random(deviation) => *deviation,
                Fill::RandomRows(rows) => usize::try_from(at).map_or(0.0, |at| rows[at]),
            };
            match self.format {
                Format::F32 => {
                    (0..row).try_for_each(|_| out.write_all(&(random.unit() * deviation).to_le_bytes()))?;
                }
                Format::F16 => (0..row)
                    .try_for_each(|_| out.write_all(&half(random.unit() * deviation).to_le_bytes()))?,
                Format::Q8 => (0..row / 32).try_for_each(|_| {
                    // Bytes evenly between -128 and 127 deviate by 73.9.
                    out.write_all(&half(deviation / 73.9).to_le_bytes())?;
                    (0..4).try_for_each(|_| out.write_all(&random.next().to_le_bytes()))
                })?,
            }
        }
        Ok(())
    }
}

/// A file in the making.
#[derive(Debug, Clone, Default)]
pub struct Gguf {
    /// The header, in order.
    pub header: Vec<(String, Value)>,
    /// The tensors, in order.
    pub tensors: Vec<Tensor>,
}

impl Gguf {
    /// Adds a value.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.header.push((key.into(), value.into()));
    }

    /// Adds a tensor.
    pub fn tensor(&mut self, name: &str, shape: &[u64], format: Format, fill: Fill) {
        self.tensors.push(Tensor { name: name.into(), shape: shape.to_vec(), format, fill });
    }

    /// Writes it. It gets its name only when it is whole, so that tests may do it side by side.
    pub fn write(&self, seed: u64, path: &Path) -> io::Result<()> {
        let unfinished = path.with_extension(format!("{}.part", std::process::id()));
        let mut out =
            Counted { inner: BufWriter::with_capacity(1 << 20, File::create(&unfinished)?), written: 0 };
        out.write_all(MAGIC)?;
        out.write_all(&3_u32.to_le_bytes())?;
        out.write_all(&(self.tensors.len() as u64).to_le_bytes())?;
        out.write_all(&(self.header.len() as u64).to_le_bytes())?;
        for (key, value) in &self.header {
            text(&mut out, key)?;
            put(&mut out, value)?;
        }
        let mut offset = 0_u64;
        for tensor in &self.tensors {
            text(&mut out, &tensor.name)?;
            out.write_all(&u32::try_from(tensor.shape.len()).unwrap_or(0).to_le_bytes())?;
            tensor.shape.iter().try_for_each(|side| out.write_all(&side.to_le_bytes()))?;
            out.write_all(&tensor.type_number().to_le_bytes())?;
            out.write_all(&offset.to_le_bytes())?;
            offset += tensor.bytes().next_multiple_of(ALIGNMENT);
        }
        for tensor in &self.tensors {
            out.align()?;
            tensor.write(seed, &mut out)?;
        }
        out.align()?;
        out.flush()?;
        std::fs::rename(unfinished, path)
    }
}

/// The header of a file that is there.
pub fn read_header(path: &Path) -> io::Result<Vec<(String, Value)>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut magic = [0; 4];
    file.read_exact(&mut magic)?;
    if &magic != MAGIC {
        return Err(io::ErrorKind::InvalidData.into());
    }
    number(&mut file, 4)?;
    number(&mut file, 8)?;
    let count = number(&mut file, 8)?;
    (0..count).map(|_| Ok((read_text(&mut file)?, read_value(&mut file)?))).collect()
}

fn read_value(file: &mut impl Read) -> io::Result<Value> {
    Ok(match number32(file)? {
        kind::U32 => Value::U32(number32(file)?),
        kind::STRING => Value::Text(read_text(file)?),
        kind::BOOL => Value::Bool(number(file, 1)? != 0),
        kind::ARRAY => match number32(file)? {
            kind::STRING => {
                let count = number(file, 8)?;
                Value::Texts((0..count).map(|_| read_text(file)).collect::<io::Result<_>>()?)
            }
            kind::I32 => {
                let count = number(file, 8)?;
                let one = |_| Ok(number32(file)?.cast_signed());
                Value::I32s((0..count).map(one).collect::<io::Result<_>>()?)
            }
            element => {
                let count = number(file, 8)?;
                let mut bytes = element.to_le_bytes().to_vec();
                bytes.extend(count.to_le_bytes());
                let from = bytes.len();
                bytes.resize(from + size(element)? * usize::try_from(count).unwrap_or(0), 0);
                file.read_exact(&mut bytes[from..])?;
                Value::Raw(kind::ARRAY, bytes)
            }
        },
        other => {
            let mut bytes = vec![0; size(other)?];
            file.read_exact(&mut bytes)?;
            Value::Raw(other, bytes)
        }
    })
}

/// Bytes of a number of this type.
fn size(kind: u32) -> io::Result<usize> {
    match kind {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn number(file: &mut impl Read, bytes: usize) -> io::Result<u64> {
    let mut number = [0; 8];
    file.read_exact(&mut number[..bytes])?;
    Ok(u64::from_le_bytes(number))
}

fn number32(file: &mut impl Read) -> io::Result<u32> {
    number(file, 4).map(|number| u32::try_from(number).unwrap_or(0))
}

fn read_text(file: &mut impl Read) -> io::Result<String> {
    let length = number(file, 8)?;
    let mut text = String::new();
    file.take(length).read_to_string(&mut text)?;
    Ok(text)
}

fn text(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(&(text.len() as u64).to_le_bytes())?;
    out.write_all(text.as_bytes())
}

fn put(out: &mut impl Write, value: &Value) -> io::Result<()> {
    let mut array = |element: u32, count: usize| -> io::Result<()> {
        out.write_all(&kind::ARRAY.to_le_bytes())?;
        out.write_all(&element.to_le_bytes())?;
        out.write_all(&(count as u64).to_le_bytes())
    };
    match value {
        Value::I32s(numbers) => {
            array(kind::I32, numbers.len())?;
            numbers.iter().try_for_each(|number| out.write_all(&number.to_le_bytes()))
        }
        Value::F32s(numbers) => {
            array(kind::F32, numbers.len())?;
            numbers.iter().try_for_each(|number| out.write_all(&number.to_le_bytes()))
        }
        Value::Texts(texts) => {
            array(kind::STRING, texts.len())?;
            texts.iter().try_for_each(|one| text(out, one))
        }
        Value::U32(number) => {
            [kind::U32, *number].iter().try_for_each(|part| out.write_all(&part.to_le_bytes()))
        }
        Value::F32(number) => {
            out.write_all(&kind::F32.to_le_bytes())?;
            out.write_all(&number.to_le_bytes())
        }
        Value::Bool(yes) => {
            out.write_all(&kind::BOOL.to_le_bytes())?;
            out.write_all(&[u8::from(*yes)])
        }
        Value::Text(one) => {
            out.write_all(&kind::STRING.to_le_bytes())?;
            text(out, one)
        }
        Value::Raw(kind, bytes) => {
            out.write_all(&kind.to_le_bytes())?;
            out.write_all(bytes)
        }
    }
}

/// Knows how much was written.
struct Counted<W> {
    inner: W,
    written: u64,
}

impl<W: Write> Counted<W> {
    fn align(&mut self) -> io::Result<()> {
        let missing = self.written.next_multiple_of(ALIGNMENT) - self.written;
        (0..missing).try_for_each(|_| self.write_all(&[0]))
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gguf");
        let mut file = Gguf::default();
        file.set("general.architecture", "llama");
        file.set("llama.block_count", Value::U32(2));
        file.set("tokens", Value::Texts(vec!["a".into(), "é".into()]));
        file.set("types", Value::I32s(vec![1, -3]));
        file.set("yes", Value::Bool(true));
        file.set("eps", Value::Raw(kind::F32, 0.5_f32.to_le_bytes().to_vec()));
        file.tensor("w", &[64, 3], Format::Q8, Fill::Random(0.1));
        file.tensor("n", &[5], Format::F32, Fill::All(1.0));
        file.write(1, &path).unwrap();
        assert_eq!(read_header(&path).unwrap(), file.header);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len() % 32, 0);
        file.write(1, &path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "the same again");
    }
}
