# The unattended worker: one task per container, then it ends. Build it from the root of this repository:
#   docker build -t athena-worker -f deploy/worker.Dockerfile .
# How to start it, with the Agent SDK that is not in here: deploy/README.md, "The worker in a container".
#
# What your projects need (compilers, a JDK, psql) goes into an image of your own: FROM athena-worker, USER 0:0,
# RUN apt-get ..., USER 1000:1000.
ARG BASE_IMAGE=node:24-bookworm-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /app

COPY package.json package-lock.json .npmrc ./
COPY cli/package.json cli/
# The client is one file of JavaScript: nothing is compiled, so no package has to run anything.
RUN npm ci --ignore-scripts --no-audit

COPY tsconfig.json ./
COPY src src
COPY cli cli
RUN npm run build:cli && node cli/dist/claude-task-client.mjs --version

FROM ${BASE_IMAGE}

RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git \
  && rm -rf /var/lib/apt/lists/*

COPY --from=build --chown=0:0 /app/cli/dist/claude-task-client.mjs /usr/local/lib/claude-task-client/
COPY LICENSE /usr/local/lib/claude-task-client/

# By number, because that says "not root" to an orchestrator. In Node's own images 1000 is the user `node`. All that is
# written goes to /workspace and /tmp: the rest can be read-only. worker.yaml is looked for in /etc/claude-task-client.
RUN ln -s ../lib/claude-task-client/claude-task-client.mjs /usr/local/bin/claude-task-client \
  && mkdir -p /workspace /etc/claude-task-client && chown 1000:1000 /workspace && chmod 0700 /workspace
ENV HOME=/workspace \
  XDG_CONFIG_HOME=/etc \
  npm_config_cache=/tmp/npm
USER 1000:1000
WORKDIR /workspace
VOLUME /workspace

# No shell and no init in front: whatever starts the worker would keep the keys in its environment, where a run of the
# same account can read them. The worker takes them out of its own.
STOPSIGNAL SIGTERM
ENTRYPOINT ["claude-task-client"]
CMD ["work", "--once"]
