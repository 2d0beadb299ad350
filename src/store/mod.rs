//! All SQL. In: drafts, claims and questions. Out: rows, pages and revisions. Must not know: HTTP, XML, GraphQL.

mod visit;

pub use visit::{Attempt, Claim, ClaimLimits, NextState, Reading, VisitRecord, VisitSummary};
