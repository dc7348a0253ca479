//! The numbers of weights that mean nothing: the same for the same seed, on every machine.

/// `SplitMix64` (Steele, Lea and Flood, 2014), begun from a seed and a name.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        // FNV-1a.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, mix))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Evenly distributed around 0, with a standard deviation of 1.
    pub(crate) fn unit(&mut self) -> f32 {
        let whole = (self.next() >> 40) as f32 / (1_u32 << 24) as f32;
        (whole - 0.5) * 12_f32.sqrt()
    }
}

/// A number in half precision, cut off; what is too small for it becomes 0.
pub(crate) fn half(number: f32) -> u16 {
    let bits = number.to_bits();
    let sign = u16::try_from(bits >> 31).unwrap_or(0) << 15;
    let exponent = i32::try_from((bits >> 23) & 0xff).unwrap_or(0) - 127 + 15;
    let mantissa = u16::try_from((bits >> 13) & 0x3ff).unwrap_or(0);
    match u16::try_from(exponent) {
        Ok(exponent @ 1..=30) => sign | (exponent << 10) | mantissa,
        Ok(31..) => sign | 0x7bff,
        _ => sign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        for (number, bits) in
            [(1.0, 0x3c00), (-2.0, 0xc000), (0.5, 0x3800), (0.0, 0), (1e-9, 0), (1e9, 0x7bff)]
        {
            assert_eq!(half(number), bits, "{number}");
        }
    }

    #[test]
    fn random_numbers_deviate_as_they_should() {
        let mut random = Random::new(7, "w");
        let squares: f32 = (0..10_000).map(|_| random.unit().powi(2)).sum();
        assert!((squares / 10_000.0 - 1.0).abs() < 0.05, "{squares}");
    }
}
