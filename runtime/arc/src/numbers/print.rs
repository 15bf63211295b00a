//! Numbers as text.

use super::Number;

/// A float with an exponent of ten from here on is printed with one.
const EXPONENT_FROM: i32 = 14;
/// And one with an exponent below this.
const EXPONENT_BELOW: i32 = -4;

/// A number in decimal, or exact integers in another radix from 2 to 36.
pub(crate) fn to_text(number: &Number, radix: u32) -> String {
    match number {
        Number::Fixnum(number) if radix == 10 => number.to_string(),
        Number::Fixnum(number) => num_bigint::BigInt::from(*number).to_str_radix(radix),
        Number::Big(big) => big.to_str_radix(radix),
        Number::Ratio(ratio) => {
            format!("{}/{}", ratio.numer().to_str_radix(radix), ratio.denom().to_str_radix(radix))
        }
        Number::Float(float) => float_to_text(*float),
    }
}

/// The fewest digits that read back as the same float, always with a point, an exponent, or a name.
fn float_to_text(float: f64) -> String {
    if float.is_nan() {
        return "+nan.0".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "+inf.0" } else { "-inf.0" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent >= EXPONENT_FROM {
        format!("{mantissa}e+{exponent}")
    } else if exponent < EXPONENT_BELOW {
        format!("{mantissa}e{exponent}")
    } else {
        format!("{float:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_the_fewest_digits_that_read_back() {
        for (float, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
            (0.0001, "0.0001"),
            (0.00001, "1e-5"),
            (1e10, "10000000000.0"),
            (1e14, "1e+14"),
            (1.5e300, "1.5e+300"),
            (123_456.789, "123456.789"),
            (f64::INFINITY, "+inf.0"),
            (f64::NEG_INFINITY, "-inf.0"),
            (f64::NAN, "+nan.0"),
        ] {
            assert_eq!(to_text(&Number::Float(float), 10), text);
        }
    }

    #[test]
    fn integers_print_in_any_radix() {
        assert_eq!(to_text(&Number::Fixnum(-255), 16), "-ff");
        assert_eq!(to_text(&Number::Fixnum(255), 2), "11111111");
    }
}
