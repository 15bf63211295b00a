; Checks that hold on every base library: the one built in, Arc 3.1's, Anarki's. To be run by hand under the others:
; heapatlas run --arc PATH/arc.arc runtime/arc/lib/tests/any-base.arc

(mac check-that (expr wanted)
  `(let got ,expr
     (unless (iso got ,wanted)
       (err (tostring (write ',expr) (pr " gives ") (write got))))))

; Definitions, macros, closures
(def twice (f x) (f (f x)))
(mac swap-args (f a b) `(,f ,b ,a))
(check-that (twice [* _ _] 3) 81)
(check-that (swap-args - 1 10) 9)
(check-that ((fn (a (o b a) . c) (list a b c)) 1) '(1 1 nil))
(check-that (map car:cdr '((1 2) (3 4))) '(2 4))
(check-that (let (a (b . c)) '(1 (2 3 4)) (list a b c)) '(1 2 (3 4)))

; Lists, strings, tables
(check-that (sort < '(3 1 2)) '(1 2 3))
(check-that (map + '(1 2) '(10 20)) '(11 22))
(check-that (keep odd '(1 2 3)) '(1 3))
(check-that (cut "abcdef" 2 4) "cd")
(check-that (string 'a 1 "b" #\c) "a1bc")
(check-that (coerce "12" 'int) 12)
(check-that (upcase "abc") "ABC")
(check-that (let h (obj a 1) (= (h 'b) 2) (++ (h 'a)) (list (h 'a) (h 'b) (h 'c))) '(2 2 nil))
(check-that (let xs (list 1 2 3) (= (xs 1) 'x) (push 0 xs) xs) '(0 1 x 3))
(check-that (accum add (each x '(a b) (add x))) '(a b))
(check-that (let total 0 (each (k v) (obj a 1 b 2) (++ total v)) total) 3)

; Control
(check-that (on-err details (fn () (err "no"))) "no")
(check-that (let log nil (after (push 1 log) (push 2 log)) log) '(2 1))
(check-that (point leave (each x '(1 2 3) (if (is x 2) (leave x)))) 2)
(check-that (ccc (fn (k) (+ 1 (k 10)))) 10)
(check-that (let n 0 (while (< n 5) (++ n)) n) 5)

; Input and output
(check-that (tostring (pr 1 "a" #\b) (write "c")) "1ab\"c\"")
(check-that (w/instring s "(1 . 2) x" (list (read s) (read s))) '((1 . 2) x))

; Threads
(check-that (let done nil (thread (= done t)) (sleep 0.05) done) t)

(prn "all well")
