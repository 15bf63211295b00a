//! The operations, one table: name, operands, meaning.
//!
//! The operands are written as a letter each: `r` a register, `k` a constant, `u` a captured value, `n` a number, `i` a
//! signed number, `t` a target, `T` a target in two parts, `-` nothing.
//!
//! In the meanings `a`, `b`, `c` are registers, `k(x)` is constant number x, `up(x)` is captured value number x.

/// What an operand of an instruction is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operand {
    /// Nothing.
    None,
    /// A register.
    Register,
    /// A constant.
    Constant,
    /// A captured value.
    Captured,
    /// A number.
    Number,
    /// A signed number.
    Signed,
    /// An instruction.
    Target,
    /// An instruction, written in this operand and the next.
    LongTarget,
}

/// The operands that letters stand for.
const fn operands(letters: &str) -> [Operand; 3] {
    let letters = letters.as_bytes();
    let mut operands = [Operand::None; 3];
    let mut index = 0;
    while index < letters.len() {
        operands[index] = match letters[index] {
            b'r' => Operand::Register,
            b'k' => Operand::Constant,
            b'u' => Operand::Captured,
            b'n' => Operand::Number,
            b'i' => Operand::Signed,
            b't' => Operand::Target,
            b'T' => Operand::LongTarget,
            b'-' => Operand::None,
            _ => panic!("no operand has this letter"),
        };
        index += 1;
    }
    operands
}

macro_rules! operations {
    ($($name:ident $constant:ident $operands:literal $meaning:literal;)*) => {
        /// An operation.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub(crate) enum Op {
            $(#[doc = $meaning] $name,)*
        }

        impl Op {
            /// Every operation, in the order of their numbers.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// How the operation is written.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What `a`, `b` and `c` are.
            pub(crate) const fn operands(self) -> [Operand; 3] {
                match self { $(Self::$name => operands($operands),)* }
            }
        }

        $(pub(crate) const $constant: u8 = Op::$name as u8;)*
    };
}

operations! {
    Move MOVE "rr" "a ← b";
    Constant CONSTANT "rk" "a ← k(b)";
    Nil NIL "r" "a ← nil";
    GetGlobal GET_GLOBAL "rk" "a ← the global named k(b); fails when it has no value";
    SetGlobal SET_GLOBAL "rk" "the global named k(b) ← a";
    GetCaptured GET_CAPTURED "ru" "a ← up(b)";
    Itself ITSELF "r" "a ← the running function";
    MakeBox MAKE_BOX "rr" "a ← a new box that holds b";
    GetBox GET_BOX "rr" "a ← what box b holds";
    SetBox SET_BOX "rr" "box a ← b";
    GetCapturedBox GET_CAPTURED_BOX "ru" "a ← what box up(b) holds";
    SetCapturedBox SET_CAPTURED_BOX "ur" "box up(a) ← b";
    MakeClosure MAKE_CLOSURE "rkn" "a ← a function with code k(b) that captures what the c words behind say";
    Capture CAPTURE "nn" "part of MakeClosure: a = 0 register b, a = 1 captured b, a = 2 the running function";
    Jump JUMP "-T" "go to the target";
    JumpIfNil JUMP_IF_NIL "rT" "go to the target if a is nil";
    JumpIfTrue JUMP_IF_TRUE "rT" "go to the target if a is not nil";
    JumpIfPassed JUMP_IF_PASSED "rT" "go to the target if argument a was passed";
    Call CALL "rn" "a ← call a with the b arguments from a + 2 on";
    TailCall TAIL_CALL "rn" "return what a gives for the b arguments from a + 2 on";
    Return RETURN "r" "return a";
    TakeCar TAKE_CAR "rr" "a ← the car of list b, taking an argument apart";
    TakeCdr TAKE_CDR "rr" "a ← the cdr of list b, taking an argument apart";
    EnterAtomic ENTER_ATOMIC "r" "a ← the dynamic state; from here on no other thread runs atomically";
    RestoreDynamics RESTORE_DYNAMICS "r" "the dynamic state ← a";

    Car OP_CAR "rr" "a ← (car b)";
    Cdr OP_CDR "rr" "a ← (cdr b)";
    Caar OP_CAAR "rr" "a ← (caar b)";
    Cadr OP_CADR "rr" "a ← (cadr b)";
    Cddr OP_CDDR "rr" "a ← (cddr b)";
    No OP_NO "rr" "a ← (no b)";
    Acons OP_ACONS "rr" "a ← (acons b)";
    Cons OP_CONS "rrr" "a ← (cons b c)";
    Is OP_IS "rrr" "a ← (is b c)";
    IsNil OP_IS_NIL "rr" "a ← (is b nil)";
    IsConstant OP_IS_CONSTANT "rrk" "a ← (is b k(c))";
    Less OP_LESS "rrr" "a ← (< b c)";
    Greater OP_GREATER "rrr" "a ← (> b c)";
    LessSmall OP_LESS_SMALL "rri" "a ← (< b c), c a number";
    GreaterSmall OP_GREATER_SMALL "rri" "a ← (> b c), c a number";
    Add OP_ADD "rrr" "a ← (+ b c)";
    AddSmall OP_ADD_SMALL "rri" "a ← (+ b c), c a number";
    Subtract OP_SUBTRACT "rrr" "a ← (- b c)";
    SubtractSmall OP_SUBTRACT_SMALL "rri" "a ← (- b c), c a number";
    Multiply OP_MULTIPLY "rrr" "a ← (* b c)";

    UnlessNo UNLESS_NO "r-t" "go to c unless (no a)";
    UnlessAcons UNLESS_ACONS "r-t" "go to c unless (acons a)";
    UnlessIs UNLESS_IS "rrt" "go to c unless (is a b)";
    UnlessIsNil UNLESS_IS_NIL "r-t" "go to c unless (is a nil)";
    UnlessIsConstant UNLESS_IS_CONSTANT "rkt" "go to c unless (is a k(b))";
    UnlessLess UNLESS_LESS "rrt" "go to c unless (< a b)";
    UnlessGreater UNLESS_GREATER "rrt" "go to c unless (> a b)";
    UnlessLessSmall UNLESS_LESS_SMALL "rit" "go to c unless (< a b), b a number";
    UnlessGreaterSmall UNLESS_GREATER_SMALL "rit" "go to c unless (> a b), b a number";

    SlowValue SLOW_VALUE "rrr" "an operation whose builtin was redefined: calls the function instead";
    SlowTest SLOW_TEST "rrt" "a test whose builtin was redefined: calls the function instead";
    DeliverValue DELIVER_VALUE "r" "in the frame that SlowValue made: puts a where the operation wanted it";
    DeliverTest DELIVER_TEST "r" "in the frame that SlowTest made: goes on where the test says";

    Spread SPREAD "r" "return what a gives for the arguments in list a + 1, of which the last element is a list of more";
    CallWithContinuation CALL_WITH_CONTINUATION "r" "return what a gives for the rest of the computation";
    SaveDynamics SAVE_DYNAMICS "r" "a ← the dynamic state";
    PushWinder PUSH_WINDER "r" "run a when control leaves this frame";
    PopWinder POP_WINDER "" "no longer run what was pushed last";
    SetOutput SET_OUTPUT "r" "the current output is port a, checked to be one";
    SetInput SET_INPUT "r" "the current input is port a, checked to be one";
    ResumeUnwind RESUME_UNWIND "r" "go on with the raise or jump whose state is a";
    NextEntry NEXT_ENTRY "rrt" "a, a + 1 ← key and value of the entry after place b of table a - 1; go to c when none";
    BeginExpansion BEGIN_EXPANSION "rr" "a ← an expansion of form b";
    Expand EXPAND "r" "a ← what expansion a comes to, calling macros from a + 1 on";
    Compile COMPILE "rr" "a ← a function that does what expanded form b says";
    MacroStep MACRO_STEP "rrt" "call the macro that form b is a call of, from a on; go to c when it is none";
    EndForm END_FORM "r" "tell that the form with mark a ended";
    Sleep SLEEP "r" "let other threads run for a seconds; a ← nil";
    EndHandling END_HANDLING "" "the handler of an exhausted heap has ended, collect, and hold back what there is";
    Collect COLLECT "r" "collect; a ← bytes that live";
    Compact COMPACT "r" "collect, bring everything together; a ← bytes that live";
    PinReason PIN_REASON "rr" "a ← the path from a root to b, as a list; b ← nil meanwhile";
    NewThread NEW_THREAD "rr" "a ← a thread that calls b";
    StopThread STOP_THREAD "rrn" "end thread b, c = 0 at once, c = 1 by a break; a ← nil";
    SaveCore SAVE_CORE "rr" "save a core to the file named b; a ← t";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree() {
        for (number, op) in Op::ALL.iter().enumerate() {
            assert_eq!(*op as usize, number);
            assert!(!op.name().is_empty());
            assert_eq!(
                op.operands()[0] == Operand::None,
                matches!(op, Op::Jump | Op::PopWinder | Op::EndHandling),
                "{}",
                op.name()
            );
        }
    }
}
