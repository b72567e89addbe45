# One image for every process; the command chooses which.
FROM python:3.13-slim AS build
WORKDIR /coffer
RUN python -m venv /venv
COPY requirements-meaning.lock requirements-s3.lock requirements-tokens.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements-meaning.lock -r requirements-s3.lock -r requirements-tokens.lock
RUN /venv/bin/pip install --no-cache-dir 'setuptools>=77'
COPY setup.cfg pyproject.toml README.md LICENSE wsgi.py ./
COPY sql sql
COPY migrations migrations
COPY webapp webapp
COPY workers workers
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /venv/bin/pip uninstall --yes setuptools

FROM python:3.13-slim
# The certificates for verifying fetched pages and the AI endpoint.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --shell /usr/sbin/nologin coffer
COPY --from=build /venv /venv
WORKDIR /coffer
COPY wsgi.py ./
# Uploads are kept in TMPDIR until they are complete: on a disk, if there is one.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TMPDIR=/var/tmp
USER coffer
EXPOSE 8080
CMD ["gunicorn", "-c", "python:webapp.gunicorn", "wsgi:application"]
