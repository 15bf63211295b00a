//! Sorting by `<` and `>`, which calls no function, gives what sorting by functions that call them gives.

use crate::value_of;

#[test]
fn an_order_and_a_function_that_asks_it_sort_alike() {
    let program = "
        (let lists (list nil '(1) '(2 1) (range 1 40) (rev (range 1 40))
                         (n-of 500 (rand 100))
                         (n-of 300 (- (rand) 0.5))
                         (n-of 300 (string (rand 50)))
                         (n-of 300 (sym (string \"s\" (rand 50))))
                         (coerce \"what is in any order at all, λ too\" 'cons)
                         '(b nil a t c)
                         (list 1/2 3 (expt 2 100) 0.25 -1)
                         (list 3 +nan.0 1 2))
          (all (fn (xs)
                 (and (iso (sort < xs) (sort (fn (a b) (< a b)) xs))
                      (iso (sort > xs) (sort (fn (a b) (> a b)) xs))))
               lists))";
    assert_eq!(value_of(program), "t");
}

#[test]
fn equals_keep_their_order_and_the_list_is_not_changed() {
    assert_eq!(value_of("(let xs (list 2 1 1.0 0 1) (list (sort < xs) (sort > xs) xs))"), {
        "((0 1 1.0 1 2) (2 1 1.0 1 0) (2 1 1.0 0 1))"
    });
}

#[test]
fn what_has_no_order_is_an_error_and_a_redefined_order_is_asked() {
    let message = value_of("(on-err details (fn () (sort < '(2 \"a\" 1))))");
    assert!(message.contains('<'), "{message}");
    assert_eq!(value_of("(let less < (= < (fn (a b) (less b a))) (sort < '(1 3 2)))"), "(3 2 1)");
}
