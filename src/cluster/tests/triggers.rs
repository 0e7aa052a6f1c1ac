//! While another replica leads, what changes leaves nothing behind.

use futures::{FutureExt, StreamExt};

use crate::cluster::Triggers;

#[test]
fn nothing_is_kept_until_the_start_and_then_every_app_is_woken_once() {
    let (triggers, mut triggered) = Triggers::new();
    for number in 0..1000 {
        triggers.reconcile([("demo".to_owned(), number.to_string())]);
        triggers.reconcile_all_in("demo".to_owned());
        triggers.reconcile_all();
    }
    triggers.start();
    assert_eq!(triggered.all.next().now_or_never(), Some(Some(())));
    assert_eq!(triggered.all.next().now_or_never(), None);
    assert_eq!(triggered.namespaces.next().now_or_never(), None);
    assert_eq!(triggered.ones.next().now_or_never(), None);

    triggers.reconcile([("demo".to_owned(), "shop".to_owned())]);
    let shop = ("demo".to_owned(), "shop".to_owned());
    assert_eq!(triggered.ones.next().now_or_never(), Some(Some(shop)));
}
