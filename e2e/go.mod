module innerdoor.example/e2e

go 1.26.0

require (
	github.com/goccy/go-yaml v1.19.2
	github.com/pquerna/otp v1.5.0
	golang.org/x/oauth2 v0.38.0
)

require github.com/boombuler/barcode v1.0.1-0.20190219062509-6c824513bacc // indirect

replace innerdoor.example/shared => ../shared
