//! Apps that exceed the limits of the HardeningPolicy.

use super::row::{Row, operator};

/// The policy; the app without mistakes conforms to it.
pub(super) const POLICY: &str = "
images: {requireDigest: true, allowedRegistries: [registry.example.com/team]}
resources: {maximum: {cpu: '1', memory: 512Mi, ephemeralStorage: 512Mi}}
network: {clusterCIDRs: [198.51.100.0/24]}
placement:
  devices:
  - {resource: nvidia.com/gpu, nodeSelector: {pool: gpu}}
  - {resource: intel.com/fpga, nodeSelector: {pool: fpga}}
";

const REGISTRY: &str =
    "spec.components[web].image: … doesn't allow this registry; use an image from registry.example.com/team";

pub(super) const ROWS: &[Row] = &[
    operator(
        "an image without the digest that the policy demands",
        "image: registry.example.com/team/hello:1.0.0",
        "spec.components[web].image: … requires a digest; append @sha256:<digest>",
    ),
    operator(
        "an image of another registry",
        "image: ghcr.io/team/hello@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        REGISTRY,
    ),
    operator(
        "an image of no registry: the node decides which one is meant",
        "image: team/hello@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "spec.components[web].image: it names no registry; name the registry: use an image from registry.example.com/team",
    ),
    operator(
        "an image of a team whose name begins alike",
        "image: registry.example.com/teammate/x@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        REGISTRY,
    ),
    operator(
        "more CPU than allowed",
        "resources: {cpu: 1001m}",
        "spec.components[web].resources.cpu: 1001m is more than … ask for at most 1",
    ),
    operator(
        "more memory than allowed",
        "resources: {memory: 1Gi}",
        "spec.components[web].resources.memory: 1Gi is more than … ask for at most 512Mi",
    ),
    operator(
        "more disk than allowed, in two parts",
        "resources: {ephemeralStorage: 300Mi}, writablePaths: [{path: /srv, size: 300Mi}]",
        "spec.components[web].resources.ephemeralStorage: 600Mi with the writable paths is more … at most 512Mi",
    ),
    operator(
        "the cluster's own addresses from outside",
        "egress: [{cidr: 198.51.100.0/28, ports: [6443]}]",
        "lies in 198.51.100.0/24, which is not outside the cluster; name an outside range; inside the cluster use",
    ),
    operator(
        "a device that the policy doesn't list",
        "devices: {amd.com/gpu: 1}",
        "spec.components[web].devices[amd.com/gpu]: … lists no such device; ask for a listed one",
    ),
    operator(
        "no device at all",
        "devices: {nvidia.com/gpu: 0}",
        "spec.components[web].devices[nvidia.com/gpu]: 0 devices; ask for 1 or more, or remove it",
    ),
    operator(
        "two devices that no node has together",
        "devices: {nvidia.com/gpu: 1, intel.com/fpga: 1}",
        "no node has all these devices: they differ in pool; ask for fewer kinds of device",
    ),
];
