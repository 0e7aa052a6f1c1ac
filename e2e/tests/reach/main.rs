//! Who reaches whom: the operator's evaluation of NetworkPolicies against another implementation, for designed topologies and for
//! random ones.
//!
//! The judge is the matcher of Cyclonus, with selectors evaluated by Kubernetes' own code: `e2e/oracle/selectors.go` says why.

mod cells;
mod designed;
mod generated;
mod oracle;
mod topology;
