//! Figures for people.

/// `bytes` with a decimal unit and at most three digits, for example `2.84 GB`.
pub(crate) fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = match value {
        _ if unit == 0 => 0,
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::human_bytes;

    #[test]
    fn at_most_three_digits() {
        let cases = [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.00 KB"), (98_362_432, "98.4 MB")];
        for (bytes, text) in cases.into_iter().chain([(2_841_481_184, "2.84 GB"), (999_999_999, "1.00 GB")]) {
            assert_eq!(human_bytes(bytes), text);
        }
    }
}
