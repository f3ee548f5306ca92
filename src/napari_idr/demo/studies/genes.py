"""Genes and compounds of the demo's screens, and what they do to cells.

Symbols and identifiers are real, so that they look familiar; the effects are
the demo's own and say nothing about biology.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Treatment:
    """What was done to a well.

    ``mitotic`` is the share of cells it arrests in mitosis, ``density`` how
    many cells survive it.
    """

    name: str
    identifier: str = ""
    mitotic: float = 0.04
    density: float = 0.85


CDC20 = Treatment("CDC20", "ENSG00000117399", 0.72, 0.7)

MITOTIC_GENES = (
    CDC20,
    Treatment("PLK1", "ENSG00000166851", 0.8, 0.5),
    Treatment("KIF11", "ENSG00000138160", 0.85, 0.55),
    Treatment("BUB1", "ENSG00000169679", 0.3, 0.7),
    Treatment("AURKB", "ENSG00000178999", 0.24, 0.5),
    Treatment("INCENP", "ENSG00000149503", 0.34, 0.6),
    Treatment("TPX2", "ENSG00000088325", 0.55, 0.6),
    Treatment("CCNB1", "ENSG00000134057", 0.3, 0.75),
    Treatment("TTK", "ENSG00000112742", 0.25, 0.6),
    Treatment("MAD2L1", "ENSG00000164109", 0.22, 0.7),
)
"""Knocked down, these leave round, bright cells."""

PLAIN_GENES = tuple(
    Treatment(symbol, identifier)
    for symbol, identifier in (
        ("TP53", "ENSG00000141510"),
        ("EGFR", "ENSG00000146648"),
        ("MYC", "ENSG00000136997"),
        ("PTEN", "ENSG00000171862"),
        ("KRAS", "ENSG00000133703"),
        ("BRCA1", "ENSG00000012048"),
        ("BRCA2", "ENSG00000139618"),
        ("ATM", "ENSG00000149311"),
        ("AKT1", "ENSG00000142208"),
        ("MTOR", "ENSG00000198793"),
        ("VEGFA", "ENSG00000112715"),
        ("CDK2", "ENSG00000123374"),
        ("STAT3", "ENSG00000168610"),
        ("RB1", "ENSG00000139687"),
        ("CTNNB1", "ENSG00000168036"),
        ("HIF1A", "ENSG00000100644"),
        ("JUN", "ENSG00000177606"),
        ("FOS", "ENSG00000170345"),
        ("NOTCH1", "ENSG00000148400"),
        ("PAX7", "ENSG00000009709"),
        ("MDM2", "ENSG00000135679"),
        ("CASP3", "ENSG00000164305"),
        ("BCL2", "ENSG00000171791"),
        ("TNF", "ENSG00000232810"),
        ("IL6", "ENSG00000136244"),
        ("ACTB", "ENSG00000075624"),
        ("GAPDH", "ENSG00000111640"),
        ("CDC20B", "ENSG00000164287"),
        ("α-tubulin (TUBA1A)", ""),  # noqa: RUF001
    )
)
"""Knocked down, these leave cells as they were. One only looks like CDC20."""

COMPOUNDS = (
    Treatment("nocodazole", "PubChem:4122", 0.8, 0.6),
    Treatment("paclitaxel", "PubChem:36314", 0.6, 0.6),
    Treatment("monastrol", "PubChem:794009", 0.5, 0.7),
    Treatment("β-lapachone", "PubChem:3885", 0.04, 0.35),
    Treatment("aspirin", "PubChem:2244"),
    Treatment("caffeine", "PubChem:2519"),
    Treatment("ibuprofen", "PubChem:3672"),
    Treatment("acetaminophen", "PubChem:1983"),
    Treatment("demo-compound <17>"),
)
"""The treatments of the compound screen."""

UNTREATED = Treatment("")
"""A negative control."""


def treatment(row: int, column: int, among: tuple[Treatment, ...]) -> Treatment:
    """Return the treatment at a place by a fixed shuffle.

    >>> treatment(0, 1, PLAIN_GENES).name == treatment(0, 1, PLAIN_GENES).name
    True
    """
    return among[(row * 11 + column * 7 + row * column) % len(among)]
