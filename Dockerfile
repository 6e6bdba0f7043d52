# FuseScope in a container.
#
#   docker build -t fusescope .
#
# The page and the interface, for events that other programs send:
#   docker run --rm --init -e FUSESCOPE_TOKEN=change-me -p 127.0.0.1:7411:7411 fusescope
# With the demo, or mirrors (as root in the container; AppArmor's default profile forbids mounting):
#   docker run --rm --init --user root --device /dev/fuse --cap-add SYS_ADMIN --security-opt apparmor=unconfined \
#     -e FUSESCOPE_TOKEN=change-me -p 127.0.0.1:7411:7411 fusescope serve --host 0.0.0.0 --demo
# Then open http://127.0.0.1:7411/?token=change-me
#
# A mount that is made in the container is seen outside of it only below a volume with shared propagation:
#   --mount type=bind,source=/srv/mirrors,target=/srv/mirrors,bind-propagation=rshared

ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates npm gcc libc6-dev libfuse2 libbpf-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/fusescope
# Debian's Node only starts the set-up, which brings the one that package-lock.json pins.
COPY package.json package-lock.json .npmrc ./
COPY server/setup server/setup
RUN node server/setup/setup.mjs check
COPY . .
RUN node server/setup/setup.mjs package
# What runs: the pinned Node, JavaScript, the page, and the packages without those that built it.
RUN cp node_modules/node/bin/node /usr/local/bin/node \
 && npm prune --omit=dev --ignore-scripts --loglevel=error \
 && mkdir -p /out/server/setup \
 && cp -r package.json dist node_modules /out/ \
 && cp server/setup/launcher.mjs /out/server/setup/

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends fuse3 libfuse2 libbpf1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/fusescope fusescope \
 && install -d -o fusescope -g fusescope -m 0700 /var/lib/fusescope /run/fusescope
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /out /opt/fusescope
RUN ln -s /opt/fusescope/server/setup/launcher.mjs /usr/local/bin/fusescope
ENV XDG_STATE_HOME=/var/lib XDG_RUNTIME_DIR=/run/fusescope
USER fusescope
VOLUME /var/lib/fusescope
EXPOSE 7411
# Any answer will do: whether a token is asked for is not for the health check to know.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7411/api/health').then((r) => process.exit(r.ok || r.status === 401 ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["fusescope"]
CMD ["serve", "--host", "0.0.0.0"]
