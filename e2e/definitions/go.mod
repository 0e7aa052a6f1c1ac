// The definitions of APIs that a cluster may have or not, for the tests: `make definitions`.
module hardened.dev/e2e/definitions

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/projectcontour/contour v1.33.8
	github.com/traefik/traefik/v3 v3.7.13
	sigs.k8s.io/gateway-api v1.6.1
)
