"""List the wells of all screens whose images carry a gene.

    python wells_of_a_gene.py CDC20 [SERVER]

Each line names a screen, a plate, a well, the image and its web page.
"""

import sys

from napari_idr import IDRClient


def main(gene: str, server: str = "idr.openmicroscopy.org") -> None:
    with IDRClient(server) as client:
        for hit in client.search("gene", gene):
            screen = hit.container
            if screen.ref.kind != "screen":
                continue
            for found in client.search_plates("gene", gene, screen.id):
                plate = found.plate
                images = client.search_images("gene", gene, plate_id=plate.id)
                ids = {image.image_id for image in images}
                grid = client.plate_grid(plate.id)
                for cell in grid:
                    if cell.image_id in ids:
                        well = grid.label(cell.row, cell.column)
                        page = client.web_url(client.image(cell.image_id))
                        print(screen.name, plate.name, well, cell.image_id, page)


if __name__ == "__main__":
    main(*sys.argv[1:])
