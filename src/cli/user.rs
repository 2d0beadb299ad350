//! `feedgraph user`. In: names and passwords. Out: accounts. A password comes from standard input or is
//! made up and printed; never from an argument, which others on the machine could read.

use std::io::BufRead as _;
use std::sync::Arc;

use clap::{Subcommand, ValueEnum};
use entity::{Millis, Role, user};

use super::CliError;
use super::output::say;
use crate::app::open_store;
use crate::auth::{password, username};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{Actor, NewUser, RemoveUser, Slice, Store, UpdateUser, UserChanges};

/// Accounts read at once.
const PAGE: u32 = 100;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an account; its password is made up and printed once.
    Add {
        /// The new account's name.
        name: String,
        /// What it may do: manage feeds (editor), accounts too (admin), or keep marks only (reader).
        #[arg(long, value_enum, default_value_t = RoleName::Editor)]
        role: RoleName,
        /// Read the password from standard input instead of making one up.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts.
    List,
    /// Set another password and end the account's sessions.
    Passwd {
        /// The account.
        name: String,
        /// Read the password from standard input instead of making one up.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give an account another role; a lower one ends its sessions.
    Role {
        /// The account.
        name: String,
        /// What it may do from now on.
        #[arg(value_enum)]
        role: RoleName,
    },
    /// Remove an account and end its sessions.
    Remove {
        /// The account.
        name: String,
    },
}

/// A role by its name.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleName {
    /// Keeps own marks.
    Reader,
    /// Manages sources, planets and entries.
    Editor,
    /// Manages accounts too.
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Reader => Self::Reader,
            RoleName::Editor => Self::Editor,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Runs the command.
pub async fn run(command: Command, config: &Config) -> Result<(), CliError> {
    let clock = Clock::system();
    let opened = open_store(config).await?;
    let acting = |action: &str| opened.acting(Arc::new(Actor::cli(clock.clone(), action)));
    match command {
        Command::Add {
            name,
            role,
            password_stdin,
        } => add(&acting("user add"), &name, role.into(), password_stdin).await?,
        Command::List => list(&opened).await?,
        Command::Passwd {
            name,
            password_stdin,
        } => set_password(&acting("user passwd"), &name, password_stdin).await?,
        Command::Remove { name } => remove(&acting("user remove"), &name).await?,
        Command::Role { name, role } => {
            set_role(&acting("user role"), &name, role.into()).await?;
        }
    }
    opened.close().await?;
    Ok(())
}

async fn add(store: &Store, name: &str, role: Role, from_stdin: bool) -> Result<(), CliError> {
    let name = checked(name)?;
    let password = Password::choose(&name, from_stdin)?;
    let new = NewUser {
        username: name.clone(),
        password_hash: password.hash()?,
        role,
        at: Clock::system().now(),
    };
    if store.create_user(&new).await?.is_none() {
        return refused(format!("there is an account \"{name}\" already"));
    }
    say(format!("account \"{name}\" made"));
    password.tell();
    Ok(())
}

async fn list(store: &Store) -> Result<(), CliError> {
    let mut slice = Slice::first(PAGE);
    loop {
        let page = store.list_users(&slice).await?;
        for user in &page.rows {
            let role = match user.role {
                Role::Reader => "reader",
                Role::Editor => "editor",
                Role::Admin => "admin",
            };
            let last = user
                .last_sign_in_at
                .map_or_else(|| "never".to_owned(), day_of);
            say(format!(
                "{:24} {role:8} last signed in: {last}",
                user.username
            ));
        }
        match page.rows.last().filter(|_| page.has_next) {
            Some(last) => slice = Slice::first(PAGE).after(last.id),
            None => return Ok(()),
        }
    }
}

async fn set_password(store: &Store, name: &str, from_stdin: bool) -> Result<(), CliError> {
    let user = existing(store, name).await?;
    let password = Password::choose(&user.username, from_stdin)?;
    if user.issuer.is_some() {
        return refused(format!(
            "\"{}\" is an account of an outside issuer and has no password here",
            user.username
        ));
    }
    let changes = UserChanges {
        password_hash: Some(password.hash()?),
        at: Clock::system().now(),
        ..UserChanges::default()
    };
    store.update_user(user.id, &changes).await?;
    say(format!(
        "password of \"{}\" set, its sessions ended",
        user.username
    ));
    password.tell();
    Ok(())
}

async fn set_role(store: &Store, name: &str, role: Role) -> Result<(), CliError> {
    let user = existing(store, name).await?;
    let changes = UserChanges {
        role: Some(role),
        at: Clock::system().now(),
        ..UserChanges::default()
    };
    if store.update_user(user.id, &changes).await? == UpdateUser::LastAdmin {
        return refused(format!(
            "\"{}\" is the last admin and must stay one",
            user.username
        ));
    }
    say(format!("role of \"{}\" set", user.username));
    Ok(())
}

async fn remove(store: &Store, name: &str) -> Result<(), CliError> {
    let user = existing(store, name).await?;
    if store.remove_user(user.id).await? == RemoveUser::LastAdmin {
        return refused(format!(
            "\"{}\" is the last admin and must stay",
            user.username
        ));
    }
    say(format!("account \"{}\" removed", user.username));
    Ok(())
}

async fn existing(store: &Store, name: &str) -> Result<user::Model, CliError> {
    let found = store.find_user(&username::sought(name)).await?;
    found.ok_or_else(|| CliError::Refused(format!("there is no account \"{name}\"")))
}

fn refused<T>(message: String) -> Result<T, CliError> {
    Err(CliError::Refused(message))
}

fn checked(name: &str) -> Result<String, CliError> {
    username::check(name)
        .map_err(|bad| CliError::Refused(format!("\"{name}\" is no name for an account. {bad}")))
}

fn day_of(at: Millis) -> String {
    let at = chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A password, and whether its owner knows it yet.
struct Password {
    text: String,
    is_made_up: bool,
}

impl Password {
    fn choose(username: &str, from_stdin: bool) -> Result<Self, CliError> {
        if !from_stdin {
            return Ok(Self {
                text: password::generate(),
                is_made_up: true,
            });
        }
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map_err(|source| CliError::Unreadable {
            name: "standard input".to_owned(),
            source,
        })?;
        let text = line.trim_end_matches(['\r', '\n']).to_owned();
        password::check(&text, username).map_err(|weak| CliError::Refused(weak.to_string()))?;
        Ok(Self {
            text,
            is_made_up: false,
        })
    }

    fn hash(&self) -> Result<String, CliError> {
        Ok(password::hash(&self.text)?)
    }

    /// Prints a made-up password, the only time.
    fn tell(&self) {
        if self.is_made_up {
            say(format!("password {}   (shown this once)", self.text));
        }
    }
}
