//! In whose name a mutation writes. In: a request's context. Out: what resolvers work with, bound to whoever asks, so that
//! no mutation has to think of the audit log. Must not know: what is written.

use std::sync::{Arc, OnceLock};

use async_graphql::Context;
use async_graphql::parser::types::OperationType;

use super::{Services, viewer};
use crate::store::Actor;

/// The services of one request's mutations, made by the first of them.
#[derive(Default)]
pub struct Acting(OnceLock<(Arc<Actor>, Services)>);

/// The shared services for reading; for a mutation, its caller's own. The fields of a mutation run one after the other
/// (GraphQL, section 6.2.2), so what is being done is the last root field that asked.
pub fn services<'a>(ctx: &Context<'a>, shared: &'a Services) -> &'a Services {
    if ctx.query_env.operation.node.ty != OperationType::Mutation {
        return shared;
    }
    let Ok(acting) = ctx.data::<Acting>() else {
        return shared;
    };
    let (actor, services) = acting.0.get_or_init(|| bind(ctx, shared));
    if ctx.path_node.is_some_and(|node| node.parent.is_none()) {
        actor.begin(ctx.field().name());
    }
    services
}

fn bind(ctx: &Context<'_>, shared: &Services) -> (Arc<Actor>, Services) {
    let by = viewer::principal(ctx);
    let by = by.map(|principal| (principal.user_id, principal.username.clone()));
    let address = viewer::caller(ctx).and_then(|caller| caller.address);
    let actor = Arc::new(Actor::new(by, address, shared.clock.clone()));
    let mut services = shared.clone();
    services.store = shared.store.acting(Arc::clone(&actor));
    (actor, services)
}
