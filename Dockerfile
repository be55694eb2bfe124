# One image per set of requirements: docker build --build-arg REQUIREMENTS=gateway|api|workers .

FROM python:3.11-slim AS build
ARG REQUIREMENTS
# Anything: with OpenTelemetry, for traces
ARG TRACING
# argon2, hiredis, orjson and the others come as wheels: no compiler is needed
COPY requirements/ /requirements/
RUN test -n "$REQUIREMENTS" \
 && python -m venv --without-pip /venv \
 && pip --python /venv install --no-cache-dir --disable-pip-version-check \
      -r "/requirements/$REQUIREMENTS.txt" ${TRACING:+-r /requirements/tracing.txt}

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/var/lib/ocpp
RUN groupadd --system --gid 10001 ocpp \
 && useradd --system --uid 10001 --gid ocpp --no-create-home ocpp \
 && install -d -o ocpp -g ocpp /var/lib/ocpp /var/lib/ocpp/files
COPY --from=build /venv /venv
WORKDIR /srv/ocpp
COPY app/ app/
COPY beat/ beat/
COPY gateway/ gateway/
COPY workers/ workers/
# Nothing can be written later on
RUN python -m compileall -q .
USER ocpp
