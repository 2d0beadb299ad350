//! Lists that only signed-in people see: accounts and jobs. In: slices. Out: pages and counts. Must not know: who
//! may see them.

use entity::{JobId, UserId, job, job_item, user};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::error::Reading;
use super::page::{Keyset, Page, Slice};
use super::{Store, StoreError};

impl Store {
    /// A page of accounts, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_users(&self, slice: &Slice<UserId>) -> Result<Page<user::Model>, StoreError> {
        let mut select = user::Entity::find();
        by_key((user::Entity, user::Column::Id).into(), Order::Asc).apply(
            QuerySelect::query(&mut select),
            slice,
            |id| vec![Expr::value(*id)],
        );
        let rows = select.all(self.reader()).await;
        Ok(slice.page(rows.reading("a page of accounts")?))
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_users(&self) -> Result<i64, StoreError> {
        let count = user::Entity::find().count(self.reader()).await;
        Ok(signed(count.reading("how many accounts there are")?))
    }

    /// A page of jobs, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_jobs(&self, slice: &Slice<JobId>) -> Result<Page<job::Model>, StoreError> {
        let mut select = job::Entity::find();
        by_key((job::Entity, job::Column::Id).into(), Order::Desc).apply(
            QuerySelect::query(&mut select),
            slice,
            |id| vec![Expr::value(*id)],
        );
        let rows = select.all(self.reader()).await;
        Ok(slice.page(rows.reading("a page of jobs")?))
    }

    /// How many jobs there are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_jobs(&self) -> Result<i64, StoreError> {
        let count = job::Entity::find().count(self.reader()).await;
        Ok(signed(count.reading("how many jobs there are")?))
    }

    /// A page of a job's items that failed, in the order of the document. The job's `failed` counts them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_job_failures(
        &self,
        job: JobId,
        slice: &Slice<i32>,
    ) -> Result<Page<job_item::Model>, StoreError> {
        let mut select = job_item::Entity::find()
            .filter(job_item::Column::JobId.eq(job))
            .filter(job_item::Column::FailureCode.is_not_null());
        by_key(
            (job_item::Entity, job_item::Column::Position).into(),
            Order::Asc,
        )
        .apply(QuerySelect::query(&mut select), slice, |position| {
            vec![Expr::value(*position)]
        });
        let rows = select.all(self.reader()).await;
        Ok(slice.page(rows.reading("a page of a job's failures")?))
    }
}

fn by_key(column: sea_orm::sea_query::ColumnRef, order: Order) -> Keyset {
    Keyset {
        columns: vec![Expr::Column(column)],
        order,
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
