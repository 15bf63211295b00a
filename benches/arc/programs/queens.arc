; Every way to put eight queens on a board: 92. Lists, closures, and going back.
(def safe (column distance placed)
  (if (no placed)
      t
      (and (isnt (car placed) column)
           (isnt (abs (- (car placed) column)) distance)
           (safe column (+ distance 1) (cdr placed)))))

(def ways (n row placed)
  (if (> row n)
      1
      (let sum 0
        (for column 1 n
          (if (safe column 1 placed)
              (= sum (+ sum (ways n (+ row 1) (cons column placed))))))
        sum)))

(prn (ways 8 1 nil))
