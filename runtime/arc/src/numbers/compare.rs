//! Order and equality of numbers, exact across exactness: a third is not 0.333….

use std::cmp::Ordering;

use num_rational::Ratio;

use super::{Number, exact_ratio};

/// The order of two numbers; `None` when one of them is not a number at all (NaN).
pub(crate) fn order(left: &Number, right: &Number) -> Option<Ordering> {
    match (left, right) {
        (Number::Fixnum(left), Number::Fixnum(right)) => Some(left.cmp(right)),
        (Number::Float(left), Number::Float(right)) => left.partial_cmp(right),
        (Number::Float(float), exact) => order_exact(exact, *float).map(Ordering::reverse),
        (exact, Number::Float(float)) => order_exact(exact, *float),
        (left, right) => Some(ratio(left)?.cmp(&ratio(right)?)),
    }
}

fn ratio(number: &Number) -> Option<Ratio<num_bigint::BigInt>> {
    number.clone().into_ratio()
}

fn order_exact(exact: &Number, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    match exact_ratio(float) {
        Some(other) => Some(ratio(exact)?.cmp(&other)),
        None if float > 0.0 => Some(Ordering::Less),
        None => Some(Ordering::Greater),
    }
}

/// Whether two floats are the same. NaN is itself, and 0.0 is not -0.0.
pub(crate) fn same_floats(left: f64, right: f64) -> bool {
    (left == right && left.is_sign_negative() == right.is_sign_negative()) || (left.is_nan() && right.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;

    #[test]
    fn order_is_exact_across_exactness() {
        let tenth = Number::Ratio(Ratio::new(BigInt::from(1), BigInt::from(10)));
        assert_eq!(order(&Number::Float(0.1), &tenth), Some(Ordering::Greater));
        assert_eq!(order(&tenth, &Number::Float(0.1)), Some(Ordering::Less));
        assert_eq!(order(&Number::Fixnum(1), &Number::Float(f64::INFINITY)), Some(Ordering::Less));
        assert_eq!(order(&Number::Fixnum(1), &Number::Float(f64::NAN)), None);
        assert!(!same_floats(0.0, -0.0));
        assert!(same_floats(f64::NAN, f64::NAN));
    }
}
