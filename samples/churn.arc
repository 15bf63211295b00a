; Random deaths, and the holes they leave.
;
; Fifty thousand items are made, each a list of three numbers; then three in ten die, in no order. Pools that are left
; more than half full are not worth moving in an ordinary collection, so what died stays behind as free runs between
; what lives.
;
; Look for: the blue pages of cells, most of them filled to little more than half; the orange "free runs" of the balance,
; 1.5 MiB beside 2.5 MiB that live. `explain` calls them the problem, and its collection, which moves everything together,
; gets back all but a few KiB: 1.71 x live before, 1.03 x after. Let four in ten die instead of three: now the pools are
; less than half full, the ordinary collection moves what lives by itself, and resident is 1.14 x live.
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

; Garbage, until the collector has looked at what died.
(repeat 3 (n-of 20000 nil))

(prn (count idfn items) " of " (len items) " items live")
