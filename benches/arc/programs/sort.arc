; 100,000 numbers in an order that looks random, sorted.
(def numbers (n seed)
  (let found nil
    (for i 1 n
      (= seed (mod (+ (* seed 1103) 12345) 65537))
      (= found (cons seed found)))
    found))

(let sorted (sort < (numbers 100000 42))
  (prn (car sorted) " " (sorted 50000) " " (last sorted)))
