; Tests of html.arc, and of finding libraries by their names.

(load "pprint.arc")
(load "html.arc")

(expect-printed (tag b (pr 1)) "<b>1</b>")
(expect-printed (tag (a href "x?y=1") (pr "there")) "<a href=\"x?y=1\">there</a>")
(expect-printed (gentag input type 'hidden name 'n) "<input type=hidden name=\"n\">")
(expect (eschtml "a<b & c") "a&#60;b &#38; c")
(expect-error (load "no-such-library.arc") "can't read no-such-library.arc: no such file")
