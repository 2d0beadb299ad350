//! Numbered steps that make the tables. Each table is declared (what editors say), observed (what
//! publishers say) or derived (what follows from the rest).
//!
//! In: a database. Out: the same with all steps applied. Must not know: entities, which describe only the newest
//! step. A step that was released is never edited: a change is a new step at the end of the list.

mod m0001_declared;
mod m0002_observed;
mod m0003_derived;
mod m0005_changes;
mod m0006_rhythm;
mod m0007_edge;
mod m0008_search;
mod m0010_accounts;
mod m0011_planet;
mod m0012_validators;
pub mod order;
mod table;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// All steps, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_declared::Migration),
            Box::new(m0002_observed::Migration),
            Box::new(m0003_derived::Migration),
            Box::new(m0005_changes::Migration),
            Box::new(m0006_rhythm::Migration),
            Box::new(m0007_edge::Migration),
            Box::new(m0008_search::Migration),
            Box::new(m0010_accounts::Migration),
            Box::new(m0011_planet::Migration),
            Box::new(m0012_validators::Migration),
        ]
    }
}
