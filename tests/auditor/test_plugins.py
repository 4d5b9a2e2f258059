"""Plugins are found by name, in whatever distribution brings them."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.config.loading import parse
from auditor.errors import ConfigError, PluginError
from auditor.plugins import (
    Plugin,
    PluginKind,
    installed,
    load_plugin,
    options_model,
    parse_options,
)

_MODULE = '''
from auditor.config.secrets import SecretRef
from auditor.config.sections import Section


class Options(Section):
    """Options of the pigeon."""

    loft: str
    token_from: SecretRef | None = None


class Pigeon:
    """Carries messages."""

    Options = Options


class Bare:
    """Takes no options."""
'''
_ENTRY_POINTS = """
[auditor.sinks]
carrier-pigeon = carrier_pigeon:Pigeon
bare-pigeon = carrier_pigeon:Bare
broken-pigeon = carrier_pigeon:NoSuchPigeon
lost-pigeon = no_such_module:Pigeon
"""


@pytest.fixture
def pigeons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A third party's wheel, as pip would unpack it."""
    (tmp_path / "carrier_pigeon.py").write_text(_MODULE)
    metadata = tmp_path / "carrier_pigeon-2.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: carrier-pigeon\nVersion: 2.1\n"
    )
    (metadata / "entry_points.txt").write_text(_ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_installed_plugins_are_listed_with_their_origin(pigeons: Path) -> None:
    """Name, what it refers to, distribution and version."""
    expected = Plugin(
        kind=PluginKind.SINK,
        name="carrier-pigeon",
        reference="carrier_pigeon:Pigeon",
        distribution="carrier-pigeon",
        version="2.1",
    )

    assert expected in installed(PluginKind.SINK)


def test_a_plugin_is_loaded_by_name(pigeons: Path) -> None:
    """The object that the entry point refers to."""
    plugin = load_plugin(PluginKind.SINK, "carrier-pigeon")

    assert plugin.__name__ == "Pigeon"
    assert options_model(plugin) is plugin.Options


def test_an_unknown_name_is_met_with_the_nearest(pigeons: Path) -> None:
    """A slip of the finger."""
    with pytest.raises(
        PluginError, match="no sink is called 'carier-pigeon'; did you mean carrier-pigeon"
    ):
        load_plugin(PluginKind.SINK, "carier-pigeon")


def test_a_name_like_no_other_is_met_with_what_there_is(pigeons: Path) -> None:
    """And with how more is had."""
    with pytest.raises(
        PluginError, match=r"installed: .*bare-pigeon.* install it beside the auditor"
    ):
        load_plugin(PluginKind.SINK, "smoke-signals")


@pytest.mark.parametrize("name", ["broken-pigeon", "lost-pigeon"])
def test_a_plugin_that_does_not_load_names_its_package(pigeons: Path, name: str) -> None:
    """The fault is with the package, and so is the remedy."""
    with pytest.raises(PluginError, match=f"'{name}' of carrier-pigeon does not load: .* install"):
        load_plugin(PluginKind.SINK, name)


def test_options_are_read_by_the_plugins_own_model(pigeons: Path, tmp_path: Path) -> None:
    """Relative paths in them start where those of the configuration do."""
    plugin = load_plugin(PluginKind.SINK, "carrier-pigeon")
    raw = {"loft": "roof", "tokenFrom": "file:token"}

    options = parse_options(plugin, raw, place="sinks[0].options", folder=tmp_path)

    assert options.loft == "roof"
    assert str(options.token_from) == f"file:{tmp_path}/token"


def test_wrong_options_are_told_with_their_place(pigeons: Path) -> None:
    """All of them, with the nearest right word."""
    plugin = load_plugin(PluginKind.SINK, "carrier-pigeon")

    with pytest.raises(PluginError) as caught:
        parse_options(plugin, {"lofft": "roof"}, place="sinks[0].options")

    assert str(caught.value).splitlines() == [
        "sinks[0].options.loft: required",
        "sinks[0].options.lofft: unknown field; did you mean loft?",
    ]


def test_a_plugin_without_options_takes_none(pigeons: Path) -> None:
    """And says so."""
    plugin = load_plugin(PluginKind.SINK, "bare-pigeon")

    assert parse_options(plugin, {}, place="sinks[0].options") is None
    with pytest.raises(PluginError, match="takes no options"):
        parse_options(plugin, {"loft": "roof"}, place="sinks[0].options")


def test_the_configuration_checks_the_options_of_plugins(pigeons: Path) -> None:
    """With the line in the file, together with everything else that is wrong."""
    text = (
        "apiVersion: auditor/v1\n"
        "clusters: [{name: prod}]\n"
        "desired: [{repository: a, cluster: prod}]\n"
        "sinks:\n"
        "  - {name: a, type: carrier-pigeon, options: {lofft: x, loft: y}}\n"
        "  - {name: b, type: bare-pigeon, options: {loft: y}}\n"
    )

    with pytest.raises(ConfigError) as caught:
        parse(text, name="auditor.yaml", folder=Path("/etc/auditor"))

    assert str(caught.value).splitlines() == [
        "auditor.yaml:3: desired[0].repository: there is no repository 'a'; add it to repositories",
        "auditor.yaml:5: sinks[0].options.lofft: unknown field; did you mean loft?",
        "auditor.yaml:6: sinks[1].options: bare-pigeon takes no options; leave them out",
    ]
