//! What a file owns is changed in the file. In: keys. Out: refusals. Must not know: which file.

use entity::{PlanetId, SourceId, UserErrorCode};

use super::user_error::Wrong;
use crate::follow::Refusal;
use crate::graphql::Services;
use crate::graphql::error::Result;
use crate::graphql::id::{self, Key};

/// Refuses to change planets that a file owns.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn refuse_planets(
    services: &Services,
    path: &[&str],
    ids: &[PlanetId],
    wrong: &mut Wrong,
) -> Result<()> {
    let owned = services.store.declared_planets(ids).await?;
    for id in ids.iter().filter(|id| owned.contains_key(id)) {
        wrong.add(path, refusal(*id));
    }
    Ok(())
}

/// Refuses to change sources that a file owns.
///
/// # Errors
/// `INTERNAL` when the store fails.
pub async fn refuse_sources(
    services: &Services,
    path: &[&str],
    ids: &[SourceId],
    wrong: &mut Wrong,
) -> Result<()> {
    let owned = services.store.declared_sources(ids).await?;
    for id in ids.iter().filter(|id| owned.contains_key(id)) {
        wrong.add(path, refusal(*id));
    }
    Ok(())
}

fn refusal<K: Key>(key: K) -> Refusal {
    let message = format!(
        "A file owns {}: change it there, and apply the file again.",
        id::encode(key).as_str()
    );
    Refusal::new(UserErrorCode::ManagedByFile, message)
}
