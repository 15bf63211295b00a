//! Characters to tokens.

use heapatlas_heap::{ObjectRef, Value};

use super::{atom, syntax};
use crate::fault::{Fault, Outcome};
use crate::numbers::Number;
use crate::ports::{self, Next};
use crate::positions::Place;
use crate::symbols::Known;
use crate::text::CharBuffer;
use crate::world::World;

/// The three kinds of bracket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bracket {
    Round = 0,
    Square = 1,
    Curly = 2,
}

impl Bracket {
    pub(super) const fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Square,
            2 => Self::Curly,
            _ => Self::Round,
        }
    }

    pub(super) const fn opening(self) -> &'static str {
        match self {
            Self::Round => "(",
            Self::Square => "[",
            Self::Curly => "{",
        }
    }

    pub(super) const fn closing(self) -> &'static str {
        match self {
            Self::Round => ")",
            Self::Square => "]",
            Self::Curly => "}",
        }
    }
}

/// A token; atoms are values already.
#[derive(Clone, Copy, Debug)]
pub(super) enum Token {
    Open(Bracket),
    Close(Bracket),
    Prefix(Known),
    SkipDatum,
    Dot,
    Value(Value),
    End,
}

/// The lexer of one port.
pub(super) struct Lexer {
    port: ObjectRef,
    place: Place,
    token: CharBuffer,
}

/// Some editors begin a file with this mark, which is no part of its text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Whether a character ends a symbol or a number.
const fn is_delimiter(character: char) -> bool {
    matches!(character, '(' | ')' | '[' | ']' | '{' | '}' | '"' | ',' | '\'' | '`' | ';')
}

/// The names of characters.
const CHAR_NAMES: [(&str, char); 12] = [
    ("nul", '\0'),
    ("null", '\0'),
    ("backspace", '\u{8}'),
    ("tab", '\t'),
    ("newline", '\n'),
    ("linefeed", '\n'),
    ("vtab", '\u{b}'),
    ("page", '\u{c}'),
    ("return", '\r'),
    ("space", ' '),
    ("rubout", '\u{7f}'),
    ("delete", '\u{7f}'),
];

impl Lexer {
    pub(super) fn new(port: ObjectRef) -> Self {
        Self { port, place: Place::default(), token: CharBuffer::default() }
    }

    pub(super) fn port(&self) -> ObjectRef {
        self.port
    }

    /// Where the last token began.
    pub(super) fn token_place(&self) -> Place {
        self.place
    }

    fn peek(&mut self, world: &mut World) -> Outcome<Option<char>> {
        match ports::peek(world, self.port)? {
            Next::Char(character, _) => Ok(Some(character)),
            Next::End => Ok(None),
            Next::Invalid => {
                let (line, column) = ports::place(world, self.port);
                Err(syntax(Place { line, column }, super::NOT_TEXT, false))
            }
        }
    }

    fn skip(&mut self, world: &mut World, character: char) {
        ports::skip(world, self.port, Next::Char(character, character.len_utf8()));
    }

    fn take(&mut self, world: &mut World) -> Outcome<Option<char>> {
        let next = self.peek(world)?;
        if let Some(character) = next {
            self.skip(world, character);
        }
        Ok(next)
    }

    /// Takes the next character if it is this one.
    fn take_if(&mut self, world: &mut World, wanted: char) -> Outcome<bool> {
        let is_there = self.peek(world)? == Some(wanted);
        if is_there {
            self.skip(world, wanted);
        }
        Ok(is_there)
    }

    fn mistake(&self, what: impl AsRef<str>) -> Fault {
        syntax(self.place, what.as_ref(), false)
    }

    fn unfinished(&self, what: &str) -> Fault {
        let Place { line, column } = self.place;
        syntax(self.place, &format!("the {what} begun on line {line}, column {column} is never closed"), true)
    }

    /// The next token. The port stands behind it afterwards.
    pub(super) fn next(&mut self, world: &mut World) -> Outcome<Token> {
        loop {
            world.step()?;
            let (line, column) = ports::place(world, self.port);
            self.place = Place { line, column };
            let Some(character) = self.peek(world)? else { return Ok(Token::End) };
            if character.is_whitespace() || character == BYTE_ORDER_MARK {
                self.skip(world, character);
                continue;
            }
            if !is_delimiter(character) && character != '#' {
                return self.symbol_or_number(world);
            }
            self.skip(world, character);
            return Ok(match character {
                '(' => Token::Open(Bracket::Round),
                '[' => Token::Open(Bracket::Square),
                '{' => Token::Open(Bracket::Curly),
                ')' => Token::Close(Bracket::Round),
                ']' => Token::Close(Bracket::Square),
                '}' => Token::Close(Bracket::Curly),
                '\'' => Token::Prefix(Known::Quote),
                '`' => Token::Prefix(Known::Quasiquote),
                ',' if self.take_if(world, '@')? => Token::Prefix(Known::UnquoteSplicing),
                ',' => Token::Prefix(Known::Unquote),
                '"' => self.string(world)?,
                ';' => {
                    self.line_comment(world)?;
                    continue;
                }
                _ => match self.hash(world)? {
                    Some(token) => token,
                    None => continue,
                },
            });
        }
    }

    fn line_comment(&mut self, world: &mut World) -> Outcome<()> {
        while let Some(character) = self.take_in_comment(world)? {
            if character == '\n' {
                break;
            }
        }
        Ok(())
    }

    fn take_in_comment(&mut self, world: &mut World) -> Outcome<Option<char>> {
        world.step()?;
        self.take(world)
    }

    fn block_comment(&mut self, world: &mut World) -> Outcome<()> {
        let mut depth = 1_u64;
        while depth > 0 {
            match self.take_in_comment(world)? {
                Some('|') if self.take_if(world, '#')? => depth -= 1,
                Some('#') if self.take_if(world, '|')? => depth += 1,
                Some(_) => {}
                None => return Err(self.unfinished("comment #|")),
            }
        }
        Ok(())
    }

    /// What follows a `#` at the beginning of a token; `None` for a comment.
    fn hash(&mut self, world: &mut World) -> Outcome<Option<Token>> {
        match self.peek(world)? {
            Some('|') => {
                self.skip(world, '|');
                self.block_comment(world)?;
                Ok(None)
            }
            Some(';') => {
                self.skip(world, ';');
                Ok(Some(Token::SkipDatum))
            }
            Some('!') => {
                self.skip(world, '!');
                match self.peek(world)? {
                    Some(' ' | '/') => {
                        self.line_comment(world)?;
                        Ok(None)
                    }
                    _ => Err(self.mistake("#! that begins no script header")),
                }
            }
            Some('\\') => {
                self.skip(world, '\\');
                self.character(world).map(Some)
            }
            Some('%') => self.after_hash(world).map(Some),
            Some(digit) if "xXdDoObBeEiI".contains(digit) => {
                let token = self.after_hash(world)?;
                match token {
                    Token::Value(value) if Number::of(&world.heap, value)?.is_some() => Ok(Some(token)),
                    _ => Err(self.mistake("a number prefix without a number")),
                }
            }
            // The host of other Arcs writes true and false so.
            Some(letter @ ('t' | 'f')) => {
                self.after_hash(world)?;
                match self.token.len() {
                    2 => Ok(Some(Token::Value(Value::truth(letter == 't')))),
                    _ => Err(self.mistake(format!("#{letter} with more behind it"))),
                }
            }
            Some(other) => Err(self.mistake(format!("#{other} is not Arc data, and not supported"))),
            None => Err(self.mistake("a lone #")),
        }
    }

    fn after_hash(&mut self, world: &mut World) -> Outcome<Token> {
        self.token.clear();
        self.token.push(&mut world.heap, '#')?;
        self.rest_of_token(world, false)
    }

    fn symbol_or_number(&mut self, world: &mut World) -> Outcome<Token> {
        self.token.clear();
        self.rest_of_token(world, false)
    }

    fn rest_of_token(&mut self, world: &mut World, mut quoted: bool) -> Outcome<Token> {
        while let Some(character) = self.peek(world)? {
            if is_delimiter(character) || character.is_whitespace() {
                break;
            }
            world.step()?;
            self.skip(world, character);
            match character {
                '\\' => {
                    quoted = true;
                    let Some(next) = self.take(world)? else { return Err(self.mistake("a lone backslash")) };
                    self.token.push(&mut world.heap, next)?;
                }
                '|' => {
                    quoted = true;
                    loop {
                        match self.take(world)? {
                            Some('|') => break,
                            Some(inner) => self.token.push(&mut world.heap, inner)?,
                            None => return Err(self.unfinished("symbol in bars")),
                        }
                    }
                }
                _ => self.token.push(&mut world.heap, character)?,
            }
        }
        if quoted {
            return Ok(Token::Value(world.symbols.intern(&mut world.heap, &self.token)?));
        }
        if self.token.len() == 1 && self.token.get(&world.heap, 0) == '.' {
            return Ok(Token::Dot);
        }
        Ok(Token::Value(atom(world, &self.token)?))
    }

    fn string(&mut self, world: &mut World) -> Outcome<Token> {
        self.token.clear();
        loop {
            world.step()?;
            match self.take(world)? {
                None => return Err(self.unfinished("string")),
                Some('"') => return Ok(Token::Value(self.token.finish(&mut world.heap)?)),
                Some('\\') => {
                    if let Some(character) = self.escape(world)? {
                        self.token.push(&mut world.heap, character)?;
                    }
                }
                Some(character) => self.token.push(&mut world.heap, character)?,
            }
        }
    }

    /// What follows a backslash in a string; `None` for a line continued.
    fn escape(&mut self, world: &mut World) -> Outcome<Option<char>> {
        let Some(letter) = self.take(world)? else { return Err(self.unfinished("string")) };
        Ok(Some(match letter {
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            '"' | '\'' | '\\' => letter,
            '\n' => return Ok(None),
            'x' => self.code(world, 16, 2, 0)?,
            'u' => self.code(world, 16, 4, 0)?,
            'U' => self.code(world, 16, 8, 0)?,
            '0'..='7' => self.code(world, 8, 2, u32::from(letter) - u32::from('0'))?,
            other => return Err(self.mistake(format!("unknown escape \\{other} in a string"))),
        }))
    }

    /// A character by its code: up to `most` more digits after what `start` says.
    fn code(&mut self, world: &mut World, radix: u32, most: usize, start: u32) -> Outcome<char> {
        let (mut code, mut digits) = (start, usize::from(radix == 8));
        for _ in 0..most {
            let Some(digit) = self.peek(world)?.filter(|c| c.is_digit(radix)) else { break };
            self.skip(world, digit);
            code = code.saturating_mul(radix).saturating_add(digit.to_digit(radix).unwrap_or(0));
            digits += 1;
        }
        match char::from_u32(code) {
            Some(character) if digits > 0 => Ok(character),
            _ => Err(self.mistake("an escape that names no character")),
        }
    }

    /// What follows `#\`.
    fn character(&mut self, world: &mut World) -> Outcome<Token> {
        let Some(first) = self.take(world)? else { return Err(self.mistake("nothing after #\\")) };
        let value = |character| Ok(Token::Value(Value::char(character)));
        if first.is_digit(8) {
            return self.octal_character(world, first);
        }
        if matches!(first, 'u' | 'U') && self.peek(world)?.is_some_and(|next| next.is_ascii_hexdigit()) {
            let most = if first == 'u' { 4 } else { 8 };
            return value(self.code(world, 16, most, 0)?);
        }
        if !first.is_alphabetic() || !self.peek(world)?.is_some_and(char::is_alphabetic) {
            return value(first);
        }
        let mut name = String::from(first.to_ascii_lowercase());
        while let Some(letter) = self.peek(world)?.filter(|c| c.is_alphabetic()) {
            self.skip(world, letter);
            if name.len() < 20 {
                name.push(letter.to_ascii_lowercase());
            }
        }
        match CHAR_NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, character)) => value(*character),
            None => Err(self.mistake(format!("no character is named {name}"))),
        }
    }

    /// Three octal digits name a character; a single one is itself.
    fn octal_character(&mut self, world: &mut World, first: char) -> Outcome<Token> {
        let mut code = first.to_digit(8).unwrap_or(0);
        let Some(second) = self.peek(world)?.filter(|c| c.is_digit(8)) else {
            return Ok(Token::Value(Value::char(first)));
        };
        self.skip(world, second);
        let Some(third) = self.peek(world)?.filter(|c| c.is_digit(8)) else {
            return Err(self.mistake("a character code has three octal digits"));
        };
        self.skip(world, third);
        for digit in [second, third] {
            code = code * 8 + digit.to_digit(8).unwrap_or(0);
        }
        Ok(Token::Value(Value::char(char::from_u32(code).unwrap_or_default())))
    }
}
