//! Numbers in as few bytes as they need: seven bits a byte, the lowest first, the top bit set when more follow.

/// Puts a number at the end of `out`.
pub fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Puts the way from one number to another, either direction.
pub fn put_step(out: &mut Vec<u8>, from: u64, to: u64) {
    let step = to.wrapping_sub(from) as i64;
    put(out, ((step << 1) ^ (step >> 63)) as u64);
}

/// Puts a text, its length in bytes before it.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend(text.as_bytes());
}

/// Bytes that make no sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nonsense;

/// Bytes from which numbers are taken.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    /// These bytes.
    #[must_use]
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// How many are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.0.len()
    }

    /// Takes so many bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn take(&mut self, count: u64) -> Result<Self, Nonsense> {
        let count = usize::try_from(count).map_err(|_large| Nonsense)?;
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Nonsense)?;
        self.0 = rest;
        Ok(Self(taken))
    }

    /// Takes a number.
    ///
    /// # Errors
    /// When the bytes end within it, or it has more than 64 bits.
    pub fn number(&mut self) -> Result<u64, Nonsense> {
        // Most numbers of a page are a byte.
        if let [byte @ ..0x80, rest @ ..] = self.0 {
            self.0 = rest;
            return Ok(u64::from(*byte));
        }
        let mut number = 0;
        for (index, byte) in self.0.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && bits > 1 {
                return Err(Nonsense);
            }
            number |= bits << (7 * index);
            if byte & 0x80 == 0 {
                self.0 = &self.0[index + 1..];
                return Ok(number);
            }
        }
        Err(Nonsense)
    }

    /// Takes the bytes of so many numbers.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn take_numbers(&mut self, count: usize) -> Result<Self, Nonsense> {
        let length = match count.checked_sub(1) {
            None => 0,
            Some(before) => {
                let mut ends = self.0.iter().enumerate().filter(|(_, byte)| **byte & 0x80 == 0);
                ends.nth(before).ok_or(Nonsense)?.0 + 1
            }
        };
        self.take(length as u64)
    }

    /// Takes a number of things of which each takes a byte at least: no more than bytes are left.
    ///
    /// # Errors
    /// When there can't be so many.
    pub fn count(&mut self) -> Result<usize, Nonsense> {
        let count = self.number()?;
        usize::try_from(count).ok().filter(|count| *count <= self.left()).ok_or(Nonsense)
    }

    /// Takes the way from a number to another, and gives that.
    ///
    /// # Errors
    /// As [`Self::number`].
    pub fn step(&mut self, from: u64) -> Result<u64, Nonsense> {
        let coded = self.number()?;
        let step = (coded >> 1) ^ (coded & 1).wrapping_neg();
        Ok(from.wrapping_add(step))
    }

    /// Takes a text.
    ///
    /// # Errors
    /// When it is none.
    pub fn text(&mut self) -> Result<&'b str, Nonsense> {
        let length = self.number()?;
        std::str::from_utf8(self.take(length)?.0).map_err(|_bad| Nonsense)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [u64; 8] = [0, 1, 127, 128, 300, 1 << 62, u64::MAX - 1, u64::MAX];

    #[test]
    fn numbers_and_steps_come_back() {
        let mut out = Vec::new();
        let mut last = 5;
        for number in NUMBERS {
            put(&mut out, number);
            put_step(&mut out, last, number);
            last = number;
        }
        let mut bytes = Bytes::new(&out);
        let mut last = 5;
        for number in NUMBERS {
            assert_eq!((bytes.number(), bytes.step(last)), (Ok(number), Ok(number)));
            last = number;
        }
        assert_eq!(bytes.left(), 0);
    }

    #[test]
    fn what_is_no_number_is_said() {
        for bytes in
            [&[][..], &[0x80], &[0xff; 10], &[0xff; 11], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2]]
        {
            assert_eq!(Bytes::new(bytes).number(), Err(Nonsense), "{bytes:?}");
        }
        assert_eq!(Bytes::new(&[3, 1, 1]).count(), Err(Nonsense));
        assert_eq!(Bytes::new(&[2, 0xff, 0xfe]).text(), Err(Nonsense));
        assert_eq!(Bytes::new(&[2, b'h', b'i']).text(), Ok("hi"));
    }
}
