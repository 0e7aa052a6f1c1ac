//! User and group ids that may exist on the node, or are invalid.

use super::row::{Row, server, unreadable};

const USER: &str = "spec.components[0].user: … use a user id above 10000, or leave it out";
const USER_TOO: &str = "spec.components[web].user: … is not above 10000 … use an id above 10000, or leave it out";
const GROUP: &str = "spec.components[0].group: … use a group id above 10000, or leave it out";
const GROUP_TOO: &str = "spec.components[web].group: … is not above 10000 … use an id above 10000, or leave it out";

pub(super) const ROWS: &[Row] = &[
    server("root", "user: 0", USER, USER_TOO),
    server("the first user of most nodes", "user: 1000", USER, USER_TOO),
    server("the last user that is refused", "user: 10000", USER, USER_TOO),
    server("a user below zero", "user: -1", USER, USER_TOO),
    server(
        "a user beyond what Linux counts",
        "user: 4294967296",
        "spec.components[0].user: … should be less than or equal to 2147483647",
        "spec.components[web].user: 4294967296 is too large for a user or group id; use one from 10001 to 2147483647",
    ),
    unreadable(
        "a user by name",
        "user: nobody",
        "spec.components[0].user: … must be of type integer",
        "spec.components[web].user: not a whole number; write digits without quotes",
    ),
    server("the group of root", "group: 0", GROUP, GROUP_TOO),
    server("a group of the node", "group: 1000", GROUP, GROUP_TOO),
];
