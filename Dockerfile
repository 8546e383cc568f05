# The proxy alone. Configuration: mount it as /etc/understudy/envoy.yaml, or say -c as with Envoy's image.
FROM swift:6.3-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libre2-dev libyaml-dev python3 valgrind \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN scripts/release.sh && install -D --strip .build-static/release/understudy /out/understudy

FROM debian:bookworm-slim AS run
# RE2 brings what else the program needs (libstdc++, libgcc); names are looked up by the C library.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libre2-9 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/understudy /usr/local/bin/understudy
# A number, so that "must not run as root" can be checked without looking into the image.
USER 10001:10001
EXPOSE 10000 9901
STOPSIGNAL SIGTERM
# There is no curl here, but bash can open a connection itself. Asks the admin server on port 9901; with another port,
# set ADMIN_PORT; without an admin server, run with --no-healthcheck.
ENV ADMIN_PORT=9901
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["timeout", "2", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$ADMIN_PORT && printf 'GET /ready HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r status <&3 && [[ $status == *' 200 '* ]]"]
ENTRYPOINT ["understudy"]
CMD ["-c", "/etc/understudy/envoy.yaml"]
