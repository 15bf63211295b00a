//! Numbers in as few bytes as they need: seven bits a byte, the lowest first, the top bit set when more follow.

/// No number has more bytes.
const LONGEST: usize = 10;

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
    put(out, coded(from, to));
}

/// The number that stands for the way from one number to another.
const fn coded(from: u64, to: u64) -> u64 {
    let step = to.wrapping_sub(from) as i64;
    ((step << 1) ^ (step >> 63)) as u64
}

/// Puts the way from each number to the next, the first from zero.
pub fn put_steps(out: &mut Vec<u8>, numbers: impl Iterator<Item = u64>) {
    // Collected where there is room for any number, so that nothing is asked for each byte.
    let (mut room, mut at) = ([0; 512], 0);
    let mut from = 0;
    for to in numbers {
        if at + LONGEST > room.len() {
            out.extend_from_slice(&room[..at]);
            at = 0;
        }
        let mut number = coded(from, to);
        from = to;
        while number >= 1 << 14 {
            room[at] = number as u8 | 0x80;
            number >>= 7;
            at += 1;
        }
        // Whether one byte or two are left can't be foreseen: both are put, and one may be put over.
        let has_two = number >= 0x80;
        room[at..at + 2].copy_from_slice(&[(number as u8 & 0x7f) | u8::from(has_two) << 7, (number >> 7) as u8]);
        at += 1 + usize::from(has_two);
    }
    out.extend_from_slice(&room[..at]);
}

/// Puts a text, its length in bytes before it.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend(text.as_bytes());
}

/// The way that a number stands for, modulo 2^64.
const fn way(coded: u64) -> u64 {
    (coded >> 1) ^ (coded & 1).wrapping_neg()
}

/// The top bits of eight bytes: set in those after which a number goes on.
const TOP_BITS: u64 = 0x8080_8080_8080_8080;

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
    #[inline]
    pub fn number(&mut self) -> Result<u64, Nonsense> {
        // Most numbers of a page are a byte, most others two.
        match self.0 {
            [byte @ ..0x80, rest @ ..] => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            [low, high @ ..0x80, rest @ ..] => {
                self.0 = rest;
                Ok(u64::from(low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_number(),
        }
    }

    /// [`Self::number`], of any length.
    #[cold]
    fn long_number(&mut self) -> Result<u64, Nonsense> {
        let mut number = 0;
        for (index, byte) in self.0.iter().enumerate().take(LONGEST) {
            let bits = u64::from(byte & 0x7f);
            if index == LONGEST - 1 && bits > 1 {
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
        let (mut left, mut length) = (count, 0);
        // Eight bytes at a time, as long as the last number does not end within them.
        for eight in self.0.as_chunks().0 {
            // Each byte that ends a number counts one; the product has their sum at the top.
            let ends = (!u64::from_le_bytes(*eight) & TOP_BITS) >> 7;
            let ends = (ends.wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize;
            if ends >= left {
                break;
            }
            (left, length) = (left - ends, length + 8);
        }
        if let Some(before) = left.checked_sub(1) {
            let mut ends = self.0[length..].iter().enumerate().filter(|(_, byte)| **byte & 0x80 == 0);
            length += ends.nth(before).ok_or(Nonsense)?.0 + 1;
        }
        self.take(length as u64)
    }

    /// Takes as many steps as `into` has room for, the first from `from`, and gives where the last one leads.
    ///
    /// # Errors
    /// As [`Self::number`].
    pub fn steps(&mut self, mut from: u64, into: &mut [u64]) -> Result<u64, Nonsense> {
        let (eights, rest) = into.as_chunks_mut::<8>();
        for places in eights {
            match self.0.first_chunk() {
                // A column stays the same for long stretches.
                Some(&[0, 0, 0, 0, 0, 0, 0, 0]) => {
                    *places = [from; 8];
                    self.0 = &self.0[8..];
                }
                Some(eight) if u64::from_le_bytes(*eight) & TOP_BITS == 0 => {
                    for (place, byte) in places.iter_mut().zip(eight) {
                        from = from.wrapping_add(way(u64::from(*byte)));
                        *place = from;
                    }
                    self.0 = &self.0[8..];
                }
                _ => {
                    for four in places.as_chunks_mut().0 {
                        from = match self.four_steps(from, four) {
                            Some(there) => there,
                            None => self.few_steps(from, four)?,
                        };
                    }
                }
            }
        }
        self.few_steps(from, rest)
    }

    /// [`Self::steps`], four of a byte or two each; `None`, and nothing is taken, when one is longer or too few bytes are left.
    ///
    /// Which of the two it is can't be foreseen: guessing wrong would cost a processor more than all that is done here.
    fn four_steps(&mut self, mut from: u64, into: &mut [u64; 4]) -> Option<u64> {
        let mut bytes = u64::from_le_bytes(*self.0.first_chunk()?);
        let (mut taken, mut is_long) = (0, 0);
        for place in into {
            let has_two = bytes >> 7 & 1;
            is_long |= has_two & bytes >> 15;
            from = from.wrapping_add(way((bytes & 0x7f) | ((bytes >> 1 & 0x3f80) * has_two)));
            *place = from;
            bytes = bytes >> 8 >> (8 * has_two);
            taken += 1 + has_two as usize;
        }
        if is_long != 0 {
            return None;
        }
        self.0 = &self.0[taken..];
        Some(from)
    }

    /// [`Self::steps`], one by one.
    fn few_steps(&mut self, mut from: u64, into: &mut [u64]) -> Result<u64, Nonsense> {
        for place in into {
            from = self.step(from)?;
            *place = from;
        }
        Ok(from)
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
        Ok(from.wrapping_add(way(self.number()?)))
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
    fn steps_at_once_are_those_one_by_one() {
        let mut random = fastrand::Rng::with_seed(3);
        for round in 0..300 {
            let bits = [0, 3, 6, 7, 8, 20, 64][round % 7];
            let next = |_| if random.u8(..3) == 0 && bits > 0 { random.u64(..) >> (64 - bits) } else { 9 };
            let count = round % 101;
            let numbers: Vec<u64> = (0..count).map(next).collect();
            let (mut out, mut at_once) = (Vec::new(), Vec::new());
            numbers.iter().fold(0, |from, to| {
                put_step(&mut out, from, *to);
                *to
            });
            put_steps(&mut at_once, numbers.iter().copied());
            assert_eq!(at_once, out);
            let length = out.len();
            out.extend([1, 2, 3]);
            let mut bytes = Bytes::new(&out);
            let mut taken = bytes.take_numbers(numbers.len()).expect("as many");
            assert_eq!((taken.left(), bytes.left()), (length, 3));
            let mut found = vec![0; numbers.len()];
            assert_eq!(taken.steps(0, &mut found), Ok(numbers.last().copied().unwrap_or(0)));
            assert_eq!((found, taken.left()), (numbers, 0));
            assert!(Bytes::new(&out[..length]).take_numbers(count + 1).is_err(), "one more than there are");
            assert!(Bytes::new(&out[..length]).steps(0, &mut vec![0; count + 1]).is_err());
        }
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
