"""Keys to search by: those of IDR's mapr, and attributes of images by their names."""

from __future__ import annotations

from napari_idr.model import SearchKey

MENU = tuple(
    SearchKey(name=name, label=label, attributes=attributes)
    for name, label, attributes in (
        ("gene", "Gene", ("Gene Symbol", "Gene Identifier")),
        ("sirna", "siRNA", ("siRNA Identifier", "siRNA Pool Identifier")),
        ("omap", "OMAP", ("OMAP Number",)),
        ("phenotype", "Phenotype", ("Phenotype", "Phenotype Term Accession")),
        ("compound", "Compound", ("Compound Name",)),
        ("organism", "Organism", ("Organism",)),
        ("antibody", "Antibody", ("Antibody Identifier", "Antibody Name")),
        ("orf", "ORF", ("ORF Identifier",)),
        ("cellline", "Cell Lines", ("Cell Line",)),
        ("protein", "Protein", ("Protein",)),
        ("others", "Others", ("Others",)),
        ("notebook", "Analysis Notebook", ("Study Notebook",)),
    )
)
"""What IDR's mapr was set up to search by, in its order (IDR/deployment)."""


def key_named(key: SearchKey | str) -> SearchKey:
    """Return a key by its name: one of mapr's, else an attribute's own.

    >>> key_named("gene").attributes, key_named("Comments").attributes
    (('Gene Symbol', 'Gene Identifier'), ('Comments',))
    """
    if isinstance(key, SearchKey):
        return key
    by_name = {one.name: one for one in MENU}
    return by_name.get(key) or attribute_key(key)


def attribute_key(attribute: str) -> SearchKey:
    """Return the key that looks at one attribute."""
    return SearchKey(name=attribute, label=attribute, attributes=(attribute,))


def mapr_name(key: SearchKey | str) -> str:
    """Return the name by which mapr knows a key; an attribute has that of its key.

    mapr's key may look at other attributes too.

    >>> mapr_name("Gene Symbol"), mapr_name("gene")
    ('gene', 'gene')
    """
    if isinstance(key, SearchKey):
        return key.name
    owners = (one.name for one in MENU if key in one.attributes)
    return next(owners, key)
