//! How requests from outside of the cluster reach apps: Contour and Envoy serve their hosts, with certificates of the test's own authority.

mod authority;
mod gateway;
mod hello;
mod served;
mod visitor;
