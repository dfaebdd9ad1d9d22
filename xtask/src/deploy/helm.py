"""Lints the chart, renders it as users would, and sees that what cannot run is refused.

Called with the chart and a folder for what was rendered. Helm's own engine does the work.
"""

import pathlib
import sys

import helm_python as helm

CHART, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
TOKENS = {"tokens": {"existingSecret": "tokens"}}
POSTGRES = {"type": "postgres", "postgres": {"existingSecret": "database"}}

RENDERED = {
    "sqlite": TOKENS,
    "postgres": {**TOKENS, "store": POSTGRES, "replicaCount": 3},
    "everything": {
        "tokens": {"allowAnonymous": True},
        "settings": {"PROMETHEUS_URL": "http://prometheus:9090", "SRE_MONITOR_SHADOW": True},
        "settingsFromSecrets": ["channels"],
        "hostNames": ["sre.example.com"],
        "imagePullSecrets": [{"name": "registry"}],
        "podAnnotations": {"example.com/a": "b"},
        "podLabels": {"team": "sre"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "monitoring", "operator": "Exists"}],
        "serviceMonitor": {"enabled": True, "tokenSecret": "token"},
    },
}
REFUSED = {
    "an address that others reach, without tokens": {},
    "PostgreSQL without its address": {**TOKENS, "store": {"type": "postgres"}},
    "a value that there is not": {**TOKENS, "replicas": 3},
    "a setting that is no variable": {**TOKENS, "settings": {"prometheus-url": "http://p"}},
}

found = helm.lint(CHART)
worst = [message for message in found["messages"] if message["severity"] > 1]
if found["errors"] or worst:
    sys.exit(f"lint: {found}")

FOLDER.mkdir(parents=True, exist_ok=True)
with helm.Chart.load(CHART) as chart:
    for name, values in RENDERED.items():
        chart.validate_schema(values)
        made = chart.render(values, name="sre-monitor", namespace="sre")
        documents = [text for path, text in made.items() if path.endswith(".yaml") and text.strip()]
        (FOLDER / f"{name}.yaml").write_text("\n---\n".join(documents))
        print(f"rendered {name}: {len(documents)} documents")
    for name, values in REFUSED.items():
        try:
            chart.validate_schema(values)
            chart.render(values, name="sre-monitor", namespace="sre")
        except helm.HelmError:
            print(f"refused {name}")
        else:
            sys.exit(f"NOT refused: {name}")
print(f"with Helm {helm.helm_sdk_version()}")
