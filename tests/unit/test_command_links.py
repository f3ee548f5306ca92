"""Links on the command line: `napari-idr plate-422`."""

from __future__ import annotations

from napari_idr._cli import CANT_ASK, main


def test_what_is_no_link_is_refused_before_a_window_opens(capsys):
    assert main(["CDC20"]) == CANT_ASK
    assert "is no link; what can be opened" in capsys.readouterr().err


def test_links_of_several_servers_are_refused(capsys):
    assert main(["open", "idr://a.org/image/1", "idr://b.org/image/1"]) == CANT_ASK
    assert "several servers" in capsys.readouterr().err
