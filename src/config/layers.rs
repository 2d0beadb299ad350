//! Where each setting's value comes from. In: flags, variables and a file. Out: for every setting its text
//! and origin; flags before variables before the file before defaults. Must not know: types.

use std::fmt;
use std::path::PathBuf;

use super::file::FileValues;
use super::settings::{SETTINGS, Setting};
use super::{ConfigError, Flags};

/// Who said a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A line of the file.
    File {
        /// Its path.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Nobody.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(to, "--{flag}"),
            Self::Variable(variable) => to.write_str(variable),
            Self::File { path, line } => write!(to, "{}, line {line}", path.display()),
            Self::Default => to.write_str("default"),
        }
    }
}

/// A setting's value as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Which.
    pub setting: &'static Setting,
    /// Its value, trimmed.
    pub text: String,
    /// Who said it.
    pub origin: Origin,
}

impl Given {
    /// The value as it may be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        without_password(&self.text)
    }
}

/// A database's address without the password within it; any other text as it is.
#[must_use]
pub fn without_password(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut address) if address.password().is_some() => {
            // It has a password, so it can have another.
            let _ = address.set_password(Some("***"));
            address.to_string()
        }
        _ => text.to_owned(),
    }
}

/// The value of every setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers(Vec<Given>);

impl Layers {
    /// Puts the layers on top of each other. `flags` are by name of setting, `variable` looks one up.
    #[must_use]
    pub fn stack(
        flags: &Flags,
        variable: &dyn Fn(&str) -> Option<String>,
        file: &FileValues,
    ) -> Self {
        let given = SETTINGS.iter().map(|setting| {
            let flag = || {
                let text = flags.get(setting.name)?.clone();
                Some((text, Origin::Flag(setting.flag())))
            };
            let variable = || {
                let text = variable(&setting.variable())?;
                Some((text, Origin::Variable(setting.variable())))
            };
            let (text, origin) = flag()
                .or_else(variable)
                .or_else(|| file.get(setting.name))
                .unwrap_or_else(|| (setting.default.to_owned(), Origin::Default));
            Given {
                setting,
                text: text.trim().to_owned(),
                origin,
            }
        });
        Self(given.collect())
    }

    /// Every setting, in the order of the table.
    #[must_use]
    pub fn all(&self) -> &[Given] {
        &self.0
    }

    /// A value; none when it is empty. `expected` says what would be right.
    pub(super) fn optional<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(given) = self.0.iter().find(|given| given.setting.name == name) else {
            return Ok(None);
        };
        if given.text.is_empty() {
            return Ok(None);
        }
        let value = read(&given.text).ok_or_else(|| ConfigError::BadValue {
            name,
            text: given.shown(),
            origin: given.origin.clone(),
            expected,
        })?;
        Ok(Some(value))
    }

    /// A value that must be there.
    pub(super) fn required<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        self.optional(name, expected, read)?
            .ok_or(ConfigError::Empty { name, expected })
    }
}
