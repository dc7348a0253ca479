//! A decoder that has lost the sound repeats itself for ever.

/// How many times in a row the same tokens may come. People say “no, no, no”.
const MOST: usize = 4;
/// The longest run of tokens whose repetition is looked for.
const LONGEST: usize = 12;

/// Whether the end of `tokens` repeats itself more than anybody does; then one of the repeated runs stays.
pub(crate) fn cut(tokens: &mut Vec<i64>) -> bool {
    for length in 1..=LONGEST {
        // A single token may be a syllable of a word like “hahaha”.
        let times = if length == 1 { 2 * MOST } else { MOST + 1 };
        let Some(begin) = tokens.len().checked_sub(length * times) else { break };
        let repeated = &tokens[begin..];
        if repeated.chunks(length).all(|run| run == &repeated[..length]) {
            tokens.truncate(begin + length);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::cut;

    fn check(tokens: &[i64], expect: Option<&[i64]>) {
        let mut cut_down = tokens.to_vec();
        let was_cut = cut(&mut cut_down);
        assert_eq!(was_cut.then_some(&*cut_down), expect);
    }

    #[test]
    fn loops_are_cut_to_one_round() {
        check(&[9, 7, 7, 7, 7, 7, 7, 7, 7], Some(&[9, 7]));
        check(&[9, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2], Some(&[9, 1, 2]));
        check(&[[1, 2, 3].repeat(5), vec![]].concat(), Some(&[1, 2, 3]));
    }

    #[test]
    fn people_repeat_themselves_too() {
        check(&[], None);
        check(&[5, 5, 5, 5], None);
        check(&[1, 2, 1, 2, 1, 2, 1, 2], None);
        check(&[1, 2, 3, 4, 5], None);
    }
}
