//! The settings file, TOML with one key for each setting. In: its path. Out: values as text, with their
//! lines. Must not know: types of settings.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::layers::Origin;
use super::settings::{find, most_like};

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct FileValues {
    path: PathBuf,
    /// Name, text, line.
    values: Vec<(String, String, usize)>,
}

impl FileValues {
    /// Reads a file. One that nobody named need not exist.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or has a key that is no setting.
    pub fn read(path: &Path, is_named: bool) -> Result<Self, ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => {
                Ok(Self::default())
            }
            Err(source) => Err(ConfigError::Unreadable {
                path: path.to_owned(),
                source,
            }),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let malformed = |at: usize, message: String| ConfigError::Malformed {
            path: path.to_owned(),
            line: line_of(text, at),
            message,
        };
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            malformed(at, error.message().to_owned())
        })?;
        let mut values = Vec::new();
        for (key, value) in table.get_ref() {
            let (name, at) = (key.get_ref().as_ref(), key.span().start);
            if find(name).is_none() {
                let hint = match most_like(name) {
                    Some(setting) => format!("did you mean \"{}\"?", setting.name),
                    None => "`feedgraph config` lists the settings".to_owned(),
                };
                return Err(malformed(at, format!("\"{name}\" is no setting; {hint}")));
            }
            let value = text_of(value.get_ref()).ok_or_else(|| {
                malformed(
                    at,
                    format!("\"{name}\" is given a table or date; expected one value or a list"),
                )
            })?;
            values.push((name.to_owned(), value, line_of(text, at)));
        }
        Ok(Self {
            path: path.to_owned(),
            values,
        })
    }

    /// A setting's text and origin.
    pub(super) fn get(&self, name: &str) -> Option<(String, Origin)> {
        let mut values = self.values.iter();
        let (_, text, line) = values.find(|(written, _, _)| written == name)?;
        let origin = Origin::File {
            path: self.path.clone(),
            line: *line,
        };
        Some((text.clone(), origin))
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| {
        before.lines().count().max(1) + usize::from(before.ends_with('\n'))
    })
}

/// A value as one would write it for a flag.
fn text_of(value: &DeValue) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(answer) => Some(answer.to_string()),
        DeValue::Array(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| text_of(item.get_ref())).collect();
            Some(items?.join(","))
        }
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<FileValues, String> {
        FileValues::parse(Path::new("feedgraph.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_texts_with_lines() {
        let file = parse(
            "# mine\nname = \"My planet\"\npoll_concurrency = 1_0\n\nallow_ports = [80, 443]\n",
        )
        .unwrap();
        let origin = |line| Origin::File {
            path: "feedgraph.toml".into(),
            line,
        };
        assert_eq!(file.get("name"), Some(("My planet".to_owned(), origin(2))));
        assert_eq!(
            file.get("poll_concurrency"),
            Some(("10".to_owned(), origin(3)))
        );
        assert_eq!(
            file.get("allow_ports"),
            Some(("80,443".to_owned(), origin(5)))
        );
        assert_eq!(file.get("listen"), None);
    }

    #[test]
    fn mistakes_are_reported_with_their_line() {
        assert_eq!(
            parse("name = \"a\"\nlisten_at = \"x\"").unwrap_err(),
            "feedgraph.toml, line 2: \"listen_at\" is no setting; did you mean \"listen\"?"
        );
        assert!(
            parse("\nname = ")
                .unwrap_err()
                .starts_with("feedgraph.toml, line 2: ")
        );
        assert!(
            parse("[poll]\nx = 1")
                .unwrap_err()
                .starts_with("feedgraph.toml, line 1: ")
        );
    }
}
