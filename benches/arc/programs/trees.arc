; Binary trees of depth 16, made and counted: what lives is a large part of what was allocated.
(def tree (depth)
  (if (is depth 0) (cons nil nil) (cons (tree (- depth 1)) (tree (- depth 1)))))

(def leaves (tree)
  (if (no (car tree)) 1 (+ (leaves (car tree)) (leaves (cdr tree)))))

(prn (leaves (tree 16)))
