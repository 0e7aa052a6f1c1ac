//! The lists of a namespace that has its first app: shared by its apps, and none without an answer counts.

use std::sync::Arc;

use futures::future::join;
use serde_json::{Value, json};

use super::server::{Answer, Server};
use crate::{
    app::AppId,
    cluster::{Cache, Claims, Context, Memory, Settings, Triggers, Writer, cache::NeighbourKind},
    fixtures::{id, shop, target},
    plan::FailureClass,
};

fn context(server: &Server) -> Context {
    let cache = Arc::<Cache>::default();
    for kind in NeighbourKind::ALL.into_iter().filter(|kind| !kind.is_optional()) {
        cache.around.neighbourhood(|all| all.relist(kind));
        cache.around.neighbourhood(|all| all.relisted(kind));
    }
    cache.app_observed(&id());
    Context {
        preflight_image: "r.io/operator:1".to_owned(),
        cache,
        settings: Arc::<Settings>::default(),
        memory: Arc::<Memory>::default(),
        writer: Writer::new(server.client(), None),
        claims: Arc::<Claims>::default(),
        triggers: Triggers::new().0,
    }
}

fn page(names: &[&str], token: &str) -> Answer {
    let item = |name: &&str| json!({ "metadata": { "name": name, "namespace": "demo", "resourceVersion": "3" }, "spec": { "podSelector": {} } });
    let items: Vec<Value> = names.iter().map(item).collect();
    Answer::Object(json!({ "metadata": { "resourceVersion": "7", "continue": token }, "items": items }))
}

#[tokio::test]
async fn apps_of_a_namespace_share_its_lists_and_need_no_further() {
    let server = Server::default();
    server.expect("list networkpolicies", page(&["a", "b"], "more"));
    server.expect("list networkpolicies", page(&["c"], ""));
    server.expect("list services", page(&[], ""));
    server.expect("list ingresses", page(&["i"], ""));
    let context = context(&server);
    let other = AppId { name: "blog".to_owned(), uid: "blog".to_owned(), ..id() };
    context.cache.app_observed(&other);
    let (one, another) = join(context.neighbours_of(&id()), context.neighbours_of(&other)).await;
    let one = one.unwrap();
    assert!(Arc::ptr_eq(&one, &another.unwrap()));
    assert_eq!((one.policies.len(), one.services.len(), one.routes.len()), (3, 0, 1));
    let surroundings = context.surroundings_of(&target(shop())).await.unwrap();
    assert_eq!(surroundings.neighbours.policies.len(), 3);
    server.finish();
}

#[tokio::test]
async fn a_list_that_fails_is_an_error_and_only_it_is_repeated() {
    let server = Server::default();
    server.expect("list networkpolicies", page(&["a"], ""));
    server.expect("list services", Answer::Code(503));
    let context = context(&server);
    let failure = context.find_surroundings(&target(shop())).await.unwrap_err();
    assert_eq!(
        (failure.class(), failure.in_words().as_str()),
        (FailureClass::Unavailable, "failed to list services demo: answered 503")
    );
    server.expect("list services", page(&["s"], ""));
    server.expect("list ingresses", page(&[], ""));
    let known = context.neighbours_of(&id()).await.unwrap();
    assert_eq!((known.policies.len(), known.services.len()), (1, 1));
    server.finish();
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_a_reconciliation_goes_on() {
    let server = Server::default();
    server.expect("list networkpolicies", Answer::Silence);
    let context = context(&server);
    let failure = context.find_surroundings(&target(shop())).await.unwrap_err();
    assert_eq!(failure.class(), FailureClass::Unavailable);
    server.finish();
}

#[tokio::test]
async fn of_an_app_that_is_gone_nothing_is_listed() {
    let server = Server::default();
    let context = context(&server);
    context.cache.app_gone(&id().uid);
    let failure = context.neighbours_of(&id()).await.unwrap_err();
    assert_eq!(failure.class(), FailureClass::Unavailable);
    server.finish();
}
