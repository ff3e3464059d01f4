//! How deeply source is nested, found without parsing it: the parser goes down one call for each level, and at some
//! thousands of them there is no error but the end of the process.
//!
//! A level is a bracket (also `<`), an operator before its operand (`!!x`, `&&T`), what stands to the right of `=`,
//! `->`, `@` or the arguments of a closure, a segment of a path. What follows it ends it: `;`, `,`, an operator between
//! operands. Chains (`a + b`, `a.b()`, `else if`) are no levels. In doubt more are counted than there are.

/// The levels that are read. Each takes up to 12 kB of stack (40 kB without optimization), of [`STACK`].
pub(super) const DEEPEST: usize = 500;

/// The stack that reading source needs.
pub const STACK: usize = 32 << 20;

/// The first byte of `text` that is nested more deeply than [`DEEPEST`].
pub(super) fn too_deep(text: &str) -> Option<usize> {
    Scanner { bytes: text.as_bytes(), open: Vec::new(), around: 0, own: Levels::default(), last: Last::Nothing }.scan()
}

/// Levels within the brackets at hand.
#[derive(Debug, Clone, Copy, Default)]
struct Levels {
    /// Ended by an operator between operands: operators and keywords before one, segments of a path.
    run: usize,
    /// Ended by `;` or `,`.
    kept: usize,
    /// Between the `|` around the arguments of a closure.
    in_pipes: bool,
}

impl Levels {
    fn count(self) -> usize {
        self.run + self.kept
    }
}

/// What stands before a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing that an operator could have on its left.
    Nothing,
    Operand,
    /// A word, with its place: an operand unless it is a keyword.
    Word(usize, usize),
    /// `}`: a word behind it begins something else.
    Block,
}

struct Scanner<'a> {
    bytes: &'a [u8],
    /// The brackets that are open, with what was counted before each.
    open: Vec<(u8, Levels)>,
    /// What all of those count.
    around: usize,
    own: Levels,
    last: Last,
}

impl Scanner<'_> {
    fn scan(&mut self) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = self.bytes.get(at) {
            let next = self.bytes.get(at + 1).copied().unwrap_or_default();
            let length = match byte {
                _ if is_word(byte) => self.word(at),
                b'/' if next == b'/' => self.until(at, b'\n'),
                b'/' if next == b'*' => self.comment(at),
                b'"' => self.string(at),
                b'\'' => self.quote(at),
                b'(' | b'[' | b'{' | b'<' => {
                    self.open(byte);
                    1
                }
                b')' | b']' | b'}' | b'>' => {
                    self.close(byte);
                    1
                }
                b';' | b',' => {
                    if byte == b';' {
                        self.drop_angles();
                    }
                    if byte == b';' || !self.own.in_pipes {
                        self.own = Levels::default();
                    }
                    self.last = Last::Nothing;
                    1
                }
                b'-' | b'=' if next == b'>' => {
                    self.own.kept += usize::from(byte == b'-');
                    self.own.in_pipes &= byte == b'-';
                    self.own.run = 0;
                    self.last = Last::Nothing;
                    2
                }
                _ if byte.is_ascii_punctuation() => self.operator(at, byte, next),
                _ => 1,
            };
            if self.around + self.own.count() > DEEPEST {
                return Some(at);
            }
            at += length;
        }
        None
    }

    /// A word, a number or the letters before a string; `r"…"` and `r#"…"#` as a whole.
    fn word(&mut self, at: usize) -> usize {
        let length = run(&self.bytes[at..], is_word);
        let word = &self.bytes[at..at + length];
        let hashes = run(&self.bytes[at + length..], |byte| byte == b'#');
        if matches!(word, b"r" | b"br" | b"cr") && self.bytes.get(at + length + hashes) == Some(&b'"') {
            self.last = Last::Operand;
            return length + hashes + 1 + self.raw_string(at + length + hashes + 1, hashes);
        }
        match self.last {
            Last::Word(start, end) => self.own.run += usize::from(is_keyword(&self.bytes[start..end])),
            Last::Block => {
                self.drop_angles();
                self.own = Levels::default();
            }
            _ => {}
        }
        self.last = Last::Word(at, at + length);
        length
    }

    fn raw_string(&self, from: usize, hashes: usize) -> usize {
        let rest = &self.bytes[from..];
        let end = (0..rest.len()).find(|&end| {
            rest[end] == b'"' && rest[end + 1..].iter().take(hashes).filter(|byte| **byte == b'#').count() == hashes
        });
        end.map_or(rest.len(), |end| end + 1 + hashes)
    }

    fn string(&mut self, at: usize) -> usize {
        self.last = Last::Operand;
        let mut end = at + 1;
        while let Some(&byte) = self.bytes.get(end) {
            end += 1 + usize::from(byte == b'\\');
            if byte == b'"' {
                break;
            }
        }
        end - at
    }

    /// A character, or the quote of a lifetime, which makes no difference to what stands around it.
    fn quote(&mut self, at: usize) -> usize {
        let rest = &self.bytes[at + 1..];
        let character = match rest {
            [b'\\', ..] => rest.iter().skip(2).position(|byte| *byte == b'\'').map(|end| end + 4),
            // one character, however many bytes it has
            [first, ..] => {
                let length = 1 + run(&rest[1..], |byte| !first.is_ascii() && byte & 0xc0 == 0x80);
                (rest.get(length) == Some(&b'\'')).then_some(length + 2)
            }
            [] => None,
        };
        if let Some(length) = character {
            self.last = Last::Operand;
            return length;
        }
        1 + run(rest, is_word)
    }

    fn comment(&self, at: usize) -> usize {
        let (mut depth, mut end) = (0_usize, at);
        loop {
            match &self.bytes[end..] {
                [] => return end - at,
                [b'/', b'*', ..] => (depth, end) = (depth + 1, end + 2),
                [b'*', b'/', ..] => (depth, end) = (depth - 1, end + 2),
                _ => end += 1,
            }
            if depth == 0 {
                return end - at;
            }
        }
    }

    fn until(&self, at: usize, end: u8) -> usize {
        run(&self.bytes[at..], |byte| byte != end)
    }

    fn open(&mut self, bracket: u8) {
        self.around += self.own.count() + 1;
        self.open.push((bracket, std::mem::take(&mut self.own)));
        self.last = Last::Nothing;
    }

    fn close(&mut self, bracket: u8) {
        if bracket == b'>' {
            if matches!(self.open.last(), Some((b'<', _))) {
                self.pop();
            }
        } else {
            self.drop_angles();
            self.pop();
        }
        self.last = if bracket == b'}' { Last::Block } else { Last::Operand };
    }

    fn pop(&mut self) {
        if let Some((_, before)) = self.open.pop() {
            self.own = before;
            self.around -= before.count() + 1;
        }
    }

    /// Takes every `<` for the operator that was not closed by a `>`.
    fn drop_angles(&mut self) {
        while matches!(self.open.last(), Some((b'<', _))) {
            self.pop();
        }
    }

    fn operator(&mut self, at: usize, byte: u8, next: u8) -> usize {
        let before = at.checked_sub(1).map(|before| self.bytes[before]);
        let is_between = match self.last {
            Last::Nothing => false,
            Last::Operand | Last::Block => true,
            Last::Word(start, end) => !is_keyword(&self.bytes[start..end]),
        };
        match byte {
            b':' => self.own.run += 1,
            b'?' => return 1,
            b'=' if next != b'=' && !matches!(before, Some(b'=' | b'!')) => self.own.kept += 1,
            b'@' => self.own.kept += 1,
            b'|' if self.own.in_pipes => {
                self.own.in_pipes = false;
                self.last = Last::Nothing;
                return 1;
            }
            b'|' if !is_between => {
                self.own.kept += 1;
                self.own.in_pipes = true;
            }
            _ if !is_between => self.own.run += 1,
            _ => {
                self.own.run = 0;
                if !matches!(byte, b'+' | b'=') {
                    self.drop_angles();
                }
            }
        }
        self.last = Last::Nothing;
        // `||` between operands begins no closure
        if is_between && byte == next { 2 } else { 1 }
    }
}

fn run(bytes: &[u8], test: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| test(**byte)).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Whether an operator behind the word has no operand on its left.
fn is_keyword(word: &[u8]) -> bool {
    const KEYWORDS: [&[u8]; 21] = [
        b"async", b"box", b"break", b"const", b"dyn", b"else", b"for", b"if", b"impl", b"in", b"let", b"match",
        b"move", b"mut", b"raw", b"ref", b"return", b"static", b"unsafe", b"while", b"yield",
    ];
    KEYWORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_deep(before: &str, piece: &str, after: &str) -> bool {
        let text = |levels: usize| format!("{before}{}{after}", piece.repeat(levels));
        assert_eq!(too_deep(&text(20)), None, "{piece}");
        too_deep(&text(DEEPEST + 1)).is_some()
    }

    #[test]
    fn what_the_parser_goes_down_into_is_counted() {
        for piece in ["(", "[", "{", "f(", "!", "-", "*", "&", "&mut ", "*const ", "&'a ", "a = ", "a += ", "a <<= "] {
            assert!(is_deep("const X: i64 = ", piece, "1;"), "{piece}");
        }
        for piece in [
            "|x| ",
            "|x|",
            "|x, y|",
            "|| ",
            "||",
            "return ",
            "if x { ",
            "match x { _ => ",
            "x @ ",
            "return -",
            "a = { } = ",
        ] {
            assert!(is_deep("const X: i64 = ", piece, "1;"), "{piece}");
        }
        for piece in ["A<", "A<0, B<", "fn() -> ", "impl A<B = ", "<", "[", "fn(a: ", "A<(", "A<'a, "] {
            assert!(is_deep("type X = ", piece, "u8;"), "{piece}");
        }
        for piece in ["mod a { ", "a::", "a::{", "fn f() { ", "/* ( */ (", "'(' (", "\"\\\"\" ("] {
            assert!(is_deep("use ", piece, ""), "{piece}");
        }
    }

    #[test]
    fn what_stands_side_by_side_is_not() {
        for piece in [
            "+ a",
            ".a()",
            "|| a == b",
            "&& a < b",
            "| 'a' ",
            "- -1",
            "* (a)",
            "as u8 ",
            "?",
            "if a < b {} ",
            "+ A::B",
            "; a = b",
            ", a = b",
            ", A<B>",
            ", A<B, C<D>>",
            "/* ( */",
            "// (\n",
            ", '('",
            ", b'\\''",
            ", \"(\"",
            ", r#\"(\"(\"#",
            ", '\\u{28}'",
            "else if a {} ",
            "fn f<'a>(a: &'a str) -> B {} ",
            "A::B => {} ",
            "| A::B ",
            "#[a = \"b\"] struct A { a: B } ",
            "#[a] pub(crate) fn a() {} ",
            "a <= b && ",
            "-> ; ",
            "<= a;",
            "/= a;",
        ] {
            assert!(!is_deep("a ", piece, ""), "{piece}");
        }
    }

    #[test]
    fn brackets_that_do_not_match_and_texts_that_do_not_end_are_scanned() {
        for text in [")]}>", "r#\"", "/* /*", "'", "'\\", "'\\n", "\"\\", "b'", "(<)", "<)>", "é'é'", "r#", "::<"] {
            assert_eq!(too_deep(text), None, "{text}");
        }
    }
}
