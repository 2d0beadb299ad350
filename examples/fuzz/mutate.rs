//! Inputs out of seeds. In: files and a number. Out: bytes, always the same for the same number. Must not know: what
//! reads them.

use super::chance::Chance;

/// What breaks readers.
const TOKENS: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "/>",
    "</",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<!DOCTYPE x [",
    "]>",
    "<item>",
    "</item>",
    "<entry>",
    "</entry>",
    "</channel>",
    "<rss version=\"2.0\">",
    "<feed xmlns='http://www.w3.org/2005/Atom'>",
    "<rdf:RDF>",
    "&#0;",
    "&#xD800;",
    "&#x110000;",
    "&amp;amp;",
    "&nbsp;",
    "&lt;script&gt;",
    "<script>",
    "<svg><style>",
    "<math><mtext>",
    "<table><tr>",
    "<b><i>",
    "<div ",
    " a=1",
    " onerror=x",
    " href='javascript:x'",
    "xml:base='//'",
    "\0",
    "\u{feff}",
    "\u{202e}",
    "\u{fffd}",
    "ä",
    "日本",
    "\r\n",
    "99999999999999999999",
    "-1",
    "NaN",
    "9999-99-99T99:99:99Z",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "\\u0000",
    "\\ud800",
    "\"items\":[",
    "<outline ",
    "xmlUrl='",
    "encoding='utf-16'",
    "<content type='xhtml'>",
];

/// Makes inputs.
pub struct Mutator {
    chance: Chance,
    seeds: Vec<Vec<u8>>,
}

impl Mutator {
    /// Of files, and a number that all depends on.
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        Self {
            chance: Chance(seed),
            seeds,
        }
    }

    /// The next input: a seed after one to eight changes.
    pub fn input(&mut self) -> Vec<u8> {
        let mut bytes = self.seed();
        for _ in 0..=self.below(8) {
            self.change(&mut bytes);
        }
        bytes
    }

    fn seed(&mut self) -> Vec<u8> {
        let index = self.below(self.seeds.len());
        self.seeds.get(index).cloned().unwrap_or_default()
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let (from, to) = self.range(bytes.len());
        match self.below(8) {
            0 => self.flip(bytes),
            1 => bytes.truncate(from),
            2 => drop(bytes.drain(from..to)),
            3 => {
                let copy = bytes.get(from..to).unwrap_or_default().to_vec();
                bytes.splice(to..to, copy);
            }
            4 => {
                let other = self.seed();
                let (begin, end) = self.range(other.len());
                let part = other.get(begin..end).unwrap_or_default().to_vec();
                bytes.splice(from..from, part);
            }
            5 => {
                let times = 1 << self.below(13);
                let token = self.token().repeat(times);
                bytes.splice(from..from, token.into_bytes());
            }
            _ => {
                let token = self.token();
                bytes.splice(from..from, token.bytes());
            }
        }
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        for _ in 0..=self.below(16) {
            let at = self.below(bytes.len());
            let value = self.below(256);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = u8::try_from(value).unwrap_or_default();
            }
        }
    }

    fn token(&mut self) -> &'static str {
        let index = self.below(TOKENS.len());
        TOKENS.get(index).copied().unwrap_or_default()
    }

    /// A part of so many bytes; mostly a short one.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        let most = if self.below(4) == 0 { length } else { 64 };
        let to = (from + self.below(most + 1)).min(length);
        (from, to)
    }

    /// A number below another.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(self.chance.below(end)).unwrap_or_default()
    }
}
