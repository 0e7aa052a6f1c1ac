//! Values of one field each: texts with all that a text can have, amounts in every notation, names, paths, addresses.

use e2e::Random;

/// Pieces of texts: white space, control characters, quotes, references, several scripts, invisible characters.
const PIECES: [&str; 41] = [
    "a",
    "B",
    "7",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\u{1}",
    "\u{1b}",
    "\u{a0}",
    "\u{feff}",
    "\u{fffd}",
    "\u{10ffff}",
    "'",
    "\"",
    "\\",
    "\\n",
    "/",
    ":",
    ";",
    "#",
    "$",
    "$(X)",
    "${X}",
    "$$(X)",
    "%20",
    "&",
    "<",
    ">",
    "{",
    "}",
    "[",
    "]",
    "é",
    "e\u{301}",
    "日本",
    "😀",
    "true",
    "~",
    "0x1f",
];

/// Pieces that no accepted text has.
const REFUSED: [&str; 6] = ["\0", "\u{7f}", "\u{85}", "\u{9f}", "\u{2028}", "\u{ffff}"];

/// A text, seldom an empty one.
pub(super) fn text(random: &mut Random) -> String {
    let count = random.below(7);
    let piece = |_| if random.once_in(200) { random.pick(&REFUSED) } else { random.pick(&PIECES) };
    (0..count).map(piece).collect()
}

/// An amount above zero. Some are finer than what is stored, or too large.
pub(super) fn quantity(random: &mut Random, suffixes: &[&str]) -> String {
    let whole = ["", "0", "1", "2", "3", "7", "10", "100", "250", "999", "1000", "1024", "1536", "0001"];
    let fraction = ["", "", "", ".", ".0", ".5", ".25", ".3333", ".1", ".001", ".0001", ".000000001", ".123456789123"];
    format!("{}{}{}", random.pick(&whole), random.pick(&fraction), random.pick(suffixes))
}

/// Suffixes of CPU amounts.
pub(super) const CPU: [&str; 10] = ["", "", "m", "m", "u", "n", "k", "e-1", "E-3", "e0"];
/// Suffixes of amounts of bytes.
pub(super) const BYTES: [&str; 14] = ["", "k", "M", "M", "G", "T", "Ki", "Mi", "Mi", "Gi", "Ti", "e3", "E6", "e+9"];

/// A DNS label that starts with a letter and ends with a number, so that it is unique.
pub(super) fn name(random: &mut Random, number: usize) -> String {
    format!("{}{number}", random.pick(&["a", "web", "a-b", "x--y", "n0"]))
}

/// A name of an object: DNS labels with dots.
pub(super) fn object(random: &mut Random, number: usize) -> String {
    format!("{}{number}", random.pick(&["shop", "a.b", "0", "shop-tls.v1", "x-1."]))
}

/// An absolute path, below a folder of its own.
pub(super) fn path(random: &mut Random, number: usize) -> String {
    let ends = [
        "", "/a", "/a.b", "/.hidden", "/a b", "/é", "/%41", "/日本", "/$(X)", "/a/b/c", "/-", "/\\", "/'", "/..a",
        "/a~b",
    ];
    format!("/{}{number}{}", random.pick(&["srv", "data", "opt/x", "var/lib/y"]), random.pick(&ends))
}

/// An address range outside the cluster, not always in the usual form.
pub(super) fn range(random: &mut Random) -> &'static str {
    random.pick(&[
        "203.0.113.0/24",
        "203.0.113.7/24",
        "198.51.100.1/32",
        "0.0.0.0/0",
        "8.0.0.0/5",
        "1.2.3.4/1",
        "172.0.0.0/8",
        "2001:db8::/32",
        "2001:DB8:0:0:0:0:0:1/128",
        "2001:0db8::0001/64",
        "::/0",
        "2000::/3",
        "fe00::/7",
        "2001:db8::1.2.3.4/126",
    ])
}
