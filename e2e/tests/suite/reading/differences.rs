//! How two readers can differ, and where they may.

use serde_json::Value;

/// How the API server's answer and ours compare.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Both read the same; whether we accept it, too.
    Agree {
        accepted: bool,
    },
    BothRefuse,
    /// Both read it, but not the same.
    Otherwise(Value, Value),
    OnlyWeRefuse(String),
    OnlyServerRefuses(String),
}

impl Outcome {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Agree { accepted: true } => "read the same and accepted",
            Self::Agree { accepted: false } => "read the same, then rejected by a rule of ours",
            Self::BothRefuse => "refused by both",
            Self::Otherwise { .. } => "read otherwise",
            Self::OnlyWeRefuse(_) => "refused by us only",
            Self::OnlyServerRefuses(_) => "refused by the API server only",
        }
    }

    pub(super) const fn is_agreement(&self) -> bool {
        matches!(self, Self::Agree { .. } | Self::BothRefuse)
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::Otherwise(stored, read) => format!("the API server reads {stored}\nwe read {read}"),
            Self::OnlyWeRefuse(message) | Self::OnlyServerRefuses(message) => message.clone(),
            Self::Agree { .. } | Self::BothRefuse => String::new(),
        }
    }
}

/// A difference that stays.
pub(super) struct Documented {
    pub(super) reason: &'static str,
    /// Pieces of text, one of which the document has.
    signs: &'static [&'static str],
}

/// The reader of the API server is one for YAML 1.1, ours one for YAML 1.2 with the words and numbers of 1.1. All of these differ
/// from what people write in a manifest, and most of them are refused by one side, with the line or the field.
pub(super) const DOCUMENTED: [Documented; 7] = [
    Documented {
        reason: "tags: we refuse those of no standard type, and a tag without a value is an empty text",
        signs: &[" !", "[!"],
    },
    Documented {
        reason: "numbers with '_' at the end or twice in a row: texts, since YAML 1.1 has '_' between digits only",
        signs: &["1_", "1__0"],
    },
    Documented {
        reason: "true and yes in mixed upper and lower case: booleans, where the API server reads texts",
        signs: &["tRUE", "yEs"],
    },
    Documented {
        reason: "'?' alone in a list or map in brackets: a text, where the API server finds a key without a value",
        signs: &["[?", " ?,", " ?]", " ?}"],
    },
    Documented { reason: "a tab between '-' and the end of the line: white space", signs: &["-\t"] },
    Documented {
        reason: "a key such as yes: a text, where the API server makes the text true of it",
        signs: &["yes:"],
    },
    Documented { reason: "'<<' with nothing to merge: it is left out", signs: &["<<:"] },
];

/// The documented difference that explains an outcome, if there is one.
pub(super) fn documented(document: &str) -> Option<&'static Documented> {
    DOCUMENTED.iter().find(|known| known.signs.iter().any(|sign| document.contains(sign)))
}
