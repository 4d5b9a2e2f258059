# The auditor with the programs that it renders with.

FROM golang:1.26.8-bookworm AS renderers
ARG HELM_VERSION=v3.22.0
ARG KUSTOMIZE_VERSION=v5.8.2
ENV CGO_ENABLED=0 GOBIN=/out
# Without these strings helm believes in Kubernetes 1.20 and refuses charts that ask for more.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go install -trimpath -ldflags "-s -w \
      -X helm.sh/helm/v3/internal/version.version=${HELM_VERSION} \
      -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 \
      -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=37" \
      helm.sh/helm/v3/cmd/helm@${HELM_VERSION}
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go install -trimpath -ldflags "-s -w" sigs.k8s.io/kustomize/kustomize/v5@${KUSTOMIZE_VERSION}
COPY tools/gotemplate /source
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -C /source -trimpath -ldflags "-s -w" -o /out/auditor-gotemplate .

FROM python:3.13.16-slim-trixie AS environment
WORKDIR /source
RUN python -m venv /opt/auditor
COPY pyproject.toml requirements-dev.txt README.md LICENSE ./
COPY auditor auditor
COPY comparators comparators
COPY sinks sinks
# The versions that the tests ran with; nothing of the development tools is installed.
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/auditor/bin/pip install --constraint requirements-dev.txt '.[buckets]'

FROM python:3.13.16-slim-trixie
# A volume that is mounted here for the first time takes this owner.
RUN install --directory --owner=65532 --group=65532 --mode=0750 /var/lib/auditor
COPY --from=renderers /out/helm /out/kustomize /out/auditor-gotemplate /usr/local/bin/
COPY --from=environment /opt/auditor /opt/auditor
# Every command knows the configuration and the worker, as in: docker exec … auditor findings list
ENV PATH=/opt/auditor/bin:$PATH \
    HOME=/tmp \
    AUDITOR_CONFIG=/etc/auditor/auditor.yaml \
    AUDITOR_SERVER=http://127.0.0.1:8080 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/livez', timeout=2)"]
ENTRYPOINT ["auditor"]
CMD ["run"]
