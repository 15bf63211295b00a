; Random deaths, and the holes they leave.
;
; Fifty thousand items are made, each a list of three numbers; then three in ten die, in no order. Pools that are left
; more than half full are not worth moving in an ordinary collection, so what died stays behind as free runs between
; what lives.
;
; Look for: the blue pages of cells, most of them filled to little more than half; the orange "free runs" of the balance,
; 1.5 MiB beside 2.5 MiB that live. Nothing but conses could use them. Then collect (G in the window; `explain` does it
; by itself): everything moves together, 56 KiB of free runs are left, and resident is 1.03 x live.
;
; heapatlas snapshot samples/churn.arc --as-is -o churn.png
; heapatlas explain samples/churn.arc

(= seed 1)

(def random (n)
  (= seed (mod (* seed 48271) 2147483647))
  (mod seed n))

(= items (n-of 50000 (list (random 100) (random 100) (random 100))))

(let rest items
  (while rest
    (if (< (random 10) 3) (wipe (car rest)))
    (= rest (cdr rest))))

; Garbage until the collector has looked at what died: strings, which leave the holes as they are.
(repeat 100 (newstring 100000))

(prn (count idfn items) " of " (len items) " items live")
