//! What other implementations needed where they were installed.

/// A program, user time net of start-up in milliseconds, peak in MiB.
type Row = (&'static str, f64, f64);

/// Arcueid v0.0.12, compiled by gcc 12 with `-O2`, without large integers; `text` asked for more than 6 GiB.
const ARCUEID: &[Row] = &[
    ("start", 126.1, 38.7),
    ("fib", 1284.2, 282.4),
    ("tak", 119.9, 80.3),
    ("nrev", 2370.1, 617.1),
    ("queens", 545.8, 172.2),
    ("table", 3541.9, 2191.2),
    ("sort", 10155.0, 3052.7),
    ("trees", 584.5, 280.3),
    ("closures", 843.1, 323.1),
    ("load", 1341.7, 2310.7),
];

/// Arc 3.1 on Racket CS 8.7, with pairs changed by `unsafe-set-immutable-car!`; `load` took more than a minute.
const RACKET: &[Row] = &[
    ("start", 4170.2, 141.8),
    ("fib", 55.0, 142.0),
    ("tak", 10.0, 142.0),
    ("nrev", 85.0, 142.7),
    ("queens", 22.0, 141.8),
    ("table", 488.0, 145.9),
    ("text", 45.0, 141.9),
    ("sort", 256.0, 141.8),
    ("trees", 25.0, 142.5),
    ("closures", 49.0, 141.8),
];

/// By implementation, for machines that have none; see `README.md` for the machine.
pub(crate) const RECORDED: &[(&str, &[Row])] = &[("Arcueid", ARCUEID), ("Racket Arc", RACKET)];
