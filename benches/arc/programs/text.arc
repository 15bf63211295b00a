; Strings: 4,000 lines built of pieces, joined, split again and counted.
(def line (n)
  (string "line " n " of many, " (* n n)))

(let text (tostring (for i 1 4000 (prn (line i))))
  (let words 0
    (each c text
      (if (is c #\space) (++ words)))
    (prn (len text) " " words)))
