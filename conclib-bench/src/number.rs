//! Small arithmetic, and the format of numbers.

/// Returns the median; `None` for an empty list.
pub(crate) fn median(numbers: &mut [f64]) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 {
        numbers.get(middle).copied()
    } else {
        Some((numbers.get(middle.checked_sub(1)?)? + numbers.get(middle)?) / 2.0)
    }
}

/// Returns the smallest number; `None` for an empty list.
pub(crate) fn smallest(numbers: &[f64]) -> Option<f64> {
    numbers.iter().copied().min_by(f64::total_cmp)
}

/// Formats a number with its significant digits.
pub(crate) fn short(number: f64) -> String {
    match number {
        _ if number < 10.0 => format!("{number:.2}"),
        _ if number < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

/// Rounds a number for JSON, without the digits that are noise.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn digits_that_say_nothing_are_left_out() {
        assert_eq!(short(0.034), "0.03");
        assert_eq!(short(41.23), "41.2");
        assert_eq!(short(1345.4), "1345");
        assert_eq!(rounded(41.2345), 41.23);
    }
}
