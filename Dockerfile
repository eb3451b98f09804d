# Build: the locked libraries and the package in a virtual environment of their own.
# Of one patch and one Debian (tzdata-legacy is not in the one before). A tag may still be moved: where you build for
# others pin the digest too, --build-arg BASE=python:3.11.14-slim-trixie@sha256:…; docs/deploy.md says how to find it.
ARG BASE=python:3.11.14-slim-trixie
FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
# Without pip: what runs has no tool that installs. That of the other environment puts things into it.
RUN python -m venv --without-pip /venv && python -m venv /build-tools
ENV PIP_PYTHON=/venv/bin/python

COPY requirements/ requirements/
RUN /build-tools/bin/pip install --require-hashes -r requirements/runtime.txt
# The build backend, at the versions and hashes of the lock file; it stays in this stage.
RUN awk '/^[a-z]/ {wanted = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/} wanted' \
        requirements/dev.txt > build.txt \
    && PIP_PYTHON=/build-tools/bin/python /build-tools/bin/pip install --require-hashes -r build.txt

COPY pyproject.toml README.md ./
COPY src/ src/
COPY migrations/ migrations/
RUN PIP_PYTHON=/build-tools/bin/python /build-tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /build-tools/bin/pip install --no-deps --no-index /wheels/*.whl


# Run: the environment only, without build tools and without root. Runs with a read-only root file system too, if /tmp
# and /var/lib/wasgo-chat can be written.
FROM ${BASE}
# Quiet hours need time zones, and browsers still name some by their old names.
RUN apt-get update && apt-get install -y --no-install-recommends tzdata tzdata-legacy && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin chat \
    && install -d -o chat -g chat -m 0750 /var/lib/wasgo-chat
COPY --from=build /venv /venv
WORKDIR /app
# For `alembic` by hand. `wasgo-chat migrate` finds its migrations in the package.
COPY alembic.ini ./
COPY migrations/ migrations/
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    WASGO_CHAT_STORAGE_DIR=/var/lib/wasgo-chat/attachments
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
# Attachments, or with S3 only uploads on their way. Containers without S3 share it.
VOLUME /var/lib/wasgo-chat
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]
CMD ["wasgo-chat", "serve", "--host", "0.0.0.0"]
