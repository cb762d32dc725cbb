"""The manifests for Kubernetes, built by kustomize itself and held against Kubernetes' schemas."""

import runpy
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from streams.cli.main import COMMANDS
from streams.settings import Settings, load, variable
from tests.deploy.dockerfile import PATH as DOCKERFILE
from tests.deploy.dockerfile import ROOT, stages, values

HERE = ROOT / "deploy/kubernetes"
OVERLAYS = ("small", "production")
VERSION = "1.37"
SECRETS = {"rapport-tokens", "rapport-kafka", "rapport-kafka-ca", "rapport-scrape"}

Object = dict[str, Any]


def build(directory: Path) -> list[Object]:
    """Return the objects that kustomize makes of a directory."""
    programs = {"kustomize": ["kustomize", "build"], "kubectl": ["kubectl", "kustomize"]}
    found = next((command for name, command in programs.items() if shutil.which(name)), None)
    if found is None:
        pytest.fail(
            "neither kustomize nor kubectl is installed: "
            "go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1, and put its directory on PATH"
        )
    ran = subprocess.run([*found, directory], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == "", "a warning: something is deprecated"
    return list(yaml.safe_load_all(ran.stdout))


@pytest.fixture(scope="module", params=OVERLAYS)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    """All that an overlay applies."""
    return build(HERE / "overlays" / request.param)


@pytest.fixture(scope="module")
def production() -> list[Object]:
    """All that the production overlay applies."""
    return build(HERE / "overlays/production")


def of(objects: list[Object], kind: str, name: str = "") -> list[Object]:
    """Return the objects of a kind, or the one with a name."""
    return [each for each in objects if each["kind"] == kind and each["metadata"]["name"].startswith(name)]


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Yield the templates of pods, by the name of what makes them."""
    for each in objects:
        if each["kind"] in {"StatefulSet", "Job", "Deployment"}:
            yield each["metadata"]["name"], each["spec"]["template"]


def settings_of(objects: list[Object], pod: Object) -> Settings:
    """Return the settings that the process in a pod would load."""
    [container] = pod["spec"]["containers"]
    [map_name] = [each["configMapRef"]["name"] for each in container["envFrom"] if "configMapRef" in each]
    [found] = of(objects, "ConfigMap", map_name)
    own = {each["name"]: each.get("value", "of the pod") for each in container.get("env", [])}
    if any("secretRef" in each for each in container["envFrom"]):
        own |= {"RAPPORT_SASL_USERNAME": "rapport", "RAPPORT_SASL_PASSWORD": "of the secret"}
    return load(found["data"] | own, file=ROOT / "there-is-none.toml")


# The schemas


def test_every_object_keeps_the_schema_of_its_kind(objects: list[Object]) -> None:
    """Unknown fields are refused too. The operator's kinds have no schema there, and their own test below."""
    for each in objects:
        if not each["apiVersion"].startswith("monitoring.coreos.com/"):
            kubernetes_validate.validate(each, VERSION, strict=True)


def test_a_misspelt_field_would_be_seen(objects: list[Object]) -> None:
    """The fault planted."""
    [worker] = of(objects, "StatefulSet", "rapport-worker")
    planted = worker | {"spec": worker["spec"] | {"replica": 3}}

    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate(planted, VERSION, strict=True)


def test_all_that_is_written_is_applied() -> None:
    """No file lies beside its kustomization."""
    for kustomization in HERE.rglob("kustomization.yaml"):
        said = yaml.safe_load(kustomization.read_text(encoding="utf-8"))
        patches = [patch["path"] for patch in said.get("patches", []) if "path" in patch]
        named = {*said["resources"], *patches}
        beside = {path.name for path in kustomization.parent.glob("*.yaml")} - {"kustomization.yaml"}

        assert beside == {name for name in named if name.endswith(".yaml")}, kustomization


# Pods


def test_pods_may_do_no_more_than_they_must(objects: list[Object]) -> None:
    """Pod security `restricted`, and a root that is read-only; the namespace asks for it."""
    [namespace] = of(objects, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    [user] = values(stages(DOCKERFILE.read_text(encoding="utf-8"))[-1], "USER")

    for name, pod in pods(objects):
        spec = pod["spec"]
        security = spec["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert f"{security['runAsUser']}:{security['runAsGroup']}" == user
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]
            assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]
            assert {mount["name"] for mount in container["volumeMounts"]} <= {
                each["name"] for each in (*spec["volumes"], *_claims(objects, name))
            }


def _claims(objects: list[Object], name: str) -> list[dict[str, str]]:
    [owner] = [each for each in objects if each["metadata"]["name"] == name and "template" in each["spec"]]
    return [{"name": claim["metadata"]["name"]} for claim in owner["spec"].get("volumeClaimTemplates", [])]


def test_no_variable_of_kubernetes_is_taken_for_a_setting(objects: list[Object]) -> None:
    """A service called rapport-dashboard gives each pod RAPPORT_DASHBOARD_PORT, unless it is told not to."""
    assert of(objects, "Service", "rapport-")
    with pytest.raises(Exception, match="there is no setting RAPPORT_DASHBOARD_PORT"):
        load({"RAPPORT_DASHBOARD_PORT": "tcp://10.0.0.1:8080"}, file=ROOT / "there-is-none.toml")

    assert {name for name, pod in pods(objects) if pod["spec"]["enableServiceLinks"] is not False} == set()


def test_each_pod_has_settings_that_can_be_loaded(objects: list[Object]) -> None:
    """A misspelt one, or a password without a user, would stop every pod."""
    for name, pod in pods(objects):
        [container] = pod["spec"]["containers"]
        own = {each["name"] for each in container.get("env", [])}

        settings = settings_of(objects, pod)

        assert settings.broker is not None
        assert own <= {variable(field) for field in Settings.__struct_fields__}
        if name != "rapport-topics":
            assert settings.host == "0.0.0.0"
            assert settings.tokens_file is not None
            mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
            assert str(Path(settings.tokens_file).parent) in mounts
        if settings.ca_file is not None:
            assert str(Path(settings.ca_file).parent) in {m["mountPath"] for m in container["volumeMounts"]}
        assert container["args"][0] in COMMANDS


def test_the_image_has_the_version_of_the_project(objects: list[Object]) -> None:
    """A tag that moves would make tomorrow's fleet another one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    images = {container["image"] for _, pod in pods(objects) for container in pod["spec"]["containers"]}

    assert images == {f"rapport:{project['version']}"}


def test_a_worker_has_a_name_that_stays_and_time_to_end(objects: list[Object]) -> None:
    """Kafka knows it again; a tidy end takes under ten seconds, and a suspend five."""
    [worker] = of(objects, "StatefulSet", "rapport-worker")
    [container] = worker["spec"]["template"]["spec"]["containers"]
    instance = {each["name"]: each for each in container["env"]}[variable("instance")]

    assert instance["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 15
    assert worker["spec"]["podManagementPolicy"] == "Parallel"
    assert worker["spec"]["replicas"] <= int(of(objects, "ConfigMap")[0]["data"][variable("partitions")])
    [service] = of(objects, "Service", worker["spec"]["serviceName"])
    assert service["spec"]["clusterIP"] == "None"


@pytest.mark.parametrize(
    ("name", "port", "ready"), [("rapport-worker", 9108, "/readyz"), ("rapport-dashboard", 8080, "/healthz")]
)
def test_whoever_serves_is_asked_how_it_is(objects: list[Object], name: str, port: int, ready: str) -> None:
    """It lives, and it serves; its start may take its time. Only a worker waits for being ready."""
    [owner] = of(objects, "StatefulSet", name)
    [container] = owner["spec"]["template"]["spec"]["containers"]
    [served] = container["ports"]
    paths = {
        kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")
    }

    assert served["containerPort"] == port
    assert port in {Settings().port, Settings().metrics_port}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": ready}
    for kind in paths:
        assert container[f"{kind}Probe"]["httpGet"]["port"] == served["name"]
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 60


# Around the pods


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    """Return whether labels are those that a selector asks for."""
    return selector.items() <= labels.items()


def test_selectors_find_the_pods_that_they_are_for(objects: list[Object]) -> None:
    """Services, the budget and the policies select pods by labels that these have."""
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(objects)}

    for each in (*of(objects, "Service"), *of(objects, "PodDisruptionBudget")):
        selector = each["spec"]["selector"]
        found = {name for name in labels if selects(selector.get("matchLabels", selector), labels[name])}
        assert found == {each["metadata"]["name"]}
    policies = {each["metadata"]["name"]: each["spec"] for each in of(objects, "NetworkPolicy")}
    for name, spec in policies.items():
        found = {pod for pod in labels if selects(spec["podSelector"]["matchLabels"], labels[pod])}
        assert found == (set(labels) if name != "rapport-dashboard" else {"rapport-dashboard"})


def test_nothing_gets_in_or_out_but_what_is_named(objects: list[Object]) -> None:
    """In: what scrapes, and who may see the dashboard. Out: names, and Kafka on the port of the settings."""
    policies = {each["metadata"]["name"]: each["spec"] for each in of(objects, "NetworkPolicy")}
    closed = policies["rapport"]
    settings = settings_of(objects, next(pods(objects))[1])

    assert set(closed["policyTypes"]) == {"Ingress", "Egress"}
    assert "ingress" not in closed
    names, kafka = closed["egress"]
    assert {port["port"] for port in names["ports"]} == {53}
    assert settings.broker is not None
    assert [str(port["port"]) for port in kafka["ports"]] == [settings.broker.rpartition(":")[2]]
    for name in ("rapport-metrics", "rapport-dashboard"):
        assert all(rule["from"] and rule["ports"] for rule in policies[name]["ingress"])


def test_workers_go_one_at_a_time(objects: list[Object]) -> None:
    """A node that is emptied takes no two of them together."""
    [budget] = of(objects, "PodDisruptionBudget")

    assert budget["spec"]["maxUnavailable"] == 1


def test_secrets_are_named_and_never_written(objects: list[Object]) -> None:
    """Who deploys makes them; the README says how."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = {
        volume["secret"]["secretName"]
        for _, pod in pods(objects)
        for volume in pod["spec"]["volumes"]
        if "secret" in volume
    } | {
        each["secretRef"]["name"]
        for _, pod in pods(objects)
        for each in pod["spec"]["containers"][0]["envFrom"]
        if "secretRef" in each
    }

    assert of(objects, "Secret") == []
    assert "rapport-tokens" in named
    assert named <= SECRETS
    for name in SECRETS:
        assert f"secret generic {name}" in readme


# The Prometheus operator


def test_the_operator_scrapes_ports_that_there_are(production: list[Object]) -> None:
    """By name, of services that it selects; the dashboard asks for a token."""
    services = {each["metadata"]["name"]: each for each in of(production, "Service")}

    monitors = of(production, "ServiceMonitor")

    assert {each["metadata"]["name"] for each in monitors} == set(services)
    for monitor in monitors:
        service = services[monitor["metadata"]["name"]]
        assert selects(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"])
        [endpoint] = monitor["spec"]["endpoints"]
        assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
        has_token = endpoint.get("authorization", {}).get("credentials") == {
            "name": "rapport-scrape",
            "key": "token",
        }
        assert has_token == (monitor["metadata"]["name"] == "rapport-dashboard")


def test_the_operators_rules_are_the_rules() -> None:
    """Written by the program beside them; renew them with `python deploy/kubernetes/prometheus_rule.py`."""
    program = runpy.run_path(str(HERE / "prometheus_rule.py"))

    assert yaml.safe_load(program["WRITTEN"].read_text(encoding="utf-8")) == program["rule"]()
