; A table that grows leaves holes behind.
;
; A table of 100,000 numbers. Whenever it is full it moves to an array twice as large, and the old array, a large object
; with pages of its own, dies at once.
;
; Look for: the two long runs of red pages, the entries and the index, 2 MiB each. The arrays they outgrew were in
; extents of their own; those were unmapped and are now the hole of 10 MiB between the first extent and the rest.
; Growing by doubling is cheap when what was left behind can be given back whole: after a collection resident is 1.02 x
; live.
;
; heapatlas snapshot samples/tables.arc --as-is -o tables.png
; heapatlas explain samples/tables.arc

(= squares (table))

(for i 1 100000 (= squares.i (* i i)))

(gc)

(prn (len squares) " squares, the last is " (squares 100000))
