//! While the caches are filled, what changes leaves nothing behind: every app is reconciled afterwards.

use futures::{FutureExt, StreamExt};

use crate::cluster::Triggers;

#[test]
fn nothing_is_kept_until_the_caches_are_full() {
    let (triggers, mut triggered) = Triggers::new();
    for number in 0..1000 {
        triggers.reconcile([("demo".to_owned(), number.to_string())]);
        triggers.reconcile_all_in("demo".to_owned());
        triggers.reconcile_all();
    }
    triggers.arm();
    assert_eq!(triggered.all.next().now_or_never(), None);
    assert_eq!(triggered.namespaces.next().now_or_never(), None);
    assert_eq!(triggered.ones.next().now_or_never(), None);

    triggers.reconcile([("demo".to_owned(), "shop".to_owned())]);
    let shop = ("demo".to_owned(), "shop".to_owned());
    assert_eq!(triggered.ones.next().now_or_never(), Some(Some(shop)));
}
