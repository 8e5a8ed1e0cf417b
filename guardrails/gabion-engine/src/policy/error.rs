//! What can be wrong with a policy, and where.

use std::fmt;
use std::sync::Arc;

/// A place in a policy file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file as the reader knows it.
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: usize,
    /// Characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where; `None` for what no file says (an unreadable floor).
    pub location: Option<Location>,
    /// What, with the input in backticks, and what to do.
    pub message: String,
}

impl Problem {
    /// A problem at a place.
    pub fn at(location: &Location, message: impl Into<String>) -> Self {
        Self {
            location: Some(location.clone()),
            message: message.into(),
        }
    }

    /// A problem without a place.
    pub fn general(message: impl Into<String>) -> Self {
        Self {
            location: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(f, "{location}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// A policy that cannot be used, with everything that is wrong with it: a guard is never loaded in part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// What is wrong, in the order of the files.
    pub problems: Vec<Problem>,
    /// Rules that the caller named and no pack in force has; set only where nothing else is wrong.
    pub selected_nothing: bool,
}

impl PolicyError {
    /// One problem without a place.
    pub fn general(message: impl Into<String>) -> Self {
        Self {
            problems: vec![Problem::general(message)],
            selected_nothing: false,
        }
    }
}

impl From<Vec<Problem>> for PolicyError {
    fn from(problems: Vec<Problem>) -> Self {
        Self {
            problems,
            selected_nothing: false,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {}

/// The known name nearest to what was written, as a clause to append; empty where nothing is near.
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let lower = written.to_lowercase();
    let limit = (written.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(&lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

/// Edits (insert, delete, replace, swap of neighbours) from one text to the other.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut older: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let get = |cells: &[usize], at: usize| cells.get(at).copied().unwrap_or(usize::MAX - 1);
            let replace = get(&above, column) + usize::from(from != to);
            let mut best = replace
                .min(get(&above, column + 1) + 1)
                .min(get(&line, column) + 1);
            let swapped = row > 0
                && column > 0
                && left.get(row - 1) == Some(to)
                && right.get(column - 1) == Some(from);
            if swapped {
                best = best.min(get(&older, column - 1) + 1);
            }
            line.push(best);
        }
        older = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered() {
        assert_eq!(
            did_you_mean("levle", ["level", "when"]),
            "; did you mean `level`?"
        );
        assert_eq!(
            did_you_mean("DT8", ["DT08", "DT09"]),
            "; did you mean `DT08`?"
        );
        assert_eq!(did_you_mean("frobnicate", ["level", "when"]), "");
        assert_eq!(distance("abc", "acb"), 1);
        assert_eq!(distance("", "acb"), 3);
    }
}
