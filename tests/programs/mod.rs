//! Random programs: statements that allocate, drop, hold on to and pin.

use proptest::prelude::*;

/// An expression whose value is worth keeping, of this depth at most.
pub(crate) fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("nil".to_owned()),
        any::<i32>().prop_map(|number| number.to_string()),
        (1_u32..40).prop_map(|digits| format!("(expt 7 {})", digits * 20)),
        (0_u32..2000).prop_map(|size| format!("(newstring {size} #\\x)")),
        "[a-z λ]{0,12}".prop_map(|text| format!("\"{text}\"")),
        (1_u32..60).prop_map(|count| format!("(range 1 {count})")),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(car, cdr)| format!("(cons {car} {cdr})")),
            prop::collection::vec(inner.clone(), 0..5).prop_map(|all| format!("(list {})", all.join(" "))),
            inner.clone().prop_map(|value| format!("(fn (x) (list x {value}))")),
            inner.clone().prop_map(|value| format!("(annotate 'thing {value})")),
            (inner.clone(), inner.clone()).prop_map(|(key, value)| {
                // A table as a key is pinned; a list as a key is looked into.
                format!("(let h (table) (= (h (list {key})) {value} (h (table)) 1 h!self 2) h)")
            }),
            (1_u32..6, inner.clone()).prop_map(|(count, value)| format!("(n-of {count} {value})")),
            (1_u32..20, inner)
                .prop_map(|(count, value)| { format!("(let h (table) (for i 1 {count} (= h.i {value})) h)") }),
        ]
    })
}

/// What defines the variables of the statements.
pub(crate) const SETUP: &str = "(= v (table) v0 nil v1 nil v2 nil v3 nil)";

/// A statement about the variables `v0` to `v3`.
pub(crate) fn statement() -> impl Strategy<Value = String> {
    let variable = 0..4;
    prop_oneof![
        4 => (variable.clone(), expression()).prop_map(|(at, value)| format!("(= v{at} {value})")),
        3 => (variable.clone(), expression()).prop_map(|(at, value)| format!("(push {value} (v 'kept{at}))")),
        1 => variable.clone().prop_map(|at| format!("(= v{at} nil (v 'kept{at}) nil)")),
        1 => variable.clone().prop_map(|at| format!("(zap [rem [is (rand 3) 0] _] (v 'kept{at}))")),
        1 => (10_u32..3000).prop_map(|depth| format!("((afn (n) (if (is n 0) 0 (+ 1 (self (- n 1))))) {depth})")),
        1 => (1_u32..30_000).prop_map(|count| format!("(repeat {count} (list 1 2 3))")),
        1 => variable.clone().prop_map(|at| format!("(= v{at} (ccc (fn (k) k)))")),
        1 => (variable.clone(), 0_u32..400_000).prop_map(|(at, size)| format!("(= v{at} (newstring {size} #\\x))")),
        1 => (variable, 1_u32..3000).prop_map(|(at, size)| {
            format!("(= v{at} (let h (table) (for i 1 {size} (= h.i (list i))) h))")
        }),
        1 => Just("(each x (v 'kept0) (tostring:write (type x)))".to_owned()),
    ]
}
