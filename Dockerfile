# The images of all processes: one stage builds the programs at once, so that what
# they share is compiled once, and each image holds one program and nothing else.
# docker-compose.yml builds them; alone: docker build --target claims .
FROM golang:1.26 AS build
# An authority that the module proxy's certificate needs besides the usual ones (PEM).
# It is a file of its own: the gateway is given the usual ones only.
ARG EXTRA_CA=""
RUN [ -z "$EXTRA_CA" ] || printf '%s\n' "$EXTRA_CA" >/etc/ssl/certs/extra.pem
ARG GOPROXY
ENV CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"
WORKDIR /src
COPY go.work go.work.sum ./
COPY shared/go.mod shared/go.sum shared/
COPY gateway/go.mod gateway/go.sum gateway/
COPY identity/go.mod identity/go.sum identity/
COPY services/claims/go.mod services/claims/go.sum services/claims/
COPY services/orders/go.mod services/orders/go.sum services/orders/
COPY e2e/go.mod e2e/go.sum e2e/
# What takes long does not depend on our own source.
RUN go mod download && go build modernc.org/sqlite
COPY . .
ARG REVISION=""
RUN mkdir /out && go build -ldflags "-s -w -X innerdoor.example/shared/ops.revision=$REVISION" -o /out/ \
    ./gateway ./identity ./services/claims ./services/orders ./shared/cmd/devca ./e2e/cmd/demo
# Each image's files, with their owners. devca writes into the folders of keys; only
# the process that a key is for can read there, by its group. Uids and gids:
# devca 10000, gateway 10001, identity 10002, claims 10003, orders 10004.
RUN set -eu; for p in gateway identity claims orders devca demo; do install -D -t /image/$p /out/$p; done; \
    install -m 644 -t /image/gateway gateway/routes.yaml gateway/issuers.yaml; \
    install -m 644 -D -t /image/gateway/etc/ssl/certs /etc/ssl/certs/ca-certificates.crt; \
    for s in claims orders; do install -m 644 services/$s/seed.yaml /image/$s/seed.yaml; done; \
    install -d -m 700 -o 10002 -g 10002 /image/identity/data /image/identity/secrets; \
    install -d -m 700 -o 10003 -g 10003 /image/claims/data; \
    install -d -m 700 -o 10004 -g 10004 /image/orders/data; \
    install -d -m 755 -o 10000 -g 10000 /image/devca/trust; \
    n=10001; for p in gateway identity claims orders; do install -d -m 2750 -o 10000 -g $n /image/devca/trust/$p; n=$((n + 1)); done; \
    install -D -t /image/demo/bin /out/gateway; install -m 644 -D -t /image/demo/gateway gateway/routes.yaml gateway/issuers.yaml

FROM scratch AS process
ARG REVISION=""
LABEL org.opencontainers.image.title="Innerdoor" \
      org.opencontainers.image.description="A reference system that shows where authentication and authorization belong" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="$REVISION"
ENV TRUST_BUNDLE=/trust/bundle.pem TXN_JWKS=/trust/txn.jwks DATA_DIR=/data INNER_ADDR=:8443

FROM process AS devca
COPY --from=build /image/devca /
USER 10000:10000
ENTRYPOINT ["/devca", "-out", "/trust"]

FROM process AS gateway
COPY --from=build /image/gateway /
ENV WORKLOAD_CERT=/trust/gateway/cert.pem WORKLOAD_KEY=/trust/gateway/key.pem TXN_KEY=/trust/gateway/txn.key PUBLIC_ADDR=:8080
USER 10001:10001
HEALTHCHECK --interval=2s --retries=5 CMD ["/gateway", "healthcheck"]
ENTRYPOINT ["/gateway"]

FROM process AS identity
COPY --from=build /image/identity /
ENV WORKLOAD_CERT=/trust/identity/cert.pem WORKLOAD_KEY=/trust/identity/key.pem
USER 10002:10002
HEALTHCHECK --interval=2s --retries=5 CMD ["/identity", "healthcheck"]
ENTRYPOINT ["/identity"]

FROM process AS claims
COPY --from=build /image/claims /
ENV WORKLOAD_CERT=/trust/claims/cert.pem WORKLOAD_KEY=/trust/claims/key.pem
USER 10003:10003
HEALTHCHECK --interval=2s --retries=5 CMD ["/claims", "healthcheck"]
ENTRYPOINT ["/claims"]

FROM process AS orders
COPY --from=build /image/orders /
ENV WORKLOAD_CERT=/trust/orders/cert.pem WORKLOAD_KEY=/trust/orders/key.pem
USER 10004:10004
HEALTHCHECK --interval=2s --retries=5 CMD ["/orders", "healthcheck"]
ENTRYPOINT ["/orders"]

# The demo's play, with a further gateway for its thief. It runs as identity does,
# whose file of secrets it reads.
FROM process AS demo
COPY --from=build /image/demo /
USER 10002:10002
ENTRYPOINT ["/demo"]
