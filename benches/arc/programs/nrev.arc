; Lists that are garbage as soon as they are made: a list of 300, reversed by appending, twenty times.
(def joined (a b)
  (if (no a) b (cons (car a) (joined (cdr a) b))))

(def reversed (xs)
  (if (no xs) nil (joined (reversed (cdr xs)) (list (car xs)))))

(let xs (range 1 300)
  (for i 1 19 (reversed xs))
  (prn (car (reversed xs))))
