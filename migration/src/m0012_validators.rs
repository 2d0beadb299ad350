//! Step 12: `poll_state` keeps which address gave the validators, so that they are sent back to no other.
//!
//! In: a database after the step before. Out: the column, empty: what was kept before is of an unknown address. Must not
//! know: entities, which may change later.

use sea_orm_migration::prelude::*;

/// This step.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table("poll_state")
            .add_column(ColumnDef::new("validators_url").text().null())
            .to_owned();
        manager.alter_table(add).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Table::alter()
            .table("poll_state")
            .drop_column("validators_url")
            .to_owned();
        manager.alter_table(drop).await
    }
}
