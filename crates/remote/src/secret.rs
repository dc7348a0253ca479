//! Text that must not be shown.

use std::fmt;

/// A key. Its `Debug` says nothing of it, and it is no serde type, so it cannot slip into a file or a log line.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the key as it was entered; white space around it, which pasting often brings, is left off.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }

    /// The key itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_nothing_of_the_key() {
        let shown = format!("{:?}", Some(Secret::new(" sk-very-secret \n")));
        assert_eq!(shown, "Some(Secret(..))");
        assert_eq!(Secret::new(" sk-very-secret \n").expose(), "sk-very-secret");
    }
}
