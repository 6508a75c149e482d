module innerdoor.example/e2e

go 1.26.0

require innerdoor.example/shared v0.0.0

require (
	github.com/boombuler/barcode v1.0.1-0.20190219062509-6c824513bacc // indirect
	github.com/coreos/go-oidc/v3 v3.21.0 // indirect
	github.com/goccy/go-yaml v1.19.2 // indirect
	github.com/pquerna/otp v1.5.0 // indirect
	golang.org/x/oauth2 v0.38.0 // indirect
)

replace innerdoor.example/shared => ../shared
