# Build stage: the locked libraries and the package in their own virtual environment.
# The base is one patch release on one Debian release (the previous Debian has no tzdata-legacy). A tag can be moved: if you
# build for others, pin the digest too: --build-arg BASE=python:3.11.14-slim-trixie@sha256:…; see docs/deploy.md.
ARG BASE=python:3.11.14-slim-trixie
FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
# The final environment has no pip; the pip of the build environment installs into it.
RUN python -m venv --without-pip /venv && python -m venv /build-tools
ENV PIP_PYTHON=/venv/bin/python

COPY requirements/ requirements/
RUN /build-tools/bin/pip install --require-hashes -r requirements/runtime.txt
# The build backend, with the versions and hashes of the lock file; only needed in this stage.
RUN awk '/^[a-z]/ {wanted = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/} wanted' \
        requirements/dev.txt > build.txt \
    && PIP_PYTHON=/build-tools/bin/python /build-tools/bin/pip install --require-hashes -r build.txt

COPY pyproject.toml README.md ./
COPY src/ src/
COPY migrations/ migrations/
RUN PIP_PYTHON=/build-tools/bin/python /build-tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /build-tools/bin/pip install --no-deps --no-index /wheels/*.whl


# Run stage: only the environment, without build tools and without root. Works with a read-only root file system, if /tmp
# and /var/lib/wasgo-chat are writable.
FROM ${BASE}
# Quiet hours need time zones; some browsers still use their old names.
RUN apt-get update && apt-get install -y --no-install-recommends tzdata tzdata-legacy && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin chat \
    && install -d -o chat -g chat -m 0750 /var/lib/wasgo-chat
COPY --from=build /venv /venv
WORKDIR /app
# For running `alembic` by hand. `wasgo-chat migrate` uses the migrations in the package.
COPY alembic.ini ./
COPY migrations/ migrations/
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    WASGO_CHAT_STORAGE_DIR=/var/lib/wasgo-chat/attachments
# A number, so that an orchestrator can verify that it is not root.
USER 10001:10001
# Attachments, or with S3 only uploads in progress. Containers share it if S3 is not used.
VOLUME /var/lib/wasgo-chat
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
# Every address of IPv4 and IPv6. Use 0.0.0.0 if IPv6 is switched off in the kernel.
CMD ["wasgo-chat", "serve", "--host", "::"]
