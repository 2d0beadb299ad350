//! Conditions on the index. In: terms put together. Out: a query of FTS5, and the same as a tsquery. Pure. Must not
//! know: where the terms come from.

/// A condition. Lists in it are not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Terms side by side; the last perhaps only begins so.
    Phrase {
        /// At least one.
        terms: Vec<String>,
        /// Whether the last is a beginning.
        prefix: bool,
    },
    /// All of them.
    All(Vec<Node>),
    /// Any of them.
    Any(Vec<Node>),
    /// The first and not the second.
    Without(Box<Node>, Box<Node>),
}

impl Node {
    /// One term.
    #[must_use]
    pub fn term(term: String) -> Self {
        Self::Phrase {
            terms: vec![term],
            prefix: false,
        }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::All(vec![self, other])
    }

    /// This and not the other.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self::Without(Box::new(self), Box::new(other))
    }

    /// As FTS5 reads it. Terms have no quotes.
    #[must_use]
    pub fn to_fts5(&self) -> String {
        match self {
            Self::Phrase { terms, prefix } => {
                let star = if *prefix { " *" } else { "" };
                format!("\"{}\"{star}", terms.join(" "))
            }
            Self::All(nodes) => joined(nodes, " AND ", Self::to_fts5),
            Self::Any(nodes) => joined(nodes, " OR ", Self::to_fts5),
            Self::Without(node, other) => {
                format!("({} NOT {})", node.to_fts5(), other.to_fts5())
            }
        }
    }

    /// As `PostgreSQL` reads it. Terms have no quotes and no backslashes.
    #[must_use]
    pub fn to_tsquery(&self) -> String {
        match self {
            Self::Phrase { terms, prefix } => {
                let star = if *prefix { ":*" } else { "" };
                let terms: Vec<String> = terms.iter().map(|term| format!("'{term}'")).collect();
                format!("({}{star})", terms.join("<->"))
            }
            Self::All(nodes) => joined(nodes, "&", Self::to_tsquery),
            Self::Any(nodes) => joined(nodes, "|", Self::to_tsquery),
            Self::Without(node, other) => {
                format!("({}&!{})", node.to_tsquery(), other.to_tsquery())
            }
        }
    }
}

fn joined(nodes: &[Node], by: &str, write: impl Fn(&Node) -> String) -> String {
    let nodes: Vec<String> = nodes.iter().map(write).collect();
    format!("({})", nodes.join(by))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_written_for_both_databases() {
        let phrase = Node::Phrase {
            terms: vec!["a".into(), "b".into()],
            prefix: true,
        };
        let node = Node::All(vec![
            Node::Any(vec![Node::term("x".into()), phrase]),
            Node::term("y".into()),
        ])
        .without(Node::term("z".into()));
        assert_eq!(node.to_fts5(), r#"((("x" OR "a b" *) AND "y") NOT "z")"#);
        assert_eq!(node.to_tsquery(), "(((('x')|('a'<->'b':*))&('y'))&!('z'))");
    }
}
