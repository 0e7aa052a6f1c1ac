//! Mount paths that are no plain absolute paths or cover system directories, and names of mounted objects.

use super::row::{Row, operator, server, unreadable};

const PLAIN: &str =
    "spec.components[web].writablePaths[ … is not a plain absolute path; write one such as /var/cache/shop";
const SYSTEM: &str =
    "spec.components[web].writablePaths[ … belongs to the system; choose a directory of the application";
const CREDENTIALS: &str = "is reserved for credentials; choose another directory";
const CONFIG: &str = "spec.components[web].config[ … belongs to the system; choose a directory of the application";

pub(super) const ROWS: &[Row] = &[
    operator("a path with ..", "writablePaths: [{path: /srv/../etc, size: 1Mi}]", PLAIN),
    operator("a relative path", "writablePaths: [{path: srv/data, size: 1Mi}]", PLAIN),
    operator("a slash at the end", "writablePaths: [{path: /srv/, size: 1Mi}]", PLAIN),
    operator("a slash too many", "writablePaths: [{path: /srv//data, size: 1Mi}]", PLAIN),
    operator("a colon, which the runtime splits at", "writablePaths: [{path: '/srv:rw', size: 1Mi}]", PLAIN),
    server(
        "the root directory",
        "writablePaths: [{path: /, size: 1Mi}]",
        "spec.components[0].writablePaths[0].path … should be at least 2 chars long",
        PLAIN,
    ),
    operator("/etc", "writablePaths: [{path: /etc, size: 1Mi}]", SYSTEM),
    operator("the binaries", "writablePaths: [{path: /usr, size: 1Mi}]", SYSTEM),
    operator("/proc", "config: [{configMap: shop, mountPath: /proc}]", CONFIG),
    operator("the kernel's settings", "config: [{configMap: shop, mountPath: /proc/sys/kernel}]", CONFIG),
    operator("the devices", "volumes: [{name: data, path: /dev/mem, claim: shop}]", "belongs to the system"),
    operator(
        "a token of one's own making",
        "config: [{configMap: shop, mountPath: /var/run/secrets/kubernetes.io/serviceaccount}]",
        CREDENTIALS,
    ),
    operator("a folder among the secrets", "writablePaths: [{path: /run/secrets/shop, size: 1Mi}]", CREDENTIALS),
    operator("/tmp read-only", "config: [{configMap: shop, mountPath: /tmp}]", "must stay writable; choose another"),
    operator(
        "two things at one path",
        "writablePaths: [{path: /srv, size: 1Mi}], config: [{configMap: shop, mountPath: /srv}]",
        "spec.components[web]: two volumes are mounted at /srv; give each its own path",
    ),
    operator(
        "a directory inside a read-only one",
        "writablePaths: [{path: /srv/cache, size: 1Mi}], config: [{configMap: shop, mountPath: /srv}]",
        "spec.components[web]: /srv/cache lies inside /srv, which is read-only; mount it elsewhere",
    ),
    server(
        "a path twice",
        "writablePaths: [{path: /srv, size: 1Mi}, {path: /srv, size: 2Mi}]",
        "spec.components[0].writablePaths[1]: Duplicate value",
        "two volumes are mounted at /srv; give each its own path",
    ),
    server(
        "a mounted Secret's name in upper case",
        "secrets: [Shop_Env]",
        "spec.components[0].secrets … use names of Secrets",
        "spec.components[web].secrets[Shop_Env]: not a name for a Secret; use lower-case letters",
    ),
    server(
        "a mounted Secret's name that leads elsewhere",
        "secrets: ['../shop']",
        "spec.components[0].secrets … use names of Secrets",
        "spec.components[web].secrets[../shop]: not a name for a Secret; use lower-case letters",
    ),
    server(
        "a ConfigMap's name with a blank",
        "config: [{configMap: shop config, mountPath: /srv}]",
        "spec.components[0].config[0].configMap: … use the name of a ConfigMap",
        "spec.components[web].config[0].configMap: not a name for a ConfigMap; use lower-case letters",
    ),
    server(
        "a claim's name with a slash",
        "volumes: [{name: data, path: /srv, claim: other/shop}]",
        "spec.components[0].volumes[0].claim: … use the name of a PersistentVolumeClaim",
        "spec.components[web].volumes[data].claim: not a name for a PersistentVolumeClaim; use lower-case letters",
    ),
    server(
        "a volume's name with an underline",
        "volumes: [{name: shop_data, path: /srv, claim: shop}]",
        "spec.components[0].volumes[0].name: … use lower-case letters, digits and '-', starting with a letter",
        "spec.components[web].volumes[shop_data]: not a name for a volume; use at most 20 lower-case letters",
    ),
    server(
        "two volumes of one name",
        "volumes: [{name: data, path: /srv/a, claim: a}, {name: data, path: /srv/b, claim: b}]",
        "spec.components[0].volumes[1]: Duplicate value",
        "spec.components[web].volumes[data]: it is listed twice; remove one",
    ),
    unreadable(
        "a folder of the node",
        "volumes: [{name: data, path: /srv, claim: shop, hostPath: {path: /}}]",
        "unknown field \"spec.components[0].volumes[0].hostPath\"",
        "spec.components[web].volumes[data].hostPath: unknown field; correct its spelling, or remove it",
    ),
];
