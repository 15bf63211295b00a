//! Numbers from text, in the syntax of the reader.

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{Num, Pow, Zero};

use super::{LARGEST_BITS, Number, exact_ratio};

/// The largest power of ten taken exactly.
const LARGEST_EXPONENT: i64 = 1 << 16;

/// Why text that looks like a number is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mistake {
    /// A fraction with nothing below the line.
    ZeroDenominator,
    /// More digits than an integer may have.
    TooLong,
}

/// What exactness a prefix asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exactness {
    AsWritten,
    Exact,
    Inexact,
}

/// The number that `text` is, `Ok(None)` when it is no number.
pub(crate) fn parse(text: &str, radix: u32) -> Result<Option<Number>, Mistake> {
    let (mut radix, mut exactness, mut text) = (radix, Exactness::AsWritten, text);
    while let Some(rest) = text.strip_prefix('#') {
        let Some(letter) = rest.chars().next() else { return Ok(None) };
        match letter.to_ascii_lowercase() {
            'x' => radix = 16,
            'd' => radix = 10,
            'o' => radix = 8,
            'b' => radix = 2,
            'e' => exactness = Exactness::Exact,
            'i' => exactness = Exactness::Inexact,
            _ => return Ok(None),
        }
        text = &rest[1..];
    }
    // No number is longer than its digits; this also keeps the work below small.
    if text.len() as u64 > LARGEST_BITS / 3 {
        return if text.bytes().all(|byte| byte.is_ascii_digit()) { Err(Mistake::TooLong) } else { Ok(None) };
    }
    let number = match text {
        "+inf.0" => Some(Number::Float(f64::INFINITY)),
        "-inf.0" => Some(Number::Float(f64::NEG_INFINITY)),
        "+nan.0" | "-nan.0" => Some(Number::Float(f64::NAN)),
        _ => parse_real(text, radix)?,
    };
    Ok(number.map(|number| match (exactness, number) {
        (Exactness::Exact, Number::Float(float)) => {
            exact_decimal(text, radix).or_else(|| exact_ratio(float).map(Number::Ratio)).unwrap_or(Number::Float(float))
        }
        (Exactness::Inexact, number) => Number::Float(number.to_float()),
        (_, number) => number,
    }))
}

fn parse_real(text: &str, radix: u32) -> Result<Option<Number>, Mistake> {
    if let Some(integer) = parse_integer(text, radix) {
        return Ok(Some(Number::Big(integer).normal()));
    }
    if let Some((numerator, denominator)) = text.split_once('/') {
        let starts_with_sign = denominator.starts_with(['+', '-']);
        let parts = (parse_integer(numerator, radix), parse_integer(denominator, radix));
        return match parts {
            (Some(_), Some(zero)) if zero.is_zero() && !starts_with_sign => Err(Mistake::ZeroDenominator),
            (Some(numerator), Some(denominator)) if !starts_with_sign => {
                Ok(Some(Number::Ratio(Ratio::new(numerator, denominator)).normal()))
            }
            _ => Ok(None),
        };
    }
    Ok(if radix == 10 { parse_decimal(text) } else { None })
}

fn parse_integer(text: &str, radix: u32) -> Option<BigInt> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    BigInt::from_str_radix(text.strip_prefix('+').unwrap_or(text), radix).ok()
}

/// A decimal with a point, an exponent, or `#` for digits that are not known, taken apart: the digits without the
/// point, how many follow the point, and the exponent.
fn decimal_parts(text: &str) -> Option<(String, usize, i64)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mark = |character: char| matches!(character.to_ascii_lowercase(), 'e' | 'd' | 'f' | 's' | 'l' | 't');
    let (mantissa, exponent) = match unsigned.find(mark) {
        Some(at) => {
            let exponent = &unsigned[at + 1..];
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let magnitude = digits.parse().unwrap_or(i64::MAX / 2);
            (&unsigned[..at], if exponent.starts_with('-') { -magnitude } else { magnitude })
        }
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let known = whole.trim_end_matches('#').len() + fraction.trim_end_matches('#').len();
    let digits: String = [whole, fraction].concat().replace('#', "0");
    let hashes_last = whole.trim_end_matches('#').bytes().all(|byte| byte.is_ascii_digit())
        && fraction.trim_end_matches('#').bytes().all(|byte| byte.is_ascii_digit())
        && (!whole.ends_with('#') || fraction.bytes().all(|byte| byte == b'#'));
    if known == 0 || !hashes_last {
        return None;
    }
    Some((digits, fraction.len(), exponent))
}

fn parse_decimal(text: &str) -> Option<Number> {
    let (digits, after_point, exponent) = decimal_parts(text)?;
    let sign = if text.starts_with('-') { "-" } else { "" };
    let exponent = exponent.saturating_sub(after_point as i64);
    format!("{sign}{digits}e{exponent}").parse().ok().map(Number::Float)
}

/// A decimal as the fraction it says, when its exponent is of a size that can be.
fn exact_decimal(text: &str, radix: u32) -> Option<Number> {
    let (digits, after_point, exponent) = decimal_parts(text).filter(|_| radix == 10)?;
    let exponent = exponent.checked_sub(after_point as i64).filter(|e| e.abs() <= LARGEST_EXPONENT)?;
    let digits = BigInt::from_str_radix(&digits, 10).ok()?;
    let digits = if text.starts_with('-') { -digits } else { digits };
    let power = Pow::pow(BigInt::from(10), u32::try_from(exponent.unsigned_abs()).ok()?);
    let ratio = if exponent < 0 { Ratio::new(digits, power) } else { Ratio::from_integer(digits * power) };
    Some(Number::Ratio(ratio).normal())
}

impl Number {
    /// The same number in its simplest form: a fraction that is whole as an integer, a small integer as a fixnum.
    fn normal(self) -> Self {
        use num_traits::ToPrimitive;
        match self {
            Self::Ratio(ratio) if ratio.is_integer() => Self::Big(ratio.to_integer()).normal(),
            Self::Big(big) => match big.to_i64().filter(|n| heapatlas_heap::Value::fixnum(*n).is_some()) {
                Some(small) => Self::Fixnum(small),
                None => Self::Big(big),
            },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::print::to_text;
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse(text, 10).unwrap().map(|number| to_text(&number, 10))
    }

    #[test]
    fn what_the_reader_takes_for_numbers() {
        for (text, wanted) in [
            ("5", "5"),
            ("+5", "5"),
            ("-0", "0"),
            ("#xFF", "255"),
            ("#x-1F", "-31"),
            ("#b1011", "11"),
            ("6/8", "3/4"),
            ("-10/5", "-2"),
            ("1.", "1.0"),
            (".5", "0.5"),
            ("-0.25", "-0.25"),
            ("1e3", "1000.0"),
            ("1d3", "1000.0"),
            ("1e400", "+inf.0"),
            ("+inf.0", "+inf.0"),
            ("#e2.5", "5/2"),
            ("#i3/4", "0.75"),
            ("1#.#", "10.0"),
            ("#e1e3", "1000"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(read(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_it_takes_for_symbols() {
        for text in
            ["", "+", "-", "...", ".", "1+", "12a", "-a-", "1.5x", "e3", "1/2/3", "1/-2", "#", "1e", "1e+", "#x"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(parse("1/0", 10), Err(Mistake::ZeroDenominator));
    }
}
