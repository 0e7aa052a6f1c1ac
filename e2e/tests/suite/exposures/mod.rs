//! Hosts under which apps are reachable, on a control plane that has the definitions of all APIs.

mod apis;
mod conflicts;
mod drift;
mod hosts;
mod profiles;
mod releases;
mod stage;
