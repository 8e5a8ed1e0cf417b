//! Series of measurements, and what is said of them.

use anyhow::Result;

/// Measurements of one command, sorted.
#[derive(Clone, Debug)]
pub(super) struct Series(Vec<f64>);

impl Series {
    pub(super) fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    fn at(&self, index: usize) -> f64 {
        self.0.get(index).copied().unwrap_or(f64::NAN)
    }

    /// The middle one; of an even number, the mean of the two.
    pub(super) fn median(&self) -> f64 {
        let count = self.0.len();
        if count == 0 {
            return f64::NAN;
        }
        f64::midpoint(self.at((count - 1) / 2), self.at(count / 2))
    }

    fn show(&self, unit: &str, scale: f64) -> String {
        let last = self.0.len().saturating_sub(1);
        format!(
            "min {:.2} {unit}, median {:.2} {unit}, max {:.2} {unit}, {} runs",
            self.at(0) * scale,
            self.median() * scale,
            self.at(last) * scale,
            self.0.len()
        )
    }

    /// In words, for times in seconds.
    pub(super) fn seconds(&self) -> String {
        self.show("ms", 1000.0)
    }

    /// In words, for sizes in bytes.
    pub(super) fn megabytes(&self) -> String {
        self.show("MB", 1e-6)
    }
}

/// The ratio of two medians.
pub(super) fn ratio(left: &Series, right: &Series) -> f64 {
    left.median() / right.median()
}

/// Runs both in turn, after one of each that does not count.
pub(super) fn interleaved(
    runs: usize,
    left: &mut dyn FnMut() -> Result<f64>,
    right: &mut dyn FnMut() -> Result<f64>,
) -> Result<(Series, Series)> {
    left()?;
    right()?;
    let (mut lefts, mut rights) = (Vec::new(), Vec::new());
    for round in 0..runs {
        // Who goes first alternates: the first pays for what the last one left in the caches.
        if round % 2 == 0 {
            lefts.push(left()?);
            rights.push(right()?);
        } else {
            rights.push(right()?);
            lefts.push(left()?);
        }
    }
    Ok((Series::new(lefts), Series::new(rights)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ratios() {
        let odd = Series::new(vec![3.0, 1.0, 2.0]);
        let even = Series::new(vec![4.0, 1.0, 2.0, 3.0]);
        assert!((odd.median() - 2.0).abs() < 1e-9);
        assert!((even.median() - 2.5).abs() < 1e-9);
        assert!((ratio(&odd, &even) - 0.8).abs() < 1e-9);
        assert_eq!(
            odd.seconds(),
            "min 1000.00 ms, median 2000.00 ms, max 3000.00 ms, 3 runs"
        );
    }
}
