//! The images in the node's registry.

use std::path::PathBuf;

use anyhow::Result;

use crate::programs;

/// The name of the operator's image, without the registry.
pub(super) const OPERATOR: &str = "ops/hardened-app:0.1.0";

/// The program in most containers of the tests.
const GUEST: Content = Content::Program { of: "STATIC_PROGRAMS", target: "e2e", name: "guest" };

/// The program that configures Envoy.
const CONTOUR: Content = Content::Program { of: "CONTOUR_ASSETS", target: "node", name: "contour" };

/// What an image consists of.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// One static program, at the path of the entry point.
    Program {
        /// Names the folder of the program.
        of: &'static str,
        /// Builds the program.
        target: &'static str,
        name: &'static str,
    },
    /// A layer that `make node` has made.
    Layer {
        /// Names the folder of the layer.
        of: &'static str,
        name: &'static str,
    },
}

/// An image and its configuration, as the OCI image specification has it.
#[derive(Clone, Copy)]
pub(super) struct Image {
    /// The name without the registry.
    pub(super) name: &'static str,
    pub(super) content: Content,
    /// What is in the layer below that of the content.
    pub(super) base: Option<Content>,
    pub(super) entrypoint: &'static [&'static str],
    /// The arguments of the entry point, which those of a container replace.
    pub(super) command: &'static [&'static str],
    pub(super) environment: &'static [&'static str],
    pub(super) user: &'static str,
    pub(super) folder: &'static str,
    /// The stop signal.
    pub(super) signal: &'static str,
}

impl Image {
    const fn of(name: &'static str, content: Content, entrypoint: &'static [&'static str]) -> Self {
        Self {
            name,
            content,
            base: None,
            entrypoint,
            command: &[],
            environment: &[],
            user: "",
            folder: "",
            signal: "SIGTERM",
        }
    }

    /// The guest handles no signal, and the first process of a PID namespace ignores unhandled signals except SIGKILL.
    const fn guest(name: &'static str, entrypoint: &'static [&'static str]) -> Self {
        Self { signal: "SIGKILL", ..Self::of(name, GUEST, entrypoint) }
    }

    const fn with(self, environment: &'static [&'static str]) -> Self {
        Self { environment, ..self }
    }
}

const POSTGRES_LAYER: Content = Content::Layer { of: "DATABASE_LAYERS", name: "postgres" };
const POSTGRES_PATH: &str = "PATH=/bin:/usr/lib/postgresql/15/bin";

/// Databases are Debian's, with the interface of the images of Docker's library.
const POSTGRES: Image = Image {
    command: &["postgres"],
    environment: &[
        POSTGRES_PATH,
        "PGDATA=/var/lib/postgresql/data",
        // Debian has this locale without any generation.
        "LANG=C.UTF-8",
    ],
    // Disconnects the clients; SIGTERM would wait for them.
    signal: "SIGINT",
    ..Image::of("postgres:15", POSTGRES_LAYER, &["/entrypoint"])
};

/// The guest, with PostgreSQL's client beside it.
const TICKETS: Image = Image {
    base: Some(POSTGRES_LAYER),
    ..Image::guest("tickets/web:1.4.0", &["/app/web"]).with(&[POSTGRES_PATH, "PORT=8080"])
};

const REDIS: Image = Image {
    command: &["redis-server"],
    environment: &["PATH=/bin:/usr/bin"],
    folder: "/data",
    ..Image::of("redis:7", Content::Layer { of: "DATABASE_LAYERS", name: "redis" }, &["/entrypoint"])
};

pub(super) const IMAGES: [Image; 15] = [
    // As the README describes it.
    Image {
        user: "65532",
        ..Image::of(
            OPERATOR,
            Content::Program { of: "STATIC_PROGRAMS", target: "e2e", name: "hardened-app" },
            &["/hardened-app"],
        )
    },
    Image::of(
        "coredns:1.15.0",
        Content::Program { of: "COREDNS_ASSETS", target: "node", name: "coredns" },
        &["/coredns"],
    ),
    Image::of("contour:1.33.8", CONTOUR, &["/contour"]),
    Image::of("envoy:1.40.0", Content::Layer { of: "ENVOY_LAYER", name: "envoy" }, &["/bin/envoy"]),
    POSTGRES,
    REDIS,
    Image::guest("pause:1", &["/pause", "pause"]),
    Image::guest("hello:1.0.0", &["/app/hello"]).with(&["PORT=8080"]),
    Image::guest("hello:1.1.0", &["/app/hello"]).with(&["PORT=8080"]),
    // The sample sets the command.
    Image::guest("shop/web:2.1.0", &["/app/web"]),
    Image::guest("shop/api:2.1.0", &["/app/api"]).with(&["PORT=9090"]),
    Image::guest("shop/worker:2.1.0", &["/app/worker"]),
    Image::guest("store/web:3.0.0", &["/app/web"]).with(&["PORT=8080"]),
    Image::guest("store/report:3.0.0", &["/app/report"]),
    TICKETS,
];

impl Content {
    /// The file of the program or layer.
    pub(super) fn file(self) -> Result<PathBuf> {
        match self {
            Self::Program { of, target, name } => programs::find_in(of, target, name),
            Self::Layer { of, name } => programs::find_in(of, "node", &format!("{name}.tar")),
        }
    }
}

/// The static program that serves what tests ask of it.
pub(super) fn guest() -> Result<PathBuf> {
    GUEST.file()
}

/// Contour, which also makes the certificates for its connections with Envoy.
pub(super) fn contour() -> Result<PathBuf> {
    CONTOUR.file()
}
