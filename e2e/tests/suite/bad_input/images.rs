//! Image references that don't identify one image, or are invalid.

use super::row::{Row, server, unreadable};

const FORM: &str = "spec.components[0].image: … write the image as registry/repository:tag@sha256:digest";
const NOT_AN_IMAGE: &str =
    "spec.components[web].image: not an image reference; write registry/repository:tag@sha256:digest";
const PIN: &str = "spec.components[0].image: … append :<version> or @sha256:<64 hex digits>";
const NO_TAG: &str = "spec.components[web].image: no tag and no digest; append :<version> or @sha256:<digest>";
const DIGEST: &str = "spec.components[web].image: the digest is not complete; copy all 64 hex digits after @sha256:";

pub(super) const ROWS: &[Row] = &[
    server("no tag", "image: registry.example.com/hello", PIN, NO_TAG),
    server("no tag behind a registry with a port", "image: registry.example.com:5000/hello", PIN, NO_TAG),
    server("a tag of no characters", "image: 'registry.example.com/hello:'", PIN, NO_TAG),
    server(
        "the tag latest",
        "image: registry.example.com/hello:latest",
        "spec.components[0].image: … name a version or a digest",
        "spec.components[web].image: the tag 'latest' … name a version or a digest",
    ),
    server("half a digest", "image: 'registry.example.com/hello@sha256:0123456789abcdef'", PIN, DIGEST),
    server(
        "a digest in upper case",
        "image: 'registry.example.com/hello@sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'",
        PIN,
        DIGEST,
    ),
    server("a digest by another algorithm", "image: 'registry.example.com/hello@md5:0123'", FORM, NOT_AN_IMAGE),
    server("a space in the image", "image: 'registry.example.com/hello: 1'", FORM, NOT_AN_IMAGE),
    server("a repository in upper case", "image: 'registry.example.com/Hello:1'", FORM, NOT_AN_IMAGE),
    server("two dots in a repository", "image: 'registry.example.com/a..b:1'", FORM, NOT_AN_IMAGE),
    server(
        "an underscore in a registry",
        "image: 'my_registry.example.com/hello:1'",
        "spec.components[0].image: … the registry is not a host name or address",
        NOT_AN_IMAGE,
    ),
    server("the address of a web page", "image: 'https://registry.example.com/hello:1'", FORM, NOT_AN_IMAGE),
    server("an unexpanded template variable", "image: 'registry.example.com/hello:${VERSION}'", FORM, NOT_AN_IMAGE),
    server("an image of no characters", "image: ''", "spec.components[0].image", NOT_AN_IMAGE),
    unreadable(
        "no image",
        "image: null",
        "spec.components[0].image: Required value",
        "spec.components[web].image: it is missing; add it",
    ),
    unreadable(
        "a tag that YAML takes for a number",
        "image: 1.27",
        "spec.components[0].image: Invalid value … must be of type string",
        "spec.components[web].image: not text; put it in quotes",
    ),
];
