//! The numeric tower: fixnums, integers of any size, exact fractions, floating point.
//!
//! Arithmetic on big numbers is the work of `num-bigint` and `num-rational`; here numbers are taken out of the heap and
//! put back, and mixed exactness is decided. The buffers those libraries use lie outside the heap while an operation
//! lasts; [`LARGEST_BITS`] bounds them, and [`room`] sees beforehand that they can be had.
//!
//! * [`arithmetic`] sums, products, quotients, powers, roots
//! * [`compare`] order and equality across exactness
//! * [`parse`] from text, [`mod@print`] to text

pub(crate) mod arithmetic;
pub(crate) mod compare;
pub(crate) mod parse;
pub(crate) mod print;

use heapatlas_heap::object::{ObjectFlags, ObjectKind};
use heapatlas_heap::{Heap, Unpacked, Value};
use num_bigint::{BigInt, Sign};
use num_rational::Ratio;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::fault::{FailureKind, Fault, Outcome};

/// Integers have no more bits than this; an operation that would need more is a failure.
pub(crate) const LARGEST_BITS: u64 = 1 << 27;

/// An operation uses buffers of this many times the digits of its operands, and of its result, at most.
pub(crate) const BUFFERS: usize = 8;
/// Buffers up to this size are always to be had: the heap leaves as much to the rest of the process.
const SMALL: usize = 256 << 10;

/// Sees that `bytes` bytes can be had outside the heap: Rust ends a process whose allocator is refused memory.
pub(crate) fn room(heap: &Heap, bytes: usize) -> Outcome<()> {
    if bytes > SMALL && Vec::<u8>::new().try_reserve_exact(bytes).is_err() {
        return Err(heap.refused_beside(bytes).into());
    }
    Ok(())
}

/// A number outside the heap.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Number {
    Fixnum(i64),
    Big(BigInt),
    /// In lowest terms, the denominator greater than one.
    Ratio(Ratio<BigInt>),
    Float(f64),
}

impl Number {
    /// The number that a value is, if it is one. Afterwards there is room for an operation on it.
    pub(crate) fn of(heap: &Heap, value: Value) -> Outcome<Option<Self>> {
        let object = match value.unpack() {
            Unpacked::Fixnum(number) => return Ok(Some(Self::Fixnum(number))),
            Unpacked::Object(object) => object,
            _ => return Ok(None),
        };
        let header = heap.header(object);
        Ok(match header.kind() {
            Some(ObjectKind::Float) => Some(Self::Float(f64::from_bits(heap.word(object, 0)))),
            Some(ObjectKind::Bignum) => {
                room(heap, header.payload_bytes().saturating_mul(BUFFERS))?;
                let negative = header.flags().has(ObjectFlags::NEGATIVE);
                let sign = if negative { Sign::Minus } else { Sign::Plus };
                Some(Self::Big(BigInt::from_bytes_le(sign, heap.bytes(object))))
            }
            Some(ObjectKind::Ratio) => {
                let part = |index| Self::of(heap, heap.value(object, index));
                match (part(0)?.and_then(Self::into_integer), part(1)?.and_then(Self::into_integer)) {
                    (Some(numerator), Some(denominator)) => Some(Self::Ratio(Ratio::new_raw(numerator, denominator))),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// The value for the number.
    pub(crate) fn store(self, heap: &mut Heap) -> Outcome<Value> {
        match self {
            Self::Fixnum(number) => match Value::fixnum(number) {
                Some(value) => Ok(value),
                None => store_big(heap, &BigInt::from(number)),
            },
            Self::Big(big) => match big.to_i64().and_then(Value::fixnum) {
                Some(value) => Ok(value),
                None => store_big(heap, &big),
            },
            Self::Ratio(ratio) => {
                if ratio.denom().is_one() {
                    return Self::Big(ratio.to_integer()).store(heap);
                }
                let (numerator, denominator) = ratio.into_raw();
                let numerator = Self::Big(numerator).store(heap)?;
                let denominator = Self::Big(denominator).store(heap)?;
                let object = heap.allocate(ObjectKind::Ratio, ObjectFlags::NONE, 16)?;
                heap.set_value(object, 0, numerator);
                heap.set_value(object, 1, denominator);
                Ok(Value::object(object))
            }
            Self::Float(float) => {
                let object = heap.allocate(ObjectKind::Float, ObjectFlags::NONE, 8)?;
                heap.set_word(object, 0, float.to_bits());
                Ok(Value::object(object))
            }
        }
    }

    /// The integer, if this is an exact one.
    pub(crate) fn into_integer(self) -> Option<BigInt> {
        match self {
            Self::Fixnum(number) => Some(BigInt::from(number)),
            Self::Big(big) => Some(big),
            Self::Ratio(_) | Self::Float(_) => None,
        }
    }

    /// The fraction, if this is exact.
    pub(crate) fn into_ratio(self) -> Option<Ratio<BigInt>> {
        match self {
            Self::Fixnum(number) => Some(Ratio::from_integer(BigInt::from(number))),
            Self::Big(big) => Some(Ratio::from_integer(big)),
            Self::Ratio(ratio) => Some(ratio),
            Self::Float(_) => None,
        }
    }

    /// The nearest floating-point number.
    pub(crate) fn to_float(&self) -> f64 {
        match self {
            Self::Fixnum(number) => *number as f64,
            Self::Big(big) => big.to_f64().unwrap_or(f64::NAN),
            Self::Ratio(ratio) => ratio_to_float(ratio),
            Self::Float(float) => *float,
        }
    }

    /// Whether this is an exact integer.
    pub(crate) fn is_integer(&self) -> bool {
        matches!(self, Self::Fixnum(_) | Self::Big(_))
    }

    /// Whether this is an exact zero.
    pub(crate) fn is_exact_zero(&self) -> bool {
        matches!(self, Self::Fixnum(0))
    }
}

fn store_big(heap: &mut Heap, big: &BigInt) -> Outcome<Value> {
    if big.bits() > LARGEST_BITS {
        return Err(too_large());
    }
    let (sign, bytes) = big.to_bytes_le();
    let flags = if sign == Sign::Minus { ObjectFlags::NEGATIVE } else { ObjectFlags::NONE };
    let object = heap.allocate(ObjectKind::Bignum, flags, bytes.len())?;
    heap.bytes_mut(object).copy_from_slice(&bytes);
    Ok(Value::object(object))
}

/// The failure of an operation whose result would have too many digits.
#[cold]
pub(crate) fn too_large() -> Fault {
    let digits = LARGEST_BITS / 10 * 3;
    Fault::failure(FailureKind::Arithmetic, format!("the result has more than {digits} digits"))
}

/// The floating-point number nearest to a fraction. Dividing the parts as floats would overflow for large parts and
/// round twice; so the quotient is taken with 64 bits or more as an integer, and rounded once.
fn ratio_to_float(ratio: &Ratio<BigInt>) -> f64 {
    let (numerator, denominator) = (ratio.numer(), ratio.denom());
    if numerator.is_zero() {
        return 0.0;
    }
    let shift = 66 - (numerator.bits() as i64 - denominator.bits() as i64);
    let (scaled, divisor) = if shift >= 0 {
        (numerator.abs() << shift as u64, denominator.clone())
    } else {
        (numerator.abs(), denominator.clone() << (-shift) as u64)
    };
    let quotient = &scaled / &divisor;
    // A sticky bit keeps a tie from being taken for one when something was cut off.
    let sticky = BigInt::from(u8::from(!(&scaled % &divisor).is_zero()));
    let mantissa = ((quotient << 1_u32) + sticky).to_f64().unwrap_or(f64::NAN);
    let magnitude = scale(mantissa, -(shift + 1));
    if numerator.is_negative() { -magnitude } else { magnitude }
}

/// `mantissa · 2^exponent`, in two steps so that neither factor leaves the range of floats.
fn scale(mantissa: f64, exponent: i64) -> f64 {
    let half = (exponent / 2).clamp(-1_000, 1_000) as i32;
    let rest = (exponent - i64::from(half)).clamp(-1_000, 1_000) as i32;
    mantissa * 2_f64.powi(half) * 2_f64.powi(rest)
}

/// The exact value of a finite float as a fraction.
pub(crate) fn exact_ratio(float: f64) -> Option<Ratio<BigInt>> {
    if !float.is_finite() {
        return None;
    }
    let (mantissa, exponent, sign) = num_traits::float::FloatCore::integer_decode(float);
    let mantissa = BigInt::from(mantissa) * i64::from(sign);
    Some(if exponent >= 0 {
        Ratio::from_integer(mantissa << exponent as u64)
    } else {
        Ratio::new(mantissa, BigInt::one() << u64::from(exponent.unsigned_abs()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_the_heap() {
        let mut heap = Heap::new().unwrap();
        let big: BigInt = BigInt::one() << 200_u32;
        for number in [
            Number::Fixnum(-5),
            Number::Big(big.clone()),
            Number::Big(-big.clone()),
            Number::Ratio(Ratio::new(BigInt::from(-7), big)),
            Number::Float(-0.0),
        ] {
            let value = number.clone().store(&mut heap).unwrap();
            assert_eq!(Number::of(&heap, value).unwrap(), Some(number));
        }
        let small = Number::Big(BigInt::from(7)).store(&mut heap).unwrap();
        assert_eq!(small.as_fixnum(), Some(7));
        let whole = Number::Ratio(Ratio::from_integer(BigInt::from(3))).store(&mut heap).unwrap();
        assert_eq!(whole.as_fixnum(), Some(3));
    }

    #[test]
    fn fractions_round_once() {
        let third = Ratio::new(BigInt::one(), BigInt::from(3));
        assert_eq!(ratio_to_float(&third), 1.0 / 3.0);
        let large = Ratio::new(BigInt::one() << 2_000_u32, (BigInt::one() << 1_999_u32) + 1);
        assert_eq!(ratio_to_float(&large), 2.0);
        let tiny = Ratio::new(BigInt::one(), BigInt::one() << 1_074_u32);
        assert_eq!(ratio_to_float(&tiny), f64::from_bits(1));
        for float in [0.1, -2.5, 1e300, 5e-324] {
            assert_eq!(ratio_to_float(&exact_ratio(float).unwrap()), float);
        }
    }
}
