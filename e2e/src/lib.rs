//! A real Kubernetes control plane for tests and the demo: etcd, kube-apiserver and kube-controller-manager. It needs no
//! Docker, starts in a few seconds and leaves nothing behind.
//!
//! There is no scheduler and no kubelet: objects are stored, defaulted, validated and garbage-collected, but pods stay
//! `Pending`. With a [`node`] pods run; a node needs root and further programs.

pub mod audit;
mod control_plane;
mod definitions;
mod kubeconfig;
pub mod kubelet;
pub mod memory;
mod namespace;
pub mod node;
pub mod operator;
mod parts;
mod pki;
mod process;
mod programs;
mod random;
mod repository;
pub mod rights;
mod shown;
mod supervise;
mod supervisor;
mod wait;

pub use control_plane::{CONTROL_PLANE_ENV, ControlPlane};
pub use definitions::Definitions;
pub use kubeconfig::client;
pub use namespace::Namespace;
pub use parts::Parts;
pub use programs::oracle;
pub use random::Random;
pub use shown::show;
pub use supervise::supervise;
pub use wait::until;
