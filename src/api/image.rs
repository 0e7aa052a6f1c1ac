//! What an image reference must look like.

use kube::core::Rule;

/// Registry, path, tag and digest have their forms.
pub(super) fn is_reference() -> Rule {
    Rule::new(r"self.matches('^(([[][0-9a-fA-F:]+[]]|[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?([.][a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(:[0-9]+)?/)?[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?(@sha256:.*)?$')")
        .message("write the image as registry/repository:tag@sha256:digest, the repository in lower case, without spaces")
}

/// A first part that looks like a registry is a host name or an address.
pub(super) fn has_registry() -> Rule {
    Rule::new(r"!self.matches('^[^/]*[.:][^/]*/') || self.matches('^([[][0-9a-fA-F:]+[]]|[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?([.][a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(:[0-9]+)?/')")
        .message("the registry is not a host name or address: use letters, digits, '-' and '.'")
}

/// It has a tag or a digest.
pub(super) fn has_version() -> Rule {
    Rule::new(r"self.matches('(^[^@]*:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[a-f0-9]{64})$')")
        .message("the image needs a tag or a digest: append :<version> or @sha256:<64 hex digits>")
}

/// The tag names a version.
pub(super) fn is_not_latest() -> Rule {
    Rule::new("!self.endsWith(':latest')")
        .message("the tag 'latest' changes under a running app: name a version or a digest")
}
