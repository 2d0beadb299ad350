//! Accounts, their tokens and marks, and what was done by whom, through the front door.

mod audit;
mod authors;
mod ending;
mod marks;
mod outside;
mod tokens;
mod users;
