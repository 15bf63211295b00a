//! Sums, products, quotients, powers, roots.

use heapatlas_heap::{Heap, Value};
use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::Ratio;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};

use super::{BUFFERS, LARGEST_BITS, Number, room, too_large};
use crate::fault::{FailureKind, Fault, Outcome};
use crate::world::World;

/// The four operations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operation {
    /// The name of its function.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }
}

/// A value that must be a number.
pub(crate) fn number(world: &World, who: &str, value: Value) -> Outcome<Number> {
    Number::of(&world.heap, value)?.ok_or_else(|| world.wrong_type(who, "a number", value))
}

/// One operation on two values.
pub(crate) fn apply(world: &mut World, operation: Operation, left: Value, right: Value) -> Outcome<Value> {
    let fast = match operation {
        Operation::Add => left.fixnum_add(right),
        Operation::Subtract => left.fixnum_sub(right),
        Operation::Multiply => multiply_fixnums(left, right),
        Operation::Divide => None,
    };
    if let Some(result) = fast {
        return Ok(result);
    }
    let left = number(world, operation.name(), left)?;
    let right = number(world, operation.name(), right)?;
    combine(operation, left, right)?.store(&mut world.heap)
}

fn multiply_fixnums(left: Value, right: Value) -> Option<Value> {
    left.as_fixnum()?.checked_mul(right.as_fixnum()?).and_then(Value::fixnum)
}

/// One operation on two numbers.
pub(crate) fn combine(operation: Operation, left: Number, right: Number) -> Outcome<Number> {
    let by_exact_zero = right.is_exact_zero();
    if operation == Operation::Divide && by_exact_zero {
        return Err(Fault::failure(FailureKind::Arithmetic, "/: division by zero"));
    }
    if operation == Operation::Multiply && (left.is_exact_zero() || by_exact_zero) {
        return Ok(Number::Fixnum(0));
    }
    match (left, right) {
        (Number::Float(left), right) => Ok(Number::Float(floats(operation, left, right.to_float()))),
        (left, Number::Float(right)) => Ok(Number::Float(floats(operation, left.to_float(), right))),
        (Number::Ratio(left), right) => Ok(Number::Ratio(ratios(operation, &left, &exact(right)))),
        (left, Number::Ratio(right)) => Ok(Number::Ratio(ratios(operation, &exact(left), &right))),
        (left, right) => integers(operation, left, right),
    }
}

fn exact(number: Number) -> Ratio<BigInt> {
    number.into_ratio().unwrap_or_else(Ratio::zero)
}

fn floats(operation: Operation, left: f64, right: f64) -> f64 {
    match operation {
        Operation::Add => left + right,
        Operation::Subtract => left - right,
        Operation::Multiply => left * right,
        Operation::Divide => left / right,
    }
}

fn ratios(operation: Operation, left: &Ratio<BigInt>, right: &Ratio<BigInt>) -> Ratio<BigInt> {
    match operation {
        Operation::Add => left + right,
        Operation::Subtract => left - right,
        Operation::Multiply => left * right,
        Operation::Divide => left / right,
    }
}

fn integers(operation: Operation, left: Number, right: Number) -> Outcome<Number> {
    let (Some(left), Some(right)) = (left.into_integer(), right.into_integer()) else {
        return Ok(Number::Float(f64::NAN));
    };
    Ok(match operation {
        Operation::Add => Number::Big(left + right),
        Operation::Subtract => Number::Big(left - right),
        Operation::Multiply => {
            if left.bits() + right.bits() > LARGEST_BITS {
                return Err(too_large());
            }
            Number::Big(left * right)
        }
        Operation::Divide => Number::Ratio(Ratio::new(left, right)),
    })
}

/// The remainder with the sign of the divisor.
pub(crate) fn modulo(world: &mut World, left: Value, right: Value) -> Outcome<Value> {
    if let (Some(left), Some(right)) = (left.as_fixnum(), right.as_fixnum())
        && right != 0
    {
        return Number::Fixnum(left.mod_floor(&right)).store(&mut world.heap);
    }
    let (a, b) = (number(world, "mod", left)?, number(world, "mod", right)?);
    let float = matches!(a, Number::Float(_)) || matches!(b, Number::Float(_));
    let whole = |number: Number, value: Value, world: &World| match number {
        Number::Float(float) if float.is_finite() && float.fract() == 0.0 => Ok(float_to_integer(float)),
        other => other.into_integer().ok_or_else(|| world.wrong_type("mod", "an integer", value)),
    };
    let (a, b) = (whole(a, left, world)?, whole(b, right, world)?);
    if b.is_zero() {
        return Err(Fault::failure(FailureKind::Arithmetic, "mod: division by zero"));
    }
    let result = Number::Big(a.mod_floor(&b));
    let result = if float { Number::Float(result.to_float()) } else { result };
    result.store(&mut world.heap)
}

/// The integer that a finite float without a fraction is.
pub(crate) fn float_to_integer(float: f64) -> BigInt {
    super::exact_ratio(float).map_or_else(BigInt::zero, |ratio| ratio.to_integer())
}

/// `base` to the power of `exponent`: exact where that can be.
pub(crate) fn power(world: &mut World, base: Value, exponent: Value) -> Outcome<Value> {
    let base = number(world, "expt", base)?;
    let exponent = number(world, "expt", exponent)?;
    let result = match (base, exponent) {
        (Number::Float(base), exponent) if exponent.is_integer() => {
            let exponent = exponent.to_float();
            Number::Float(if exponent.abs() < 1e9 { base.powi(exponent as i32) } else { base.powf(exponent) })
        }
        (base, Number::Fixnum(exponent)) => exact_power(&world.heap, base, exponent)?,
        (base, Number::Big(exponent)) => huge_power(base, &exponent)?,
        (base, Number::Ratio(exponent)) if *exponent.denom() == BigInt::from(2) => match root(&base) {
            Number::Float(root) => Number::Float(root.powf(exponent.numer().to_f64().unwrap_or(f64::NAN))),
            exact => exact_power(&world.heap, exact, exponent.numer().to_i64().ok_or_else(too_large)?)?,
        },
        (base, exponent) => Number::Float(base.to_float().powf(exponent.to_float())),
    };
    result.store(&mut world.heap)
}

fn exact_power(heap: &Heap, base: Number, exponent: i64) -> Outcome<Number> {
    let ratio = exact(base);
    let bits = ratio.numer().bits().max(ratio.denom().bits());
    let trivial = bits <= 1 && ratio.denom().is_one();
    let count = exponent.unsigned_abs();
    if !trivial && bits.saturating_mul(count) > LARGEST_BITS {
        return Err(too_large());
    }
    if !trivial {
        room(heap, (bits * count / 8) as usize * BUFFERS)?;
    }
    if exponent < 0 && ratio.is_zero() {
        return Err(Fault::failure(FailureKind::Arithmetic, "expt: division by zero"));
    }
    let count = if trivial { count % 2 + 2 * u64::from(count > 1) } else { count };
    let count = u32::try_from(count).map_err(|_wide| too_large())?;
    let raised = Ratio::new_raw(Pow::pow(ratio.numer().clone(), count), Pow::pow(ratio.denom().clone(), count));
    Ok(Number::Ratio(if exponent < 0 { raised.recip() } else { raised }))
}

/// A power whose exponent is no fixnum: only 0, 1 and -1 have one of a size that can be.
fn huge_power(base: Number, exponent: &BigInt) -> Outcome<Number> {
    match base {
        Number::Fixnum(0) if exponent.is_negative() => {
            Err(Fault::failure(FailureKind::Arithmetic, "expt: division by zero"))
        }
        Number::Fixnum(same @ (0 | 1)) => Ok(Number::Fixnum(same)),
        Number::Fixnum(-1) => Ok(Number::Fixnum(if exponent.is_even() { 1 } else { -1 })),
        Number::Float(base) => Ok(Number::Float(base.powf(exponent.to_f64().unwrap_or(f64::NAN)))),
        _ => Err(too_large()),
    }
}

/// The square root: exact when it is.
pub(crate) fn square_root(world: &mut World, value: Value) -> Outcome<Value> {
    let operand = number(world, "sqrt", value)?;
    let negative = match &operand {
        Number::Float(float) => *float < 0.0,
        other => other.clone().into_ratio().is_some_and(|ratio| ratio.is_negative()),
    };
    if negative {
        let shown = world.show(value);
        let message = format!("sqrt: {shown} is negative, and complex numbers are not supported");
        return Err(Fault::failure(FailureKind::Unsupported, message));
    }
    root(&operand).store(&mut world.heap)
}

fn root(number: &Number) -> Number {
    if let Number::Float(float) = number {
        return Number::Float(float.sqrt());
    }
    let ratio = exact(number.clone());
    if ratio.is_negative() {
        return Number::Float(f64::NAN);
    }
    let (numerator, denominator) = (ratio.numer().sqrt(), ratio.denom().sqrt());
    if &numerator * &numerator == *ratio.numer() && &denominator * &denominator == *ratio.denom() {
        Number::Ratio(Ratio::new_raw(numerator, denominator))
    } else {
        Number::Float(number.to_float().sqrt())
    }
}

/// How a number becomes an integer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rounding {
    /// Towards zero.
    Truncate,
    /// To the nearest, a tie to the even one.
    HalfEven,
}

/// The integer near a number. `None` for an infinity and for what is no number.
pub(crate) fn to_integer(number: Number, rounding: Rounding) -> Option<Number> {
    let ratio = match number {
        Number::Float(float) => super::exact_ratio(float)?,
        Number::Ratio(ratio) => ratio,
        whole => return Some(whole),
    };
    Some(Number::Big(match rounding {
        Rounding::Truncate => ratio.to_integer(),
        Rounding::HalfEven => half_even(&ratio),
    }))
}

fn half_even(ratio: &Ratio<BigInt>) -> BigInt {
    let floor = ratio.floor().to_integer();
    let rest = ratio - Ratio::from_integer(floor.clone());
    let half = Ratio::new(BigInt::one(), BigInt::from(2));
    if rest > half || (rest == half && floor.is_odd()) { floor + 1 } else { floor }
}

/// The floating-point number of a value that must be a number.
pub(crate) fn float(world: &World, who: &str, value: Value) -> Outcome<f64> {
    Ok(number(world, who, value)?.to_float())
}

/// A new floating-point value.
pub(crate) fn store_float(heap: &mut Heap, float: f64) -> Outcome<Value> {
    Number::Float(float).store(heap)
}
