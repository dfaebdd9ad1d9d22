# syntax=docker/dockerfile:1
#
# The service in an image of its own: the program, CA certificates and libc; no shell, no package
# manager, nobody's root.
#
#   docker build -t sre-monitor .
#   docker run --rm --read-only --cap-drop=ALL -p 127.0.0.1:8080:8080 \
#     -v sre-monitor:/data -e SRE_MONITOR_ALLOW_ANONYMOUS=true sre-monitor
#
# It listens on every address of the container, and therefore starts with tokens
# (SRE_MONITOR_API_TOKENS_FILE) or an explicit SRE_MONITOR_ALLOW_ANONYMOUS=true only. See
# docs/deployment.md.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The caches outlive the layer: a change of our code compiles our crates, not those of others. The
# statements of the store are checked against .sqlx/, so no database is needed.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --package sre-server --bin sre-monitor \
    && install -D -m 0755 target/release/sre-monitor /image/usr/local/bin/sre-monitor \
    && install -d -m 0750 -o 65532 -g 65532 /image/data

# libgcc and libc of the Debian that it was built on, and CA certificates; uid 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="SRE Monitor" \
      org.opencontainers.image.description="SLOs, error budgets, alerts and incidents" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /image/usr/local/bin/sre-monitor /usr/local/bin/sre-monitor
COPY --from=build --chown=65532:65532 /image/data /data
ENV SRE_MONITOR_HOST=0.0.0.0 \
    SRE_MONITOR_PORT=8080 \
    SRE_MONITOR_DATA_DIR=/data
USER 65532:65532
# The store. Everything else of the root may be read-only.
VOLUME ["/data"]
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/sre-monitor", "health"]
ENTRYPOINT ["/usr/local/bin/sre-monitor"]
