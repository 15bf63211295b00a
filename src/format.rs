//! Numbers for people: the only place where bytes, times and shares become text, and text bytes.

use std::time::Duration;

use heapatlas_heap::terms::Address;

const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/// Bytes with three significant digits and a binary unit: `1.21 MiB`, `172 KiB`, `64 B`.
#[must_use]
pub fn bytes(count: u64) -> String {
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    // What would round up to 1024 belongs to the next unit.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// Bytes as a person writes them, [`bytes`] too: digits, perhaps with a point, then perhaps K, M, G or T, binary, with
/// or without `iB` or `B`.
///
/// # Errors
/// A sentence that says what a size looks like.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let no_number = || "a size begins with digits".to_owned();
    if number.is_empty() {
        return Err(no_number());
    }
    let unit_bytes = match unit.trim().to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => 1_u64,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return Err(format!("{} is no unit of size; use K, M, G or T", unit.trim())),
    };
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(unit_bytes).ok_or_else(|| "too large".to_owned());
    }
    let number: f64 = number.parse().map_err(|_bad| no_number())?;
    let bytes = number * unit_bytes as f64;
    if bytes < u64::MAX as f64 { Ok(bytes as u64) } else { Err("too large".to_owned()) }
}

/// Bytes as [`bytes`] has them; what was not measured is a dash.
#[must_use]
pub fn maybe_bytes(count: Option<u64>) -> String {
    count.map_or_else(|| "–".to_owned(), bytes)
}

/// How far it is from one number of bytes to another: `+1.50 MiB`, `−12 B`.
#[must_use]
pub fn change(before: u64, after: u64) -> String {
    match after.checked_sub(before) {
        Some(0) => "0 B".to_owned(),
        Some(more) => format!("+{}", bytes(more)),
        None => format!("−{}", bytes(before - after)),
    }
}

/// A share of a whole in per cent; of nothing, a dash.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    if percent > 0.0 && percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// A ratio with two digits after the point: `1.23 ×`; over nothing, a dash.
#[must_use]
pub fn ratio(part: u64, whole: u64) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.2} ×", part as f64 / whole as f64) }
}

/// A whole number with thin separators: `1 234 567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time with three significant digits and a unit: `12.3 ms`, `850 µs`, `2.05 s`.
#[must_use]
pub fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    let (value, unit) = if micros < 999.5 {
        (micros, "µs")
    } else if micros < 999_500.0 {
        (micros / 1e3, "ms")
    } else {
        (micros / 1e6, "s")
    };
    let digits = if value < 9.995 {
        2
    } else if value < 99.95 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {unit}")
}

/// An address in hexadecimal, its high and low halves apart: `0x1000 0001 f000`.
#[must_use]
pub fn address(address: Address) -> String {
    let digits = format!("{:012x}", address.get());
    let (high, low) = digits.split_at(digits.len() - 8);
    let (middle, low) = low.split_at(4);
    format!("0x{high} {middle} {low}")
}

/// What something is called, a form or a function, where there is little room: of the place in it the file and the line,
/// without its folders. `builtin:arc.arc:1661  (def date …` is `arc.arc:1661  (def date …`.
#[must_use]
pub fn briefly(name: &str) -> &str {
    let place = &name[..name.find("  ").unwrap_or(name.len())];
    let file = place.rfind('/').map(|slash| slash + 1).filter(|file| place[*file..].contains(':'));
    let name = &name[file.unwrap_or(0)..];
    name.strip_prefix("builtin:").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_little_room_a_place_is_a_file_and_a_line() {
        let form = "(= x \"/a:b\")";
        assert_eq!(
            briefly(&format!("samples/a/fragmentation.arc:12  {form}")),
            format!("fragmentation.arc:12  {form}")
        );
        assert_eq!(briefly("builtin:arc.arc:1661  (def map1)"), "arc.arc:1661  (def map1)");
        assert_eq!(["/", "and/or", "/tmp/x.arc:3"].map(briefly), ["/", "and/or", "x.arc:3"]);
    }

    #[test]
    fn bytes_have_three_digits_and_a_unit() {
        for (count, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (172_904, "169 KiB"),
            (1_048_575, "1.00 MiB"),
            (1_048_576, "1.00 MiB"),
            (3_488_352, "3.33 MiB"),
            (123 << 40, "123 TiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
        assert_eq!(maybe_bytes(None), "–");
    }

    #[test]
    fn sizes_have_binary_units() {
        for (text, count) in [
            ("64M", 64 << 20),
            ("1GiB", 1 << 30),
            ("2097152", 2 << 20),
            (" 32.0 MiB ", 32 << 20),
            ("1.5k", 1536),
            ("3 B", 3),
            ("16777215T", 16_777_215 << 40),
        ] {
            assert_eq!(parse_bytes(text), Ok(count), "{text}");
            assert_eq!(parse_bytes(&bytes(64 << 20)), Ok(64 << 20));
        }
        for bad in ["", "12Q", "M", ".", "1.2.3M", "-1M", "16777216T", "99999999999999999999999", "1 2"] {
            assert!(parse_bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn other_numbers_read_well() {
        assert_eq!(percent(1, 3), "33 %");
        assert_eq!(percent(1, 30), "3.3 %");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(ratio(5, 4), "1.25 ×");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(12), "12");
        assert_eq!(time(Duration::from_micros(850)), "850 µs");
        assert_eq!(time(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(time(Duration::from_millis(2050)), "2.05 s");
        assert_eq!(address(Address::new(0x1000_0001_f000)), "0x1000 0001 f000");
    }
}
