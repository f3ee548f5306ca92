"""The stains of the demo's images: name, colour, wavelength, window."""

from dataclasses import replace

from napari_idr.demo.world import Channel

DAPI = Channel(
    name="DAPI", color="4070FF", stain="dna", emission_nm=461.0,
    minimum=90.0, maximum=4095.0, start=150.0, end=3400.0,
)  # fmt: skip
CY3 = Channel(
    name="Cy3", color="FF5030", stain="actin", emission_nm=570.0,
    minimum=80.0, maximum=4095.0, start=150.0, end=3200.0,
)  # fmt: skip
TUBULIN = Channel(
    name="Tubulin (Alexa 488)", color="30FF60", stain="tubulin", emission_nm=519.0,
    minimum=80.0, maximum=4095.0, start=150.0, end=3400.0,
)  # fmt: skip
FOCI = Channel(
    name="γ-H2AX",  # noqa: RUF001
    color="FF40FF", stain="foci", emission_nm=668.0,
    minimum=80.0, maximum=4095.0, start=300.0, end=4095.0,
)  # fmt: skip

SECTION_STAINS = tuple(replace(c, end=2800.0) for c in (DAPI, TUBULIN, CY3))
"""A tissue section is dimmer than cells in culture."""

UNNAMED = (
    Channel(name=None, color="00FF00", stain="tubulin", end=3400.0),
    Channel(name=None, color="FFFFFF", stain="dna", emission_nm=525.0, end=3400.0),
)
"""Channels without names: servers label them "0" and "525"."""

BRIGHTFIELD = tuple(
    Channel(name=None, color=color, stain=stain, maximum=255.0, end=255.0)
    for color, stain in (("FF0000", "red"), ("00FF00", "green"), ("0000FF", "blue"))
)
"""A colour camera on a stained section."""

EIGHT_BIT = (
    Channel(name="DAPI", color="00A0FF", stain="dna", maximum=255.0, end=200.0),
    Channel(name="Actin", color="FF8000", stain="actin", maximum=255.0, end=200.0),
)

FLOATING = Channel(
    name="ratio", color="808080", stain="actin",
    minimum=-1.0, maximum=1.0, start=-0.5, end=0.9,
)  # fmt: skip
SIGNED = Channel(
    name="difference", color="FFFF00", stain="dna",
    minimum=-2048.0, maximum=2047.0, start=-2000.0, end=1500.0,
)  # fmt: skip

SEVEN = (
    *(DAPI, TUBULIN, CY3, FOCI),
    Channel(name="Mitochondria", color="FFA500", stain="actin", end=3400.0),
    Channel(name="Golgi", color="00FFFF", stain="foci", end=4095.0),
    Channel(name="ER", color="FFFF00", stain="tubulin", end=3400.0, active=False),
)
"""The seven channels of the deep stack; the last is off."""
