; A table of 200,000 numbers under numbers, and every value looked up again.
(= squares (table))

(for i 1 200000
  (= (squares i) (* i i)))

(let sum 0
  (for i 1 200000
    (++ sum (squares i)))
  (prn sum))
