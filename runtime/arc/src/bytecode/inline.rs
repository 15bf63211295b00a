//! Calls of builtins that became operations.
//!
//! A call such as `(car x)` compiles to one operation as long as the global `car` holds the builtin. When a program
//! gives `car` another value, every code object on the heap is looked through once, and the operations that stood for
//! it become [`Op::SlowValue`] or [`Op::SlowTest`], which call whatever the global holds then. So what nobody redefines
//! costs nothing.

use super::op::Op;

/// Names no inlined call.
pub(crate) const NONE: u8 = 0xff;

/// What the operands of an inlined call are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operands {
    /// One register.
    One,
    /// Two registers.
    Two,
    /// A register; the second argument is nil.
    OneAndNil,
    /// A register and a signed number.
    OneAndSmall,
    /// A register and a constant.
    OneAndConstant,
}

/// A call that becomes an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inline {
    /// The builtin that is called.
    pub(crate) builtin: &'static str,
    pub(crate) operands: Operands,
    /// The operation that gives the value.
    pub(crate) value: Op,
    /// The operation that goes elsewhere when the value is nil.
    pub(crate) test: Option<Op>,
}

const fn inline(builtin: &'static str, operands: Operands, value: Op, test: Option<Op>) -> Inline {
    Inline { builtin, operands, value, test }
}

/// Every call that becomes an operation. The place in the table is the operation's `d`. Of several for one builtin the
/// first whose operands fit is taken.
pub(crate) const INLINES: &[Inline] = &[
    inline("car", Operands::One, Op::Car, None),
    inline("cdr", Operands::One, Op::Cdr, None),
    inline("caar", Operands::One, Op::Caar, None),
    inline("cadr", Operands::One, Op::Cadr, None),
    inline("cddr", Operands::One, Op::Cddr, None),
    inline("no", Operands::One, Op::No, Some(Op::UnlessNo)),
    inline("acons", Operands::One, Op::Acons, Some(Op::UnlessAcons)),
    inline("cons", Operands::Two, Op::Cons, None),
    inline("is", Operands::OneAndNil, Op::IsNil, Some(Op::UnlessIsNil)),
    inline("is", Operands::OneAndConstant, Op::IsConstant, Some(Op::UnlessIsConstant)),
    inline("is", Operands::Two, Op::Is, Some(Op::UnlessIs)),
    inline("<", Operands::OneAndSmall, Op::LessSmall, Some(Op::UnlessLessSmall)),
    inline("<", Operands::Two, Op::Less, Some(Op::UnlessLess)),
    inline(">", Operands::OneAndSmall, Op::GreaterSmall, Some(Op::UnlessGreaterSmall)),
    inline(">", Operands::Two, Op::Greater, Some(Op::UnlessGreater)),
    inline("+", Operands::OneAndSmall, Op::AddSmall, None),
    inline("+", Operands::Two, Op::Add, None),
    inline("-", Operands::OneAndSmall, Op::SubtractSmall, None),
    inline("-", Operands::Two, Op::Subtract, None),
    inline("*", Operands::Two, Op::Multiply, None),
];

const _: () = assert!(INLINES.len() < NONE as usize);
