"""The keys of mapr, as the IDR configures them."""

from dataclasses import dataclass
from typing import Any

from napari_idr.demo.world import BULK_NS, MAPR_NS


@dataclass(frozen=True, slots=True)
class MaprKey:
    """A kind of thing to search: its attributes (default ones first) and where."""

    label: str
    attributes: tuple[str, ...]
    ns: str
    case_sensitive: bool = False
    wildcard: bool = False
    default: str = ""

    def config(self) -> dict[str, Any]:
        """Return the entry of /mapr/api/config/."""
        default = [self.default] if self.default else list(self.attributes[:1])
        found: dict[str, Any] = {
            "default": default,
            "all": list(self.attributes),
            "ns": [self.ns],
            "label": self.label,
        }
        if self.case_sensitive:
            found["case_sensitive"] = True
        if self.wildcard:
            found["wildcard"] = {"enabled": True}
        return found


_MAIN = {
    "gene": MaprKey(
        "Gene", ("Gene Symbol", "Gene Identifier"), MAPR_NS + "gene",
        case_sensitive=True,
    ),
    "sirna": MaprKey(
        "siRNA", ("siRNA Identifier", "siRNA Pool Identifier"), MAPR_NS + "sirna"
    ),
    "omap": MaprKey("OMAP", ("OMAP Number",), MAPR_NS + "OMAP"),
    "phenotype": MaprKey(
        "Phenotype", ("Phenotype", "Phenotype Term Accession"),
        MAPR_NS + "phenotype", case_sensitive=True, wildcard=True,
    ),
    "compound": MaprKey(
        "Compound", ("Compound Name",), MAPR_NS + "compound", case_sensitive=True
    ),
    "organism": MaprKey("Organism", ("Organism",), MAPR_NS + "organism", wildcard=True),
    "antibody": MaprKey(
        "Antibody", ("Antibody Name", "Antibody Identifier"), MAPR_NS + "antibody",
        case_sensitive=True, default="Antibody Identifier",
    ),
    "orf": MaprKey("ORF", ("ORF Identifier",), MAPR_NS + "orf"),
    "cellline": MaprKey(
        "Cell Lines", ("Cell Line",), MAPR_NS + "cell_line", wildcard=True
    ),
    "protein": MaprKey("Protein", ("Protein",), MAPR_NS + "protein"),
    "others": MaprKey("Others", ("Others",), BULK_NS),
    "notebook": MaprKey(
        "Analysis Notebook", ("Study Notebook",),
        "openmicroscopy.org/idr/analysis/notebook",
    ),
}  # fmt: skip

_SUPPLEMENTED = ("gene", "sirna", "compound", "antibody", "orf", "cellline", "protein")

KEYS: dict[str, MaprKey] = _MAIN | {
    f"{name}supplementary": MaprKey(
        f"{_MAIN[name].label} supplementary", (), f"{_MAIN[name].ns}/supplementary"
    )
    for name in _SUPPLEMENTED
}
"""All of them by their name in an address."""
